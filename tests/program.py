"""A program that a test starts, talks with in lines, and ends."""

import contextlib
import os
import signal
import subprocess
import tempfile
import threading

from emulator import WATCHDOG_SECONDS


class Failed(Exception):
    """A program did not do what the test expects."""


def check(what, expected, found):
    if expected != found:
        raise Failed(f"{what}: expected {expected!r}, found {found!r}")


class Program:
    """A process with a watchdog that kills it and fails the test."""

    def __init__(self, command, environment, seconds=WATCHDOG_SECONDS, **options):
        self.stderr = tempfile.TemporaryFile("w+")  # noqa: SIM115, it stays open as long as the process
        self.process = subprocess.Popen(
            list(map(str, command)),
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self.stderr,
            text=True,
            # Includes everything that it forks, so that a watchdog kills all of them.
            start_new_session=True,
            **options,
        )
        self.hangs = False
        self.watchdog = threading.Timer(seconds, self._kill)
        self.watchdog.start()

    def _kill(self):
        self.hangs = True
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)

    def hear(self, word):
        line = self.process.stdout.readline()
        if line != word + "\n":
            raise Failed(f"expected {word!r}, heard {line!r}: {self.errors()}")

    def tell(self):
        # If the process is gone, its exit status tells why.
        with contextlib.suppress(BrokenPipeError):
            os.write(self.process.stdin.fileno(), b"\n")

    def errors(self):
        self.stderr.seek(0)
        return self.stderr.read()[-4000:]

    def end(self, code=0, stderr=""):
        """Waits for the expected exit, and returns the remaining output."""
        said = self.process.stdout.read()
        found = self.process.wait()
        self.watchdog.cancel()
        if self.hangs:
            raise Failed(f"it hangs: {self.errors()}")
        if found != code:
            raise Failed(f"expected the exit code {code}, found {found}: {self.errors()}")
        if stderr is not None:
            check("standard error", stderr, self.errors())
        return said

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.watchdog.cancel()
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        self.process.stdin.close()
        self.process.stdout.close()
        self.stderr.close()
