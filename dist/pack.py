"""Archives whose bytes depend on the files alone: names in order, one time, no owner.

pack.py FOLDER FILE.tar.gz|FILE.zip
"""

import gzip
import io
import os
import pathlib
import sys
import tarfile
import time
import zipfile


def epoch():
    # A zip file knows no earlier year than 1980.
    return max(int(os.environ.get("SOURCE_DATE_EPOCH", 0)), 315532800)


def write_zip(path, entries):
    """`entries`: (name, content, mode), in the order in which they are to stand."""
    stamp = time.gmtime(epoch())[:6]
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for name, content, mode in entries:
            info = zipfile.ZipInfo(name, stamp)
            info.compress_type = zipfile.ZIP_DEFLATED
            info.create_system = 3  # Unix, wherever this runs
            info.external_attr = (0o100000 | mode) << 16
            archive.writestr(info, content)


def mode_of(path):
    return 0o755 if os.access(path, os.X_OK) and path.suffix not in (".h", ".hpp", ".cmake", ".pc") else 0o644


def write_tar(path, folder):
    def normal(info):
        info.uid = info.gid = 0
        info.uname = info.gname = ""
        info.mtime = epoch()
        if info.isfile():
            info.mode = mode_of(folder.parent / info.name)
        elif info.isdir():
            info.mode = 0o755
        return info

    content = io.BytesIO()
    with tarfile.open(fileobj=content, mode="w", format=tarfile.USTAR_FORMAT) as archive:
        for entry in sorted([folder, *folder.rglob("*")]):
            archive.add(entry, entry.relative_to(folder.parent).as_posix(), recursive=False, filter=normal)
    with open(path, "wb") as file, gzip.GzipFile("", "wb", 9, file, mtime=epoch()) as packed:
        packed.write(content.getvalue())


def main():
    folder, path = pathlib.Path(sys.argv[1]).resolve(), pathlib.Path(sys.argv[2])
    if path.suffix == ".zip":
        files = (entry for entry in sorted(folder.rglob("*")) if entry.is_file())
        named = ((entry.relative_to(folder.parent).as_posix(), entry) for entry in files)
        write_zip(path, ((name, entry.read_bytes(), mode_of(entry)) for name, entry in named))
    else:
        write_tar(path, folder)


if __name__ == "__main__":
    main()
