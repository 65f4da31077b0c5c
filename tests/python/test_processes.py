import multiprocessing
import os
import pathlib
import pickle
import subprocess
import sys
import threading

import pytest
from aliyun_cred.client import Client

from support import WATCHDOG_SECONDS, eventually

needs_fork = pytest.mark.skipif(not hasattr(os, "fork"), reason="this platform has no os.fork")


def in_child(function):
    """What `function` returns in a forked child, or its exception."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reader)
        try:
            result = function()
        except BaseException as error:
            result = repr(error)
        with os.fdopen(writer, "wb") as pipe:
            pipe.write(pickle.dumps(result))
        os._exit(0)
    os.close(writer)
    with os.fdopen(reader, "rb") as pipe:
        text = pipe.read()
    assert os.waitpid(child, 0)[1] == 0
    return pickle.loads(text)


# The child does what CPython warns of: it goes on in a process of which other threads are gone.
pytestmark = pytest.mark.filterwarnings("ignore:.*multi-threaded, use of fork:DeprecationWarning")


COMPAT = pathlib.Path(__file__).resolve().parents[2] / "python" / "compat"
# Its workers import it anew, and with it the official name.
POOL = """
import multiprocessing, sys
{alias}
from alibabacloud_credentials.client import Client
from alibabacloud_credentials.models import Config

def ask(client):
    return client.get_credential().access_key_id, Client.__module__

if __name__ == "__main__":
    client = Client(Config(type="access_key", access_key_id="id", access_key_secret="secret"))
    with multiprocessing.get_context(sys.argv[1]).Pool(2) as pool:
        print(pool.map(ask, [client] * 4))
"""
ALIAS = "import aliyun_cred\naliyun_cred.install_as_alibabacloud_credentials()"


@pytest.mark.parametrize("alias", ["", ALIAS], ids=["compat", "alias"])
@pytest.mark.parametrize("method", multiprocessing.get_all_start_methods())
def test_workers_know_the_official_name(method, alias, tmp_path):
    program = tmp_path / "main.py"
    program.write_text(POOL.format(alias=alias))
    # As if it was installed.
    environment = {**os.environ, "PYTHONPATH": str(COMPAT) if not alias else ""}
    command = [sys.executable, str(program), method]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=WATCHDOG_SECONDS, env=environment)
    assert ended.stdout == f"{[('id', 'aliyun_cred.client')] * 4}\n", ended.stderr


@needs_fork
def test_a_forked_child_uses_what_is_cached(sts, role):
    client = Client(role)
    model = client.get_credential()
    assert in_child(lambda: (client.get_credential() is model, model.access_key_id)) == (True, "STS.1")
    assert sts.requests == 1


@needs_fork
def test_a_forked_child_makes_requests_of_its_own(sts, role):
    client = Client(role)
    client.get_credential()

    def child():
        client.invalidate()
        other = Client(role)
        return client.get_credential().access_key_id, other.get_credential().access_key_id

    assert in_child(child) == ("STS.2", "STS.3")
    # And the parent is as it was.
    assert client.get_credential().access_key_id == "STS.1"
    client.invalidate()
    assert client.get_credential().access_key_id == "STS.4"


@needs_fork
def test_a_child_forked_during_a_request_does_not_wait_for_it(sts, role):
    client = Client(role)
    sts.hold()
    waiting = threading.Thread(target=client.get_credential)
    waiting.start()
    assert sts.asked.wait(WATCHDOG_SECONDS)

    def child():
        return client.get_credential(timeout=WATCHDOG_SECONDS).access_key_id

    results = []
    forking = threading.Thread(target=lambda: results.append(in_child(child)))
    forking.start()
    eventually(lambda: sts.requests == 2)
    sts.may_answer.set()
    waiting.join()
    forking.join()
    assert sorted([client.get_credential().access_key_id, *results]) == ["STS.1", "STS.2"]


@needs_fork
def test_a_loop_that_was_forked_gets_a_queue_of_its_own(sts, role):
    import asyncio

    from aliyun_cred._wait import _asyncio

    client = Client(role)
    loop = asyncio.new_event_loop()
    assert loop.run_until_complete(client.get_credential_async()).access_key_id == "STS.1"
    parents = _asyncio._by_loop[loop]().queue

    def child():
        client.invalidate()
        with_a_new_loop = asyncio.run(client.get_credential_async()).access_key_id
        with pytest.raises(RuntimeError):
            client._native.begin(parents, 1)

        async def queue():
            return _asyncio._waiters(asyncio.get_running_loop()).queue

        return with_a_new_loop, parents.is_own(), parents.drain(), loop.run_until_complete(queue()) is parents

    assert in_child(child) == ("STS.2", False, [], False)
    client.invalidate()
    assert loop.run_until_complete(client.get_credential_async()).access_key_id == "STS.3"
    loop.close()


def access_key_id(client):
    return client.get_credential().access_key_id


@pytest.mark.parametrize("method", multiprocessing.get_all_start_methods())
def test_clients_go_to_worker_processes(sts, role, method):
    with multiprocessing.get_context(method).Pool(1) as pool:
        assert pool.apply_async(access_key_id, (Client(role),)).get(WATCHDOG_SECONDS) == "STS.1"


# Each leaves a request in flight when the interpreter ends.
ENDS = {
    "thread": """
threading.Thread(target=client.get_credential, daemon=True).start()
""",
    # The interpreter takes its time to end, while the thread looks for signals ten times a second.
    "thread, slow end": """
class Slow:
    sleep = staticmethod(time.sleep)

    def __del__(self):
        for _ in range(10):
            self.sleep(0.03)

slow = Slow()
threading.Thread(target=client.get_credential, daemon=True).start()
""",
    "cancelled coroutine": """
async def main():
    try:
        await asyncio.wait_for(client.get_credential_async(), 0.01)
    except asyncio.TimeoutError:
        pass
asyncio.run(main())
""",
    "deadline": """
try:
    client.get_credential(timeout=0.01)
except CredentialException as error:
    assert error.kind == "timeout"
""",
}


@pytest.mark.parametrize("way", ENDS)
def test_a_request_in_flight_keeps_no_interpreter_from_ending(run_python, sts, way):
    sts.hold()
    program = f"""
import asyncio, sys, threading, time
from aliyun_cred.client import Client
from aliyun_cred.exceptions import CredentialException
client = Client(config)
{ENDS[way]}
print("asked", flush=True)
sys.exit(3)
"""
    ended = run_python(program)
    assert (ended.returncode, ended.stdout, ended.stderr) == (3, "asked\n", "")


def test_a_request_that_lands_while_the_interpreter_ends_harms_nothing(run_python, sts):
    """The answer comes at any moment of the shutdown, for it is not held back."""
    program = """
import asyncio, sys
from aliyun_cred.client import Client
client = Client(config)
async def main():
    task = asyncio.ensure_future(client.get_credential_async())
    await asyncio.sleep(0)
    task.cancel()
asyncio.run(main())
sys.exit(3)
"""
    for _ in range(5):
        ended = run_python(program)
        assert (ended.returncode, ended.stderr) == (3, "")


def test_neither_import_nor_construction_starts_a_thread(run_python):
    program = """
import os
threads = lambda: len(os.listdir("/proc/self/task"))
before = threads()
from aliyun_cred.client import Client
Client(config), Client()
print(before, threads())
"""
    if not os.path.isdir("/proc/self/task"):
        pytest.skip("needs Linux: counts the threads in /proc")
    assert run_python(program).stdout == "1 1\n"


SUB_INTERPRETERS = """
import sys
import aliyun_cred.client

code = f'''
import sys
sys.path[:] = {sys.path}
try:
    import aliyun_cred.client
except ImportError as error:
    print(error, flush=True)
'''
try:
    import _interpreters
    made = _interpreters.create("isolated"), _interpreters.create("legacy")
except ImportError:
    import _xxsubinterpreters as _interpreters
    made = _interpreters.create(isolated=True), _interpreters.create(isolated=False)
for interpreter in made:
    _interpreters.run_string(interpreter, code)
    _interpreters.destroy(interpreter)
"""


def test_a_sub_interpreter_is_refused_in_so_many_words(run_python):
    ended = run_python(SUB_INTERPRETERS)
    refusals = ended.stdout.splitlines()
    assert (ended.returncode, len(refusals)) == (0, 2), ended.stderr
    assert all("interpreter" in text and "aliyun_cred" in text for text in refusals)
    # Those that share a lock would work until they do not.
    assert "supports only one" in refusals[1]
