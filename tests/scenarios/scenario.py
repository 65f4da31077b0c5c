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

# The sources of the chain, in order.
CHAIN = ["env", "oidc_role_arn", "cli_profile", "profile", "ecs_ram_role", "credential_uri", "env_legacy"]
# Those of other tools, behind them: an error or a report mentions them only if they are configured.
QUIET = ["env_oss", "env_terraform", "oss_profile"]
# In each language: the first words of the chain's error, and the name of `explain`.
CHAIN_WORDS = {
    "rust": ("unable to load credentials from any of the providers in the chain: ", "Client::explain()"),
    "c": ("unable to load credentials from any of the providers in the chain: ", "aliyun_cred_client_explain()"),
    "python": ("unable to load credentials from any of the providers in the chain: ", "Client.explain()"),
    "node": ("unable to get credentials from any of the providers in the chain: ", "explain()"),
}
# What the error says if nothing is configured.
CONFIGURE_ONE = (
    "Set ALIBABA_CLOUD_ACCESS_KEY_ID and ALIBABA_CLOUD_ACCESS_KEY_SECRET, or log in with the CLI: aliyun configure"
)


def folders():
    """The folders of all scenarios, by name."""
    return sorted((path.parent for path in HERE.glob("*/*/scenario.json")), key=lambda folder: folder.name)


def comparable():
    """Those that the official packages can take part in: not the hostile ones."""
    return [folder for folder in folders() if folder.parent.name != "hostile"]


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
    the others are not configured, and behind it they are not asked. Quiet ones are there only if they are named."""
    whole, is_over = {}, False
    for source in CHAIN:
        whole[source] = short.get(source, "not_asked" if is_over else "not_configured")
        is_over = is_over or whole[source] in ("answered", "not_asked")
    whole.update((source, short[source]) for source in QUIET if source in short)
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
                fill_in_the_chain(outcome.get("error", {}), scenario.get("report", {}))
    return scenario


def fill_in_the_chain(error, report):
    """Gives a chain's error, in each language, the text that follows from its attempts and from the report: a sentence
    for each source that failed, and one for all that are not configured."""
    if "attempts" not in error:
        return
    attempts = {item["provider"]: item for item in error["attempts"]}
    failed, clauses = [], {"not_configured": [], "disabled": []}
    for source in CHAIN + [source for source in QUIET if source in attempts]:
        if source not in attempts:
            # The others that are always asked say why they are disabled.
            state = "disabled" if source == "ecs_ram_role" else "not_configured"
        else:
            # A metadata service that nobody configured may fail in any way.
            kind = attempts[source]["kind"]
            state = kind if kind in clauses else report[source]
        if state in clauses:
            clauses[state].append(source)
        else:
            failed.append(attempts[source])
    for language, (first_words, explain) in CHAIN_WORDS.items():
        key = f"text.{language}"
        if key in error or "text" in error:
            raise ValueError("a chain's text follows from its attempts, and is not written down")
        sentences = [f"{item['provider']} failed: {item.get(key, item['text']).rstrip('.')}" for item in failed]
        for state, sources in clauses.items():
            if sources:
                sentences.append(f"{state.replace('_', ' ').capitalize()}: {', '.join(sources)}")
        if not failed:
            sentences.append(CONFIGURE_ONE)
        error[key] = first_words + ". ".join([*sentences, f"{explain} shows more"])


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
        is_secret = re.search(r"secret|token$|token_|private", name)
        if is_secret and not re.search(r"file|path|url|expire|^(secret_name|kms_secret)$", name):
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
