"""The emulator, and the one client of its control interface in Python. crates/aliyun-cred-emulator/README.md says what
each request does, and what a reset takes.

    with Emulator(folder) as emulator:
        emulator.reset(faults=[{"action": "AssumeRole", "hold": True}])
        ...  # start what is tested, with emulator.addresses
        emulator.held(1)
        emulator.release()
"""

import json
import os
import pathlib
import subprocess
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parent.parent
TARGET = pathlib.Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target")) / "debug"

# Nothing that the tests do takes longer; what reaches this hangs.
WATCHDOG_SECONDS = 60


class Emulator:
    """A process, which ends with `stop`, with the `with` block, or with this process.

    Writes the certificate of its authority to `ca.pem` in `folder`."""

    def __init__(self, folder, program=TARGET / "aliyun-cred-emulator"):
        command = [program, "--ca", pathlib.Path(folder, "ca.pem")]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        # Where everything is: `sts_http`, `sts_https`, `proxy`, `metadata`, `control` (URLs) and `ca` (the file).
        self.addresses = json.loads(self.process.stdout.readline())

    def control(self, method, path, body=None):
        """Any request to the control interface, and its answer."""
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.addresses["control"] + path, data=data, method=method)
        # No proxy of the environment may come between.
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        # More than the minute that the emulator itself may wait in `held`.
        with opener.open(request, timeout=2 * WATCHDOG_SECONDS) as reply:
            return json.loads(reply.read())

    def reset(self, **settings):
        """Replaces the whole state, and forgets everything that was."""
        return self.control("POST", "/reset", settings)

    def patch(self, **changes):
        """Changes `lifetime`, `clock_offset` or `faults`, and nothing else."""
        return self.control("PATCH", "/state", changes)

    def state(self):
        """The counts since the last reset."""
        return self.control("GET", "/state")

    def requests(self, action=None):
        """The log of the requests to the services, or to one action of theirs, oldest first."""
        log = self.control("GET", "/requests")["requests"]
        return [entry for entry in log if action in (None, entry["action"])]

    def clear(self):
        """Empties the log."""
        self.control("DELETE", "/requests")

    def held(self, at_least=1):
        """Waits until so many requests are held, and returns how many are."""
        return self.control("GET", f"/held?at_least={at_least}")["held"]

    def release(self, count=None):
        """Lets held requests go on: the `count` oldest, or all and every later one, until a reset or new faults."""
        return self.control("POST", "/release", {} if count is None else {"count": count})

    def stop(self):
        self.process.stdin.close()
        self.process.stdout.close()
        self.process.wait(timeout=WATCHDOG_SECONDS)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()
