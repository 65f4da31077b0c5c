#!/usr/bin/env python3
"""Safe under threads, forks, loops and exits, and what stays in the memory of a process, or gets into another one's:
programs in C, Python and JavaScript, and the command, against one emulator.

Each test starts a program with a clean environment and talks with it in lines: the program says how far it is, and
goes on when it is told to, so that nothing depends on who is faster. What it asked is read from the emulator's log.

    run.py                       all tests
    run.py --forks 500 storm     those with "storm" in their name, with so many forks
"""

import argparse
import concurrent.futures
import contextlib
import http.client
import json
import os
import pathlib
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time
import traceback
import urllib.error
import urllib.request

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
sys.path.append(str(ROOT / "tests"))
import memory  # noqa: E402
from emulator import TARGET, WATCHDOG_SECONDS, Emulator  # noqa: E402
from home import write_config  # noqa: E402
from program import Failed, Program, check  # noqa: E402

BUILD = pathlib.Path(os.environ.get("BUILD_DIR", ROOT / ".build/processes"))
LIBRARY = pathlib.Path(os.environ.get("LIB_DIR", TARGET)) / "libaliyun_cred.so"
PYTHON = pathlib.Path(os.environ.get("VENV", ROOT / ".build/venv")) / "bin/python"
COMMAND = TARGET / "aliyun-cred"
CC = os.environ.get("CC", "cc")

ROLE = "acs:ram::1000000000000001:role/"


class Field:
    """The emulator, and programs whose environment holds only its addresses."""

    def __init__(self, emulator, home, forks):
        self.emulator = emulator
        self.home = home
        self.forks = forks

    def reset(self, **settings):
        self.emulator.reset(**settings)

    def profile(self, profile):
        """Replaces the CLI's configuration file."""
        write_config(self.home, {"current": profile["name"], "profiles": [profile]})

    def environment(self, sts=None):
        return {
            "PATH": os.environ["PATH"],
            "HOME": str(self.home),
            "PYTHONDONTWRITEBYTECODE": "1",
            "PYTHONPATH": str(HERE / "python"),
            # These programs test forking with threads.
            "PYTHONWARNINGS": "ignore::DeprecationWarning",
            "SSL_CERT_FILE": self.emulator.addresses["ca"],
            "ALIBABA_CLOUD_STS_ENDPOINT": sts or self.emulator.addresses["sts_http"],
            "ALIBABA_CLOUD_ECS_METADATA_DISABLED": "true",
        }

    def c(self, name, *arguments, sts=None, **options):
        return Program([BUILD / name, *arguments], self.environment(sts), **options)

    def python(self, name, *arguments, sts=None, **options):
        return Program([PYTHON, HERE / "python" / name, *arguments], self.environment(sts), **options)

    def node(self, name, *arguments, sts=None, **options):
        return Program(["node", HERE / "node" / name, *arguments], self.environment(sts), **options)

    def count(self, role):
        """How many requests for a role there were; all must have succeeded."""
        found = [request for request in self.emulator.requests() if request["role_arn"] == ROLE + role]
        for request in found:
            if (request["status"], request["identity"] is None) != (200, False):
                raise Failed(f"a request was answered with {request['status']} {request['code']}")
        return len(found)

    def connections(self):
        return self.emulator.state()["connections"]["sts_http"]

    def await_held(self, program):
        """Waits until a request of the program is held."""
        try:
            self.emulator.held()
        except urllib.error.HTTPError:
            raise Failed(f"it asked for nothing: {program.errors()}") from None


TESTS = []


def test(function):
    TESTS.append(function)
    return function


FEW_MILLISECONDS = [{"action": "AssumeRole", "latency_ms": 3}]


def storm(field, program):
    program.end()
    # One by the parent and one by every child. The signature's nonces never repeat, or a request would have been
    # rejected.
    check("requests for the quiet role", 1 + field.forks, field.count("quiet"))
    if field.count("hammered") <= 2 * field.forks:
        raise Failed("the threads did not refresh while the process forked")


@test
def c_fork_storm(field):
    field.reset(faults=FEW_MILLISECONDS)
    with field.c("fork_storm", field.forks, seconds=WATCHDOG_SECONDS + field.forks) as program:
        storm(field, program)


@test
def c_fork_storm_by_host_name(field):
    """Helper threads resolve names meanwhile."""
    field.reset(faults=FEW_MILLISECONDS)
    sts = field.emulator.addresses["sts_http"].replace("127.0.0.1", "localhost")
    with field.c("fork_storm", field.forks, sts=sts, seconds=WATCHDOG_SECONDS + field.forks) as program:
        storm(field, program)


@test
def python_fork_storm(field):
    field.reset(faults=FEW_MILLISECONDS)
    with field.python("fork_storm.py", field.forks, seconds=WATCHDOG_SECONDS + field.forks) as program:
        storm(field, program)


@test
def c_fork_in_the_middle_of_a_refresh(field):
    field.reset(faults=[{"action": "AssumeRole", "hold": True, "times": 1}])
    with field.c("fork_flight") as program:
        field.await_held(program)
        program.tell()
        program.hear("children are done")
        check("requests of parent, child and grandchild", 3, field.count("flight"))
        field.emulator.release()
        program.hear("resolved")
        check("requests of parent, child and grandchild", 3, field.count("flight"))
        check("connections", 3, field.connections())
        program.tell()
        program.end()
        # The connection used during the forks still works.
        check("requests", 4, field.count("flight"))
        check("connections", 3, field.connections())


@test
def c_fork_shares_no_connection(field):
    field.reset()
    with field.c("fork_sockets") as program:
        program.hear("parent")
        check("connections of the parent", 1, field.connections())
        program.tell()
        program.hear("child")
        check("connections of parent and child", 2, field.connections())
        program.tell()
        program.hear("parent again")
        check("connections of parent and child", 2, field.connections())
        program.tell()
        program.end()
        check("requests", 5, field.count("sockets"))


@test
def c_fork_during_the_first_request(field):
    field.reset()
    rounds = max(field.forks // 5, 1)
    sts = field.emulator.addresses["sts_https"]
    with field.c("fork_cold", rounds, sts=sts, seconds=WATCHDOG_SECONDS + field.forks) as program:
        program.end()
        if field.count("cold") < 2 * rounds:
            raise Failed("nothing was forked during the first requests")


@test
def c_fork_while_a_profile_is_locked(field):
    token = {"service": "oauth", "action": "token"}
    field.reset(
        oauth={"refresh_token": "first", "access_lifetime": 60, "strict": True},
        faults=[
            {**token, "times": 1, "hold": True, "status": 503, "code": "temporarily_unavailable"},
            {"service": "oauth", "action": "exchange", "set_fields": {"accessKeyId": "STS.same"}},
        ],
    )
    field.profile({"name": "default", "mode": "OAuth", "oauth_site_type": "CN", "oauth_refresh_token": "first"})
    environment = {**field.environment(), "HTTPS_PROXY": field.emulator.addresses["proxy"]}
    with Program([BUILD / "fork_lock"], environment) as program:
        field.await_held(program)
        program.tell()
        program.hear("forked")
        field.emulator.release()
        program.end()
    tokens = field.emulator.state()["oauth"]
    # The child uses the token that its parent stored.
    check("refresh tokens", {"refreshes": 3, "refused": 0}, {name: tokens[name] for name in ("refreshes", "refused")})


@test
def c_fork_while_commands_run(field):
    answer = {"mode": "AK", "access_key_id": "LTAIcommand", "access_key_secret": "command-secret"}
    command = f"echo '{json.dumps(answer)}'"
    field.profile({"name": "default", "mode": "External", "process_command": command})
    with field.c("fork_command", field.forks, seconds=2 * WATCHDOG_SECONDS + field.forks) as program:
        program.end()


@test
def python_pool_of_forked_processes(field):
    field.reset()
    with field.python("pool.py") as program:
        program.end()
    check("requests of parent and tasks", 21, field.count("pool"))


@test
def python_forked_child_keeps_the_services_time(field):
    field.reset(clock_offset=6 * 3600)
    with field.python("fork_clock.py", sts=field.emulator.addresses["sts_https"]) as program:
        program.end(stderr=None)
        check("lines of the log", 1, len(program.errors().splitlines()))
    # Learned by the parent's first request, once for both.
    check("statuses", [400, 200, 200], [request["status"] for request in field.emulator.requests()])


def ask_application(port):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=WATCHDOG_SECONDS)
    try:
        connection.request("GET", "/")
        answer = connection.getresponse()
        check("the application's answer", 200, answer.status)
        return json.loads(answer.read())
    finally:
        connection.close()


@test
def python_gunicorn_with_preload(field):
    # Slow enough that two simultaneous requests need two workers.
    field.reset(faults=[{"action": "AssumeRole", "latency_ms": 20}])
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port, descriptor = listener.getsockname()[1], listener.fileno()
        bind = ["--bind", f"fd://{descriptor}"]
        command = [PYTHON, "-m", "gunicorn", "--preload", "--workers", 2, "--log-level", "warning", *bind]
        environment = field.environment()
        with Program([*command, "app:application"], environment, pass_fds=[descriptor], cwd=HERE / "python") as program:
            answers = []
            workers = {}
            with concurrent.futures.ThreadPoolExecutor(2) as both:
                while len(workers) < 2 or min(workers.values()) < 3:
                    for answer in both.map(ask_application, [port, port]):
                        answers.append(answer)
                        workers[answer["process"]] = workers.get(answer["process"], 0) + 1
            program.process.terminate()
            program.end()
    (at_import,) = {answer["at_import"] for answer in answers}
    check("ids", len(answers), len({answer["own"] for answer in answers}))
    for answer in answers:
        # A worker's credential is one that it resolved itself, or inherited.
        if answer["inherited"] not in {at_import} | {a["own"] for a in answers if a["process"] == answer["process"]}:
            raise Failed("a worker was given another worker's credential")
    check("workers", 2, len(workers))
    check("requests", 1 + len(answers), field.count("app"))


HELD = [{"action": "AssumeRole", "hold": True}]
# Each try hits a different moment of the exit.
TRIES = 10


def end_during_a_refresh(field, start, way, code, stderr=""):
    field.reset(faults=HELD)
    with start(way, "wait") as program:
        field.await_held(program)
        program.tell()
        program.end(code, stderr)
    field.reset(faults=[{"action": "AssumeRole", "latency_ms": 1, "times": TRIES // 2}])
    for _ in range(TRIES):
        with start(way) as program:
            program.tell()
            program.end(code, stderr)


@test
def c_exits_during_a_refresh(field):
    for way in ["exit", "quick_exit", "return", "thread"]:
        end_during_a_refresh(field, lambda *arguments: field.c("exits", *arguments), way, 3)


@test
def c_asks_at_its_very_end(field):
    field.reset()
    with field.c("last") as program:
        program.hear("asked")
        program.end(3)
    check("requests", [1, 1], [field.count("cached"), field.count("cold")])


@contextlib.contextmanager
def hanging_up():
    """A service that reads a little of each request and breaks the connection."""

    def run():
        with contextlib.suppress(OSError):
            while True:
                with listener.accept()[0] as client:
                    client.recv(100)
                    # An abrupt close, with unread data.
                    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=run, daemon=True).start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        listener.shutdown(socket.SHUT_RDWR)


@test
def c_takes_no_signals_of_the_program(field):
    with hanging_up() as url, field.c("signals", sts=url) as program:
        program.hear("told")
        program.tell()
        program.end()


@test
def c_certificates_that_cannot_be_read_stop_nobody_else(field):
    with tempfile.TemporaryDirectory() as folder:
        fifo = pathlib.Path(folder) / "roots.pem"
        os.mkfifo(fifo)
        with field.c("stuck", fifo, sts=field.emulator.addresses["sts_https"]) as program:
            program.end()


@test
def c_a_refused_thread_is_an_error_while_it_lasts(field):
    field.reset()
    by_name = field.emulator.addresses["sts_https"].replace("127.0.0.1", "localhost")
    with field.c("refused", sts=by_name) as program:
        program.end()


@test
def python_exits_during_a_refresh(field):
    def start(*arguments):
        return field.python("exits.py", *arguments)

    end_during_a_refresh(field, start, "end", 0)
    end_during_a_refresh(field, start, "exit in a coroutine", 3)
    for way in ["unhandled", "unhandled in a coroutine"]:
        field.reset(faults=HELD)
        with start(way, "wait") as program:
            field.await_held(program)
            program.tell()
            program.end(1, stderr=None)
            said = program.errors()
            check("tracebacks", 1, said.count("Traceback (most recent call last):"))
            if not (said.startswith("Traceback") and said.endswith("\nRuntimeError: meant\n")):
                raise Failed(f"standard error is not the exception alone: {said}")


@test
def node_exits_during_a_refresh(field):
    for way, code in [("exit", 3), ("throw", 1)]:
        field.reset(faults=HELD)
        with field.node("exits.js", way, "wait") as program:
            field.await_held(program)
            program.tell()
            program.end(code, stderr="" if code == 3 else None)
            if code == 1:
                check("exceptions", 1, program.errors().count("Error: meant"))


def waves(field, program, cold):
    """Every wave makes one request."""
    expected = 0 if cold else 1
    for word in ["cold"] * cold + ["refused"]:
        program.hear(word)
        expected += 1
        check(f"requests, {word}", expected, field.count("waves"))
        if word == "refused":
            field.emulator.patch(lifetime=1)
        program.tell()
    program.hear("outlived")
    expected = field.count("waves")
    field.emulator.patch(lifetime=None)
    program.tell()
    program.hear("expired")
    check("requests, expired", expected + 1, field.count("waves"))
    program.tell()
    program.end()
    check("requests, at the end", expected + 1, field.count("waves"))


@test
def c_64_threads_make_one_request(field):
    field.reset(faults=FEW_MILLISECONDS)
    with field.c("waves") as program:
        waves(field, program, cold=True)


@test
def python_64_threads_make_one_request(field):
    field.reset(faults=FEW_MILLISECONDS)
    with field.python("waves.py", "threads") as program:
        waves(field, program, cold=False)


@test
def python_64_coroutines_make_one_request(field):
    field.reset(faults=FEW_MILLISECONDS)
    with field.python("waves.py", "coroutines") as program:
        waves(field, program, cold=False)


@test
def node_1000_promises_make_one_request(field):
    field.reset(faults=FEW_MILLISECONDS)
    with field.node("waves.js") as program:
        waves(field, program, cold=False)


CLIENTS = 10_000


@test
def c_10000_clients(field):
    field.reset()
    with field.c("many", CLIENTS, seconds=5 * WATCHDOG_SECONDS) as program:
        print(program.end(), end="")


@test
def python_10000_clients(field):
    field.reset()
    with field.python("many.py", CLIENTS, seconds=5 * WATCHDOG_SECONDS) as program:
        print(program.end(), end="")


@test
def c_unloading_during_a_refresh(field):
    field.reset(faults=FEW_MILLISECONDS)
    with field.c("unload", LIBRARY, 50) as program:
        program.end()
    # Requests without a waiter may not have been sent before the process exited.
    if field.count("unload") < 10:
        raise Failed("the library was not used")


@test
def rotation_in_every_language(field):
    """A key that is rotated in the file reaches programs that run, and no call fails meanwhile."""

    def rotate(key):
        field.profile({"name": "default", "mode": "AK", "access_key_id": key, "access_key_secret": key})

    rotate("LTAIfirst")
    with field.c("rotation") as c, field.python("rotation.py") as python, field.node("rotation.js") as node:
        programs = [c, python, node]
        for program in programs:
            program.hear("asking")
        for number in range(1000):
            rotate(f"LTAI{number}")
        rotate("LTAIlast")
        for program in programs:
            program.hear("rotated")
            program.end()


SHARING = 16


@test
def sessions_are_shared_by_processes(field):
    """A cold start of many processes is one request, also if one of them is killed while it asks."""
    folder = field.home / "sessions"
    environment = {**field.environment(), "ALIBABA_CLOUD_CREDENTIALS_CACHE": str(folder)}
    for turn in range(max(field.forks * 2 // 5, 1)):
        killed = turn % 4 == 3
        field.reset(faults=[{"action": "AssumeRole", "hold": True}] if killed else FEW_MILLISECONDS)
        with contextlib.ExitStack() as stack:
            role = f"shared{turn}"
            programs = [stack.enter_context(Program([BUILD / "shared", role], environment)) for _ in range(SHARING)]
            for program in programs:
                program.tell()
            lost = set()
            if killed:
                field.await_held(programs[0])
                # The one that asks is among half of them every other time.
                lost = set(programs[:: 2 if turn % 8 == 3 else 1][: SHARING // 2])
                for program in lost:
                    program.process.kill()
                field.emulator.release()
            ids = {program.process.stdout.readline() for program in programs if program not in lost}
            for program in programs:
                program.end(code=-signal.SIGKILL if program in lost else 0)
        check("sessions", 1, len(ids))
        # The one that was killed asked in vain.
        requests = field.count(role)
        if not 1 <= requests <= (2 if killed else 1):
            raise Failed(f"{requests} requests by {SHARING} processes, turn {turn}")
    # Other languages find what a program in C has fetched last.
    for command in ([PYTHON, HERE / "python/shared.py"], ["node", HERE / "node/shared.js"]):
        with Program([*command, role], environment) as program:
            program.tell()
            program.hear(ids.copy().pop().strip())
            program.end()
    check("requests", requests, field.count(role))
    names = [path.name for path in folder.iterdir()]
    check("temporary files", [], [name for name in names if not name.endswith((".json", ".lock"))])
    check("modes", {0o600}, {path.stat().st_mode & 0o777 for path in folder.iterdir()})
    check("mode of the folder", 0o700, folder.stat().st_mode & 0o777)
    if any("canary" in path.read_text() or "EmulatorUserSecret" in path.read_text() for path in folder.iterdir()):
        raise Failed("the base's secret is in the folder")


def killed_everywhere(field, folder, before, verify):
    """Kills a program that refreshes once, at every system call that concerns a folder. `before` puts the folder into
    its first state, `verify` looks at it after the program, and after one more that nobody kills."""
    refresh = [TARGET / "refresh_storm", 1]
    environment = {
        **field.environment(),
        "HTTPS_PROXY": field.emulator.addresses["proxy"],
        "ALIBABA_CLOUD_CREDENTIALS_CACHE": str(field.home / "sessions"),
    }
    calls = 0
    while True:
        before()
        with Program([BUILD / "kill_at", calls + 1, folder, *refresh], environment) as program:
            ended = program.end().split()[1]
        verify()
        if ended != "killed":
            check("exit code", "0", ended)
            print(f"killed at each of {calls} system calls")
            return calls
        calls += 1
        with Program(refresh, environment) as program:
            program.end()
        verify(settled=True)


@test
def a_kill_at_any_system_call_leaves_the_old_or_the_new_configuration(field):
    kept = {"as": ["it", "was"]}
    profile = {
        "name": "default",
        "mode": "OAuth",
        "oauth_site_type": "CN",
        "oauth_refresh_token": "first",
        "kept": kept,
    }
    folder = field.home / ".aliyun"
    link, file = folder / "config.json", folder / "elsewhere.json"
    owner = (1234, 1235) if os.geteuid() == 0 else (os.geteuid(), os.getegid())
    seen = set()

    def before():
        # The service's grace: a token is good until its successor was used.
        field.reset(oauth={"refresh_token": "first", "access_lifetime": 60})
        field.profile(profile)
        link.replace(file)
        link.symlink_to(file.name)
        file.chmod(0o640)
        os.chown(file, *owner)

    def verify(settled=False):
        check("the link", file.name, os.readlink(link))
        found = file.stat()
        check("mode and owner", (0o640, owner), (found.st_mode & 0o777, (found.st_uid, found.st_gid)))
        (profile,) = json.loads(file.read_text("utf-8"))["profiles"]
        check("what was kept", kept, profile["kept"])
        seen.add(profile["oauth_refresh_token"] == "first")
        if settled:
            check("files", {link.name, file.name}, {path.name for path in folder.iterdir()})
            tokens = field.emulator.state()["oauth"]
            check(
                "the token and the refused ones",
                (False, 0),
                (profile["oauth_refresh_token"] == "first", tokens["refused"]),
            )

    calls = killed_everywhere(field, folder, before, verify)
    check("old and new", {True, False}, seen)
    # Two times: opened, locked, read, written beside it, renamed.
    if calls < 40:
        raise Failed(f"only {calls} system calls")


@test
def a_kill_at_any_system_call_leaves_a_whole_shared_session(field):
    folder = field.home / "sessions"
    user = {"access_key_id": "LTAIEmulatorUser", "access_key_secret": "EmulatorUserSecret"}
    field.profile({"name": "default", "mode": "RamRoleArn", "ram_role_arn": ROLE + "killed", **user})

    def before():
        field.reset()
        for path in folder.glob("*"):
            path.unlink()

    def verify(settled=False):
        if folder.exists():
            check("mode of the folder", 0o700, folder.stat().st_mode & 0o777)
            check("modes", {0o600}, {path.stat().st_mode & 0o777 for path in folder.iterdir()} | {0o600})
            for path in folder.glob("*.json"):
                json.loads(path.read_text("utf-8"))
        if settled:
            names = sorted(path.suffix for path in folder.iterdir())
            check("files", [".json", ".lock"], names)

    calls = killed_everywhere(field, folder, before, verify)
    if calls < 15:
        raise Failed(f"only {calls} system calls")


def await_change(condition):
    """Waits for what another process brings about."""
    end = time.monotonic() + WATCHDOG_SECONDS
    while not condition():
        if time.monotonic() > end:
            raise Failed("it does not happen")


def session(number):
    """A session that a service has issued, in the shape of a real one."""
    return {
        "AccessKeyId": f"STS.{number}",
        "AccessKeySecret": f"8fKcanaryQ2mWxZ5tVbN{number}7yLpR3sHdJ9gTkE4aUcM6v",
        "SecurityToken": "CAIScanary" + f"7Jx+{number}/m" * 40,
    }


def stand_on(field, base, issued):
    """Has the profile assume a role with the session `base`, and STS issue another one."""
    access_key = {"id": base["AccessKeyId"], "secret": base["AccessKeySecret"], "token": base["SecurityToken"]}
    field.reset(access_keys=[access_key], faults=[{"action": "AssumeRole", "set_fields": issued}])
    profile = {"access_key_id": access_key["id"], "access_key_secret": access_key["secret"]}
    profile.update(sts_token=access_key["token"], ram_role_arn=ROLE + "memory", ram_session_name="memory")
    field.profile({"name": "default", "mode": "RamRoleArn", **profile})


def secrets_of(given):
    return [given["AccessKeySecret"], given["SecurityToken"]]


def language_wipes(field, program, start):
    """No copy stays of what a language never had as a string of its own. What it had is not ours to wipe."""
    base, issued = session(11), session(22)
    stand_on(field, base, issued)
    with start(program, sts=field.emulator.addresses["sts_https"]) as program:
        program.hear("held")
        for secret in [*secrets_of(base), *secrets_of(issued)]:
            if not memory.copies(program.process.pid, [secret]):
                raise Failed("it is looked for in the wrong place")
        program.tell()
        program.hear("freed")
        check("wiped", True, memory.wiped(program.process.pid, secrets_of(base)))
        program.tell()
        program.end()
    check("requests", 1, field.count("memory"))


@test
def python_wipes_what_it_frees(field):
    language_wipes(field, "memory.py", field.python)


@test
def node_wipes_what_it_frees(field):
    language_wipes(field, "memory.js", field.node)


@test
def command_wipes_what_it_frees(field):
    """A server that has read its configuration again keeps nothing of the one before."""
    old, new = [session(11), session(22)], [session(33), session(44)]
    stand_on(field, *old)
    environment = field.environment(sts=field.emulator.addresses["sts_https"])
    with Program([COMMAND, "serve", "--profile", "default"], environment) as server:
        uri = next(line for line in server.process.stdout if "CREDENTIALS_URI='" in line).split("'")[1]
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))

        def serves(issued):
            with opener.open(uri, timeout=WATCHDOG_SECONDS) as reply:
                return json.loads(reply.read())["AccessKeyId"] == issued["AccessKeyId"]

        check("the session", True, serves(old[1]))
        for given in old:
            if not memory.copies(server.process.pid, [given["AccessKeySecret"]]):
                raise Failed("it is looked for in the wrong place")
        stand_on(field, *new)
        server.process.send_signal(signal.SIGHUP)
        await_change(lambda: serves(new[1]))
        secrets = [secret for given in old for secret in secrets_of(given)]
        check("wiped", True, memory.wiped(server.process.pid, secrets))
        server.process.terminate()
        server.end(stderr="aliyun-cred: the configuration was read again\n")


def panics(field, program, kind):
    field.reset()
    with program:
        said = program.end(stderr=None)
        logged = program.errors()
    check("the kind", kind, said.partition(":")[0])
    check("a panic's message", False, "canary" in said + logged)
    check("lines of the log", 1, logged.count("a fault inside aliyun_cred at "))
    check("requests", 1, field.count("panics"))


@test
def python_shows_no_panics_message(field):
    panics(field, field.python("panics.py"), "internal")


@test
def node_shows_no_panics_message(field):
    panics(field, field.node("panics.js"), "ERR_ALIYUN_CRED_INTERNAL")


@test
def command_shows_no_secret_on_a_terminal(field):
    """Only `get` prints one, and there only if it was told to."""
    key = {"id": "LTAIterminal", "secret": session(11)["AccessKeySecret"]}
    field.reset(access_keys=[key])
    field.profile({"name": "key", "mode": "AK", "access_key_id": key["id"], "access_key_secret": key["secret"]})
    for arguments, code, shows in [
        (["get"], 2, False),
        (["get", "--format", "env"], 2, False),
        (["get", "--show"], 0, True),
        (["explain"], 0, False),
        (["list"], 0, False),
        (["whoami"], 0, False),
    ]:
        terminal, other_end = os.openpty()
        ended = subprocess.run(
            [COMMAND, *arguments],
            env=field.environment(),
            stdin=other_end,
            stdout=other_end,
            stderr=subprocess.PIPE,
            timeout=WATCHDOG_SECONDS,
        )
        # Else there would be nothing to read where it prints nothing.
        os.write(other_end, b"end\n")
        os.close(other_end)
        shown = b""
        while not shown.endswith(b"end\r\n"):
            shown += os.read(terminal, 4096)
        os.close(terminal)
        check(f"status of {arguments}", code, ended.returncode)
        check(f"a secret of {arguments}", shows, b"canary" in shown or b"canary" in ended.stderr)
        check(f"silence of {arguments}", code == 2, shown == b"end\r\n")


@test
def c_command_gets_its_words_and_the_environment(field):
    """Of what the process holds nothing reaches a command of an external credential."""
    field.reset()
    folder = field.home / "seen"
    folder.mkdir()
    script = 'cat /proc/$$/cmdline >"$0/cmdline"; cat /proc/$$/environ >"$0/environ"; cat "$0/printed"'
    printed = {"mode": "StsToken", "access_key_id": "i", "access_key_secret": "s", "sts_token": "t"}
    (folder / "printed").write_text(json.dumps(printed))
    field.profile({"name": "default", "mode": "External", "process_command": f"sh -c '{script}' {folder}"})
    with field.c("command") as program:
        program.end()
    check("arguments", ["sh", "-c", script, str(folder), ""], (folder / "cmdline").read_text().split("\0"))
    environment = [f"{name}={value}" for name, value in field.environment().items()]
    check("environment", sorted([*environment, ""]), sorted((folder / "environ").read_text().split("\0")))
    check("requests", 1, field.count("held"))


def skipped(why):
    if os.environ.get("REQUIRE_ALL") == "1":
        raise Failed(f"{why} (REQUIRE_ALL=1)")
    print(f"skipped: {why}")


@test
def c_shares_no_session_with_another_user(field):
    """Not even root, who may read anything, uses what belongs to another."""
    root = ["env"] if os.geteuid() == 0 else ["sudo", "-n"]
    if not shutil.which(root[0]) or subprocess.run([*root, "true"], stderr=subprocess.DEVNULL).returncode != 0:
        skipped("what belongs to another user: only root can make it")
        return
    field.reset()
    folder = field.home / "sessions"
    environment = {**field.environment(), "ALIBABA_CLOUD_CREDENTIALS_CACHE": str(folder)}
    variables = [f"{name}={value}" for name, value in environment.items()]

    def resolve(requests):
        with Program([*root, "env", "-i", *variables, BUILD / "shared", "others"], None) as program:
            program.tell()
            said = program.end()
        check("requests", requests, field.count("others"))
        return said

    def give(user, *paths):
        subprocess.run([*root, "chown", "-R", str(user), *paths], check=True)

    try:
        first = resolve(1)
        check("the session that is shared", first, resolve(1))
        give(65534, folder)
        resolve(2)
        give(0, folder)
        check("the session that is shared", first, resolve(1 + 1))
        # A file of another user's in a folder of one's own is replaced.
        subprocess.run([*root, "sh", "-c", f"chown 65534 {folder}/*.json"], check=True)
        second = resolve(3)
        check("the session that is shared", second, resolve(3))
    finally:
        give(os.getuid(), folder)


def compile_programs():
    BUILD.mkdir(parents=True, exist_ok=True)
    links = BUILD / "lib"
    links.mkdir(exist_ok=True)
    # As in an installation: the name for the linker, and the name for the loader.
    for name in ["libaliyun_cred.so", "libaliyun_cred.so.0"]:
        (links / name).unlink(missing_ok=True)
        (links / name).symlink_to(LIBRARY)
    flags = "-std=c11 -g -O1 -Wall -Wextra -Wpedantic -Werror -D_GNU_SOURCE -pthread".split()
    for source in sorted((HERE / "c").glob("*.c")):
        # The first loads the library by hand, the second runs programs that use it.
        link = (
            ["-ldl"] if source.stem in ("unload", "kill_at") else [f"-L{links}", "-laliyun_cred", f"-Wl,-rpath,{links}"]
        )
        subprocess.run([CC, *flags, f"-I{ROOT / 'include'}", source, "-o", BUILD / source.stem, *link], check=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", help="parts of the names of the tests to run; all, if none is given")
    parser.add_argument("--forks", type=int, default=50, help="how often a storm forks (50)")
    options = parser.parse_args()
    chosen = [t for t in TESTS if not options.names or any(name in t.__name__ for name in options.names)]
    compile_programs()
    failed = 0
    with tempfile.TemporaryDirectory(prefix="aliyun-cred-processes-") as temporary, Emulator(temporary) as emulator:
        for function in chosen:
            home = pathlib.Path(temporary, function.__name__)
            home.mkdir()
            try:
                function(Field(emulator, home, options.forks))
                print(f"ok {function.__name__}", flush=True)
            except Exception as problem:  # the other tests still run
                failed += 1
                if not isinstance(problem, Failed):
                    traceback.print_exc()
                print(f"FAILED {function.__name__}: {problem}", flush=True)
    print(f"{len(chosen) - failed} passed, {failed} failed")
    return 1 if failed or not chosen else 0


if __name__ == "__main__":
    sys.exit(main())
