"""Reads scenarios: where they are, their fixtures, the texts of a chain's errors, and the secrets in them.

`run.py`, `index.py`, `tests/docs.py` and the comparisons with the official packages all read them through here.
"""

import functools
import json
import pathlib
import re

HERE = pathlib.Path(__file__).resolve().parent
FIXTURES = HERE / "fixtures"

# In an expected text: any characters.
ANY = "${any}"
REFERENCE = re.compile(r"\$\{(\w+)\}")

# The sources of the chain, and the official class names that the chain's text has for them.
CHAIN = {
    "env": "EnvironmentVariableCredentialsProvider",
    "oidc_role_arn": "OIDCRoleArnCredentialsProvider",
    "cli_profile": "CLIProfileCredentialsProvider",
    "profile": "ProfileCredentialsProvider",
    "ecs_ram_role": "EcsRamRoleCredentialsProvider",
    "credential_uri": "URLCredentialsProvider",
    "env_legacy": "LegacyEnvironmentVariableCredentialsProvider",
}
CHAIN_TEXTS = {
    "text": "unable to load credentials from any of the providers in the chain: ",
    "text.node": "unable to get credentials from any of the providers in the chain: ",
}


def folders():
    """The folders of all scenarios, by name."""
    return sorted((path.parent for path in HERE.glob("*/*/scenario.json")), key=lambda folder: folder.name)


@functools.cache
def fixtures():
    """The named values of `fixtures/`: those in its JSON files, and under its own name the text of any other file."""
    named = {}
    for path in sorted(FIXTURES.iterdir()):
        text = path.read_text("utf-8")
        more = json.loads(text) if path.suffix == ".json" else {path.stem: text.removesuffix("\n")}
        for name in more.keys() & named.keys():
            raise ValueError(f"{path.name}: there is another fixture named {name}")
        named.update(more)
    return named


def resolve(value, places=None):
    """A JSON value with its references replaced: `"${name}"` by the fixture (or place) of that name, whatever it is;
    `${name}` within a string by the fixture's text; `{"$use": "name", ...}` by the fixture's members, there where
    `$use` is, and the further ones, which win. Other names, `${any}` among them, stay."""
    return _resolve(value, {**fixtures(), **(places or {})})


def _resolve(value, named):
    if isinstance(value, str):
        whole = REFERENCE.fullmatch(value)
        if whole and whole[1] in named:
            return _resolve(named[whole[1]], named)
        return REFERENCE.sub(lambda found: _resolve(found[0], named) if found[1] in named else found[0], value)
    if isinstance(value, list):
        return [_resolve(item, named) for item in value]
    if isinstance(value, dict):
        resolved = {}
        for key, item in value.items():
            resolved.update(_resolve(named[item], named) if key == "$use" else {key: _resolve(item, named)})
        return resolved
    return value


def whole_report(short):
    """The state of each source of the chain, from those that a scenario names: before the source that ends the search
    the others are not configured, and behind it they are not asked."""
    whole, is_over = {}, False
    for source in CHAIN:
        whole[source] = short.get(source, "not_asked" if is_over else "not_configured")
        is_over = is_over or whole[source] in ("answered", "not_asked")
    unknown = short.keys() - whole.keys()
    if unknown:
        raise ValueError(f"the chain has no source called {unknown}")
    return whole


def load(folder, places=None):
    """A scenario, its references resolved, the chain's texts and report filled in."""
    scenario = resolve(json.loads((folder / "scenario.json").read_text("utf-8")), places)
    if "report" in scenario and "config" not in scenario:
        scenario["report"] = whole_report(scenario["report"])
    for key, expected in scenario.items():
        if key.partition(".")[0] == "expect":
            for outcome in expected if isinstance(expected, list) else [expected]:
                fill_in_the_chain(outcome.get("error", {}))
    return scenario


def fill_in_the_chain(error):
    """Gives a chain's error, in each language, the text that follows from its attempts: a list as Python writes it."""
    if "attempts" not in error:
        return
    for key, first_words in CHAIN_TEXTS.items():
        if key in error:
            raise ValueError(f"a chain's {key!r} follows from its attempts, and is not written down")
        entries = [f"{CHAIN[item['provider']]}: {item.get(key, item['text'])}" for item in error["attempts"]]
        error[key] = first_words + repr(entries)


def named_secrets(value, name=""):
    """Every string that stands under a name which says that it is a secret, and that name."""
    if isinstance(value, dict):
        for key, item in value.items():
            yield from named_secrets(item, key)
    elif isinstance(value, list):
        for item in value:
            yield from named_secrets(item, name)
    elif isinstance(value, str):
        name = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).lower()
        if re.search(r"secret|token$|token_|private", name) and not re.search(r"file|path|url|expire", name):
            # A private key may be given by its path.
            if len(value) >= 6 and ANY not in value and not value.startswith("/"):
                yield name, value


def named_secrets_of_file(text):
    """The secrets in a file of the home directory, JSON, a list of entries, or a key, and their names."""
    try:
        yield from named_secrets(json.loads(text.lstrip("\ufeff")))
        return
    except ValueError:
        pass
    for name, value in re.findall(r"^\s*([^\s=:]+)\s*[=:]\s*(.*?)(?:\s[#;].*)?$", text, re.MULTILINE):
        yield from named_secrets(value.strip(), name)
    for key in re.findall(r"PRIVATE KEY-----\s(.*?)-----END", text, re.DOTALL):
        yield from (("private_key", line) for line in key.split())
