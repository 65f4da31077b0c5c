#!/usr/bin/env python3
"""What the documentation promises: that pages and their translations say the same, that the messages are those of the
scenarios, that links lead somewhere, that the tables of contents have every page, that the index of scenarios is up to
date, that neither their README nor the threat model names a test that is not there, that fixtures are used, that the
scenarios' secrets look like real ones, that nothing turns the verification of certificates off, that the READMEs'
platforms are those of dist/targets.json, that the pictures are what is drawn now, and that every code block works
(`make rust c python node` comes first)."""

import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path += [str(ROOT / name) for name in ("tests", "tests/docs", "tests/scenarios", "dist", "docs", "docs/book")]
import explain  # noqa: E402
import headers  # noqa: E402
import index  # noqa: E402
import pages  # noqa: E402
import pictures  # noqa: E402
import scenario  # noqa: E402
import table  # noqa: E402
from checks import report  # noqa: E402
from examples import check_examples  # noqa: E402

# What `${name}` may name besides fixtures; `run.py` and the emulator supply the values.
PLACES = {"any", "ca", "control", "home", "metadata", "padding", "proxy", "proxy_port"}
PLACES |= {"sts_http", "sts_http_port", "sts_https"}
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
        "links": sorted(
            pages.original(target)
            for target in re.findall(r"\]\(([^)]*)\)", prose)
            if not target.startswith(("README", "#"))
        ),
    }


def check_readmes():
    english, chinese = shape("README.md"), shape("README.zh-CN.md")
    for part in english:
        yield f"README.md and README.zh-CN.md have the same {part}", english[part] == chinese[part]

    for page in pages.all_pages():
        translation = pages.in_language(page, ".zh-CN")
        if page.startswith("docs/") and page == pages.original(page) != translation:
            english, chinese = shape(page), shape(translation)
            for part in ("headings", "code", "rows"):
                yield f"{page} and its translation have the same {part}", english[part] == chinese[part]


def check_contents():
    """The tables of contents have every page of docs/ once, the same in both languages; an entry's page exists."""
    listed = {suffix: list(pages.entries(suffix)) for suffix in pages.LANGUAGES}
    tables = {pages.summary(suffix) for suffix in pages.LANGUAGES}
    for suffix, entries in listed.items():
        for entry in entries:
            if entry.page:
                yield f"{pages.summary(suffix)}: {entry.page} exists", (ROOT / entry.page).exists()
                name = pages.in_language(entry.page, suffix)
                yield f"{pages.summary(suffix)} names {name}", entry.page == name
    shapes = [[(pages.original(entry.page), entry.depth) for entry in entries] for entries in listed.values()]
    yield "docs/SUMMARY.md and its translation have the same pages", shapes[0] == shapes[1]
    found = sorted(page for page, _ in shapes[0] if page.startswith("docs/"))
    wanted = {pages.original(page) for page in pages.all_pages() if page.startswith("docs/") and page not in tables}
    for page in sorted(wanted):
        yield f"docs/SUMMARY.md has {page} once", found.count(page) == 1


def check_platforms():
    for page, language in (("README.md", "name"), ("README.zh-CN.md", "name.zh-CN")):
        yield f"{page} has the table of `dist/table.py --readme`", "\n".join(table.platforms(language)) in read(page)


def check_pictures():
    if not explain.PROGRAM.exists():
        yield f"{explain.PROGRAM} draws the pictures (make rust comes first)", False
        return
    for path, picture in {explain.PICTURE: explain.picture(), **pictures.pictures()}.items():
        drawn = path.exists() and path.read_text("utf-8") == picture
        yield f"docs/{path.name} is what `make picture` draws", drawn


def check_manuals():
    """The manuals of the headers have every function, and every class has a comment."""
    _, entries = headers.c_header(read("include/aliyun_cred.h"))
    listed = {name for name, _, _ in entries}
    for symbol in read("tests/c/symbols.txt").split():
        yield f"the manual of aliyun_cred.h has {symbol}", symbol in listed
    _, entries = headers.cpp_header(read("include/aliyun_cred.hpp"))
    classes = re.findall(r"^(?:class|struct|enum class) (?:\[\[\w+\]\] )?(\w+)", read("include/aliyun_cred.hpp"), re.M)
    shown = {name.partition("<")[0]: comment for name, comment, _ in entries}
    # The others are of the namespace `detail`.
    for name in set(classes) - {"Deleter", "Terminated", "Text"}:
        yield f"the manual of aliyun_cred.hpp has {name}, with a comment", bool(shown.get(name))


def check_links():
    for page in pages.all_pages():
        prose = re.sub(r"```.*?```", "", read(page), flags=re.DOTALL)
        for target in re.findall(r"\]\(([^)#]+)[^)]*\)", prose):
            if not re.match(r"[a-z]+:", target):
                path = (ROOT / page).parent.joinpath(target).resolve()
                yield f"{page}: the link to {target} leads somewhere", path.exists()
                translation = path.with_name(path.name.removesuffix(".md") + ".zh-CN.md")
                if page != pages.original(page) and path.suffix == ".md" and translation.exists():
                    own = translation == (ROOT / page).resolve()
                    yield f"{page}: the link to {target} leads to its translation", own


def check_scenarios():
    folders = scenario.folders()
    names = {folder.name for folder in folders}
    yield "the names of scenarios are unique over all folders", len(names) == len(folders)
    yield "tests/scenarios/INDEX.md is what index.py writes", index.INDEX.read_text("utf-8") == index.index()
    text = read("tests/scenarios/README.md").partition("## What unit tests say")[2]
    # A row's second cell, and what follows the colon of a numbered line.
    lines = re.findall(r"^(?:\| [^|]+ \| |\d+\. .*?: (?=`))(`.+)$", text, re.MULTILINE)
    yield "tests/scenarios/README.md names tests and scenarios", len(lines) > 25
    for line in lines:
        yield from check_tests(line, names)


def check_tests(line, scenarios):
    """Whether each name in a line is that of a scenario, or, as `file: test`, of a test in that file."""
    file = None
    for source, name in re.findall(r"`(?:([\w/.-]+\.\w+): )?([^`]+)`", line):
        # Further tests of a file follow without its name; a scenario after them is still one.
        file = source or file
        yield f"{name} is a scenario or a test", name in scenarios or is_test(file, name)


def is_test(file, name):
    """Whether a file of that name has that test; without a file, `name` is a program that is a test."""
    found = [path for folder in ("crates", "tests") for path in ROOT.glob(f"{folder}/**/{file or name}")]
    quoted = re.escape(name)
    defined = rf"\b(?:fn|def|void) {quoted}\(|\btest\((['\"]){quoted}\1"
    return any(path.is_file() and (file is None or re.search(defined, path.read_text("utf-8"))) for path in found)


def check_security():
    """Every promise of the threat model has a test, which exists and is the same in both languages."""
    names = {folder.name for folder in scenario.folders()}
    texts = [read(f"docs/security{language}.md") for language in ("", ".zh-CN")]
    # The tables of promises are those whose last cells begin with a name.
    held_by = [re.findall(r"^\| .+ \| (`[^|]+`) \|$", page, re.MULTILINE) for page in texts]
    yield "docs/security.md says which tests hold its promises", len(held_by[0]) > 45
    yield "docs/security.zh-CN.md names the same tests", held_by[0] == held_by[1]
    for page in texts:
        tables = re.findall(r"^\| (?:promise|承诺) \|.*\n\|.*\n((?:\|.*\n)+)", page, re.MULTILINE)
        rows = [row for table in tables for row in table.splitlines()]
        yield "every promise in docs/security.md names a test", len(rows) == len(held_by[0])
    for line in held_by[0]:
        yield from check_tests(line, names)


# What turns the verification of certificates off, or writes down the keys of a connection.
UNVERIFIED = (
    r"danger|CertVerifier|key_?log|TLS_REJECT|rejectUnauthorized|HTTPSVERIFY|verify ?= ?False|CERT_NONE|"
    r"_create_unverified|check_hostname"
)


def check_verification():
    """No code that is released does any of that."""
    places = ("crates/*/src/**/*.rs", "bindings/*/src/**/*.rs", "python/**/*.py", "node/**/*.[jm]*s", "include/**/*.h*")
    sources = [path for place in places for path in ROOT.glob(place)]
    sources = [path for path in sources if "aliyun-cred-emulator" not in path.parts]
    yield "the sources are where they are looked for", len(sources) > 150
    for path in sources:
        found = re.search(UNVERIFIED, path.read_text("utf-8"), re.IGNORECASE)
        yield f"{path.relative_to(ROOT)} turns no verification off", found is None


def message(name):
    """The error text of a scenario in Python, as the documentation shows it."""
    (folder,) = (folder for folder in scenario.folders() if folder.name == name)
    expected = scenario.load(folder)["expect"]
    first = expected[0] if isinstance(expected, list) else expected
    error = first.get("error") or first["construction_error"]
    text = error.get("text.python") or error["text"]
    for place, shown in (("any", "…"), ("home", "/home/user")):
        text = text.replace(f"${{{place}}}", shown)
    return text


def check_troubleshooting():
    texts = [read(f"docs/troubleshooting{language}.md") for language in ("", ".zh-CN")]
    entries = [
        re.findall(r"^```text\n(.*?)\n```$.*?^<!-- (\w+) -->$", text, re.DOTALL | re.MULTILINE) for text in texts
    ]
    yield "docs/troubleshooting.md has the twenty most likely mistakes", len(entries[0]) >= 20
    yield "docs/troubleshooting.zh-CN.md has the same messages", entries[0] == entries[1]
    for text, name in entries[0]:
        yield f"docs/troubleshooting.md has the text of {name}", text.split() == message(name).split()


def check_secrets():
    """A canary of another shape than a real secret's may be cut out of a text where the real one would stay."""
    for folder in scenario.folders():
        found = list(scenario.named_secrets(scenario.load(folder)))
        for path in folder.glob("home/**/*"):
            if path.is_file():
                text = scenario.resolve(path.read_text("utf-8", "replace"))
                found += scenario.named_secrets_of_file(text)
        for name, secret in found:
            shape = SHAPES.get(name.rpartition("_")[2])
            if shape and folder.name not in ODD_SECRETS:
                what = f"{folder.relative_to(ROOT)}: {name} has the shape of a real one and the word canary"
                yield what, re.fullmatch(shape, secret) is not None and "canary" in secret


def check_fixtures():
    """Every reference names a fixture or a place, and every fixture is used."""
    known, used = scenario.fixtures().keys(), set()
    for path in scenario.HERE.glob("*/**/*"):
        if path.is_file() and path.suffix != ".pyc":
            text = path.read_text("utf-8", "replace")
            names = {*scenario.REFERENCE.findall(text), *re.findall(r'"\$use": "(\w+)"', text)}
            used |= names
            for name in sorted(names - PLACES - known):
                yield f"{path.relative_to(ROOT)}: {name} is a fixture", False
    for name in known:
        yield f"tests/scenarios/fixtures: {name} is used", name in used
        yield f"tests/scenarios/fixtures: {name} is not the name of a place too", name not in PLACES


def main():
    checks = [
        *check_readmes(),
        *check_contents(),
        *check_platforms(),
        *check_pictures(),
        *check_links(),
        *check_manuals(),
        *check_scenarios(),
        *check_security(),
        *check_verification(),
        *check_fixtures(),
        *check_troubleshooting(),
        *check_secrets(),
        *check_examples(),
    ]
    return report(checks)


if __name__ == "__main__":
    sys.exit(main())
