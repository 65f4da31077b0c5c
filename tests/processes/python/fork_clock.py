"""A forked child signs with the services' time, which its parent has learned."""

from common import client_of, fork

client = client_of("clock")


def child():
    client.invalidate()
    client.get_credential()
    assert client.status().clock_offset == offset


client.get_credential()
offset = client.status().clock_offset
fork(child)
