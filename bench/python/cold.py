"""Many callers at once, and nothing cached: `cold.py official|ours coroutines|threads <callers>`.

Reports how long all of them took, and how long the event loop stood still meanwhile; the one who started this asks the
service for the number of requests.
"""

import asyncio
import sys
import threading
import time

from library import report, role
from ticker import Ticker

CALLERS = int(sys.argv[3])


async def coroutines():
    # The same loop without any work, for as long as the work should take.
    async with Ticker() as idle:
        await asyncio.sleep(0.3)
    client = role()
    async with Ticker() as ticker:
        begin = time.perf_counter()
        calls = [client.get_credential_async() for _ in range(CALLERS)]
        found = await asyncio.gather(*calls, return_exceptions=True)
        took = time.perf_counter() - begin
    report(took=took * 1e3, failed=failures(found), stall=ticker.stall(), floor=idle.stall())


def threads():
    client = role()
    found = []

    def call():
        try:
            found.append(client.get_credential())
        except Exception as error:
            found.append(error)

    workers = [threading.Thread(target=call) for _ in range(CALLERS)]
    begin = time.perf_counter()
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    took = time.perf_counter() - begin
    report(took=took * 1e3, failed=failures(found))


def failures(found):
    return CALLERS - sum(bool(getattr(outcome, "security_token", None)) for outcome in found)


if sys.argv[2] == "threads":
    threads()
else:
    asyncio.run(coroutines())
