#!/usr/bin/env python3
"""Looks at every artifact of a folder, and says what is wrong with it; nothing is run.

verify.py [--dist FOLDER] [TARGET...]    without a target all that this machine can build; `all` for a release
"""

import argparse
import email.parser
import functools
import hashlib
import io
import json
import os
import pathlib
import re
import subprocess
import sys
import tarfile
import zipfile

from elftools.elf.dynamic import DynamicSection
from elftools.elf.elffile import ELFFile
from elftools.elf.gnuversions import GNUVerNeedSection

from checks import report
from table import ROOT, TABLE, TARGETS, artifacts, possible, version

MACHINES = {"x86_64": "EM_X86_64", "aarch64": "EM_AARCH64"}
# What a library for Linux may need; `ld-linux` has the address of thread-local variables.
SYSTEM = r"lib(c|m|dl|pthread|rt|util)\.so\.\d+|ld-linux-[\w-]+\.so\.\d+|libc\.(so|musl-\w+\.so\.1)"
# Homes and work folders of machines that build, on any system: no artifact may name one.
FOREIGN = rb"/(?:home/[a-z]\w*/|Users/[a-z]\w*/|root/\.|__w/)|[A-Z]:\\(?:a|Users)\\"


@functools.cache
def own_folders():
    """Returns what paths of this machine begin with."""
    sysroot = subprocess.run(["rustc", "--print", "sysroot"], capture_output=True, text=True).stdout.strip()
    home = pathlib.Path.home()
    folders = {str(ROOT), os.environ.get("CARGO_HOME") or str(home / ".cargo"), sysroot}
    folders |= {f"{home}/"} if home != pathlib.Path("/") else set()
    return sorted(folder.encode() for folder in folders if len(folder) > 1)


def contents(path):
    """Name -> bytes of what is in an archive; a link is its target's name."""
    if path.suffix in (".whl", ".zip"):
        with zipfile.ZipFile(path) as archive:
            return {info.filename: archive.read(info) for info in archive.infolist() if not info.is_dir()}
    with tarfile.open(path) as archive:
        return {
            member.name: member.linkname.encode() if member.issym() else archive.extractfile(member).read()
            for member in archive.getmembers()
            if not member.isdir()
        }


# --- the tree


def check_versions():
    number = version()
    crates = (ROOT / "Cargo.toml").read_text("utf-8")
    yield f"Cargo.toml depends on {number}", f'path = "crates/aliyun-cred", version = "={number}"' in crates
    manifest = json.loads((ROOT / "node/package.json").read_text("utf-8"))
    yield f"node/package.json has the version {number}", manifest["version"] == number
    compat = (ROOT / "python/compat/pyproject.toml").read_text("utf-8")
    yield f"python/compat names {number}", f"+aliyun.cred.{number}" in compat and f'"aliyun-cred=={number}"' in compat
    yield (
        f"CHANGELOG.md begins with {number}",
        re.search(r"(?m)^## (\S+)", (ROOT / "CHANGELOG.md").read_text("utf-8"))[1] == number,
    )
    abi = re.search(r"#define ALIYUN_CRED_ABI_VERSION (\d+)", (ROOT / "include/aliyun_cred.h").read_text("utf-8"))[1]
    yield "the version begins with the ABI's number", number.split(".")[0] == abi
    minor = ".".join(number.split(".")[:2])
    for page in ("README.md", "README.zh-CN.md"):
        text = (ROOT / page).read_text("utf-8")
        yield (
            f"{page} names {number}",
            f"aliyun-cred@^{minor}.0" in text and f"find_package(aliyun_cred {minor} " in text,
        )
    yield f"node/README.md names {number}", f"aliyun-cred@^{minor}.0" in (ROOT / "node/README.md").read_text("utf-8")


def check_platforms():
    names = {row["npm"]["platform"] for row in TABLE["targets"]}
    listed = re.search(r"const PACKAGED = \[(.*?)\]", (ROOT / "node/lib/platform.js").read_text("utf-8"), re.DOTALL)[1]
    yield "node/lib/platform.js lists the table's platforms", set(re.findall(r"'([\w-]+)'", listed)) == names
    traced = (ROOT / "node/native.js").read_text("utf-8")
    yield "native.js names each platform's file", all(f"aliyun_cred.{name}.node" in traced for name in names)


# --- libraries and the command


def check_elf(where, content, row):
    file = ELFFile(io.BytesIO(content))
    arch = row["target"].partition("-")[0]
    is_command = where.endswith("aliyun-cred")
    yield f"{where}: is for {arch}", file["e_machine"] == MACHINES[arch]
    tags = [
        tag for section in file.iter_sections() if isinstance(section, DynamicSection) for tag in section.iter_tags()
    ]
    needed = [tag.needed for tag in tags if tag.entry.d_tag == "DT_NEEDED"]
    yield f"{where}: needs the C library only, not {needed}", all(re.fullmatch(SYSTEM, name) for name in needed)
    if is_command:
        loader = any(segment["p_type"] == "PT_INTERP" for segment in file.iter_segments())
        is_static = "musl" in row["target"]
        yield f"{where}: is {'static' if is_static else 'dynamic'}", (loader or bool(needed)) != is_static
    yield f"{where}: has no run path", not any(tag.entry.d_tag in ("DT_RPATH", "DT_RUNPATH") for tag in tags)
    names = [tag.soname for tag in tags if tag.entry.d_tag == "DT_SONAME"]
    flags = [tag.entry.d_val for tag in tags if tag.entry.d_tag == "DT_FLAGS_1"]
    if "libaliyun_cred" in where:
        yield (
            f"{where}: its SONAME is libaliyun_cred.so.{version().split('.')[0]}",
            names == [f"libaliyun_cred.so.{version().split('.')[0]}"],
        )
    # CPython unloads no module, and nobody a program.
    if ".whl" not in where and not is_command:
        yield f"{where}: stays loaded (nodelete)", any(flag & 0x8 for flag in flags)
    wanted = [
        aux.name
        for section in file.iter_sections()
        if isinstance(section, GNUVerNeedSection)
        for _, auxiliaries in section.iter_versions()
        for aux in auxiliaries
    ]
    glibc = [tuple(map(int, name[6:].split("."))) for name in wanted if name.startswith("GLIBC_")]
    others = [name for name in wanted if not name.startswith("GLIBC_")]
    yield f"{where}: asks for no versioned symbol but glibc's, not {others}", not others
    if row.get("glibc"):
        limit = tuple(map(int, row["glibc"].split(".")))
        highest = max(glibc, default=(0,))
        print(f"{where}: {len(content)} bytes, GLIBC_{'.'.join(map(str, highest))}")
        yield f"{where}: needs no newer glibc than {row['glibc']}", highest <= limit
    else:
        print(f"{where}: {len(content)} bytes")
        yield f"{where}: needs no glibc", not glibc
    if "libaliyun_cred" in where:
        exported = {
            symbol.name
            for symbol in file.get_section_by_name(".dynsym").iter_symbols()
            if symbol["st_shndx"] != "SHN_UNDEF" and symbol["st_info"]["bind"] in ("STB_GLOBAL", "STB_WEAK")
        }
        listed = set((ROOT / "tests/c/symbols.txt").read_text().split())
        yield f"{where}: exports what tests/c/symbols.txt lists", exported == listed


def check_binary(where, content, row):
    target = row["target"]
    if "linux" in target:
        yield from check_elf(where, content, row)
    elif "apple" in target:
        cpu = {"aarch64": b"\x0c\x00\x00\x01", "x86_64": b"\x07\x00\x00\x01"}[target.partition("-")[0]]
        yield f"{where}: is for {target}", content[:8] == b"\xcf\xfa\xed\xfe" + cpu
        if where.endswith(".dylib"):
            yield (
                f"{where}: is found by @rpath",
                f"@rpath/libaliyun_cred.{version().split('.')[0]}.dylib".encode() in content,
            )
    else:
        start = int.from_bytes(content[0x3C:0x40], "little")
        yield f"{where}: is for {target}", content[start : start + 6] == b"PE\0\0\x64\x86"


# --- artifacts


def license_of(where, files):
    yield (
        f"{where}: has THIRD-PARTY",
        any(name.endswith("THIRD-PARTY") and b"ring 0.17" in text for name, text in files.items()),
    )
    yield f"{where}: has LICENSE", any(name.endswith("/LICENSE") for name in files)
    # npm has its own way of saying where a package comes from.
    if where.endswith(".tgz"):
        return
    boms = [
        json.loads(text) for name, text in files.items() if name.endswith("cdx.json") or name.endswith("cyclonedx.json")
    ]
    yield (
        f"{where}: has one bill of materials, of {version()}",
        [bom["metadata"]["component"]["version"] for bom in boms] == [version()],
    )


def check_metadata(path, files, project):
    yield from license_of(path.name, files)
    (metadata,) = (text for name, text in files.items() if name.endswith(".dist-info/METADATA"))
    said = email.parser.BytesParser().parsebytes(metadata)
    yield (
        f"{path.name}: its metadata says {project} {version()}",
        (said["Name"], said["Version"]) == (project, version()),
    )
    listed = {name.rpartition("/")[2] for name in files if "/licenses/" in name}
    yield f"{path.name}: its metadata lists its licences", set(said.get_all("License-File")) == listed


def check_platform_tag(wheel, row):
    if "linux" in row["target"]:
        said = subprocess.run([sys.executable, "-m", "auditwheel", "show", wheel], capture_output=True, text=True)
        tag = row["wheel"].rpartition(".")[2]
        yield (
            f"{wheel.name}: auditwheel says {tag}, not: {said.stdout}{said.stderr}",
            said.returncode == 0 and f'"{tag}"' in said.stdout,
        )


def check_wheel(path, row):
    files = contents(path)
    yield (
        f"{path.name}: at most {TABLE['limits']['wheel']} bytes, not {path.stat().st_size}",
        path.stat().st_size <= TABLE["limits"]["wheel"],
    )
    print(f"{path.name}: {path.stat().st_size} bytes")
    yield from check_metadata(path, files, "aliyun-cred")
    package = {
        f.relative_to(ROOT / "python").as_posix()
        for f in (ROOT / "python/aliyun_cred").rglob("*")
        if f.suffix in (".py", ".pyi", ".typed")
    }
    yield f"{path.name}: has every file of the package", package | {"aliyun_cred/py.typed"} <= files.keys()
    natives = [name for name in files if re.search(r"\.(so|pyd|dylib|dll)$", name)]
    yield f"{path.name}: has one native module", len(natives) == 1
    for name in natives:
        yield from check_binary(f"{path.name}:{name}", files[name], row)
    yield from check_platform_tag(path, row)


def check_platform_package(path, row, files, scope, file, main):
    """The package of a platform: one binary, `file`."""
    expected = {file, "package.json", "README.md", "LICENSE", "THIRD-PARTY"}
    yield f"{path.name}: has its files and nothing else", files.keys() == {f"package/{name}" for name in expected}
    manifest = json.loads(files["package/package.json"])
    said = {key: manifest.get(key) for key in ("name", "version", "main", "os", "cpu", "libc")}
    npm = row["npm"]
    libc = [npm["libc"]] if "libc" in npm else None
    wanted = {
        "name": f"{scope}{npm['platform']}",
        "version": version(),
        "main": main,
        "os": [npm["os"]],
        "cpu": [npm["cpu"]],
        "libc": libc,
    }
    yield f"{path.name}: its manifest is the table's, not {said}", said == wanted
    yield from license_of(path.name, files)


def check_native_package(path, row):
    files = contents(path)
    size = sum(map(len, files.values()))
    print(f"{path.name}: {path.stat().st_size} bytes, {size} installed")
    yield f"{path.name}: at most {TABLE['limits']['node']} bytes, not {size}", size <= TABLE["limits"]["node"]
    file = f"aliyun_cred.{row['npm']['platform']}.node"
    yield from check_platform_package(path, row, files, "@aliyun-cred/", file, file)
    yield from check_binary(f"{path.name}:{file}", files[f"package/{file}"], row)


def check_launcher(path):
    files = contents(path)
    manifest = json.loads(files["package/package.json"])
    yield from check_manifest(path, manifest, "@aliyun-cred/cli-")
    yield f"{path.name}: is @aliyun-cred/cli", manifest["name"] == "@aliyun-cred/cli"
    yield f"{path.name}: runs its launcher", manifest["bin"] == {"aliyun-cred": "cli/launcher.js"}
    expected = {"cli/launcher.js", "lib/platform.js", "package.json", "README.md", "LICENSE"}
    yield f"{path.name}: has its files and nothing else", files.keys() == {f"package/{name}" for name in expected}
    platform = (ROOT / "node/lib/platform.js").read_bytes()
    yield f"{path.name}: finds platforms as aliyun-cred does", files["package/lib/platform.js"] == platform


def check_manifest(path, manifest, scope):
    """The package that users install, which leads to the platforms'."""
    natives = {f"{scope}{row['npm']['platform']}": f"={version()}" for row in TABLE["targets"]}
    yield (
        f"{path.name}: depends on every platform's package, each optional",
        manifest.get("optionalDependencies") == natives,
    )
    yield f"{path.name}: depends on nothing else", not {"dependencies", "peerDependencies", "scripts"} & manifest.keys()
    yield f"{path.name}: has the version {version()}", manifest["version"] == version()


def check_main_package(path):
    files = contents(path)
    yield from check_manifest(path, json.loads(files["package/package.json"]), "@aliyun-cred/")
    yield f"{path.name}: is JavaScript only", not any(name.endswith(".node") for name in files)
    lib = {f"package/lib/{file.name}" for file in (ROOT / "node/lib").iterdir()}
    entries = {
        f"package/{name}"
        for name in ("index.js", "index.mjs", "index.d.ts", "index.d.mts", "native.js", "README.md", "LICENSE")
    }
    yield f"{path.name}: has every file", lib | entries <= files.keys()


def check_command(folder, row, names):
    """The archive, the wheel and the npm package, which have the same binary."""
    archive, wheel, package = (folder / names[name] for name in ("command", "command wheel", "command npm"))
    binary = "aliyun-cred.exe" if "windows" in row["target"] else "aliyun-cred"
    top = f"aliyun-cred-cli-{version()}-{row['target']}/"
    files = contents(archive)
    expected = {top + name for name in (binary, "LICENSE", "THIRD-PARTY", "SBOM.cdx.json")}
    yield f"{archive.name}: has its files and nothing else", files.keys() == expected
    yield from license_of(archive.name, files)
    content = files[top + binary]
    limit = TABLE["limits"]["command"]
    yield f"{archive.name}: its binary has at most {limit} bytes, not {len(content)}", len(content) <= limit
    yield from check_binary(f"{archive.name}:{binary}", content, row)

    files = contents(wheel)
    yield from check_metadata(wheel, files, "aliyun-cred-cli")
    script = f"aliyun_cred_cli-{version()}.data/scripts/{binary}"
    yield f"{wheel.name}: has the archive's binary", files.get(script) == content
    outside = [name for name in files if ".dist-info/" not in name]
    yield f"{wheel.name}: has nothing else, not {outside}", outside == [script]
    yield from check_platform_tag(wheel, row)

    files = contents(package)
    yield from check_platform_package(package, row, files, "@aliyun-cred/cli-", binary, None)
    yield f"{package.name}: has the archive's binary", files[f"package/{binary}"] == content
    if "windows" not in row["target"]:
        for path in (archive, package):
            with tarfile.open(path) as packed:
                modes = {member.mode & 0o111 for member in packed.getmembers() if member.name.endswith(f"/{binary}")}
            yield f"{path.name}: its binary can be run", modes == {0o111}


def check_archive(path, row):
    files = contents(path)
    top = f"libaliyun_cred-{version()}-{row['target']}/"
    names = {name.removeprefix(top) for name in files}
    abi = version().split(".")[0]
    expected = {
        "LICENSE",
        "THIRD-PARTY",
        "SBOM.cdx.json",
        "include/aliyun_cred.h",
        "include/aliyun_cred.hpp",
        "include/aliyun_cred/adapters/adapter.hpp",
        "include/aliyun_cred/adapters/aws_sdk_cpp.hpp",
        "include/aliyun_cred/adapters/log_c_sdk.h",
        "include/aliyun_cred/adapters/oss_c_sdk.h",
        "include/aliyun_cred/adapters/oss_cpp_sdk.hpp",
        "lib/pkgconfig/aliyun_cred.pc",
    }
    expected |= {f"lib/cmake/aliyun_cred/aliyun_credConfig{kind}.cmake" for kind in ("", "Version")}
    if "linux" in row["target"]:
        expected |= {
            "lib/libaliyun_cred.so",
            f"lib/libaliyun_cred.so.{abi}",
            f"lib/libaliyun_cred.so.{version()}",
            "lib/libaliyun_cred.a",
            "share/aliyun_cred/tsan.supp",
        }
        library = f"lib/libaliyun_cred.so.{version()}"
    elif "apple" in row["target"]:
        expected |= {
            "lib/libaliyun_cred.dylib",
            f"lib/libaliyun_cred.{abi}.dylib",
            f"lib/libaliyun_cred.{version()}.dylib",
            "lib/libaliyun_cred.a",
        }
        library = f"lib/libaliyun_cred.{version()}.dylib"
    else:
        expected |= {"bin/aliyun_cred.dll", "lib/aliyun_cred.dll.lib", "lib/aliyun_cred.lib"}
        library = "bin/aliyun_cred.dll"
    yield f"{path.name}: has its files and nothing else, not {sorted(names ^ expected)}", names == expected
    yield from license_of(path.name, files)
    yield (
        f"{path.name}: its library has at most {TABLE['limits']['c']} bytes",
        len(files[top + library]) <= TABLE["limits"]["c"],
    )
    yield from check_binary(f"{path.name}:{library}", files[top + library], row)
    private = re.search(r"(?m)^Libs.private: (.+)$", files[top + "lib/pkgconfig/aliyun_cred.pc"].decode())
    yield f"{path.name}: says what the archive needs of the system", private is not None


def check_paths(path):
    folders = own_folders()
    for name, content in contents(path).items():
        for folder in folders:
            yield f"{path.name}:{name}: does not name the folder {folder.decode()}", folder not in content
        if re.search(r"\.(so|node|a|dylib|dll|lib|pyd|json)(\.|$)|/aliyun-cred(\.exe)?$", name):
            found = re.search(FOREIGN, content)
            shown = found and content[found.start() : found.end() + 60]
            yield f"{path.name}:{name}: names no folder of a build, as {shown}", found is None


def check_sums(folder, names):
    listed = dict(reversed(line.split()) for line in (folder / "SHA256SUMS").read_text().splitlines())
    right = {name: hashlib.sha256((folder / name).read_bytes()).hexdigest() for name in names}
    yield "SHA256SUMS has every file's sum", listed == right


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--dist", type=pathlib.Path, default=ROOT / ".build/dist")
    parser.add_argument("targets", nargs="*")
    options = parser.parse_args()
    targets = list(TARGETS) if options.targets == ["all"] else options.targets or list(possible())
    folder = options.dist
    checks = [*check_versions(), *check_platforms()]
    main_package, launcher = f"aliyun-cred-{version()}.tgz", f"aliyun-cred-cli-{version()}.tgz"
    wanted = {main_package, launcher, f"aliyun_cred-{version()}.tar.gz"} | {
        name for target in targets for name in artifacts(target).values()
    }
    found = {path.name for path in folder.iterdir()} - {"SHA256SUMS"}
    checks.append(
        (
            f"{folder} has every artifact of {', '.join(targets)} and nothing else, not {sorted(found ^ wanted)}",
            found == wanted,
        )
    )
    if main_package in found:
        checks += check_main_package(folder / main_package)
    if launcher in found:
        checks += check_launcher(folder / launcher)
    for target in targets:
        row, files = TARGETS[target], artifacts(target)
        for surface, check in (("python", check_wheel), ("node", check_native_package), ("c", check_archive)):
            if files[surface] in found:
                checks += check(folder / files[surface], row)
        if {name for surface, name in files.items() if surface.startswith("command")} <= found:
            checks += check_command(folder, row, files)
    for name in sorted(found):
        checks += check_paths(folder / name)
    checks += check_sums(folder, found)
    return report(checks)


if __name__ == "__main__":
    sys.exit(main())
