#!/usr/bin/env python3
"""Runs every scenario of this folder on every surface, and fails on any difference, leak or stray request.

A scenario is a folder with a `scenario.json` and, where it needs one, a `home` (see README.md). Each is run in a child
process (the surface's probe) with a clean environment and an empty home, against an emulator that stands in for all
of Alibaba Cloud: whatever host the library asks for, it reaches the emulator through a proxy, so that no run leaves
this machine. Twice as many run at once as there are processors, each with an emulator to itself.

    run.py                      all scenarios, all surfaces
    run.py --surface c NAME...  some of them
    run.py --memory [--sample]  instead: what stays in memory, in all scenarios or one of each source
"""

import argparse
import contextlib
import itertools
import json
import os
import pathlib
import queue
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import urllib.parse
from concurrent.futures import ThreadPoolExecutor

from scenario import ANY, comparable, folders, load, named_secrets, named_secrets_of_file, resolve

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.append(str(ROOT / "tests"))
import memory  # noqa: E402
from emulator import TARGET, WATCHDOG_SECONDS, Emulator  # noqa: E402

BUILD = pathlib.Path(os.environ.get("BUILD_DIR", ROOT / ".build"))

# The probe of each surface: `<command> <folder> <calls> <mode>`. The modes are `memory`, and `ask`, `explain` and
# `explain-rotate`, to which Python's async surface appends `-async`.
SURFACES = {
    "rust": [TARGET / "scenario_probe"],
    "c": [BUILD / "c/probe"],
    "python": [BUILD / "venv/bin/python", ROOT / "tests/python/probe.py"],
    "python-async": [BUILD / "venv/bin/python", ROOT / "tests/python/probe.py"],
    "node": ["node", ROOT / "tests/node/probe.js"],
}

# How many scenarios run at once: half of the time, one waits.
AT_ONCE = 2 * (os.cpu_count() or 1)

# What makes other programs say more than they should, or turns the verification of certificates off in them.
LOUDEST = {
    "RUST_LOG": "trace",
    "RUST_BACKTRACE": "full",
    "DEBUG": "*",
    "NODE_DEBUG": "http,https,tls,net,module",
    "NODE_TLS_REJECT_UNAUTHORIZED": "0",
    "PYTHONDEVMODE": "1",
    "PYTHONHTTPSVERIFY": "0",
    "CURL_CA_BUNDLE": "",
    "REQUESTS_CA_BUNDLE": "",
    "GIT_SSL_NO_VERIFY": "1",
    "HTTPLIB_DEBUG": "1",
}

# Options and credentials are strings of these languages, which do not wipe what they free.
HOSTED = ("python", "node")

# What leaves copies that docs/security.md names.
LEAVES_COPIES = re.compile(r"\w+_(secret_as_path|answers_rubbish|not_json)")

# What a report must follow besides the scenarios; see --schema.
VALIDATORS = []


class Workers:
    """Threads that run jobs. Each job has an emulator to itself, since a scenario sets its state and reads its log."""

    def __enter__(self):
        self.temporary = tempfile.TemporaryDirectory(prefix="aliyun-cred-")
        self.emulators = [self.start(index) for index in range(AT_ONCE)]
        self.idle = queue.SimpleQueue()
        for emulator in self.emulators:
            self.idle.put(emulator)
        self.threads = ThreadPoolExecutor(AT_ONCE)
        return self

    def start(self, index):
        folder = pathlib.Path(self.temporary.name, f"emulator-{index}")
        folder.mkdir()
        return Emulator(folder)

    def submit(self, job, *arguments):
        """Calls `job(emulator, temporary folder, *arguments)` when a thread is free."""
        return self.threads.submit(self.run, job, arguments)

    def run(self, job, arguments):
        emulator = self.idle.get()
        try:
            return job(emulator, pathlib.Path(self.temporary.name), *arguments)
        finally:
            self.idle.put(emulator)

    def __exit__(self, *_):
        self.threads.shutdown(cancel_futures=True)
        for emulator in self.emulators:
            emulator.stop()
        self.temporary.cleanup()


class Mismatch(Exception):
    """What a surface did differs from what the scenario says."""


def matches(expected, found):
    """Whether a value is as expected; `${any}` in a string stands for anything but an absent value."""
    if isinstance(expected, str) and ANY in expected:
        pattern = ".*".join(re.escape(part) for part in expected.split(ANY))
        return isinstance(found, str) and re.fullmatch(pattern, found, re.DOTALL) is not None
    return expected == found


def compare(what, expected, found, secret=False):
    if not matches(expected, found):
        # A secret is compared, never shown.
        detail = "differs" if secret else f"expected {expected!r}, found {found!r}"
        raise Mismatch(f"{what}: {detail}")


SECRET_FIELDS = {"access_key_secret", "security_token", "bearer_token"}
MODEL_FIELDS = ["access_key_id", *sorted(SECRET_FIELDS), "type", "provider_name"]


def check_error(where, expected, found, surface):
    language = surface.partition("-")[0]
    compare(f"{where}: kind", expected["kind"], found["kind"])
    for key in expected:
        name, _, only = key.partition(".")
        if only and only != language:
            continue
        if name == "text" and not (key == "text" and f"text.{language}" in expected):
            compare(f"{where}: text", expected[key], found["message"])
        elif name == "class":
            compare(f"{where}: class", expected[key], found["class"])
        elif name == "attempts":
            names = [attempt["provider"] for attempt in found["attempts"]]
            compare(f"{where}: sources asked", [attempt["provider"] for attempt in expected[key]], names)
            for wanted, attempt in zip(expected[key], found["attempts"]):
                compare(f"{where}: {wanted['provider']}: kind", wanted["kind"], attempt["kind"])
                text = wanted.get(f"text.{language}", wanted["text"])
                compare(f"{where}: {wanted['provider']}: text", text, attempt["message"])
        elif name in ("code", "request_id", "http_status"):
            compare(f"{where}: {name}", expected[key], found[name])
        elif name not in ("kind", "text"):
            raise Mismatch(f"the scenario expects {key!r}, which nothing checks")
    for name in ("code", "request_id", "http_status", "attempts"):
        if name not in expected and found[name] not in (None, []):
            raise Mismatch(f"{where}: {name}: not expected, found {found[name]!r}")


def check_outcome(where, expected, found, surface):
    if "error" in expected:
        if "error" not in found:
            raise Mismatch(f"{where}: expected an error of kind {expected['error']['kind']}, found a credential")
        check_error(where, expected["error"], found["error"], surface)
        return
    if "error" in found:
        raise Mismatch(f"{where}: expected a credential, found: {found['error']['kind']}: {found['error']['message']}")
    for field in MODEL_FIELDS:
        wanted = expected["credential"].get(field)
        # Node's bearer model has empty strings where there is no key, as its users know it.
        got = found["credential"][field] or None
        compare(f"{where}: {field}", wanted, got, secret=field in SECRET_FIELDS)


def check_requests(expected, found):
    def show(request):
        return f"{request['service']} {request['action']} {request['status']}"

    if len(expected) != len(found):
        raise Mismatch(f"requests: expected {len(expected)}, found {[show(request) for request in found]}")
    for index, (wanted, request) in enumerate(zip(expected, found)):
        for key, value in wanted.items():
            got = request.get(key)
            if isinstance(value, dict):
                for name, item in value.items():
                    compare(f"request {index}: {key}.{name}", item, (got or {}).get(name))
            else:
                compare(f"request {index}: {key}", value, got)


def check_files(home, expected):
    """Compares JSON files of the home directory, all keys in their order, with what the scenario says they hold."""
    for path, wanted in expected.items():
        compare_json(path, wanted, json.loads((home / path).read_text("utf-8")))
    strays = [path.name for path in home.rglob("*") if "aliyun-cred-tmp" in path.name]
    compare("unfinished files left behind", [], strays)


def compare_json(where, expected, found):
    if isinstance(expected, dict) and isinstance(found, dict):
        compare(f"{where}: keys", list(expected), list(found))
        for key, value in expected.items():
            compare_json(f"{where}.{key}", value, found[key])
    elif isinstance(expected, list) and isinstance(found, list):
        compare(f"{where}: length", len(expected), len(found))
        for index, (value, got) in enumerate(zip(expected, found)):
            compare_json(f"{where}[{index}]", value, got)
    elif expected == ANY and isinstance(found, int):
        return
    else:
        compare(where, expected, found, secret=True)


def check_clock(where, scenario, offset):
    """Whether the offset of the services' clock is as expected. Some seconds pass meanwhile, and a `Date` has whole
    ones; a small offset is none."""
    off = offset - scenario.get("clock_offset", 0)
    if abs(off) > WATCHDOG_SECONDS:
        raise Mismatch(f"the clock of {where}: {off} s off")


def secrets_in(value):
    return [secret for _, secret in named_secrets(value)]


# How long a piece of a secret is that no text may hold.
PIECE = 16


def shows(text, secrets):
    """Whether one of the secrets, or a good part of it, is in the text, as it is or as part of a URL."""
    for secret in secrets:
        quoted = urllib.parse.quote(secret, safe="~")
        for form in (secret, quoted, urllib.parse.quote(quoted)):
            # A text that is cut short, or that shows the end only, shows enough.
            pieces = (form[start : start + PIECE] for start in range(0, len(form) - PIECE + 1, PIECE // 2))
            if form in text or any(piece in text for piece in pieces):
                return True
    return False


def check_leaks(secrets, shown):
    for where, text in shown.items():
        if shows(text, secrets):
            raise Mismatch(f"a secret shows in {where}")


def secrets_of(scenario, files):
    """What must not show: the scenario's, and those in its files."""
    sources = [scenario.get("config"), scenario.get("env"), scenario.get("service")]
    return {*secrets_in(sources), *files, *scenario.get("secrets", [])}


def secrets_below(home):
    """The secrets in the files of a home directory."""
    found = []
    for path in home.rglob("*"):
        if path.is_file():
            with contextlib.suppress(UnicodeDecodeError):
                found += [secret for _, secret in named_secrets_of_file(path.read_text("utf-8"))]
    return found


def texts_of(error):
    """Everything of an error that a person may see."""
    texts = [error[key] for key in ("message", "code", "request_id")]
    texts += [attempt["message"] for attempt in error["attempts"]]
    return "\n".join(text for text in texts if text)


def make(path, what):
    """Makes a file that Git cannot keep."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if what == "pipe":
        os.mkfifo(path)
    elif "link" in what:
        path.symlink_to(what["link"])
    elif "size" in what:
        with path.open("wb") as file:
            file.truncate(what["size"])
    else:
        path.write_text(what["text"] * what.get("times", 1), "utf-8")


def prepare(scenario_folder, emulator, scratch):
    """Makes the home directory, the configuration and the services of a scenario.

    Returns the scenario, the environment to run it in, and the secrets in its files."""
    home = scratch / "home"
    if (scenario_folder / "home").exists():
        shutil.copytree(scenario_folder / "home", home)
    else:
        home.mkdir()
    ports = {f"{name}_port": emulator.addresses[name].rpartition(":")[2] for name in ("sts_http", "proxy")}
    places = {**emulator.addresses, **ports, "home": str(home), "padding": "x" * 2 * FULL_DISK}
    scenario = load(scenario_folder, places)
    for path in home.rglob("*"):
        if path.is_file():
            with contextlib.suppress(UnicodeDecodeError):
                path.write_text(resolve(path.read_text("utf-8"), places), "utf-8")
            # A file that all users can read causes a warning.
            path.chmod(path.stat().st_mode & ~0o077)
    files = secrets_below(home)
    for path, what in scenario.get("make", {}).items():
        make(home / path, what)
    if scenario.get("disk") == "read_only":
        for path in [home, *home.rglob("*")]:
            path.chmod(path.stat().st_mode & ~0o222)

    emulator.reset(**scenario.get("service", {"access_keys": []}))
    if "config" in scenario:
        (scratch / "config.json").write_text(json.dumps(scenario["config"]), "utf-8")
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(home),
        "HTTPS_PROXY": emulator.addresses["proxy"],
        "SSL_CERT_FILE": emulator.addresses["ca"],
        # Even on a real instance.
        "ALIBABA_CLOUD_ECS_METADATA_ENDPOINT": emulator.addresses["metadata"],
        **scenario.get("env", {}),
    }
    return scenario, environment, files


# The most bytes of a file that a full disk takes: more than the probe's result has, and less than a file with
# `${padding}`.
FULL_DISK = 1 << 15
# What a probe is run with for each `disk`. `ulimit` counts blocks of 512 bytes; root would write anywhere.
DISKS = {
    "full": ["sh", "-c", f'trap "" XFSZ; ulimit -f {FULL_DISK // 512}; exec "$@"', "sh"],
    "read_only": ["setpriv", "--inh-caps=-all", "--bounding-set=-dac_override"] if os.geteuid() == 0 else [],
}


# The most memory that a probe may need, in KiB, with the stacks of its threads. Node takes 80 MiB; a reply, at most 1.
MOST_MEMORY = 128 * 1024
BOUNDED = ["sh", "-c", f'ulimit -s 8192; ulimit -d {MOST_MEMORY}; exec "$@"', "sh"]


def ask_probe(surface, mode, calls, environment, scratch, disk=None):
    """Runs a surface's probe. Returns its result, and the texts that it printed."""
    mode += "-async" if surface.endswith("-async") else ""
    keys = scratch / "keys-of-tls"
    child = subprocess.run(
        [*BOUNDED, *DISKS.get(disk, []), *map(str, SURFACES[surface]), str(scratch), str(calls), mode],
        cwd=scratch,
        env={**LOUDEST, "SSLKEYLOGFILE": str(keys), **environment},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=WATCHDOG_SECONDS,
    )
    result_file = scratch / "result.json"
    if child.returncode != 0 or not result_file.exists():
        raise Mismatch(f"the probe ended with {child.returncode}: {child.stderr[-2000:]}")
    if keys.exists():
        raise Mismatch("the keys of its connections are in a file")
    shown = {"standard output": child.stdout, "standard error": child.stderr}
    return json.loads(result_file.read_text("utf-8")), shown


def expected_of(scenario, surface):
    """What a surface brings: what its language does, where that differs."""
    return scenario.get(f"expect.{surface.partition('-')[0]}", scenario["expect"])


def per_call(expected, calls):
    """What each call brings; a scenario may say it once for all."""
    return expected if isinstance(expected, list) else [expected] * calls


def run(scenario_folder, surface, emulator, scratch):
    """Runs one scenario on one surface; raises Mismatch."""
    scenario, environment, files = prepare(scenario_folder, emulator, scratch)
    calls = scenario.get("calls", 1)
    result, shown = ask_probe(surface, "ask", calls, environment, scratch, scenario.get("disk"))

    outcomes = result["outcomes"]
    errors = [outcome["error"] for outcome in outcomes if "error" in outcome]
    if result["construction_error"]:
        errors.append(result["construction_error"])
    for error in errors:
        shown["an error"] = shown.get("an error", "") + texts_of(error)
    received = secrets_in([outcome.get("credential") for outcome in outcomes])
    check_leaks({*secrets_of(scenario, files), *received}, shown)

    expected = expected_of(scenario, surface)
    if "construction_error" in expected:
        if not result["construction_error"]:
            raise Mismatch("construction: expected an error, found none")
        check_error("construction", expected["construction_error"], result["construction_error"], surface)
    elif result["construction_error"]:
        raise Mismatch(f"construction: {result['construction_error']['message']}")
    else:
        compare("calls", len(per_call(expected, calls)), len(outcomes))
        for index, (wanted, outcome) in enumerate(zip(per_call(expected, calls), outcomes)):
            check_outcome(f"call {index}", wanted, outcome, surface)
        check_clock("the status", scenario, result["clock_offset"])
    check_files(scratch / "home", scenario.get("files", {}))
    check_requests(scenario.get("requests", []), emulator.requests())


def state_of(source):
    """A source's state as scenarios say it: with the kind of a failure."""
    return f"{source['state']}: {source['kind']}" if source["state"] == "failed" else source["state"]


def snapshot(home):
    return {str(path): path.read_bytes() for path in home.rglob("*") if path.is_file() and not path.is_symlink()}


def explain(scenario_folder, surface, emulator, scratch):
    """Asks a surface for the report of one scenario; raises Mismatch."""
    scenario, environment, files = prepare(scenario_folder, emulator, scratch)
    if "construction_error" in scenario.get(f"expect.{surface.partition('-')[0]}", scenario["expect"]):
        return
    if "report" not in scenario:
        raise Mismatch("the scenario has no 'report'")
    home = scratch / "home"
    before = snapshot(home)
    rotates = scenario.get("explain") == "rotate"
    mode = "explain-rotate" if rotates else "explain"
    result, shown = ask_probe(surface, mode, 0, environment, scratch, scenario.get("disk"))
    if result["construction_error"]:
        raise Mismatch(f"construction: {result['construction_error']['message']}")
    report = result["report"]
    if VALIDATORS:
        VALIDATORS[0](report)
    shown["the report"] = json.dumps(report, ensure_ascii=False)
    check_leaks(secrets_of(scenario, files), shown)
    compare("report", scenario["report"], {source["source"]: state_of(source) for source in report["sources"]})
    check_clock("the report", scenario, report.get("clock_offset_seconds", 0))
    wide = [line for line in shown["standard output"].splitlines() if len(line) > 80 and " " in line.strip()[12:]]
    compare("lines of the report that are too wide", [], wide)
    after = snapshot(home)
    if rotates:
        check_files(home, scenario["files"])
    else:
        compare("files that the report changed", before, {path: after.get(path) for path in before}, secret=True)
    requests = [request for source in report["sources"] for request in source["requests"]]
    if all(request["status"] for request in requests) and not rotates:
        compare("requests of the report", len(emulator.requests()), len(requests))


def remember(scenario_folder, surface, emulator, scratch):
    """Looks for the secrets of one scenario in the memory of a surface that has freed everything; raises Mismatch."""
    scenario, environment, files = prepare(scenario_folder, emulator, scratch)
    expected, calls = expected_of(scenario, surface), scenario.get("calls", 1)
    strings = secrets_in([scenario.get("config"), scenario.get("env"), expected])

    def ours(secrets):
        return {secret for secret in secrets if surface not in HOSTED or secret.strip() not in strings}

    if surface in HOSTED and not ours(files):
        return
    command = [*map(str, SURFACES[surface]), str(scratch), str(calls), "memory"]
    log = scratch / "log"
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    with (
        log.open("w") as stderr,
        subprocess.Popen(command, cwd=scratch, env=environment, stderr=stderr, **pipes) as child,
    ):
        watchdog = threading.Timer(2 * WATCHDOG_SECONDS, child.kill)
        watchdog.start()
        try:
            # Backwards, so that what it prints is no copy.
            held = [line[:-1][::-1] for line in itertools.takewhile(lambda line: line != "held\n", child.stdout)]
            if surface in HOSTED:
                served = sum("credential" in outcome for outcome in per_call(expected, calls))
                compare("memory: credentials", [str(served)], held)
            elif memory.copies(child.pid, held) < len(set(held)):
                raise Mismatch("memory: it is looked for in the wrong place")
            child.stdin.write("\n")
            child.stdin.flush()
            compare("memory: the next line", "freed\n", child.stdout.readline())
            # Those that a rotation has written, too.
            secrets = ours([*files, *secrets_below(scratch / "home")])
            if surface not in HOSTED:
                secrets |= {*secrets_of(scenario, files), *held}
            if not memory.wiped(child.pid, secrets):
                left = [f"{memory.copies(child.pid, [secret])} of {len(secret)} characters" for secret in secrets]
                raise Mismatch(f"memory: secrets are left: {[text for text in left if text[0] != '0']}")
        except OSError:
            raise Mismatch(f"the probe ended: {log.read_text('utf-8')[-2000:]}") from None
        finally:
            watchdog.cancel()
            child.kill()


def sample(scenarios):
    """Of each source, the first scenario that ends with a credential."""
    first = {}
    for folder in scenarios:
        expected = load(folder)["expect"]
        if "credential" in per_call(expected, 1)[0]:
            first.setdefault(folder.parent.name, folder)
    return list(first.values())


def closed(schema):
    """A schema that permits no other members. The documented one permits those of later versions."""
    if isinstance(schema, list):
        return [closed(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    more = {"additionalProperties": False} if isinstance(schema.get("properties"), dict) else {}
    return {**{key: closed(item) for key, item in schema.items()}, **more}


def attempt(emulator, temporary, folder, surface, steps):
    """What is wrong with one scenario on one surface, or None."""
    try:
        for step in steps:
            scratch = temporary / surface / folder.name / step.__name__
            scratch.mkdir(parents=True)
            step(folder, surface, emulator, scratch)
    except (Mismatch, subprocess.TimeoutExpired, OSError, ValueError, KeyError) as problem:
        return f"{type(problem).__name__}: {problem}"
    return None


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", help="scenarios to run; all, if none is named")
    parser.add_argument("--surface", action="append", choices=SURFACES, help="a surface to run; all, if none is named")
    parser.add_argument("--schema", help="the JSON schema of reports; needs fastjsonschema", type=pathlib.Path)
    parser.add_argument("--memory", action="store_true", help="look for secrets in memory instead")
    parser.add_argument("--sample", action="store_true", help="one scenario of each source that gives a credential")
    options = parser.parse_args()
    if options.schema:
        import fastjsonschema

        VALIDATORS.append(fastjsonschema.compile(closed(json.loads(options.schema.read_text("utf-8")))))
    scenarios = folders()
    unknown = set(options.names) - {folder.name for folder in scenarios}
    if unknown:
        parser.error(f"no such scenario: {', '.join(sorted(unknown))}")
    if options.names:
        scenarios = [folder for folder in scenarios if folder.name in options.names]
    if options.memory:
        scenarios = [folder for folder in comparable() if folder in scenarios]
        scenarios = [folder for folder in scenarios if not LEAVES_COPIES.fullmatch(folder.name)]
    if options.sample:
        scenarios = sample(scenarios)
    if not scenarios:
        parser.error("there is no scenario to run")
    surfaces = options.surface or (["rust", "c", *HOSTED] if options.memory else list(SURFACES))
    steps = [remember] if options.memory else [run, explain]
    failed = 0
    with Workers() as workers:
        jobs = {
            surface: [workers.submit(attempt, folder, surface, steps) for folder in scenarios] for surface in surfaces
        }
        for surface in surfaces:
            problems = [job.result() for job in jobs[surface]]
            for folder, problem in zip(scenarios, problems):
                if problem:
                    print(f"FAILED {surface} {folder.name}: {problem}", flush=True)
            passed = problems.count(None)
            failed += len(scenarios) - passed
            print(f"scenarios, {surface}: {passed} of {len(scenarios)} as expected", flush=True)
    total = len(scenarios) * len(surfaces)
    print(f"{total - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
