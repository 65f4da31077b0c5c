#!/usr/bin/env python3
"""Installs the artifacts of one target as a user would, and runs the project's tests with them. Nothing is built but
the programs that use the C library: this runs on the machine, or in the container, that a target is meant for.

    test.py TARGET [python|node|c|command ...]    all four without a name

--dist FOLDER     where the artifacts are (.build/dist)
--work FOLDER     where they are installed and tested (.build/dist-test)
--wheels FOLDER   the tools of the Python tests as wheels, for a machine without a network
--node PROGRAM    the Node to test with (node)
--run PROGRAM     what runs programs of another processor: "qemu-aarch64 -L /usr/aarch64-linux-gnu"
--smoke           install and use each, without the tests; for systems where those do not run yet
--scenarios       every scenario, with the emulator of target/debug

--static FLAGS    more that a static program is linked with
--unpacked        do not ask npm to install, which takes packages of its own platform only

CC and CXX name the compilers, CC_STATIC and CXX_STATIC others for static programs; without one (CXX=) its language is
left out. It needs nothing but Python 3.6 or newer.
"""

import argparse
import os
import pathlib
import platform
import shlex
import shutil
import signal
import subprocess
import sys
import tarfile
import time
import zipfile

from table import ROOT, SURFACES, TARGETS, artifacts, version

# What needs more than the package: a type checker, servers and frameworks, the distribution of the official name;
# `make test-python` has them.
ELSEWHERE = "the_stubs_say or is_typed_for or users_see_types or (workers_know_the_official_name and compat)"
WITH_PACKAGES = ("test_greenlets.py", "test_gunicorn.py", "test_trio.py")
# What needs bundlers, compilers, or npm; `make test-node` has them.
WITH_MODULES = ("bundlers", "imports", "mocks", "package", "types")
WINDOWS = platform.system() == "Windows"
NPM = ["--no-audit", "--no-fund", "--no-update-notifier", "--loglevel=error", "--offline"]


def say(text):
    print(text, flush=True)


def run(*command, **options):
    return subprocess.run([str(word) for word in command], check=True, **options)


def clean(folder, **more):
    """No variable of this machine, and no source that could leave it."""
    names = ("PATH", "SYSTEMROOT", "TEMP", "TMP", "WINEPREFIX", "WINEDEBUG", "PIP_CERT", "LANG")
    kept = {name: os.environ[name] for name in names if name in os.environ}
    home = folder / "home"
    home.mkdir(exist_ok=True)
    metadata = {
        "ALIBABA_CLOUD_ECS_METADATA_DISABLED": "true",
        "ALIBABA_CLOUD_ECS_METADATA_ENDPOINT": "http://127.0.0.1:9",
    }
    return {**kept, "HOME": str(home), "USERPROFILE": str(home), **metadata, **more}


def timed(what, *command, **settings):
    begin = time.perf_counter()
    run(*command, **settings)
    taken = time.perf_counter() - begin
    say(f"{what}: {taken:.1f} s")


def test_python(options, files, work):
    venv = work / "venv"
    run(sys.executable, "-m", "venv", venv)
    python = venv / ("Scripts/python.exe" if WINDOWS else "bin/python")
    pip = [python, "-m", "pip", "--disable-pip-version-check", "install", "--quiet"]
    timed("pip install", *pip, "--no-index", options.dist / files["python"])
    use = "from aliyun_cred.client import Client; from aliyun_cred.models import Config; " + (
        "print(Client(Config(type='bearer', bearer_token='t')).get_credential().type)"
    )
    said = run(python, "-I", "-c", use, cwd=work, env=clean(work), stdout=subprocess.PIPE, universal_newlines=True)
    assert said.stdout.strip() == "bearer", said.stdout
    if options.smoke:
        return
    offline = ["--no-index", "--find-links", options.wheels] if options.wheels else []
    run(*pip, *offline, "-r", ROOT / "dist/test-requirements.txt")
    tests = work / "tests/python"
    ignored = [f"--ignore={tests / name}" for name in WITH_PACKAGES]
    run(python, "-m", "pytest", "--quiet", "-k", f"not ({ELSEWHERE})", *ignored, tests, cwd=work, env=clean(work))


def extract(archive, folder):
    if archive.suffix == ".zip":
        with zipfile.ZipFile(archive) as packed:
            packed.extractall(folder)
    else:
        with tarfile.open(archive) as packed:
            packed.extractall(folder)


def unpack(tarball, folder):
    """What npm makes of a tarball."""
    folder.mkdir(parents=True)
    with tarfile.open(tarball) as archive:
        for member in archive.getmembers():
            if member.isfile():
                path = folder.joinpath(*pathlib.PurePosixPath(member.name).parts[1:])
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(archive.extractfile(member).read())
                path.chmod(member.mode)


# Programs for `exec`, and what it gives them.
PRINTS = [sys.executable, "-c", "import os; print(os.environ['ALIBABA_CLOUD_ACCESS_KEY_ID'])"]
WAITS = """
import signal, sys
signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGTERM])
print("ready", flush=True)
sys.exit(7 if signal.sigwait([signal.SIGTERM]) else 0)
"""
KEYS = {"ALIBABA_CLOUD_ACCESS_KEY_ID": "id", "ALIBABA_CLOUD_ACCESS_KEY_SECRET": "secret"}


def check_command(command, work):
    """The command as it was installed: its version, and the credential of the environment."""

    def said(*arguments):
        words = [str(word) for word in (*command, *arguments)]
        asked = subprocess.run(words, cwd=str(work), env=clean(work, **KEYS), stdout=subprocess.PIPE, check=True)
        return asked.stdout.decode().splitlines()

    assert said("--version") == [f"aliyun-cred {version()}"]
    assert said("get", "--format", "env") == [f"export {name}='{value}'" for name, value in KEYS.items()]
    assert said("exec", "--", *PRINTS) == ["id"]


def check_launcher(launcher, work):
    """It passes on the exit status, and signals in both directions."""
    env = clean(work, **KEYS)
    begin = [*map(str, launcher), "exec", "--", sys.executable, "-c"]
    assert subprocess.run([*begin, "raise SystemExit(3)"], cwd=str(work), env=env).returncode == 3
    if WINDOWS:
        return
    killed = "import os, signal; os.kill(os.getpid(), signal.SIGKILL)"
    assert subprocess.run([*begin, killed], cwd=str(work), env=env).returncode == 128 + 9
    with subprocess.Popen([*begin, WAITS], cwd=str(work), env=env, stdout=subprocess.PIPE) as process:
        assert process.stdout.readline() == b"ready\n"
        process.send_signal(signal.SIGTERM)
        assert process.wait() == 7


def test_command(options, files, work, target):
    extract(options.dist / files["command"], work)
    (folder,) = work.glob("aliyun-cred-cli-*")
    binary = folder / ("aliyun-cred.exe" if "windows" in target else "aliyun-cred")
    check_command([*shlex.split(options.run), binary], work)
    say(f"the binary of {files['command']} runs")
    if options.run:
        return

    venv = work / "command-venv"
    run(sys.executable, "-m", "venv", venv)
    programs = venv / ("Scripts" if WINDOWS else "bin")
    pip = [programs / "python", "-m", "pip", "--disable-pip-version-check", "install", "--quiet", "--no-index"]
    run(*pip, options.dist / files["command wheel"])
    check_command([programs / "aliyun-cred"], work)
    say("the wheel runs")

    node = shutil.which(options.node)
    if node is None:
        say(f"the npm packages are not tested: there is no {options.node}")
        return
    packages = [options.dist / f"aliyun-cred-cli-{version()}.tgz", options.dist / files["command npm"]]
    npm = None if options.unpacked else shutil.which("npm")
    project = work / "command-project"
    modules = project / "node_modules/@aliyun-cred"
    name = "cli-" + TARGETS[target]["npm"]["platform"]
    if npm:
        project.mkdir()
        (project / "package.json").write_text('{"private": true}')
        run(npm, "install", *NPM, f"--cache={work / 'npm'}", *packages, cwd=str(project))
        run(project / "node_modules/.bin" / ("aliyun-cred.cmd" if WINDOWS else "aliyun-cred"), "--version")
    else:
        unpack(packages[0], modules / "cli")
        unpack(packages[1], modules / name)
    launcher = [node, modules / "cli/cli/launcher.js"]
    check_command(launcher, work)
    check_launcher(launcher, work)
    (modules / name).rename(work / "command-aside")
    said = subprocess.run([*map(str, launcher), "list"], cwd=str(work), env=clean(work), stderr=subprocess.PIPE)
    advice = f"npm install @aliyun-cred/{name}@{version()}"
    assert said.returncode == 1 and advice in said.stderr.decode(), said.stderr
    say("the npm packages run")


def test_node(options, files, work, target):
    packages = [options.dist / f"aliyun-cred-{version()}.tgz", options.dist / files["node"]]
    node = shutil.which(options.node) or options.node
    npm = None if options.unpacked else shutil.which("npm")
    if npm:
        project = work / "project"
        project.mkdir()
        (project / "package.json").write_text('{"private": true}')
        # The other platforms' packages are not published yet; npm goes on without what is optional.
        timed("npm install", npm, "install", *NPM, f"--cache={work / 'npm'}", *packages, cwd=project)
    # The tests look for the package beside their own folder, and the package for its library there or above.
    unpack(packages[0], work / "node")
    natives = work / "node_modules/@aliyun-cred"
    unpack(packages[1], natives / TARGETS[target]["npm"]["platform"])
    made = "new (require('aliyun-cred'))({type: 'bearer', bearerToken: 't'})"
    use = made + ".getCredential().then((model) => console.log(model.type))"
    for place in ("aliyun-cred", str(work / "node")):
        if place == "aliyun-cred" and not npm:
            continue
        program = use.replace("'aliyun-cred'", repr(place))
        folder = work / "project" if npm else work
        said = run(node, "-e", program, cwd=folder, env=clean(work), stdout=subprocess.PIPE, universal_newlines=True)
        assert said.stdout.strip() == "bearer", said.stdout
    # Without the library's package: what to install.
    (natives / TARGETS[target]["npm"]["platform"]).rename(work / "aside")
    said = subprocess.run(
        [node, "-e", use.replace("'aliyun-cred'", repr(str(work / "node")))],
        cwd=work,
        env=clean(work),
        stderr=subprocess.PIPE,
        universal_newlines=True,  # noqa: UP021 Python 3.6
    )
    (work / "aside").rename(natives / TARGETS[target]["npm"]["platform"])
    for part in (f"npm install @aliyun-cred/{TARGETS[target]['npm']['platform']}@{version()}", "--omit=optional"):
        assert said.returncode != 0 and part in said.stderr, said.stderr
    if options.smoke:
        return
    tests = [
        path for path in sorted((work / "tests/node").glob("*.test.js")) if path.name.split(".")[0] not in WITH_MODULES
    ]
    run(node, "--test", *tests, cwd=work, env=clean(work), stdout=subprocess.DEVNULL if options.quiet else None)
    number = run(node, "--version", stdout=subprocess.PIPE, universal_newlines=True).stdout.strip()
    say(f"node {number}: {len(tests)} files of tests passed")


def test_c(options, files, work, target):
    extract(options.dist / files["c"], work)
    (package,) = work.glob("libaliyun_cred-*")
    compilers = {".c": os.environ.get("CC", "cc"), ".cpp": os.environ.get("CXX", "c++")}
    others = {".c": os.environ.get("CC_STATIC"), ".cpp": os.environ.get("CXX_STATIC")}
    languages = {".c": ["-std=c11"], ".cpp": ["-std=c++17"]}
    libs = package / "lib"
    runner = shlex.split(options.run)
    env = clean(work, LD_LIBRARY_PATH=str(libs), DYLD_LIBRARY_PATH=str(libs), WINEPATH=str(libs))
    if WINDOWS or "windows" in target:
        # The loader looks beside the program.
        for library in [*package.glob("bin/*.dll"), *libs.glob("*.dll")]:
            shutil.copy(library, work)
        env["PATH"] = os.pathsep.join([str(package / "bin"), str(libs), env["PATH"]])
    pc = (libs / "pkgconfig/aliyun_cred.pc").read_text()
    private = next(line for line in pc.splitlines() if line.startswith("Libs.private:")).split()[1:]
    exe = ".exe" if "windows" in target else ""
    shared, static = (
        [f"-L{libs}", "-laliyun_cred"],
        [str(libs / "libaliyun_cred.a"), *private, *shlex.split(options.static)],
    )

    if "msvc" in target:
        shared = [str(libs / "aliyun_cred.dll.lib")]
        static = [str(libs / "aliyun_cred.lib"), *(f"-l{word[:-4]}" for word in private if word.endswith(".lib"))]

    def program(source, form, flags):
        path = work / f"{source.stem}-{source.suffix[1:]}-{form}{exe}"
        lead = ["-pthread", "-D_POSIX_C_SOURCE=200809L", f"-I{package / 'include'}", str(source), "-o", str(path)]
        own = {"results.cpp": ["-fno-exceptions", "-fno-rtti"], "adapters.cpp": [f"-I{source.parent / 'sdk'}"]}
        extra = own.get(source.name, [])
        compiler = shlex.split((form == "static" and others[source.suffix]) or compilers[source.suffix])
        if not compiler:
            return None
        run(*compiler, *languages[source.suffix], *extra, *lead, *flags)
        return run(*runner, path, cwd=work, env=env, stdout=subprocess.PIPE, universal_newlines=True).stdout.strip()

    for form, flags in (("shared", shared), ("static", static)):
        for name in ("package/consumer.c", "package/consumer.cpp"):
            said = program(work / "tests/c" / name, form, flags)
            assert said in (version(), None), f"{name}, {form}: {said}"
    if shutil.which("pkg-config") and not runner and not exe:
        flags = run(
            "pkg-config",
            "--cflags",
            "--libs",
            "aliyun_cred",
            stdout=subprocess.PIPE,
            universal_newlines=True,
            env={**os.environ, "PKG_CONFIG_PATH": str(libs / "pkgconfig")},
        ).stdout.split()
        assert program(work / "tests/c/package/consumer.c", "pkg-config", flags) == version()
    if not options.smoke:
        for name in (work / "tests/c/programs.txt").read_text().split():
            program(work / "tests/c" / name, "shared", shared)
        program(work / "tests/c/remote.c", "static", static)
    say(f"C and C++ programs run with {files['c']}, shared and static")


def scenarios(options, work):
    """With the probes of this folder, which find what was installed in it."""
    surfaces = []
    if "c" in options.surfaces:
        (package,) = work.glob("libaliyun_cred-*")
        (work / "c").mkdir()
        flags = [f"-I{package / 'include'}", "-D_POSIX_C_SOURCE=200809L", f"-L{package / 'lib'}", "-laliyun_cred"]
        where = f"-Wl,-rpath,{package / 'lib'}"
        run(
            *shlex.split(os.environ.get("CC", "cc")),
            "-std=c11",
            work / "tests/c/probe.c",
            "-o",
            work / "c/probe",
            *flags,
            where,
        )
        surfaces.append("c")
    surfaces += ["python", "python-async"] if "python" in options.surfaces else []
    surfaces += ["node"] if "node" in options.surfaces else []
    chosen = [word for surface in surfaces for word in ("--surface", surface)]
    env = {
        **os.environ,
        "BUILD_DIR": str(work),
        "CARGO_TARGET_DIR": os.environ.get("CARGO_TARGET_DIR", str(ROOT / "target")),
    }
    run(sys.executable, work / "tests/scenarios/run.py", *chosen, env=env)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("target", choices=TARGETS)
    parser.add_argument("surfaces", nargs="*", metavar="surface", help="python, node, c or command; all without a name")
    parser.add_argument("--dist", type=pathlib.Path, default=ROOT / ".build/dist")
    parser.add_argument("--work", type=pathlib.Path, default=ROOT / ".build/dist-test")
    parser.add_argument("--wheels", type=pathlib.Path)
    parser.add_argument("--node", default="node")
    parser.add_argument("--run", default="")
    parser.add_argument("--static", default="", help="more that a static program is linked with")
    for flag in ("smoke", "scenarios", "quiet", "unpacked"):
        parser.add_argument(f"--{flag}", action="store_true")
    options = parser.parse_args()
    options.surfaces = options.surfaces or list(SURFACES)
    options.dist = options.dist.resolve()
    files = artifacts(options.target)
    shutil.rmtree(options.work, ignore_errors=True)
    options.work.mkdir(parents=True)
    work = options.work.resolve()
    # Beside what is installed, where the tests look for it; nothing of this project is there but its tests.
    shutil.copytree(ROOT / "tests", work / "tests", ignore=shutil.ignore_patterns("node_modules", "__pycache__"))
    if "python" in options.surfaces:
        test_python(options, files, work)
    if "node" in options.surfaces:
        test_node(options, files, work, options.target)
    if "c" in options.surfaces:
        test_c(options, files, work, options.target)
    if "command" in options.surfaces:
        test_command(options, files, work, options.target)
    if options.scenarios:
        scenarios(options, work)


if __name__ == "__main__":
    main()
