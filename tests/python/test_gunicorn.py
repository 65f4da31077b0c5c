"""Under the real gevent worker of gunicorn: while one request waits for a credential, others are served."""

import contextlib
import re
import subprocess
import sys
import threading
import urllib.request

import pytest

from support import WATCHDOG_SECONDS, needs

needs("gunicorn", "gevent")

# Gives the client's credential; beside it, an STS of its own, which answers when it is told to.
APP = """
import json, os, threading
from aliyun_cred.client import Client
from aliyun_cred.models import Config

asked, may_answer, clients = threading.Event(), threading.Event(), []

def client(environ):
    if not clients:
        here = f"http://127.0.0.1:{environ['SERVER_PORT']}"
        pair = dict(access_key_id="LTAItest", access_key_secret="canary-secret")
        role = dict(role_arn="acs:ram::1:role/r", role_session_name="test", sts_endpoint=os.environ.get("STS", here))
        clients.append(Client(Config(type="ram_role_arn", **pair, **role)))
    return clients[0]

def issue():
    asked.set()
    may_answer.wait()
    issued = dict(AccessKeyId="STS.1", AccessKeySecret="s", SecurityToken="t", Expiration="2100-01-01T00:00:00Z")
    return json.dumps(dict(RequestId="1", Credentials=issued))

PAGES = {
    "/credential": lambda environ: client(environ).get_credential().access_key_id,
    "/": lambda _: issue(),
    "/asked": lambda _: str(asked.wait()),
    "/answer": lambda _: str(may_answer.set()),
    "/ping": lambda _: "pong",
}

def app(environ, start_response):
    body = PAGES[environ["PATH_INFO"]](environ).encode()
    start_response("200 OK", [("Content-Length", str(len(body)))])
    return [body]
"""
AT_IMPORT = """
client({"SERVER_PORT": None}).get_credential()
"""


@pytest.fixture
def gunicorn(tmp_path):
    """Starts gunicorn with one worker, and gives a function that asks it for a page."""
    (tmp_path / "app.py").write_text(APP)
    (tmp_path / "at_import.py").write_text(APP + AT_IMPORT)

    @contextlib.contextmanager
    def start(*options, module="app"):
        options = [*options, f"{module}:app"]
        command = [sys.executable, "-m", "gunicorn", "-k", "gevent", "-w", "1", "-b", "127.0.0.1:0", *options]
        with subprocess.Popen(command, cwd=tmp_path, stderr=subprocess.PIPE, text=True) as process:
            watchdog = threading.Timer(WATCHDOG_SECONDS, process.kill)
            watchdog.start()
            try:
                found = (re.search(r"Listening at: (http://\S+)", line) for line in process.stderr)
                url = next((match.group(1) for match in found if match), None)
                assert url, "gunicorn did not start"
                # The rest of its log is read too, or it would wait for somebody who does.
                threading.Thread(target=process.stderr.read, daemon=True).start()

                def get(page):
                    with urllib.request.urlopen(url + page, timeout=WATCHDOG_SECONDS) as reply:
                        return reply.read().decode()

                yield get
            finally:
                process.terminate()
                process.wait()
                watchdog.cancel()

    return start


def asking(get, page):
    """Asks for a page in a thread; what comes is in the list that this gives, once the thread has ended."""
    came = []
    thread = threading.Thread(target=lambda: came.append(get(page)))
    thread.start()
    return thread, came


@pytest.mark.parametrize("options", [[], ["--preload"]], ids=["", "preload"])
def test_one_worker_serves_others_while_a_request_waits(gunicorn, sts, monkeypatch, options):
    monkeypatch.setenv("STS", sts.url)
    sts.hold()
    with gunicorn(*options) as get:
        waiting = [asking(get, "/credential") for _ in range(20)]
        assert sts.asked.wait(WATCHDOG_SECONDS)
        assert get("/ping") == "pong"
        assert not any(came for _, came in waiting)
        sts.may_answer.set()
        for thread, _ in waiting:
            thread.join()
    assert [came for _, came in waiting] == [["STS.1"]] * 20
    assert sts.requests == 1


def test_one_worker_serves_the_sts_that_it_waits_for(gunicorn):
    with gunicorn() as get:
        thread, came = asking(get, "/credential")
        assert get("/asked") == "True"
        assert not came
        get("/answer")
        thread.join()
    assert came == ["STS.1"]


@pytest.mark.parametrize("options", [[], ["--preload"]], ids=["", "preload"])
def test_an_app_may_resolve_while_it_is_imported(gunicorn, sts, monkeypatch, options):
    monkeypatch.setenv("STS", sts.url)
    with gunicorn(*options, module="at_import") as get:
        assert get("/credential") == "STS.1"
    assert sts.requests == 1
