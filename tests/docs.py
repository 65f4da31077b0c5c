#!/usr/bin/env python3
"""What the documentation promises: that the two READMEs say the same, that links lead somewhere, that the list of
scenarios is complete and names nothing that is not there, and that the scenarios' secrets look like real ones."""

import json
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests/scenarios"))
from run import named_secrets, named_secrets_of_file  # noqa: E402

# By the end of the name that a secret stands under. STS issues secrets of 44 characters with its tokens.
SHAPES = {"secret": r"[A-Za-z0-9]{30}|[A-Za-z0-9]{44}", "token": r"CAIS[A-Za-z0-9+/]{300,}={0,2}|[\w.-]{40,}"}
# Scenarios about characters that no real secret has.
ODD_SECRETS = {
    "access_key_in_another_script",
    "access_key_with_white_space",
    "cli_line_break_in_the_secret",
    "cli_white_space",
    "env_in_quotes",
    "env_with_a_line_break",
    "env_with_white_space",
    "ini_secret_in_another_script",
    "ini_special_characters",
    "sts_gives_a_secret_in_another_script",
    "uri_gives_a_line_break_in_the_secret",
    "uri_gives_a_line_break_in_the_token",
}


def read(name):
    return (ROOT / name).read_text("utf-8")


def shape(name):
    """What must be equal in both READMEs: heading levels, code, the first cell of each table row, link targets but for
    each other."""
    text = read(name)
    code = re.findall(r"```(.*?)```", text, re.DOTALL)
    prose = re.sub(r"```.*?```", "", text, flags=re.DOTALL)
    return {
        "headings": [len(mark) for mark in re.findall(r"^(#+) ", prose, re.MULTILINE)],
        # A comment may be translated.
        "code": [re.sub(r"(#|//|/\*) .*", "", block) for block in code],
        "rows": re.findall(r"^\| (`[^|]*`) \|", prose, re.MULTILINE),
        "links": sorted(target for target in re.findall(r"\]\(([^)]*)\)", prose) if not target.startswith(("README", "#"))),
    }


def check_readmes():
    english, chinese = shape("README.md"), shape("README.zh-CN.md")
    for part in english:
        yield f"README.md and README.zh-CN.md have the same {part}", english[part] == chinese[part]


def check_links():
    pages = [*ROOT.glob("*.md"), *ROOT.glob("crates/*/README.md"), *ROOT.glob("tests/**/README.md")]
    pages += [*ROOT.glob("docs/*.md"), *ROOT.glob("examples/*/README.md")]
    pages += [*ROOT.glob("python/README.md"), *ROOT.glob("node/README.md")]
    for page in pages:
        prose = re.sub(r"```.*?```", "", page.read_text("utf-8"), flags=re.DOTALL)
        for target in re.findall(r"\]\(([^)#]+)[^)]*\)", prose):
            if not re.match(r"[a-z]+:", target):
                yield f"{page.relative_to(ROOT)}: the link to {target} leads somewhere", (page.parent / target).exists()


def check_scenarios():
    text = read("tests/scenarios/README.md")
    table = text.partition("## Which behaviour is where")[2]
    scenarios = {path.parent.name for path in ROOT.glob("tests/scenarios/*/*/scenario.json")}
    named = set(re.findall(r"`(\w+)`", table))
    for scenario in sorted(scenarios - named):
        yield f"tests/scenarios/README.md names {scenario}", False
    for row in re.findall(r"^\| [^|]+ \| (.+) \|$", table, re.MULTILINE)[2:]:
        file = None
        for source, name in re.findall(r"`(?:([\w/]+\.rs): )?(\w+)`", row):
            # Further tests of a file follow without its name; a scenario after them is still one.
            file = source or file
            if name in scenarios:
                continue
            code = next(ROOT.glob(f"crates/aliyun-cred/src/**/{file}"), None) if file else None
            yield f"{name} is a scenario or a test", code is not None and f"fn {name}()" in code.read_text("utf-8")


def check_secrets():
    """A canary of another shape than a real secret's may be cut out of a text where the real one would stay."""
    for scenario in sorted(ROOT.glob("tests/scenarios/*/*/scenario.json")):
        found = list(named_secrets(json.loads(scenario.read_text("utf-8"))))
        for path in scenario.parent.glob("home/**/*"):
            if path.is_file():
                found += named_secrets_of_file(path.read_text("utf-8", "replace"))
        for name, secret in found:
            shape = SHAPES.get(name.rpartition("_")[2])
            if shape and scenario.parent.name not in ODD_SECRETS:
                what = f"{scenario.parent.relative_to(ROOT)}: {name} has the shape of a real one and the word canary"
                yield what, re.fullmatch(shape, secret) is not None and "canary" in secret


def main():
    checks = [*check_readmes(), *check_links(), *check_scenarios(), *check_secrets()]
    failed = [what for what, holds in checks if not holds]
    for what in failed:
        print(f"FAILED {what}")
    print(f"{len(checks) - len(failed)} passed, {len(failed)} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
