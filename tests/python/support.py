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

# Secrets in the shape of real ones: a filter of texts that stops only odd characters would let these pass. The word
# `canary` is in each, and in nothing that may be shown.
SECRET = "O8m1lVcanarysVCIdrkhWtU5UK7EhQ"
TOKEN = (
    "CAISlU8OriU8dZwkwDbM/BnK+cs5HYdiRlhvPaJJrosu4zr+exORss13ZZwueAiKr9pDaJBZV7giqTZSTYxOTUvsg7yBMDzN7gstwL5lx9"
    "tyQrOLXROWyBkIgXiCIF1kaHWUY8a10MJh8rmExop9cDskObcQeHNjpeAbwDLaoOrHorXVonwIoqtTRwlcanaryQT5AyCxw/cBk8JAO+7e"
    "Udb/BShSiYFDP9Vn6i5hM48vofu4ycTQXImcnElZ7Rc50+DZ8IF8DA8gcka6rkhKk2KIzpC8WTUZcfWpLUqjsTvcwDK/LZ1mo/Ggg34t8S"
    "MPjwE7V0QLcihBJf/VQ7QbilfYZ0vZlSFoK2QFbHsHS2UKJrjSpi1hpN5="
)
BEARER_TOKEN = (
    "flhsvff7CGdhZF8Xm9XKp-vGUdZwu_lUd45kOS_zvqwtFs6VGgqSxpn7Yq41canaryoU_FPfWSS6F7pVFTgtF9tRJ236B1lqwrnLKkD968"
    "2Y9zCyanbW2WMy"
)
ACCESS_TOKEN = "bbdjfFhf96iM91JCXnbI2GGkapoWLIx5I1HTBF6JipitIVQqcanarykXAqQeQLVesvMHJy2I-3S_2N4mm_C_yZY3VQ3Rn1JM"
REFRESH_TOKEN = (
    "JUVX-w7mDzlXmhO-gvQTKCHYDW-bM4AUU_oawyYzunw7tPevNzS8DBOLGXZAsCtYcanaryqiqqU0j3YFW-8r6aDkhgw2GFfehTCCIb2CY-"
    "QgzGrZLI99HN4xJ-L8aT0q"
)
OIDC_TOKEN = (
    "eyJhbGciOiJSUzI1NiIsImtpZCI6ImFjay05MDM0OWZjYzAwZTEifQ.eyJhdWQiOlsic3RzLmFsaXl1bmNzLmNvbSJdLCJleHAiOjQxMDI"
    "0NDQ4MDAsImlhdCI6MTc2NzIyNTYwMCwiaXNzIjoiaHR0cHM6Ly9vaWRjLWFjay1jbi1oYW5nemhvdS5vc3MtY24taGFuZ3pob3UuYWxpe"
    "XVuY3MuY29tL2MxIiwic3ViIjoic3lzdGVtOnNlcnZpY2VhY2NvdW50OmRlZmF1bHQ6b2lkYyJ9.B-8yeyDoc_KnXJvfzFS1qo0TWw01Jq"
    "9iN_a9FZKwR0A43ResXl8Zgw8xl2swcuM-iFcG7i85k42dF4laLEiGV8d4qkzJyI42rleTvy9aQRasdYydVIEg9CJoLsL8S20bToVVVXMX"
    "VzBEUMtkqvd7-PTR55-MQSJRcanarydv8RwrCvtZGa1k2yY8PZCASOpTslkpsPzGO6CsNBkbrnSPdS_J2wTMgf4YY8H79ilAan8HpDxDBX"
    "tVLbjWfHecUBYrP9dH3rQx59sgPJvMkWx_kCab62R5SfDvGgzV1joznTfXnwNLDB3lfXVf7wTtKAYcg_6CuFyaS4QSzeLR4zlU2r"
)
# What an STS issues; its secrets are longer.
ISSUED_SECRET = "Penn7Gfm2vgcanaryvketQFiAqnwKIbAEgkeoHWBLrXD"
ISSUED_TOKEN = (
    "CAISuQxL82jTZK9AvWibWi73B9d4KEf+Emdu5wOl+zDcT6aCDvTl4qECVBdDmL7CnA1WjBHjHn5cSH+UUoCdv/e+azkvJsIMAa6oqrVXgv"
    "CYhSgXswLGwI0J8gewG0+ptPl9t7DuKpso6vObcYSP39E3NloAlSOLq9nr3uwCgKkG8RsiBa5r9kRUKcanaryz/78b7209CrLmLKyZmp/h"
    "xYgdi8FHmvRbaJSIM8zq1r+bg+hRjmXZsY74UxgBKXJHiq/B6G4qf2hFk5gH/9LGrQmPvZ6FZy1CcO9oGs2fWs9o05pHbarkA6i5G/T3A1"
    "yR4cTUdanOjIgGgbutxu3UxnzHMp0vGdBJRypGRT3GSTQ0NqnzKsL="
)


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
            "AccessKeySecret": ISSUED_SECRET,
            "SecurityToken": ISSUED_TOKEN,
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
out = dict(mode="StsToken", access_key_id=f"id-{{number}}", access_key_secret={SECRET!r}, sts_token={TOKEN!r})
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
