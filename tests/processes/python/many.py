"""many.py N: N clients that have each resolved a role, three times made and dropped: one thread, and nothing left."""

import gc
import os
import sys
import threading

from common import client_of, threads_named

# Of resident memory; more threads would not be answered any faster: there are two idle connections to a host.
MOST_BYTES_PER_CLIENT = 4096
THREADS = 2
ROUNDS = 3


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


def descriptors():
    return len(os.listdir("/proc/self/fd"))


count = int(sys.argv[1])
# Whatever the library, the interpreter and the allocator keep for ever, they have after this.
clients = make(count // 10)
del clients
gc.collect()
opened = descriptors()
alive = []
for number in range(ROUNDS):
    before = resident()
    first = make(count)
    between = resident()
    second = make(count)
    alive.append(resident())
    print(f"resident bytes per client: {(between - before) // count}, then {(alive[-1] - between) // count}")
    assert threads_named("aliyun-cred") == 1
    assert descriptors() <= opened + THREADS
    assert alive[-1] - between < MOST_BYTES_PER_CLIENT * count
    assert number > 0 or between - before < MOST_BYTES_PER_CLIENT * count
    del first, second
    gc.collect()
# What a round took, the next one takes again: 16 bytes per client and round would show.
assert alive[-1] - alive[0] < 16 * (ROUNDS - 1) * 2 * count
assert threads_named("aliyun-cred") == 1
assert descriptors() <= opened + THREADS
