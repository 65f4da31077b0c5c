#!/usr/bin/env python3
"""Makes the wheel that is released out of the one that maturin built.

    wheel.py FROM TO    FROM has the wheel, THIRD-PARTY and SBOM.cdx.json; the wheel is written to TO

The licences of what it contains are added. maturin's bill of materials has the path of the checkout, the time and a
random number in it: ours takes its place.
"""

import base64
import hashlib
import pathlib
import sys
import zipfile

from pack import write_zip


def digest(content):
    return base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()


def main():
    source, target = map(pathlib.Path, sys.argv[1:])
    (wheel,) = source.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        files = {info.filename: (archive.read(info), info.external_attr >> 16 & 0o777) for info in archive.infolist()}
    (record,) = (name for name in files if name.endswith(".dist-info/RECORD"))
    info = record.rpartition("/")[0]
    del files[record]
    for name in [name for name in files if name.startswith(f"{info}/sboms/")]:
        del files[name]
    files[f"{info}/sboms/aliyun-cred.cyclonedx.json"] = (source.joinpath("SBOM.cdx.json").read_bytes(), 0o644)
    files[f"{info}/licenses/THIRD-PARTY"] = (source.joinpath("THIRD-PARTY").read_bytes(), 0o644)
    metadata, mode = files[f"{info}/METADATA"]
    head, blank, body = metadata.partition(b"\n\n")
    files[f"{info}/METADATA"] = (head + b"\nLicense-File: THIRD-PARTY" + blank + body, mode)

    lines = [f"{name},sha256={digest(content)},{len(content)}\n" for name, (content, _) in sorted(files.items())]
    files[record] = ("".join([*lines, f"{record},,\n"]).encode(), 0o644)
    # The metadata last, as the format recommends: it is found from the end.
    order = sorted(files, key=lambda name: (name.startswith(f"{info}/"), name))
    write_zip(target / wheel.name, ((name, *files[name]) for name in order))


if __name__ == "__main__":
    main()
