"""What the tests share: a minimal STS on loopback that counts what it is asked and can hold its answers back."""

import gc
import importlib.util
import json
import os
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

# Nothing that is waited for here takes longer; what reaches this hangs.
WATCHDOG_SECONDS = 60


def eventually(condition):
    """Waits for what other threads bring about."""
    deadline = time.monotonic() + WATCHDOG_SECONDS
    while not condition():
        assert time.monotonic() < deadline, "it never came"


def queue_sockets():
    """How many descriptors of this process are Unix sockets: those of the queues, and of event loops."""
    gc.collect()
    with open("/proc/self/net/unix") as table:
        inodes = {line.split()[6] for line in table.readlines()[1:]}
    count = 0
    for fd in os.listdir("/proc/self/fd"):
        try:
            target = os.readlink(f"/proc/self/fd/{fd}")
        except FileNotFoundError:
            continue  # the folder's own
        count += target.startswith("socket:[") and target[8:-1] in inodes
    return count


class Sts:
    """Answers every AssumeRole with a new credential, whose AccessKey ID ends in the request's number.

    To a GET it answers as a credentials URI and the metadata service do, to the latter for a role called `r`.
    """

    def __init__(self):
        self.requests = 0
        # How long what is issued lives, in seconds.
        self.lifetime = 3600
        # What to answer instead: (status, body).
        self.answer = None
        self.asked = threading.Event()
        self.may_answer = threading.Event()
        self.may_answer.set()
        self._lock = threading.Lock()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self):
        # Looks for `shutdown` often: the default would cost every test half a second.
        threading.Thread(target=self._server.serve_forever, args=(0.005,), daemon=True).start()
        return self

    def __exit__(self, *_):
        self.may_answer.set()
        self._server.shutdown()
        self._server.server_close()

    def hold(self):
        """From now on answers wait for `may_answer`."""
        self.may_answer.clear()

    def _next(self, bare=False):
        with self._lock:
            self.requests += 1
            number = self.requests
        end = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + self.lifetime))
        credentials = {
            "AccessKeyId": f"STS.{number}",
            "AccessKeySecret": "canary-issued-secret",
            "SecurityToken": "canary-issued-token",
            "Expiration": end,
        }
        if bare:
            return 200, json.dumps({"Code": "Success", **credentials})
        pair = {"SessionAccessKeyId": credentials["AccessKeyId"], "Expiration": end}
        pair["SessionAccessKeySecret"] = credentials["AccessKeySecret"]
        # Each action has its own member.
        return 200, json.dumps({"RequestId": f"request-{number}", "Credentials": credentials, "SessionAccessKey": pair})

    def _handler(sts):
        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                self.rfile.read(int(self.headers["Content-Length"]))
                self._answer(*sts._next())

            def do_GET(self):
                if self.path.endswith("/security-credentials/"):
                    self._answer(200, "r")
                else:
                    self._answer(*sts._next(bare=True))

            def do_PUT(self):
                self._answer(200, "token")

            def _answer(self, status, body):
                sts.asked.set()
                sts.may_answer.wait(WATCHDOG_SECONDS)
                status, body = sts.answer or (status, body)
                try:
                    self.send_response(status)
                    self.send_header("Content-Length", str(len(body)))
                    self.end_headers()
                    self.wfile.write(body.encode())
                except OSError:
                    # The one who asked has gone, which some tests mean.
                    self.close_connection = True

            def log_message(self, *_):
                pass

        return Handler


def printing(tmp_path, **extra):
    """A command that prints a new credential each time."""
    program = tmp_path / "program.py"
    program.write_text(
        f"""
import json, os
log = {str(tmp_path / "runs")!r}
with open(log, "a") as file:
    file.write("x")
number = os.path.getsize(log)
out = dict(mode="StsToken", access_key_id=f"id {{number}}", access_key_secret="canary-secret", sts_token="canary-token")
print(json.dumps({{**out, **{extra!r}}}))
"""
    )
    return f"{sys.executable} {program}"


def needs(*packages):
    """Skips a module of tests where one of these packages is missing; with REQUIRE_ALL=1 that is a failure."""
    missing = [package for package in packages if importlib.util.find_spec(package) is None]
    if missing:
        import pytest

        assert os.environ.get("REQUIRE_ALL") != "1", f"{missing} are not installed"
        pytest.skip(f"{missing} are not installed", allow_module_level=True)
