"""Coroutines that trio runs, by itself or under anyio."""

import gc
import sys
import weakref

import pytest

from support import needs, printing, queue_sockets

needs("trio", "anyio")

import anyio  # noqa: E402
import sniffio  # noqa: E402
import trio  # noqa: E402
from aliyun_cred import _native  # noqa: E402
from aliyun_cred._wait import _trio  # noqa: E402
from aliyun_cred.client import Client  # noqa: E402
from aliyun_cred.exceptions import CredentialException  # noqa: E402
from aliyun_cred.models import Config  # noqa: E402
from aliyun_cred.provider import ExternalCredentialsProvider  # noqa: E402
from aliyun_cred.provider.refreshable import Credentials, RefreshCachedSupplier, RefreshResult  # noqa: E402


@pytest.fixture(params=["trio", "anyio"])
def run(request):
    """Runs a coroutine function."""
    return trio.run if request.param == "trio" else lambda main: anyio.run(main, backend="trio")


async def hold_until_asked(sts):
    while not sts.asked.is_set():
        await trio.sleep(0)


def test_a_cached_credential_is_given_without_a_turn(run, sts, role):
    client = Client(role)
    model = client.get_credential()

    async def main():
        with trio.CancelScope() as scope:
            scope.cancel()
            return await client.get_credential_async(timeout=0)

    assert run(main) is model


def test_a_report_lets_others_run(run, sts, role):
    reports = []

    async def ask():
        reports.append(await Client(role).explain_async())

    async def main():
        sts.hold()
        async with trio.open_nursery() as nursery:
            nursery.start_soon(ask)
            await hold_until_asked(sts)
            sts.may_answer.set()

    run(main)
    assert reports[0].answered.source == "ram_role_arn"


def test_64_tasks_make_one_request(run, sts, role):
    client = Client(role)
    models = []

    async def ask():
        models.append(await client.get_credential_async())

    async def main():
        sts.hold()
        async with trio.open_nursery() as nursery:
            for _ in range(64):
                nursery.start_soon(ask)
            await hold_until_asked(sts)
            # With the run blocked these turns would never come, for the service waits for them.
            for _ in range(100):
                await trio.sleep(0)
            assert not models
            sts.may_answer.set()

    run(main)
    assert {model.access_key_id for model in models} == {"STS.1"}
    assert len(set(map(id, models))) == 1
    assert (len(models), sts.requests) == (64, 1)


def test_cancelling_one_leaves_the_others(run, sts, role):
    client = Client(role)
    models = []

    async def ask(scope):
        with scope:
            models.append(await client.get_credential_async())

    async def main():
        sts.hold()
        scopes = [trio.CancelScope() for _ in range(3)]
        async with trio.open_nursery() as nursery:
            for scope in scopes:
                nursery.start_soon(ask, scope)
            await hold_until_asked(sts)
            waiters = _trio._waiters()
            assert len(waiters.wakes) == 3
            scopes[1].cancel()
            while not scopes[1].cancelled_caught:
                await trio.sleep(0)
            assert len(waiters.wakes) == 2
            sts.may_answer.set()
        assert not waiters.wakes

    run(main)
    assert [model.access_key_id for model in models] == ["STS.1"] * 2
    assert sts.requests == 1


def test_cancelling_everyone_leaves_the_refresh(run, sts, role):
    client = Client(role)

    async def main():
        sts.hold()
        with trio.move_on_after(0.01) as scope:
            await client.get_credential_async()
        assert scope.cancelled_caught
        await hold_until_asked(sts)
        sts.may_answer.set()
        return await client.get_credential_async()

    assert run(main).access_key_id == "STS.1"
    assert sts.requests == 1


def test_a_limit_ends_the_wait_and_not_the_refresh(run, sts, role):
    client = Client(role)

    async def main():
        sts.hold()
        with pytest.raises(CredentialException) as late:
            await client.get_credential_async(timeout=0.29)
        with pytest.raises(CredentialException) as native:
            await trio.to_thread.run_sync(client.get_credential, 0.29)
        assert (type(late.value), late.value.kind, str(late.value)) == (
            type(native.value),
            "timeout",
            str(native.value),
        )
        await hold_until_asked(sts)
        sts.may_answer.set()
        return await client.get_credential_async(timeout=60)

    assert run(main).access_key_id == "STS.1"
    assert sts.requests == 1


def test_a_failure_is_raised(run, sts, role):
    sts.answer = 403, '{"Code": "NoPermission", "Message": "no", "RequestId": "R"}'

    async def main():
        with pytest.raises(CredentialException) as denied:
            await Client(role).get_credential_async()
        with pytest.raises(CredentialException) as at_once:
            await Client().get_credential_async()
        return denied.value.kind, at_once.value.kind

    assert run(main) == ("denied", "not_configured")


@pytest.mark.skipif(sys.platform != "linux", reason="needs Linux: counts the descriptors in /proc")
def test_a_run_that_ends_takes_its_descriptors_along(run, sts, role):
    before = queue_sockets()
    for _ in range(10):
        assert run(Client(role).get_credential_async)
    assert sts.requests == 10
    assert queue_sockets() == before


def test_a_run_that_ends_while_somebody_waits_goes_too(run, sts, role):
    client = Client(role)
    kept = []

    async def main():
        sts.hold()
        with trio.move_on_after(0.01):
            await client.get_credential_async()
        kept.append(weakref.ref(_trio._waiters()))

    run(main)
    gc.collect()
    assert kept[0]() is None
    sts.may_answer.set()
    assert client.get_credential().access_key_id == "STS.1"


def test_a_build_without_queues_uses_threads(run, sts, role, monkeypatch):
    monkeypatch.delattr(_native, "WakeQueue")
    client = Client(role)

    async def main():
        model = await client.get_credential_async()
        client.invalidate()
        sts.hold()
        with pytest.raises(CredentialException) as late:
            await client.get_credential_async(timeout=0.01)
        sts.may_answer.set()
        return model.access_key_id, late.value.kind

    assert run(main) == ("STS.1", "timeout")


def test_providers_wait_too(run, sts, role):
    inner = Client(role).cloud_credential.provider

    class OwnInThread:
        def get_credentials(self):
            return inner.get_credentials()

        def get_provider_name(self):
            return "own"

    class Own(OwnInThread):
        async def get_credentials_async(self):
            await trio.sleep(0)
            return await inner.get_credentials_async()

    async def main():
        for own in (OwnInThread(), Own()):
            assert (await Client(provider=own).get_credential_async(timeout=0)).access_key_id == "STS.1"

    run(main)


def test_whoever_awaits_has_the_coroutine_function_told_in_their_run(run, tmp_path):
    told = []

    async def tell(access_key_id, *_):
        await trio.sleep(0)
        told.append((access_key_id, trio.lowlevel.current_trio_token()))

    provider = ExternalCredentialsProvider(process_command=printing(tmp_path), credential_update_callback_async=tell)

    async def main():
        await provider.get_credentials_async()
        assert told == [("id-1", trio.lowlevel.current_trio_token())]

    run(main)


def test_a_coroutine_function_that_fails_is_told_of(run, tmp_path, caplog):
    class Worse(BaseException):
        pass

    async def tell(*_):
        raise Worse

    provider = ExternalCredentialsProvider(process_command=printing(tmp_path), credential_update_callback_async=tell)
    assert run(provider.get_credentials_async).get_access_key_id() == "id-1"
    assert caplog.messages == ["the callback for updates failed (Worse): what was learned may be lost"]


def test_a_run_that_stands_still_is_not_waited_for(run, tmp_path):
    told = []

    async def tell(*_):
        pytest.fail("the run stood still")

    provider = ExternalCredentialsProvider(
        process_command=printing(tmp_path),
        credential_update_callback=lambda *what: told.append(what[0]),
        credential_update_callback_async=tell,
    )

    async def main():
        async with trio.open_nursery() as nursery:
            nursery.start_soon(provider.get_credentials_async)
            while not (waiters := _trio._of_run.get()) or not waiters.wakes:
                await trio.sleep(0)
            # It stands still here, and the refresh needs it.
            provider.get_credentials()

    run(main)
    assert told == ["id-1"]


def test_asyncio_under_anyio_is_asyncio(sts, role):
    assert anyio.run(Client(role).get_credential_async, backend="asyncio").access_key_id == "STS.1"


def test_what_is_neither_is_told_what_it_needs(role):
    client = Client(role)
    sentence = r"^awaiting a credential needs asyncio or trio; elsewhere call get_credential\(\) in a thread$"
    with pytest.raises(RuntimeError, match=sentence):
        client.get_credential_async().send(None)
    before, sniffio.thread_local.name = sniffio.thread_local.name, "curio"
    try:
        with pytest.raises(RuntimeError, match=sentence):
            client.get_credential_async().send(None)
    finally:
        sniffio.thread_local.name = before


def test_the_cache_for_providers_of_ones_own_says_what_it_needs(run):
    async def fetch():
        return RefreshResult(value=Credentials())

    supplier = RefreshCachedSupplier(lambda: RefreshResult(value=Credentials()), fetch)

    async def main():
        with pytest.raises(RuntimeError, match="^RefreshCachedSupplier can be awaited in asyncio only; "):
            await supplier._async_call()

    run(main)


def test_waiting_imports_nothing_of_asyncio(run_python, sts):
    program = """
import sys, trio
before = set(sys.modules)
from aliyun_cred.client import Client  # noqa: E402
assert trio.run(Client(config).get_credential_async).access_key_id == "STS.1"
imported = set(sys.modules) - before
print([name for name in imported if name.split(".")[0] in ("asyncio", "anyio", "gevent", "eventlet")])
"""
    ended = run_python(program)
    assert (ended.stdout, ended.stderr) == ("[]\n", "")


def test_a_static_client_awaits_nothing():
    client = Client(Config(type="access_key", access_key_id="id", access_key_secret="s"))
    with pytest.raises(StopIteration):
        client.get_credential_async(timeout=0).send(None)
