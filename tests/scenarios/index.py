#!/usr/bin/env python3
"""Writes INDEX.md: the scenarios by folder, with their `about`. `tests/docs.py` fails if it is out of date."""

import itertools
import sys

from scenario import HERE, folders, load

INDEX = HERE / "INDEX.md"
HEAD = """# Index of the scenarios

Written by `python3 tests/scenarios/index.py`, from each scenario's `about`.
"""


def index():
    """The text that INDEX.md should have."""
    text = HEAD
    by_source = sorted(folders(), key=lambda folder: (folder.parent.name, folder.name))
    for source, scenarios in itertools.groupby(by_source, key=lambda folder: folder.parent.name):
        text += f"\n## {source}\n\n"
        for folder in scenarios:
            text += f"- [`{folder.name}`]({source}/{folder.name}/scenario.json): {load(folder)['about']}\n"
    return text


def main():
    INDEX.write_text(index(), "utf-8")


if __name__ == "__main__":
    sys.exit(main())
