"""Nanoseconds per cached call, by source, and of the empty method and the empty coroutine beside them.

calls.py official|ours <samples> all|env

`env`: the default chain when the environment has the credential, which needs a process of its own, because the official
package looks there only while it is imported.
"""

import asyncio
import gc
import statistics
import sys
import timeit

from library import default_chain, report, role, static

SAMPLES = int(sys.argv[2])
SECONDS = 0.02
UNROLLED = 10


class Floor:
    def empty(self):
        return None

    async def empty_async(self):
        return None


def sync(statement, subject):
    """Returns a function that takes seconds for n turns."""
    return timeit.Timer("\n".join([statement] * UNROLLED), globals={"c": subject}).timeit


def awaiting(statement, subject):
    names = {}
    body = "\n        ".join([statement] * UNROLLED)
    exec(
        f"import time\nasync def run(c, n):\n    begin = time.perf_counter()\n"
        f"    for _ in range(n):\n        {body}\n    return time.perf_counter() - begin",
        names,
    )
    loop = asyncio.new_event_loop()
    return lambda turns: loop.run_until_complete(names["run"](subject, turns))


def medians(measures):
    """Nanoseconds of one statement each. The samples take turns, so that a neighbour on the machine disturbs all."""
    turns = {}
    for name, measure in measures.items():
        count = 1
        while (took := measure(count)) < SECONDS / 4:
            count *= 2
        turns[name] = max(1, int(count * SECONDS / took))
    times = {name: [] for name in measures}
    for _ in range(SAMPLES):
        for name, measure in measures.items():
            times[name].append(measure(turns[name]) / turns[name])
    return {name: statistics.median(samples) / UNROLLED * 1e9 for name, samples in times.items()}


CALL = "m = c.get_credential(); m.access_key_id; m.access_key_secret; m.security_token"
AWAIT = "m = await c.get_credential_async(); m.access_key_id; m.access_key_secret; m.security_token"


def from_every_source():
    cached_role = role()
    cached_role.get_credential()
    chain = default_chain()
    assert chain.get_credential().provider_name == "default/cli_profile/static_ak"
    from_static = static()
    return {
        "floor": sync("c.empty()", Floor()),
        "await floor": awaiting("await c.empty_async()", Floor()),
        "static": sync(CALL, from_static),
        "chain": sync(CALL, chain),
        "role": sync(CALL, cached_role),
        "await static": awaiting(AWAIT, from_static),
        "await role": awaiting(AWAIT, cached_role),
    }


def from_environment():
    chain = default_chain()
    assert chain.get_credential().provider_name == "default/env"
    return {"env": sync(CALL, chain), "await env": awaiting(AWAIT, chain)}


gc.disable()
report(**medians(from_environment() if sys.argv[3] == "env" else from_every_source()))
