#!/usr/bin/env python3
"""Reads `targets.json`, for the scripts beside this one and for people.

table.py TARGET FIELD    one field, `npm.platform` of an object; empty if the target has none
table.py --possible      the targets that this machine can build, one a line
table.py --matrix        all of them, as the release workflow's matrix
table.py --version       the version of everything
table.py --limit c       how many bytes what it names may have
table.py --readme        the table of platforms of README.md, and of README.zh-CN.md below it
"""

import json
import pathlib
import platform
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[1]
TABLE = json.loads((ROOT / "dist/targets.json").read_text("utf-8"))
TARGETS = {row["target"]: row for row in TABLE["targets"]}
SURFACES = ("python", "node", "c", "command")


def version():
    """The one version, which stands in the workspace's manifest."""
    return re.search(r'(?m)^version = "(.*)"$', (ROOT / "Cargo.toml").read_text("utf-8"))[1]


def field(target, path):
    value = TARGETS[target]
    for name in path.split("."):
        value = value.get(name, "") if isinstance(value, dict) else ""
    return value


def possible():
    """The targets whose standard library is installed and whose linker is here: zig links for every Linux."""
    system = {"Linux": "linux", "Darwin": "apple", "Windows": "windows"}[platform.system()]
    for target in TARGETS:
        if system not in target:
            continue
        command = ["rustc", "--print", "target-libdir", "--target", target]
        asked = subprocess.run(command, capture_output=True, text=True)
        if asked.returncode == 0 and any(pathlib.Path(asked.stdout.strip()).glob("libstd-*")):
            yield target


def artifacts(target):
    """Surface -> the name of the one file that it gives for a target; two more of the command."""
    row, number = TARGETS[target], version()
    return {
        "python": f"aliyun_cred-{number}-{TABLE['python']}-{row['wheel']}.whl",
        "node": f"aliyun-cred-{row['npm']['platform']}-{number}.tgz",
        "c": f"libaliyun_cred-{number}-{target}.{row['archive']}",
        "command": f"aliyun-cred-cli-{number}-{target}.{row['archive']}",
        "command wheel": f"aliyun_cred_cli-{number}-py3-none-{row['wheel']}.whl",
        "command npm": f"aliyun-cred-cli-{row['npm']['platform']}-{number}.tgz",
    }


WORDS = {
    "name": (("Platform", "npm", "Tested here", "Tested by the release workflow", "Builds"), "command"),
    "name.zh-CN": (("平台", "npm", "在本地测试", "由发布流程测试", "构建"), "命令"),
}
LANGUAGES = {"rust": "Rust", "c": "C", "python": "Python", "node": "Node"}


def platforms(language):
    """The table of a README; `language` is the member of a row that has its name there."""
    head, command = WORDS[language]
    names = {**LANGUAGES, "command": command}
    yield f"| {' | '.join(head)} |"
    yield "| --- | --- | --- | --- | --- |"
    for row in TABLE["targets"]:
        lists = (row["tested here"], row["tested by the release workflow"], SURFACES)
        cells = (", ".join(names[one] for one in names if one in listed) for listed in lists)
        yield f"| {row[language]} | `{row['npm']['platform']}` | {' | '.join(cells)} |".replace("|  |", "| |")


def main():
    # Shells read it, on Windows too.
    sys.stdout.reconfigure(newline="\n")
    if sys.argv[1:] == ["--version"]:
        print(version())
    elif sys.argv[1:] == ["--readme"]:
        print("\n\n".join("\n".join(platforms(language)) for language in WORDS))
    elif sys.argv[1] == "--limit":
        print(TABLE["limits"][sys.argv[2]])
    elif sys.argv[1:] == ["--possible"]:
        print("\n".join(possible()))
    elif sys.argv[1:] == ["--matrix"]:
        rows = ({"target": row["target"], "runner": row["runner"]} for row in TABLE["targets"])
        print(json.dumps({"include": list(rows)}))
    else:
        print(field(*sys.argv[1:]))


if __name__ == "__main__":
    main()
