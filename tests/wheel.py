#!/usr/bin/env python3
"""One wheel for every CPython: builds it, prints its size and what importing it costs, and tests it.

Each CPython of this machine, from the lowest supported up, gets a virtual environment with the wheel and the test
tools only. The lowest runs every scenario there, as does the one that runs this (`make test-scenarios`); the others run
a scenario of each source. The lowest and the highest run the tests of the Python package.

    wheel.py                              the wheel of a test run
    wheel.py --every                      the same, and every CPython runs everything
    wheel.py --profile release --measure  that of a release, in .build/wheel/release, without the tests
"""

import argparse
import os
import pathlib
import re
import shutil
import statistics
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parents[1]
BUILD = ROOT / ".build/wheel"
TESTS = ROOT / "tests/python"
SCENARIOS = ROOT / "tests/scenarios"
# The highest one is the newest that exists; what this machine lacks is said.
MINORS = range(9, 15)
# Of uvloop the newest that has a wheel for each.
TOOLS = ("pytest==8.4.2", "pytest-xdist==3.8.0", "uvloop>=0.21,<0.24")
# Types are checked by a tool that the older ones do not run.
ELSEWHERE = "the_stubs_say or is_typed_for or users_see_types"
# What waits beside other packages is Python's own part, and is tested with one interpreter.
WITH_PACKAGES = ("test_greenlets.py", "test_gunicorn.py", "test_prometheus.py", "test_trio.py")
STARTS = 15


def run(*command, **options):
    subprocess.run([str(word) for word in command], check=True, **options)


def build(profile):
    """The wheel, which has to be a single one, for every CPython from 3.9 up."""
    folder = BUILD / profile
    shutil.rmtree(folder, ignore_errors=True)
    maturin = [sys.executable, "-m", "maturin", "build", "--quiet", "--profile", profile, "--out", folder]
    built = subprocess.run(maturin, cwd=ROOT / "python", stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if built.returncode != 0:
        raise SystemExit(built.stdout)
    (wheel,) = folder.glob("*.whl")
    if not re.fullmatch(r"aliyun_cred-.+-cp39-abi3-.+\.whl", wheel.name):
        raise SystemExit(f"{wheel.name} is not for every CPython")
    print(f"{wheel.name}: {wheel.stat().st_size / 1e6:.1f} MB", flush=True)
    return wheel


def interpreters():
    """`minor, path` of each CPython that starts; `None` for its path where there is none."""
    versions = pathlib.Path(sys.base_prefix).parent
    for minor in MINORS:
        name = f"python3.{minor}"
        # On the path, and where pyenv and its like have them beside the one that runs this.
        found = [shutil.which(name), *versions.glob(f"*/bin/{name}")]
        asked = f"import sys; sys.exit(sys.version_info[:2] != (3, {minor}) or sys.implementation.name != 'cpython')"
        starts = (
            path for path in found if path and subprocess.run([path, "-c", asked], capture_output=True).returncode == 0
        )
        yield minor, next(starts, None)


def milliseconds(python, *programs):
    """The medians of several starts each, which take turns."""
    times = {program: [] for program in programs}
    for _ in range(STARTS):
        for program in programs:
            begin = time.perf_counter()
            run(python, "-I", "-c", program)
            times[program].append((time.perf_counter() - begin) * 1000)
    return [statistics.median(taken) for taken in times.values()]


def install(wheel, minor, python):
    """Gives the interpreter of a new virtual environment with the wheel."""
    folder = BUILD / f"3.{minor}"
    inside = folder / "venv/bin/python"
    shutil.rmtree(folder, ignore_errors=True)
    run(python, "-m", "venv", folder / "venv")
    run(inside, "-m", "pip", "--disable-pip-version-check", "install", "--quiet", "--no-deps", wheel)
    bare, ours = milliseconds(inside, "pass", "from aliyun_cred.client import Client")
    print(
        f"CPython 3.{minor}: importing takes {ours - bare:.1f} ms over the {bare:.1f} ms of the interpreter", flush=True
    )
    return folder, inside


def test_package(inside):
    run(inside, "-m", "pip", "--disable-pip-version-check", "install", "--quiet", *TOOLS)
    ignored = [f"--ignore={TESTS / name}" for name in WITH_PACKAGES]
    run(inside, "-m", "pytest", "--quiet", "-n", "auto", "-k", f"not ({ELSEWHERE})", *ignored, TESTS)


def test_scenarios(folder, names):
    # It takes the interpreter of the build folder that it is told.
    command = [sys.executable, SCENARIOS / "run.py", "--surface", "python", *names]
    run(*command, env={**os.environ, "BUILD_DIR": str(folder)})


def one_of_each_source():
    folders = (path for path in SCENARIOS.iterdir() if any(path.glob("*/scenario.json")))
    return sorted(min(path.parent.name for path in folder.glob("*/scenario.json")) for folder in folders)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--profile", default="dev")
    parser.add_argument("--measure", action="store_true", help="do not test")
    parser.add_argument("--every", action="store_true", help="test the package with every CPython")
    options = parser.parse_args()
    wheel = build(options.profile)
    found = dict(interpreters())
    there = [minor for minor, python in found.items() if python]
    for minor, python in found.items():
        if python is None:
            print(f"skipped: there is no CPython 3.{minor} on this machine", flush=True)
            continue
        folder, inside = install(wheel, minor, python)
        # `make test-python` and `make test-scenarios` run this one's tests.
        if options.measure or minor == sys.version_info.minor:
            continue
        if options.every or minor in (there[0], there[-1]):
            test_package(inside)
        test_scenarios(folder, [] if options.every or minor == there[0] else one_of_each_source())


if __name__ == "__main__":
    main()
