#!/usr/bin/env python3
"""Many processes refresh one OAuth profile at once, and no rotated refresh token is ever lost.

First in the service's strict mode, where a token is good for one use: none may be refused. Then with processes killed
at random, and the service's grace for a token whose successor has not been used: the file is valid JSON at every
moment, the token in it is good, and the next run leaves no unfinished file behind.
"""

import argparse
import json
import os
import pathlib
import random
import signal
import subprocess
import tempfile
import threading

from emulator import TARGET, WATCHDOG_SECONDS, Emulator

STORM = TARGET / "refresh_storm"
PROFILE = {
    "name": "default",
    "mode": "OAuth",
    "oauth_site_type": "CN",
    "oauth_refresh_token": "first-refresh-token",
    "kept": {"as": ["it", "was"]},
}


def service(strict):
    # A token that lasts a minute is due at every fetch; a credential that always has the same id is never taken over
    # from another process, so that every round is a refresh.
    return {
        "access_keys": [],
        "oauth": {"refresh_token": "first-refresh-token", "access_lifetime": 60, "strict": strict},
        "faults": [{"service": "oauth", "action": "exchange", "set_fields": {"accessKeyId": "STS.same"}}],
    }


class Field:
    """One file, one service, and the processes between them."""

    def __init__(self, emulator, home):
        self.emulator = emulator
        self.file = home / ".aliyun/config.json"
        self.file.parent.mkdir(parents=True)
        self.environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(home),
            "HTTPS_PROXY": emulator.addresses["proxy"],
            "SSL_CERT_FILE": emulator.addresses["ca"],
            "ALIBABA_CLOUD_ECS_METADATA_DISABLED": "true",
        }

    def reset(self, strict):
        self.file.write_text(json.dumps({"current": "default", "profiles": [PROFILE]}, indent=4))
        self.emulator.reset(**service(strict))

    def start(self, rounds, clients=1):
        return subprocess.Popen(
            [STORM, str(rounds), str(clients)],
            env=self.environment,
            stderr=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            text=True,
        )

    def finish(self, process):
        """Waits for a process that nobody kills."""
        _, error = process.communicate(timeout=WATCHDOG_SECONDS * 20)
        if process.returncode != 0:
            raise AssertionError(f"a process ended with {process.returncode}: {error}")

    def profile(self):
        """The profile as it is in the file, which must be whole whenever somebody looks."""
        profile = json.loads(self.file.read_text("utf-8"))["profiles"][0]
        assert profile["kept"] == PROFILE["kept"], "an unknown key was lost"
        return profile

    def tokens(self):
        return self.emulator.state()["oauth"]


def without_kills(field, processes, rounds):
    field.reset(strict=True)
    running = [field.start(rounds) for _ in range(processes)]
    for process in running:
        field.finish(process)
    tokens = field.tokens()
    assert tokens["refused"] == 0, f"{tokens['refused']} refresh tokens were refused"
    # The first round of a process may find what another has just exchanged.
    least = processes * (rounds - 1)
    assert least <= tokens["refreshes"] <= processes * rounds, f"{tokens['refreshes']} refreshes"
    field.profile()
    print(f"strict, without kills: {tokens['refreshes']} refreshes by {processes} processes, 0 refused")


def in_one_process(field, clients, rounds):
    """Clients that wait for each other must not keep each other's helpers busy with waiting."""
    field.reset(strict=True)
    field.finish(field.start(rounds, clients))
    tokens = field.tokens()
    assert tokens["refused"] == 0, f"{tokens['refused']} refresh tokens were refused"
    field.profile()
    print(f"strict, {clients} clients of one process: {tokens['refreshes']} refreshes, 0 refused")


def with_kills(field, processes, rounds, seed):
    field.reset(strict=False)
    chance = random.Random(seed)
    looking = threading.Event()
    broken = []

    def look():
        while not looking.is_set():
            try:
                field.profile()
            except Exception as problem:  # whatever it is, it is what this test looks for
                broken.append(problem)
                return

    observer = threading.Thread(target=look)
    observer.start()
    kills = 0
    try:
        running = [field.start(rounds) for _ in range(processes)]
        # As many kills as processes, each as soon as the service has seen some more refreshes.
        for _ in range(processes):
            victim = chance.choice(running)
            seen = field.tokens()["refreshes"] + chance.randrange(1, rounds)
            while field.tokens()["refreshes"] < seen and any(process.poll() is None for process in running):
                pass
            if victim.poll() is None:
                victim.send_signal(signal.SIGKILL)
                kills += 1
            victim.communicate(timeout=WATCHDOG_SECONDS)
            running[running.index(victim)] = field.start(rounds)
        for process in running:
            field.finish(process)
    finally:
        looking.set()
        observer.join()
        for process in running:
            process.kill()
    if broken:
        raise AssertionError(f"the file was not whole: {broken[0]!r}")
    field.finish(field.start(2))
    left = [path.name for path in field.file.parent.iterdir() if path != field.file]
    assert not left, f"left behind: {left}"
    tokens = field.tokens()
    assert tokens["refused"] == 0, f"{tokens['refused']} refresh tokens were refused"
    assert kills > 0, "nothing was killed"
    print(f"with the grace and {kills} kills: {tokens['refreshes']} refreshes, 0 refused")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--processes", type=int, default=16)
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--seed", type=int, default=20)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="aliyun-cred-storm-") as temporary, Emulator(temporary) as emulator:
        field = Field(emulator, pathlib.Path(temporary, "home"))
        without_kills(field, options.processes, options.rounds)
        in_one_process(field, options.processes, options.rounds)
        with_kills(field, options.processes, options.rounds, options.seed)
    print("3 passed, 0 failed")


if __name__ == "__main__":
    main()
