"""What many default-chain clients cost, each used once, and whether others can have their memory when they are gone.

clients.py official|ours <clients>
"""

import gc
import os
import sys

from library import default_chain, report, status

CLIENTS = int(sys.argv[2])


def used():
    client = default_chain()
    assert client.get_credential().provider_name == "default/cli_profile/static_ak"
    return client


first = [used() for _ in range(10)]
gc.collect()
threads, rss = status("Threads"), status("VmRSS")
clients = [used() for _ in range(CLIENTS)]
with_threads, with_rss = status("Threads"), status("VmRSS")
clients.clear()
gc.collect()
threads_left = status("Threads") - threads
# An allocator gives little back to the system: what the next ones find is what was freed.
clients = [used() for _ in range(CLIENTS)]
report(
    threads=with_threads,
    kb_each=(with_rss - rss) / CLIENTS,
    threads_left=threads_left,
    kb_each_again=(status("VmRSS") - with_rss) / CLIENTS,
)
# The official package's schedulers have no end otherwise.
sys.stdout.flush()
os._exit(0)
