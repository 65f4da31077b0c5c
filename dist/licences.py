#!/usr/bin/env python3
"""Writes down the third-party code in an artifact.

    licences.py TARGET PACKAGE FOLDER

writes to FOLDER, for a package of the workspace as it is built for a target: `THIRD-PARTY`, the crates in it with the
texts of their licences, and `SBOM.cdx.json`, the same as a CycloneDX bill of materials. Neither depends on where and
when it is written.
"""

import hashlib
import json
import pathlib
import re
import subprocess
import sys
import uuid

from table import ROOT, version

TEXTS = ("LICENSE*", "LICENCE*", "COPYING*", "COPYRIGHT*", "NOTICE*", "UNLICENSE*", "license*")


def cargo(*arguments):
    return subprocess.run(["cargo", *arguments], cwd=ROOT, check=True, stdout=subprocess.PIPE, encoding="utf-8").stdout


def crates(target, package):
    """Yields the crates that are linked into it: no build scripts, procedural macros or crates of this workspace."""
    metadata = json.loads(cargo("metadata", "--locked", "--format-version", "1", "--filter-platform", target))
    known = {(crate["name"], crate["version"]): crate for crate in metadata["packages"]}
    # Python reads TOML since 3.11 only; cargo writes this file in one form.
    entry = r'\nname = "(.+)"\nversion = "(.+)"\n(?:source = .+\n)?(?:checksum = "(.+)"\n)?'
    lock = (ROOT / "Cargo.lock").read_text("utf-8")
    checksums = {(name, number): checksum or None for name, number, checksum in re.findall(entry, lock)}
    form = ["--prefix", "none", "--format", "{p}"]
    tree = cargo("tree", "--locked", "--package", package, "--edges", "normal,no-proc-macro", "--target", target, *form)
    for line in sorted(set(tree.splitlines())):
        name, number = line.split()[:2]
        crate = known[name, number.removeprefix("v")]
        if crate["source"]:
            yield crate, checksums[crate["name"], crate["version"]]


def texts(crate):
    """Yields the texts of a crate's licence files, without trailing spaces. Where MIT can be chosen, it is: its text is
    the shortest."""
    folder = pathlib.Path(crate["manifest_path"]).parent
    files = {path for pattern in TEXTS for path in folder.glob(pattern) if path.is_file() and path.suffix != ".rs"}
    if "MIT" in re.split(r" OR |/", crate["license"] or ""):
        files = {path for path in files if "MIT" in path.name.upper()} or files
    for path in sorted(files, key=lambda path: path.name):
        text = path.read_text("utf-8", "replace")
        yield "\n".join(line.rstrip() for line in text.splitlines()).strip()


def third_party(found, package):
    """Lists each licence text once, below the crates that have it. Texts of the MIT licence differ only in the
    copyright line, and in where their lines end."""
    whose = {}
    for crate, _ in found:
        for text in texts(crate):
            head, begin, body = text.partition("Permission is hereby granted")
            head, body = (" ".join(head.split()), begin + body) if begin else ("", text)
            _, names = whose.setdefault(" ".join(body.split()), (body, []))
            names.append(f"{crate['name']} {crate['version']}" + (f": {head}" if head else ""))
    lines = [
        f"{package} {version()} contains code of these crates and of Rust's standard library (MIT OR Apache-2.0).",
        "Their licences, and below the texts; of several that may be chosen from, MIT.",
        "",
        *(f"{crate['name']} {crate['version']}: {crate['license']}" for crate, _ in found),
    ]
    for body, names in whose.values():
        lines += ["", "-" * 80, *names, "-" * 80, "", body]
    return "\n".join(lines) + "\n"


def sbom(found, target, package):
    components = [
        {
            "type": "library",
            "bom-ref": f"pkg:cargo/{crate['name']}@{crate['version']}",
            "name": crate["name"],
            "version": crate["version"],
            "hashes": [{"alg": "SHA-256", "content": checksum}] if checksum else [],
            "licenses": [{"expression": crate["license"].replace("/", " OR ")}] if crate["license"] else [],
            "purl": f"pkg:cargo/{crate['name']}@{crate['version']}",
        }
        for crate, checksum in found
    ]
    own = {
        "type": "application" if package == "aliyun-cred-cli" else "library",
        "bom-ref": f"pkg:cargo/{package}@{version()}",
        "name": package,
        "version": version(),
        "licenses": [{"expression": "Apache-2.0"}],
        "properties": [{"name": "target", "value": target}],
    }
    what = json.dumps([own, components], sort_keys=True).encode()
    # Of the content alone: the same bill has the same number.
    number = uuid.UUID(bytes=hashlib.sha256(what).digest()[:16], version=4)
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.5",
        "serialNumber": f"urn:uuid:{number}",
        "version": 1,
        "metadata": {"component": own},
        "components": components,
    }


def main():
    target, package, folder = sys.argv[1], sys.argv[2], pathlib.Path(sys.argv[3])
    found = list(crates(target, package))
    (folder / "THIRD-PARTY").write_text(third_party(found, package), "utf-8", newline="\n")
    bill = json.dumps(sbom(found, target, package), separators=(",", ":"))
    (folder / "SBOM.cdx.json").write_text(bill + "\n", "utf-8", newline="\n")


if __name__ == "__main__":
    main()
