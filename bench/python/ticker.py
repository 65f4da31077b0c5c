"""How long an event loop stands still: a coroutine that wants to run every millisecond, and how late it was."""

import asyncio
import time

INTERVAL = 0.001


class Ticker:
    async def __aenter__(self):
        self.late = []
        self._task = asyncio.ensure_future(self._tick())
        # The first tick may be late for reasons that are not ours.
        await asyncio.sleep(10 * INTERVAL)
        self.late.clear()
        return self

    async def __aexit__(self, *_):
        # A loop that stood still until now has to tick once more, or that would not show.
        await asyncio.sleep(2 * INTERVAL)
        self._task.cancel()

    async def _tick(self):
        before = time.perf_counter()
        while True:
            await asyncio.sleep(INTERVAL)
            now = time.perf_counter()
            self.late.append((now, now - before - INTERVAL))
            before = now

    def stall(self, begin=0.0, end=float("inf")):
        """The 99.9th percentile in milliseconds, of the ticks between two times of `perf_counter`; of less than a
        thousand that is the longest."""
        late = sorted(late for now, late in self.late if begin <= now <= end)
        return late[int(len(late) * 0.999)] * 1e3
