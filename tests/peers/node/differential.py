#!/usr/bin/env python3
"""Compares the official Node package with ours, side by side.

Runs every scenario of `tests/scenarios` but the hostile ones with both, in the same environment and against the same
emulator. Every difference has to be listed in docs/differences.md, and every listed difference has to occur.

Compares, call by call, whether there is a credential or an error; all six fields of a credential, where our provider
name may continue after the end of the official one; and the text of an error, to the letter if the construction
raised it, else up to the first colon.

    differential.py MODULES           all scenarios; MODULES/node_modules has the official package
    differential.py MODULES NAME...   some of them, and what came out of both
"""

import json
import os
import pathlib
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[2]
sys.path.insert(0, str(ROOT / "tests/scenarios"))
sys.path.insert(0, str(ROOT / "tests/peers/python"))
sys.path.append(str(ROOT / "tests"))
from differential import differences, show, table  # noqa: E402
from emulator import WATCHDOG_SECONDS, Emulator  # noqa: E402
from run import prepare  # noqa: E402
from scenario import comparable  # noqa: E402

SECTION = "### Scenarios that come out differently in Node"
# What a chain says of each of its sources: in Node other sentences by design, shared by all languages here.
NOT_COMPARED = {"chain"}
PACKAGES = ("official", "ours")


def ask(package, modules, scratch, environment, calls, addresses):
    """What `calls` calls bring, in a process with that environment only."""
    environment = {**environment, "PEERS": str(modules), "ADDRESSES": json.dumps(addresses)}
    # The official package says things of its own on both outputs.
    child = subprocess.run(
        ["node", "--max-old-space-size=512", HERE / "probe.js", package, scratch, str(calls)],
        cwd=scratch,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        timeout=WATCHDOG_SECONDS,
    )
    result = scratch / "result.json"
    if not result.exists():
        return [{"error": {"classes": ["Error"], "text": f"the process ended with status {child.returncode}"}}]
    # The homes of the two have different names.
    return json.loads(result.read_text("utf-8").replace(str(scratch), ""))


def without_the_rest_of_the_path(official, ours):
    """The official provider name is the beginning of the path, ours the whole of it."""
    for theirs, mine in zip(official, ours):
        name = theirs.get("provider_name")
        if name and (mine.get("provider_name") or "").startswith(name + "/"):
            mine["provider_name"] = name
    return official, ours


def compare(folder, modules, emulator, temporary):
    """What both packages give for one scenario."""
    results = {}
    for package in PACKAGES:
        scratch = pathlib.Path(temporary, package, folder.name)
        scratch.mkdir(parents=True)
        scenario, environment, _ = prepare(folder, emulator, scratch)
        calls = scenario.get("calls", 1)
        results[package] = ask(package, modules, scratch, environment, calls, emulator.addresses)
    return results


def work(folders, modules):
    """One emulator, and the scenarios that are its."""
    found = {}
    with tempfile.TemporaryDirectory(prefix="aliyun-cred-") as temporary, Emulator(temporary) as emulator:
        for folder in folders:
            found[folder.name] = compare(folder, modules, emulator, temporary)
    return found


def main():
    modules, names = pathlib.Path(sys.argv[1]).resolve(), sys.argv[2:]
    folders = comparable()
    folders = [folder for folder in folders if not names or folder.name in names]
    workers = os.cpu_count() or 1
    with ThreadPoolExecutor(workers) as pool:
        parts = pool.map(lambda part: work(part, modules), [folders[first::workers] for first in range(workers)])
        results = {name: result for part in parts for name, result in part.items()}
    expected = table(SECTION, "Node")
    failed = 0
    for name, result in sorted(results.items()):
        found = differences(*without_the_rest_of_the_path(*result.values())) - NOT_COMPARED
        if names:
            show(name, result)
        for aspect in sorted(found - expected.get(name, set())):
            failed += 1
            print(f"FAILED {name}: {aspect} differs, and docs/differences.md does not say so")
        for aspect in sorted(expected.get(name, set()) - found):
            failed += 1
            print(f"FAILED {name}: docs/differences.md says that {aspect} differs, and it does not")
    if not names:
        for name in sorted(set(expected) - set(results)):
            failed += 1
            print(f"FAILED {name}: docs/differences.md lists it, and there is no such scenario")
    same = sum(name not in expected for name in results)
    print(
        f"official and ours: {len(results)} scenarios, {same} the same, {len(results) - same} listed, {failed} failed"
    )
    return 1 if failed or not folders else 0


if __name__ == "__main__":
    sys.exit(main())
