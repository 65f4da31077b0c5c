"""Cached calls before and while a refresh runs that takes a second: `refresh.py official|ours sync|async`.

The service answers the first request at once. Reports the 99.9th percentile of a call's time in both stretches, the
longest call of the second, and how many of its calls waited.
"""

import array
import asyncio
import sys
import time

from library import report, role
from ticker import Ticker

REFRESH = 1.0
SLICE = 0.05
# The request takes longer than the service does, and a call belongs to the moment when it began.
MARGIN = 4 * SLICE
# A call that took this long waited for the service; the scheduler of a busy machine does not take a third of a second.
WAITED = REFRESH / 3
BUCKET_NS = 32
BUCKETS = 4096
LIMIT = 30.0


class Slices:
    """The times of all calls, as a histogram for each stretch of 50 ms."""

    def __init__(self):
        self.begin = time.perf_counter_ns()
        self.slices = [([], array.array("I", bytes(4 * BUCKETS))) for _ in range(int(LIMIT / SLICE) + 1)]

    def between(self, begin, end):
        """The percentile in nanoseconds, the longest, the number of calls, and of those that waited."""
        counts, longest = [0] * BUCKETS, []
        for slow, histogram in self.slices[int(begin / SLICE) : int(end / SLICE)]:
            longest += slow
            counts = list(map(sum, zip(counts, histogram)))
        calls = sum(counts) + len(longest)
        longest.sort(reverse=True)
        above = calls // 1000
        if above < len(longest):
            p999 = longest[above]
        else:
            above -= len(longest)
            for bucket in reversed(range(BUCKETS)):
                above -= counts[bucket]
                if above < 0:
                    break
            p999 = bucket * BUCKET_NS
        slowest = longest[0] if longest else 0
        return p999, slowest, calls, sum(took > WAITED * 1e9 for took in longest)


def calls(client, clock=time.perf_counter_ns):
    """Calls until the credential is another one, and says when that was."""
    seen = Slices()
    first = client.get_credential().access_key_id
    begin = seen.begin
    slices = seen.slices
    while True:
        before = clock()
        found = client.get_credential()
        after = clock()
        note(slices, before - begin, after - before)
        if found.access_key_id != first:
            return seen, (after - begin) / 1e9


async def calls_async(client, clock=time.perf_counter_ns):
    seen = Slices()
    first = (await client.get_credential_async()).access_key_id
    begin = seen.begin
    slices = seen.slices
    turn = 0
    while True:
        before = clock()
        found = await client.get_credential_async()
        after = clock()
        note(slices, before - begin, after - before)
        if found.access_key_id != first:
            return seen, (after - begin) / 1e9
        turn += 1
        if turn & 63 == 0:
            # Others of the loop want to run, too.
            await asyncio.sleep(0)


def note(slices, at, took):
    slow, histogram = slices[int(at / (SLICE * 1e9))]
    bucket = took // BUCKET_NS
    if bucket < BUCKETS:
        histogram[bucket] += 1
    else:
        slow.append(took)


async def with_ticker(client):
    async with Ticker() as ticker:
        outcome = await calls_async(client)
    return *outcome, ticker


client = role()
if sys.argv[2] == "sync":
    client.get_credential()
    seen, changed = calls(client)
    stalls = {}
else:
    seen, changed, ticker = asyncio.run(with_ticker(client))
    end = seen.begin / 1e9 + changed
    stalls = {
        "stall": ticker.stall(end - REFRESH - MARGIN, end + SLICE),
        "stall_before": ticker.stall(seen.begin / 1e9 + 2 * SLICE, end - REFRESH - MARGIN),
    }
during = seen.between(changed - REFRESH - MARGIN, changed + SLICE)
before = seen.between(2 * SLICE, changed - REFRESH - MARGIN)
report(
    changed=changed,
    before=before[0],
    during=during[0],
    longest=during[1],
    longest_before=before[1],
    calls=during[2],
    waited=during[3],
    **stalls,
)
