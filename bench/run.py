#!/usr/bin/env python3
"""Measures the same work on this library and on the ones that it replaces, in one run, and prints ratios.

Nothing is asserted: a number depends on the machine, and tests are elsewhere. See README.md for what each row means.
"""

import argparse
import dataclasses
import json
import os
import pathlib
import platform
import re
import subprocess
import sys
import time

import c_rows
import command_rows
import node_rows
import prepare
import python_rows
import rust_rows
import service
import table

LANGUAGES = {
    "python": ("Python", python_rows.PARTS),
    "node": ("Node", node_rows.PARTS),
    "c": ("C", c_rows.PARTS),
    "rust": ("Rust", rust_rows.PARTS),
    "command": ("The command", command_rows.PARTS),
}


def options():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.ArgumentDefaultsHelpFormatter)
    parser.add_argument("languages", nargs="*", metavar="language", help=f"of {', '.join(LANGUAGES)}; default: all")
    parts = sorted({part for _, parts in LANGUAGES.values() for part in parts})
    parser.add_argument("--part", action="append", choices=parts, help="only this part, repeatable; default: all")
    parser.add_argument("--samples", type=int, default=15, help="of a call's time in a process")
    parser.add_argument("--rounds", type=int, default=3, help="processes for a call's time and for memory")
    parser.add_argument("--starts", type=int, default=25, help="processes for a start's time")
    parser.add_argument("--refreshes", type=int, default=3, help="refreshes watched")
    parser.add_argument("--no-build", action="store_true", help="use what was built before")
    parser.add_argument("--json", type=pathlib.Path, metavar="FILE", help="write the numbers there, too")
    chosen = parser.parse_args()
    unknown = set(chosen.languages) - set(LANGUAGES)
    if unknown:
        parser.error(f"unknown: {', '.join(sorted(unknown))}")
    chosen.languages = chosen.languages or list(LANGUAGES)
    return chosen


def version_of(*command):
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True, check=False)
    return done.stdout.strip().splitlines()[0] if done.returncode == 0 and done.stdout.strip() else "?"


def machine():
    """What the numbers depend on, in one line."""
    cpu = "?"
    with open("/proc/cpuinfo", encoding="utf-8") as lines:
        for line in lines:
            if line.startswith("model name"):
                cpu = line.split(":", 1)[1].strip()
                break
    version = re.search(r'^version = "(.+)"', (prepare.ROOT / "Cargo.toml").read_text(), re.MULTILINE)
    parts = [
        f"{os.cpu_count()} x {cpu}",
        f"{platform.system()} {platform.machine()}, {' '.join(platform.libc_ver())}",
        f"load {os.getloadavg()[0]:.1f} before",
        f"Python {platform.python_version()}",
        f"Node {version_of('node', '--version')}",
        version_of("rustc", "--version"),
        version_of(os.environ.get("CC", "cc"), "--version"),
        f"aliyun-cred {version.group(1) if version else '?'}",
        f"alibabacloud_credentials {prepare.OFFICIAL['python']}",
        f"@alicloud/credentials {prepare.OFFICIAL['node']}",
    ]
    return "; ".join([time.strftime("%Y-%m-%d"), *parts])


def main():
    chosen = options()
    if not chosen.no_build:
        prepare.prepare(chosen.languages)
    line = machine()
    result = {"machine": line, "languages": {}}
    print(f"{line}\n", flush=True)
    with service.started() as running:
        for language in chosen.languages:
            title, parts = LANGUAGES[language]
            rows = []
            for name, part in parts.items():
                if chosen.part is None or name in chosen.part:
                    print(f"== {title}: {name}", file=sys.stderr, flush=True)
                    rows += part(running, chosen)
            if rows:
                print(table.table(title, rows), end="\n\n", flush=True)
                result["languages"][language] = [dataclasses.asdict(row) for row in rows]
    if chosen.json:
        chosen.json.write_text(json.dumps(result, indent=2) + "\n")


if __name__ == "__main__":
    main()
