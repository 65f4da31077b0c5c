import asyncio
import inspect
import sys
import threading
from unittest import mock

import pytest
from aliyun_cred import _native
from aliyun_cred._wait import _asyncio
from aliyun_cred.client import Client
from aliyun_cred.exceptions import CredentialException
from aliyun_cred.models import Config

from support import WATCHDOG_SECONDS, eventually, queue_sockets

NEW_LOOPS = [pytest.param(asyncio.new_event_loop, id="asyncio")]
if sys.platform != "win32":
    import uvloop

    NEW_LOOPS.append(pytest.param(uvloop.new_event_loop, id="uvloop"))


@pytest.fixture(params=NEW_LOOPS)
def run(request):
    """Runs a coroutine in an event loop of its own."""

    def run(coroutine):
        loop = request.param()
        try:
            return loop.run_until_complete(coroutine)
        finally:
            loop.close()

    return run


async def hold_until_asked(sts):
    """Lets the loop turn until the request has come."""
    while not sts.asked.is_set():
        await asyncio.sleep(0)


def test_it_is_a_coroutine_function(run):
    assert inspect.iscoroutinefunction(Client.get_credential_async)
    client = Client(Config(type="access_key", access_key_id="id", access_key_secret="s"))
    assert run(client.get_credential_async()) is client.get_credential()


def test_a_cached_credential_is_given_without_a_turn_of_the_loop(sts, role):
    client = Client(role)
    model = client.get_credential()
    with pytest.raises(StopIteration) as returned:
        client.get_credential_async().send(None)
    assert returned.value.value is model


def test_64_coroutines_make_one_request(run, sts, role):
    client = Client(role)

    async def main():
        sts.hold()
        tasks = [asyncio.ensure_future(client.get_credential_async()) for _ in range(64)]
        await hold_until_asked(sts)
        assert not any(task.done() for task in tasks)
        # They wait in the loop, not in its executor.
        assert not [thread for thread in threading.enumerate() if thread.name.startswith("asyncio")]
        sts.may_answer.set()
        return await asyncio.gather(*tasks)

    models = run(main())
    assert {model.access_key_id for model in models} == {"STS.1"}
    assert len(set(map(id, models))) == 1
    assert sts.requests == 1


def test_threads_and_loops_share_one_request(run, sts, role):
    client = Client(role)
    sts.hold()
    results = []
    threads = [threading.Thread(target=lambda: results.append(client.get_credential())) for _ in range(8)]
    threads += [threading.Thread(target=lambda: results.append(run(client.get_credential_async()))) for _ in range(8)]
    for thread in threads:
        thread.start()
    assert sts.asked.wait(WATCHDOG_SECONDS)
    sts.may_answer.set()
    for thread in threads:
        thread.join()
    assert [model.access_key_id for model in results] == ["STS.1"] * 16
    assert sts.requests == 1


def test_the_loop_turns_while_a_service_thinks(run, sts, role):
    client = Client(role)

    async def main():
        sts.hold()
        task = asyncio.ensure_future(client.get_credential_async())
        await hold_until_asked(sts)
        # However long that takes: with the loop blocked these turns would never come, for the service waits for them.
        for _ in range(1000):
            await asyncio.sleep(0)
        assert not task.done()
        sts.may_answer.set()
        return (await task).access_key_id

    assert run(main()) == "STS.1"


def test_cancelling_one_leaves_the_others(run, sts, role):
    client = Client(role)

    async def main():
        sts.hold()
        tasks = [asyncio.ensure_future(client.get_credential_async()) for _ in range(3)]
        await hold_until_asked(sts)
        waiters = _asyncio._waiters(asyncio.get_running_loop())
        assert len(waiters.wakes) == 3
        tasks[1].cancel()
        with pytest.raises(asyncio.CancelledError):
            await tasks[1]
        # Nothing is kept for one who left.
        assert len(waiters.wakes) == 2
        sts.may_answer.set()
        models = await asyncio.gather(tasks[0], tasks[2])
        assert not waiters.wakes
        return [model.access_key_id for model in models]

    assert run(main()) == ["STS.1", "STS.1"]
    assert sts.requests == 1


def test_cancelling_everyone_leaves_the_refresh(run, sts, role):
    client = Client(role)

    async def main():
        sts.hold()
        with pytest.raises(asyncio.TimeoutError):
            await asyncio.wait_for(client.get_credential_async(), 0.01)
        await hold_until_asked(sts)
        sts.may_answer.set()
        return (await client.get_credential_async()).access_key_id

    assert run(main()) == "STS.1"
    assert sts.requests == 1


def test_a_limit_ends_the_wait_and_not_the_refresh(run, sts, role):
    client = Client(role)

    async def main():
        sts.hold()
        others = [asyncio.ensure_future(client.get_credential_async()) for _ in range(3)]
        await hold_until_asked(sts)
        with pytest.raises(CredentialException) as late:
            await client.get_credential_async(timeout=0.29)
        assert len(_asyncio._waiters(asyncio.get_running_loop()).wakes) == 3
        with pytest.raises(CredentialException) as at_once:
            await client.get_credential_async(0)
        assert (late.value.kind, at_once.value.kind) == ("timeout", "timeout")
        sts.may_answer.set()
        models = await asyncio.gather(*others, client.get_credential_async(timeout=WATCHDOG_SECONDS))
        return str(late.value), {model.access_key_id for model in models}

    text, ids = run(main())
    assert (ids, sts.requests) == ({"STS.1"}, 1)
    client.invalidate()
    sts.hold()
    with pytest.raises(CredentialException) as native:
        client.get_credential(timeout=0.29)
    assert text == str(native.value)


@pytest.mark.parametrize("timeout", [-1, float("nan"), float("inf"), 2**64])
def test_a_limit_that_cannot_be_is_refused(run, timeout):
    client = Client(Config(type="access_key", access_key_id="id", access_key_secret="s"))
    with pytest.raises(ValueError, match="timeout must be a number of seconds, zero or more"):
        run(client.get_credential_async(timeout=timeout))
    with pytest.raises(TypeError):
        run(client.get_credential_async(timeout="1"))


@pytest.mark.parametrize("timeout", [1e9, 2.0**63])
def test_a_limit_may_be_longer_than_any_wait(run, sts, role, timeout):
    assert run(Client(role).get_credential_async(timeout=timeout)).access_key_id == "STS.1"


def test_a_failure_is_everyones(run, sts, role):
    sts.answer = 403, '{"Code": "NoPermission", "Message": "no", "RequestId": "R"}'
    client = Client(role)

    async def main():
        sts.hold()
        tasks = [asyncio.ensure_future(client.get_credential_async()) for _ in range(3)]
        await hold_until_asked(sts)
        sts.may_answer.set()
        return await asyncio.gather(*tasks, return_exceptions=True)

    errors = run(main())
    assert [(type(error), error.kind, error.code) for error in errors] == [
        (CredentialException, "denied", "NoPermission")
    ] * 3
    # Each has one of its own: a traceback grows where an exception is raised.
    assert len(set(map(id, errors))) == 3


def test_what_needs_no_wait_fails_at_once(run):
    with pytest.raises(CredentialException) as caught:
        run(Client().get_credential_async())
    assert caught.value.kind == "not_configured"


on_linux = pytest.mark.skipif(sys.platform != "linux", reason="needs Linux: counts the descriptors in /proc")


@on_linux
def test_a_loop_that_goes_takes_its_descriptors_along(run, sts, role):
    before = queue_sockets()
    for _ in range(10):
        assert run(Client(role).get_credential_async())
    assert sts.requests == 10
    assert queue_sockets() == before


@on_linux
@pytest.mark.parametrize("new_loop", NEW_LOOPS)
def test_a_loop_that_is_left_with_waiters_goes_too(new_loop, sts, role):
    client = Client(role)
    sts.hold()
    before = queue_sockets()

    async def leave():
        asyncio.ensure_future(client.get_credential_async())
        await hold_until_asked(sts)

    loop = new_loop()
    loop.set_exception_handler(lambda *_: None)  # it would tell of the task that was left
    loop.run_until_complete(leave())
    loop.close()
    del loop
    # The request in flight keeps its end of the queue; of the loop nothing is left.
    assert queue_sockets() == before + 2
    assert not list(_asyncio._by_loop)
    # The credential comes, and the queue goes.
    sts.may_answer.set()
    eventually(lambda: queue_sockets() == before)
    assert client.get_credential().access_key_id == "STS.1"


class Unwatching(asyncio.SelectorEventLoop):
    """A loop as on Windows: it watches no descriptors of others."""

    def add_reader(self, fd, callback, *args):
        raise NotImplementedError


def test_a_loop_that_watches_no_descriptors_uses_its_executor(sts, role):
    client = Client(role)
    loop = Unwatching()
    try:
        assert loop.run_until_complete(client.get_credential_async()).access_key_id == "STS.1"
        client.invalidate()
        with mock.patch.object(loop, "run_in_executor", wraps=loop.run_in_executor) as executor:
            assert loop.run_until_complete(client.get_credential_async()).access_key_id == "STS.2"
        executor.assert_called_once()
        client.invalidate()
        sts.hold()
        with pytest.raises(CredentialException) as late:
            loop.run_until_complete(client.get_credential_async(timeout=0.01))
        assert late.value.kind == "timeout"
        sts.may_answer.set()
        loop.run_until_complete(loop.shutdown_default_executor())
    finally:
        loop.close()


def test_a_build_without_queues_uses_the_executor(run, sts, role, monkeypatch):
    monkeypatch.delattr(_native, "WakeQueue")

    async def main():
        model = await Client(role).get_credential_async()
        await asyncio.get_running_loop().shutdown_default_executor()
        return model.access_key_id

    assert run(main()) == "STS.1"


def test_an_outcome_that_comes_for_nobody_is_dropped(sts, role):
    """As when its waiter was cancelled in the same turn of the loop."""
    client = Client(role)
    client.get_credential()
    queue = _native.WakeQueue()
    # A fresh credential is given at once, and nothing is left to drain.
    assert client._native.begin(queue, 1).access_key_id == "STS.1"
    assert queue.drain() == []
