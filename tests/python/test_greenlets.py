"""gevent and eventlet: a call that waits lets other greenlets run.

Each test is a program of its own, as `monkey_patch` is for ever, and has the service in its own process: if a wait
stopped the hub, nobody would answer it.
"""

import os
import pathlib
import threading

import pytest

from support import eventually, needs, printing

needs("gevent", "eventlet")

HERE = str(pathlib.Path(__file__).parent)

GEVENT = """
import gevent
spawn, sleep, Timeout = gevent.spawn, gevent.sleep, gevent.Timeout
value, is_over = gevent.Greenlet.get, gevent.Greenlet.ready

def in_pool(function):
    return gevent.get_hub().threadpool.spawn(function).get()

def has_hub():
    return gevent._hub_local.get_hub_if_exists() is not None
"""
EVENTLET = """
import eventlet.tpool
spawn, sleep, Timeout = eventlet.spawn, eventlet.sleep, eventlet.Timeout
value, is_over = eventlet.greenthread.GreenThread.wait, lambda green: green.dead
in_pool = eventlet.tpool.execute

def has_hub():
    return hasattr(eventlet.hubs._threadlocal, "hub")
"""
IMPORT = {
    "gevent": "import gevent.monkey",
    # It warns of itself.
    "eventlet": "import warnings; warnings.filterwarnings('ignore', '\\nEventlet is deprecated'); import eventlet",
}
PATCH = {"gevent": "gevent.monkey.patch_all()", "eventlet": "eventlet.monkey_patch()"}
COMMON = f"""
import sys, threading
sys.path.insert(0, {HERE!r})
from support import Sts
from aliyun_cred.client import Client
from aliyun_cred.exceptions import CredentialException

sts = Sts().__enter__()
config.sts_endpoint = sts.url
client = Client(config)

def failure(function, *arguments, **options):
    try:
        function(*arguments, **options)
    except CredentialException as error:
        return error
"""


@pytest.fixture(params=["gevent", "eventlet"])
def library(request):
    return request.param


@pytest.fixture
def run_green(run_python, library):
    """Runs a program under the library, patched or not, with the names of `COMMON` and of the library's."""

    def run(program, patched=True):
        helpers = {"gevent": GEVENT, "eventlet": EVENTLET}[library]
        parts = [IMPORT[library], PATCH[library] if patched else "", helpers, COMMON, program, "print('done')"]
        ended = run_python("\n".join(parts), "-W", "error", "-W", "ignore::DeprecationWarning")
        assert (ended.returncode, ended.stdout, ended.stderr) == (0, "done\n", "")

    return run


def test_64_greenlets_make_one_request_and_need_no_thread(run_green):
    run_green(
        """
import os
threads = lambda: len(os.listdir("/proc/self/task")) if os.path.isdir("/proc/self/task") else 0
sts.hold()
first = spawn(client.get_credential)
sts.asked.wait()
with_one = threads()
others = [spawn(client.get_credential) for _ in range(63)]
for _ in range(100):
    sleep(0)
assert not any(map(is_over, [first, *others]))
assert threads() == with_one
sts.may_answer.set()
models = [value(green) for green in [first, *others]]
assert {model.access_key_id for model in models} == {"STS.1"} and len(set(map(id, models))) == 1
assert sts.requests == 1
"""
    )


def test_whatever_waits_lets_others_run(run_green):
    run_green(
        """
from aliyun_cred import credentials, providers as older
from aliyun_cred.adapters._base import Adapter
from aliyun_cred.models import Config

class Own:
    def get_credentials(self):
        return Client(config).cloud_credential.provider.get_credentials()
    def get_provider_name(self):
        return "own"

def cloud():
    return Client(config).cloud_credential

WAYS = [
    lambda: Client(config).get_credential(),
    lambda: Client(config).get_credential(timeout=60),
    lambda: Client(config).get_access_key_id(),
    lambda: Client(config).explain(),
    lambda: Client(Config(type="credentials_uri", credentials_uri=sts.url)).get_credential(),
    lambda: Client(provider=Own()).get_credential(),
    lambda: cloud().get_credential(),
    lambda: cloud().get_access_key_id(),
    lambda: cloud().provider.get_credentials(),
    lambda: Adapter(Client(config)).pair(),
    lambda: older.RamRoleArnCredentialProvider(config=config).get_credentials(),
    lambda: credentials.CredentialsURICredential(sts.url).get_access_key_id(),
]

def others():
    sts.asked.wait()
    for _ in range(100):
        sleep(0)
    running.append(True)
    sts.may_answer.set()

for number, way in enumerate(WAYS, 1):
    running = []
    sts.asked.clear()
    sts.hold()
    other = spawn(others)
    # In the main greenlet for once.
    assert way(), number
    assert running and sts.requests == number, number
    value(other)
"""
    )


def test_a_limit_ends_the_wait_and_not_the_refresh(run_green):
    run_green(
        """
sts.hold()
late = failure(client.get_credential, timeout=0.29)
# Both with the same words.
native = in_pool(lambda: failure(client._native.credential_within, 0.29))
assert (type(late), late.kind, str(late)) == (CredentialException, "timeout", str(native)), late
assert failure(client.get_credential, timeout=0).kind == "timeout"
sts.asked.wait()
sts.may_answer.set()
assert client.get_credential(timeout=60).access_key_id == "STS.1"
assert sts.requests == 1
"""
    )


def test_one_that_is_interrupted_or_killed_leaves_the_others(run_green):
    run_green(
        """
sts.hold()
greens = [spawn(client.get_credential) for _ in range(3)]
sts.asked.wait()
greens[1].kill()
class Mine(Exception):
    pass
try:
    with Timeout(0.01, Mine):
        client.get_credential()
except Mine:
    pass
else:
    assert False
assert not is_over(greens[0]) and not is_over(greens[2])
sts.may_answer.set()
assert {value(greens[0]).access_key_id, value(greens[2]).access_key_id} == {"STS.1"}
assert sts.requests == 1
# And what nobody waits for any more harms nobody.
client.invalidate()
sts.hold()
sts.asked.clear()
alone = spawn(client.get_credential)
sts.asked.wait()
alone.kill()
sts.may_answer.set()
assert client.get_credential().access_key_id == "STS.2"
assert sts.requests == 2
"""
    )


def test_a_failure_is_everyones(run_green):
    run_green(
        """
sts.answer = 403, '{"Code": "NoPermission", "Message": "no", "RequestId": "R"}'
sts.hold()
greens = [spawn(failure, client.get_credential) for _ in range(3)]
sts.asked.wait()
sts.may_answer.set()
errors = [value(green) for green in greens]
assert [(error.kind, error.code) for error in errors] == [("denied", "NoPermission")] * 3
assert len(set(map(id, errors))) == 3
assert failure(Client().get_credential).kind == "not_configured"
"""
    )


def test_a_thread_without_a_hub_waits_as_a_thread(run_green):
    run_green(
        """
def ask():
    model = client.get_credential()
    return model.access_key_id, has_hub()

sts.hold()
green = spawn(in_pool, ask)
sts.asked.wait()
assert not is_over(green)
sts.may_answer.set()
assert value(green) == ("STS.1", False)
"""
    )


def test_what_nobody_patched_is_not_switched(run_green, sts):
    """A native lock may be held there, and greenlets that want it would stop the hub."""
    run_green(
        f"""
config.sts_endpoint = {sts.url!r}
client, order = Client(config), []
greens = [spawn(lambda: order.append(client.get_credential().access_key_id)), spawn(order.append, "next")]
for green in greens:
    value(green)
assert order == ["STS.1", "next"]
""",
        patched=False,
    )


def test_the_hub_itself_waits_as_a_thread(run_green, library, sts):
    soon = {"gevent": "gevent.get_hub().loop.run_callback", "eventlet": "eventlet.hubs.get_hub().schedule_call_global"}
    delay = {"gevent": "", "eventlet": "0, "}
    run_green(
        f"""
config.sts_endpoint = {sts.url!r}
client, got = Client(config), []
{soon[library]}({delay[library]}lambda: got.append(client.get_credential().access_key_id))
while not got:
    sleep(0)
assert got == ["STS.1"]
"""
    )


def test_greenlets_wait_in_threads_where_there_are_no_queues(run_green):
    """As on Windows. There are more of them than the pools have threads."""
    run_green(
        """
from aliyun_cred import _native
del _native.WakeQueue
greens = [spawn(client.get_credential) for _ in range(30)]
assert {value(green).access_key_id for green in greens} == {"STS.1"}
assert sts.requests == 1
client.invalidate()
sts.hold()
assert failure(client.get_credential, timeout=0.01).kind == "timeout"
sts.may_answer.set()
sts.answer = 403, "{}"
client.invalidate()
assert failure(client.get_credential).kind == "denied"
"""
    )


def test_a_provider_of_the_programs_own_is_the_base_of_a_role(run_green):
    """It is called on a thread of the system, and what it waits with is patched."""
    run_green(
        """
import json, logging, os, time, urllib.request
from aliyun_cred.provider import RamRoleArnCredentialsProvider
from aliyun_cred.provider.refreshable import Credentials

class Own:
    local, lock, threads = threading.local(), threading.Lock(), []

    def get_credentials(self):
        with self.lock:
            assert not hasattr(self.local, "of_this_call")
            self.local.of_this_call = True
            logging.getLogger("own").debug("asked")
            time.sleep(0.001)
            with urllib.request.urlopen(sts.url) as reply:
                given = json.load(reply)
            assert threading.Event().wait(0) is False
            self.threads.append(has_hub())
            return Credentials(access_key_id=given["AccessKeyId"], access_key_secret="secret")

    def get_provider_name(self):
        return "own"

base = Own()
provider = RamRoleArnCredentialsProvider(
    credentials_provider=base, role_arn="acs:ram::1:role/r", role_session_name="test", sts_endpoint=sts.url
)
sts.hold()
greens = [spawn(provider.get_credentials) for _ in range(8)]
sts.asked.wait()
assert not any(map(is_over, greens))
sts.may_answer.set()
assert {value(green).get_access_key_id() for green in greens} == {"STS.2"}

def descriptors():
    return len(os.listdir("/proc/self/fd")) if os.path.isdir("/proc/self/fd") else 0

before = descriptors()
for _ in range(10):
    provider.invalidate()
    assert provider.get_credentials().get_provider_name() == "ram_role_arn/own"
assert sts.requests == 22 and base.threads == [True] * 11
# The hubs that were made for it have gone. Only the last thread may be ending still.
while descriptors() > before:
    sleep(0)

Own.get_credentials = lambda self: 1 / 0
provider.invalidate()
assert "ZeroDivisionError" in str(failure(provider.get_credentials))
"""
    )


def test_callbacks_are_told(run_green, tmp_path):
    run_green(
        f"""
import asyncio, time
from aliyun_cred.provider import ExternalCredentialsProvider

told = []
lock = threading.Lock()

def tell(*what):
    with lock:
        time.sleep(0.001)
        told.append(what[0])

async def tell_async(*what):
    await asyncio.sleep(0.001)
    told.append("async " + what[0])

command = {printing(tmp_path)!r}
for callback in (dict(credential_update_callback=tell), dict(credential_update_callback_async=tell_async)):
    ExternalCredentialsProvider(process_command=command, **callback).get_credentials()
assert told == ["id-1", "async id-2"], told
"""
    )


@pytest.mark.parametrize("library", ["gevent"], indirect=True)
@pytest.mark.skipif(not hasattr(os, "fork"), reason="this platform has no os.fork")
def test_greenlets_that_wait_in_a_forked_child_ask_again(run_green, sts):
    """They survive a fork, and the refresh does not."""
    sts.hold()

    def answer():
        eventually(lambda: sts.requests == 2)
        sts.may_answer.set()

    answering = threading.Thread(target=answer)
    answering.start()
    run_green(
        f"""
import os
config.sts_endpoint = {sts.url!r}
client = Client(config)
greens = [spawn(client.get_credential) for _ in range(3)]
sleep(0)
child = os.fork()
ids = {{value(green).access_key_id for green in greens}}
assert len(ids) == 1
if child == 0:
    os._exit(0)
assert os.waitpid(child, 0)[1] == 0
"""
    )
    answering.join()
    assert sts.requests == 2


@pytest.mark.parametrize("library", ["gevent"], indirect=True)
def test_an_idle_hub_can_end(run_green, sts):
    run_green(
        f"""
sts.__exit__()
config.sts_endpoint = {sts.url!r}
assert Client(config).get_credential().access_key_id == "STS.1"
assert gevent.wait(timeout=60)
"""
    )


@pytest.mark.parametrize("library", ["gevent"], indirect=True)
@pytest.mark.skipif(not hasattr(os, "fork"), reason="this platform has no os.fork")
@pytest.mark.parametrize("timeout", ["None", "60"])
@pytest.mark.parametrize("before", ["", "client.get_credential(); client.invalidate()"], ids=["first", "again"])
def test_the_first_call_in_a_forked_child_waits(run_green, sts, timeout, before):
    """The hub has run before, so the fork is still to be told of when the child begins to wait."""
    run_green(
        f"""
import os
config.sts_endpoint = {sts.url!r}
client = Client(config)
sleep(0.001)
{before}
for _ in range(3):
    child = os.fork()
    if child == 0:
        for _ in range(3):
            assert client.get_credential(timeout={timeout}).access_key_id
            client.invalidate()
        greens = [spawn(client.get_credential, timeout={timeout}) for _ in range(3)]
        assert len({{value(green).access_key_id for green in greens}}) == 1
        os._exit(0)
    assert os.waitpid(child, 0)[1] == 0
"""
    )
