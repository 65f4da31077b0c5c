"""many.py N: N clients that have each resolved a role, and N/10 more: one thread, and no trace of dropped clients."""

import ctypes
import gc
import os
import sys
import threading

from common import client_of, threads_named

# Bytes of resident memory per client, and its growth per round.
MOST_ALIVE = 4096
MOST_GROWTH = 512 << 10
# Interpreter blocks in total, however many clients there were.
MOST_BLOCKS = 1000
# More threads would not be faster: two idle connections per host are kept.
THREADS = 2
ROUNDS = 4


def resident():
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGESIZE")


def make(count):
    clients = []

    def fill():
        for _ in range(count // THREADS):
            client = client_of("many")
            client.get_credential()
            clients.append(client)

    threads = [threading.Thread(target=fill) for _ in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(clients) == count
    return clients


def drop(clients):
    clients.clear()
    gc.collect()
    # Returns free memory to the system, so that it shows as free.
    ctypes.CDLL(None).malloc_trim(0)


def descriptors():
    return len(os.listdir("/proc/self/fd"))


def check_shared():
    """The library's thread, and the connections that it keeps."""
    assert threads_named("aliyun-cred") == 1
    assert descriptors() <= opened + THREADS


count = int(sys.argv[1])
more = count // 10
# After this, the library, the interpreter and the allocator hold everything that they keep forever.
drop(make(more))
opened = descriptors()
blocks = sys.getallocatedblocks()

before = resident()
clients = make(count)
one = resident()
further = make(more)
two = resident()
check_shared()
assert all(client._native.cached() for client in clients + further)
drop(further)
drop(clients)
# Over all of them, the second time: an allocator grows in steps, which a few more clients may or may not trigger.
alive, alive_all = (one - before) // count, (two - before) // (count + more)
left = sys.getallocatedblocks() - blocks
print(f"resident bytes per client: {alive}, with further ones: {alive_all}; blocks left in all: {left}", flush=True)
assert alive < MOST_ALIVE
assert alive_all < MOST_ALIVE
assert left < MOST_BLOCKS

peaks = []
for _ in range(ROUNDS):
    clients = make(more)
    peaks.append(resident())
    drop(clients)
assert sys.getallocatedblocks() - blocks < MOST_BLOCKS
assert peaks[-1] - peaks[0] < MOST_GROWTH, peaks
check_shared()
