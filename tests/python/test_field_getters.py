"""The deprecated getters give one field each; reads in a row are of one credential."""

import asyncio

import pytest
from aliyun_cred._legacy import field_getters
from aliyun_cred.client import Client

from support import ISSUED_SECRET, ISSUED_TOKEN

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")


class Counted(Client):
    """Each credential that it is asked for is another one."""

    def get_credential(self, timeout=None):
        self.invalidate()
        return super().get_credential(timeout)

    async def get_credential_async(self):
        self.invalidate()
        return await super().get_credential_async()


def test_three_reads_are_of_one_credential(role, sts):
    client = Counted(role)
    for number in (1, 2):
        assert client.get_access_key_id() == f"STS.{number}"
        assert client.get_access_key_secret() == ISSUED_SECRET
        assert client.get_security_token() == ISSUED_TOKEN
        assert sts.requests == number


def test_a_field_that_is_read_again_is_current(role, sts):
    client = Counted(role)
    assert [client.get_access_key_id() for _ in range(3)] == ["STS.1", "STS.2", "STS.3"]
    client.get_access_key_secret()
    assert sts.requests == 3
    client.get_access_key_secret()
    assert sts.requests == 4


def test_the_order_of_reads_does_not_matter(role, sts):
    client = Counted(role)
    client.get_security_token()
    client.get_access_key_secret()
    assert (client.get_access_key_id(), sts.requests) == ("STS.1", 1)


def test_what_is_read_later_is_current(role, sts, monkeypatch):
    client = Counted(role)
    client.get_access_key_id()
    now = field_getters.monotonic()
    monkeypatch.setattr(field_getters, "monotonic", lambda: now + 2)
    client.get_access_key_secret()
    assert sts.requests == 2


def test_nothing_is_read_past_its_end(role, sts, monkeypatch):
    client = Counted(role)
    client.get_access_key_id()
    now = field_getters.time()
    monkeypatch.setattr(field_getters, "time", lambda: now + sts.lifetime + 1)
    client.get_access_key_secret()
    assert sts.requests == 2


def test_two_clients_are_kept_apart(role, sts):
    one, other = Counted(role), Counted(role)
    assert one.get_access_key_id() == "STS.1"
    other.get_access_key_secret()
    assert sts.requests == 2
    one.get_access_key_secret()
    assert sts.requests == 3


def test_tasks_are_kept_apart(role, sts):
    client = Counted(role)

    async def read_one():
        return await client.get_access_key_id_async()

    async def main():
        assert await client.get_access_key_id_async() == "STS.1"
        assert await asyncio.create_task(read_one()) == "STS.2"
        # Of the first still.
        await client.get_access_key_secret_async()
        await client.get_security_token_async()

    asyncio.run(main())
    assert sts.requests == 2
