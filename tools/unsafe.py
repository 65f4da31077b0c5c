#!/usr/bin/env python3
"""Counts `unsafe` in the code of each crate that the libraries and the command are made of, ours first.

    unsafe.py          a table: blocks, functions, implementations, attributes, and all uses
    unsafe.py --ours   the crates of this workspace only

It reads text, without comments and strings; code for other platforms and features counts, and what macros of other
crates expand to does not.
"""

import argparse
import json
import pathlib
import re
import subprocess

ROOT = pathlib.Path(__file__).resolve().parent.parent
# What users get; the others are tests, measurements and their services.
PRODUCTS = ("aliyun-cred-c", "aliyun-cred-python", "aliyun-cred-node", "aliyun-cred-cli", "aliyun-cred-reqsign")
# Comments, raw strings, strings, and characters, of which only a quote matters.
QUIET = re.compile(r'//[^\n]*|/\*.*?\*/|\bb?r(#*)".*?"\1|b?"(?:\\.|[^"\\])*"|b?\'(?:\\.|[^\'\\])\'', re.DOTALL)
KINDS = {
    "blocks": r"\bunsafe\s*\{",
    "functions": r"\bunsafe\s+(?:extern\s+(?:\"\"\s*)?)?fn\b",
    "implementations": r"\bunsafe\s+(?:impl|trait)\b",
    "attributes": r"\bunsafe\s*\(",
    "all": r"\bunsafe\b",
}


def count(folder):
    """The number of uses of each kind in the Rust code of a crate, but for its tests, benchmarks and examples."""
    counts = dict.fromkeys(KINDS, 0)
    for path in folder.rglob("*.rs"):
        if not {"tests", "benches", "examples", "target"} & set(path.relative_to(folder).parts[:-1]):
            code = QUIET.sub('""', path.read_text("utf-8", "replace"))
            for kind, pattern in KINDS.items():
                counts[kind] += len(re.findall(pattern, code))
    return counts


def cargo(*arguments):
    return subprocess.run(["cargo", *arguments], cwd=ROOT, check=True, stdout=subprocess.PIPE, encoding="utf-8").stdout


def crates():
    """Yields the name, the version, the folder of each crate, and whether it is ours."""
    packages = json.loads(cargo("metadata", "--locked", "--format-version", "1"))["packages"]
    chosen = [word for name in PRODUCTS for word in ("--package", name)]
    form = ["--prefix", "none", "--edges", "normal,no-proc-macro", "--format", "{p}"]
    linked = {tuple(line.split()[:2]) for line in cargo("tree", "--locked", *chosen, *form).splitlines() if line}
    for package in packages:
        if (package["name"], "v" + package["version"]) in linked:
            folder = pathlib.Path(package["manifest_path"]).parent
            yield package["name"], package["version"], folder, package["source"] is None


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--ours", action="store_true", help="the crates of this workspace only")
    options = parser.parse_args()
    rows = [
        (not ours, name, version, count(folder)) for name, version, folder, ours in crates() if ours or not options.ours
    ]
    print(f"{'crate':40}" + "".join(f"{kind:>17}" for kind in KINDS))
    for _, name, version, counts in sorted(rows, key=lambda row: row[:3]):
        print(f"{name + ' ' + version:40}" + "".join(f"{number:17}" for number in counts.values()))


if __name__ == "__main__":
    main()
