"""Builds this library for release and installs the packages that it replaces, all of it below `.build/bench`.

What was built is copied there, so that a development build of the same checkout disturbs neither a run nor its numbers.
"""

import contextlib
import json
import os
import pathlib
import shutil
import subprocess
import sys
import venv

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent
BUILD = pathlib.Path(os.environ.get("BUILD_DIR", ROOT / ".build")) / "bench"
TARGET = pathlib.Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))

OFFICIAL = {"python": "1.0.12", "node": "2.4.7"}

EMULATOR = BUILD / "bin/aliyun-cred-emulator"
COMMAND = BUILD / "bin/aliyun-cred"
RUST = BUILD / "bin/cached_read"
LIBRARY = BUILD / "lib/libaliyun_cred.so"
FLOOR_LIBRARY = BUILD / "lib/libfloor.so"
C_PROGRAMS = BUILD / "bin"
PYTHON = {who: BUILD / f"python-{who}/bin/python" for who in ("official", "ours")}
NODE = {who: BUILD / f"node-{who}" for who in ("official", "ours")}


def run(what, command, **options):
    """Runs a command to its end; `what` it does is shown, and says what failed."""
    print(f"== {what}", file=sys.stderr, flush=True)
    done = subprocess.run([str(part) for part in command], cwd=ROOT, text=True, check=False, **options)
    if done.returncode != 0:
        sys.exit(f"{what} failed with exit code {done.returncode}")
    return done.stdout


def place(built, where):
    """Copies to a temporary name and renames: a process may have the old file loaded."""
    where.parent.mkdir(parents=True, exist_ok=True)
    temporary = where.with_name(where.name + ".new")
    shutil.copy2(built, temporary)
    temporary.replace(where)


def cargo(what, *arguments):
    """Runs cargo, and returns the files of each artefact by its target's name: asked, not guessed."""
    command = ["cargo", "build", *arguments, "--message-format", "json-render-diagnostics"]
    files = {}
    for line in run(what, command, stdout=subprocess.PIPE).splitlines():
        message = json.loads(line)
        if message["reason"] == "compiler-artifact":
            files.setdefault(message["target"]["name"], []).extend(map(pathlib.Path, message["filenames"]))
    return files


def emulator():
    # Not what is measured: the development build serves, and is quicker to make.
    built = cargo("building the emulator", "-p", "aliyun-cred-emulator", "--bins")
    place(built["aliyun-cred-emulator"][-1], EMULATOR)


def rust():
    built = cargo("building the Rust program", "--release", "-p", "aliyun-cred-bench")
    place(built["cached_read"][-1], RUST)


def command():
    built = cargo("building the command", "--release", "-p", "aliyun-cred-cli")
    place(built["aliyun-cred"][-1], COMMAND)


def c():
    built = cargo("building the C library", "--release", "-p", "aliyun-cred-c")
    place(next(file for file in built["aliyun_cred"] if file.suffix == ".so"), LIBRARY)
    C_PROGRAMS.mkdir(parents=True, exist_ok=True)
    compiler = [os.environ.get("CC", "cc"), "-std=gnu11", "-O2", "-Wall", "-Wextra", "-Werror", "-I", ROOT / "include"]
    link = ["-L", LIBRARY.parent, f"-Wl,-rpath,{LIBRARY.parent}"]
    run("compiling the C floor", [*compiler, "-shared", "-fPIC", HERE / "c/floor.c", "-o", FLOOR_LIBRARY])
    with contextlib.suppress(FileExistsError):
        # The library's own name for itself.
        (LIBRARY.parent / "libaliyun_cred.so.0").symlink_to(LIBRARY.name)
    for name, libraries in {
        "cached": ["-laliyun_cred", "-lfloor", "-pthread"],
        "first": ["-ldl"],
        "clients": ["-laliyun_cred"],
        "refresh": ["-laliyun_cred"],
    }.items():
        run(f"compiling {name}", [*compiler, HERE / f"c/{name}.c", "-o", C_PROGRAMS / name, *link, *libraries])


def python():
    for who, packages in {
        "official": [f"alibabacloud_credentials=={OFFICIAL['python']}"],
        # By force: the version says nothing about the sources.
        "ours": ["--force-reinstall", "--no-deps", "./python"],
    }.items():
        home = PYTHON[who].parent.parent
        if not PYTHON[who].exists():
            venv.create(home, with_pip=True, clear=True)
        run(f"installing the {who} Python package", [PYTHON[who], "-m", "pip", "install", "--quiet", *packages])


def node():
    official, ours = NODE["official"], NODE["ours"]
    official.mkdir(parents=True, exist_ok=True)
    (official / "package.json").write_text(
        json.dumps({"private": True, "dependencies": {"@alicloud/credentials": OFFICIAL["node"]}})
    )
    npm = ["npm", "--prefix", official, "--no-audit", "--no-fund", "--loglevel=error", "install"]
    run("installing the official Node package", npm)
    # A copy of the package builds into itself, and leaves the checkout's own build alone.
    package = ours / "node_modules/aliyun-cred"
    with contextlib.suppress(FileNotFoundError):
        shutil.rmtree(package)
    shutil.copytree(ROOT / "node", package, ignore=shutil.ignore_patterns("*.node", "node_modules", "*.md"))
    built = cargo("building the Node package", "--release", "-p", "aliyun-cred-node")
    library = next(file for file in built["aliyun_cred_node"] if file.suffix in (".so", ".dylib"))
    ask = f"require({json.dumps(str(package / 'lib/platform.js'))}).platformName()"
    name = run("asking Node for its platform", ["node", "-p", ask], stdout=subprocess.PIPE).strip()
    place(library, package / f"aliyun_cred.{name}.node")


PARTS = {"rust": rust, "command": command, "c": c, "python": python, "node": node}


def prepare(parts):
    emulator()
    for part in parts:
        PARTS[part]()
