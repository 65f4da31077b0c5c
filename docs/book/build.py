#!/usr/bin/env python3
"""Builds the documentation in .build/docs (`make docs`): a book in each language, the manuals of the languages beside
it, and a first page; then checks every link of it.

A book is made by mdBook from the pages of `docs/SUMMARY.md` or its translation, whose links are rewritten.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import headers
import links
import pages
from checks import report
from pages import LANGUAGES, ROOT

BUILD = Path(os.environ.get("BUILD", ROOT / ".build"))
SITE, WORK, TOOLS = BUILD / "docs", BUILD / "book", BUILD / "tools"
TARGET = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))
HERE = Path(__file__).resolve().parent


def run(*command, **options):
    subprocess.run([str(word) for word in command], check=True, **options)


def write(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, "utf-8")


def book(suffix, language):
    folder = WORK / language
    listed = list(pages.entries(suffix))
    known = {pages.original(entry.page) for entry in listed if entry.page}
    table = ["# Summary"]
    for entry in listed:
        if not entry.page:
            table.append(f"\n# {entry.title}\n")
            continue
        place = pages.place(entry.page)
        table.append(f"{'  ' * entry.depth}- [{entry.title}]({place})")
        text, files = pages.rewritten(entry.page, suffix, known)
        write(folder / "src" / place, text)
        for file in files:
            copy = folder / "src" / pages.place(file)
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / file, copy)
    write(folder / "src/SUMMARY.md", "\n".join(table) + "\n")
    write(folder / "book.toml", settings(language))
    for file in ("book.css", "language.js"):
        shutil.copy(HERE / file, folder)
    run(TOOLS / "bin/mdbook", "build", folder, "--dest-dir", SITE / language)


def settings(language):
    lang = {"en": "en", "zh": "zh-CN"}[language]
    return f"""[book]
title = "aliyun-cred"
language = "{lang}"

[output.html]
git-repository-url = "{pages.REPOSITORY}"
additional-css = ["book.css"]
additional-js = ["language.js"]
no-section-label = true
# Its address is not known, from which the page would load its style.
input-404 = ""

[output.html.playground]
runnable = false

[output.html.print]
enable = false

# The index knows no Chinese.
[output.html.search]
enable = {str(language == "en").lower()}
"""


def manuals():
    reference = SITE / "reference"
    # Without what other crates have left there.
    shutil.rmtree(TARGET / "doc", ignore_errors=True)
    run("cargo", "doc", "--quiet", "--locked", "--no-deps", "-p", "aliyun-cred", cwd=ROOT)
    shutil.copytree(TARGET / "doc", reference / "rust")
    # Its pages of settings and help link there.
    write(reference / "rust/index.html", '<meta http-equiv="refresh" content="0; url=aliyun_cred/index.html">\n')
    headers.write(reference / "c")
    # Not what is private, what imports SDKs, or the official package's older modules.
    hidden = r"!aliyun_cred\.(_|adapters|credentials|providers|utils)"
    pdoc = (sys.executable, "-m", "pdoc", "--docformat", "restructuredtext", "--output-directory")
    run(*pdoc, reference / "python", "aliyun_cred", hidden, cwd=BUILD)
    modules = TOOLS / "docs/node_modules"
    plugin = modules / "typedoc-plugin-missing-exports/index.js"
    typedoc = (modules / ".bin/typedoc", "--logLevel", "Warn", "--options", HERE / "typedoc.json")
    run(*typedoc, "--plugin", plugin, "--out", reference / "node", cwd=ROOT / "node")


def main():
    for folder in (SITE, WORK):
        shutil.rmtree(folder, ignore_errors=True)
    for suffix, language in LANGUAGES.items():
        book(suffix, language)
    manuals()
    shutil.copy(HERE / "index.html", SITE)
    return report(links.check(SITE))


if __name__ == "__main__":
    sys.exit(main())
