"""A cache for providers of your own, as the official package has it: it refreshes a value before that is too old.

The providers of this package do not use it; the native core refreshes for them.
"""

import asyncio
import enum
import logging
import os
import random
import threading
import time
import weakref
from typing import Any, Callable, Coroutine, Generic, TypeVar

from ..exceptions import failure

T = TypeVar("T")

INT64_MAX = 2**63 - 1
"""A time that never comes."""
MAX_CONCURRENT_REFRESHES = 100
"""How many refreshes may run in the background at once."""

_log = logging.getLogger("aliyun_cred")


class StaleValueBehavior(enum.Enum):
    """What happens to a value that is too old, when no newer one is to be had."""

    STRICT = 0
    """It is not given any more: the failure is raised."""
    ALLOW = 1
    """It is given, and the source is asked again after a while."""


class RefreshResult(Generic[T]):
    """A value, and until when it is good. Times are in seconds since 1970."""

    def __init__(self, *, value: T, stale_time: int = INT64_MAX, prefetch_time: int = INT64_MAX) -> None:
        self._value = value
        self._stale_time = stale_time
        self._prefetch_time = prefetch_time

    def value(self) -> T:
        return self._value

    def stale_time(self) -> int:
        """From when it is not given without asking for a newer one first."""
        return self._stale_time

    def prefetch_time(self) -> int:
        """From when a newer one is asked for, by the cache's strategy."""
        return self._prefetch_time


class PrefetchStrategy:
    """How a value is refreshed that is not too old yet."""

    def prefetch(self, action: "Callable[[], object]") -> None:
        raise NotImplementedError

    async def prefetch_async(self, action: "Callable[[], Coroutine[Any, Any, object]]") -> None:
        raise NotImplementedError


class OneCallerBlocks(PrefetchStrategy):
    """Whoever happens to ask waits for the refresh."""

    def prefetch(self, action: "Callable[[], object]") -> None:
        action()

    async def prefetch_async(self, action: "Callable[[], Coroutine[Any, Any, object]]") -> None:
        await action()


class NonBlocking(PrefetchStrategy):
    """Nobody waits: a thread refreshes, or a task of the running event loop, which ends with the loop.

    What is running already is not started once more.
    """

    def prefetch(self, action: "Callable[[], object]") -> None:
        # One of those that come here together is the first.
        mine = object()
        if _running.setdefault(action, mine) is not mine:
            return
        leases = CONCURRENT_REFRESH_LEASES
        if not leases.acquire(blocking=False):
            del _running[action]
            _log.warning("a refresh is skipped: %d others are running", MAX_CONCURRENT_REFRESHES)
            return

        def run() -> None:
            try:
                action()
            except Exception as error:
                _log_failure(error)
            finally:
                leases.release()
                _running.pop(action, None)

        try:
            EXECUTOR.submit(run)
        except RuntimeError as error:
            # There are too many threads, or the interpreter is ending.
            leases.release()
            _running.pop(action, None)
            _log_failure(error)

    async def prefetch_async(self, action: "Callable[[], Coroutine[Any, Any, object]]") -> None:
        key = (_running_loop(), action)
        if key in _tasks:
            return
        # A loop by itself does not keep its tasks.
        task = _tasks[key] = asyncio.ensure_future(action())
        task.add_done_callback(lambda task: _task_done(key, task))


class Executor:
    """Starts a thread for each call, which keeps no interpreter from ending."""

    def submit(self, function: "Callable[[], object]") -> None:
        threading.Thread(target=function, name="non-blocking-refresh", daemon=True).start()

    def shutdown(self, wait: bool = True) -> None:
        """Nothing: there is nothing to shut down."""


EXECUTOR = Executor()
CONCURRENT_REFRESH_LEASES = threading.Semaphore(MAX_CONCURRENT_REFRESHES)
# What runs in the background.
_running: "dict[object, object]" = {}
_tasks: "dict[object, asyncio.Future[object]]" = {}


def _running_loop() -> asyncio.AbstractEventLoop:
    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        text = "RefreshCachedSupplier can be awaited in asyncio only; elsewhere call it in a thread"
        raise RuntimeError(text) from None


def _task_done(key: object, task: "asyncio.Future[object]") -> None:
    _tasks.pop(key, None)
    error = None if task.cancelled() else task.exception()
    if error is not None:
        _log_failure(error)


def _log_failure(error: BaseException) -> None:
    # Whose text it is nobody knows, and so it may hold anything.
    _log.warning("a refresh in the background failed: %s", type(error).__name__)


def _reset_after_fork() -> None:
    """Threads do not survive a fork, nor does what they held."""
    global CONCURRENT_REFRESH_LEASES
    CONCURRENT_REFRESH_LEASES = threading.Semaphore(MAX_CONCURRENT_REFRESHES)
    _running.clear()
    _tasks.clear()
    for supplier in list(_suppliers):
        supplier._lock = threading.Lock()


_suppliers: "weakref.WeakSet[RefreshCachedSupplier[Any]]" = weakref.WeakSet()
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_reset_after_fork)


class RefreshCachedSupplier(Generic[T]):
    """A value that two functions fetch, one of them a coroutine function; each caller gets it by the one that it calls.

    However many ask at once, threads make one call, and so do the coroutines of one event loop.
    """

    STALE_TIME = 15 * 60
    """How long before its end a value is too old, in seconds: so long is one given that comes too old already."""
    REFRESH_BLOCKING_MAX_WAIT = 5
    """How long a thread waits for another one's refresh, in seconds, before it refreshes by itself."""

    def __init__(
        self,
        refresh_callable: "Callable[[], RefreshResult[T]]",
        refresh_callable_async: "Callable[[], Coroutine[Any, Any, RefreshResult[T]]]",
        stale_value_behavior: StaleValueBehavior = StaleValueBehavior.STRICT,
        prefetch_strategy: "PrefetchStrategy" = OneCallerBlocks(),  # noqa: B008, it has no state
    ) -> None:
        self._refresh_callable = refresh_callable
        self._refresh_callable_async = refresh_callable_async
        self._stale_value_behavior = stale_value_behavior
        self._prefetch_strategy = prefetch_strategy
        self._cached_value: "RefreshResult[T] | None" = None
        self._consecutive_refresh_failures = 0
        self._lock = threading.Lock()
        self._flights: "dict[asyncio.AbstractEventLoop, asyncio.Future[None]]" = {}
        _suppliers.add(self)

    def _sync_call(self) -> T:
        """The value, refreshed if it has to be.

        :raises Exception: what the function raised, if there is no value that may still be given
        """
        if self._is_stale():
            self._refresh_cache()
        elif self._is_due():
            self._prefetch_strategy.prefetch(self._refresh_cache)
        return self._current_value()

    async def _async_call(self) -> T:
        """As :meth:`_sync_call`, by the coroutine function."""
        if self._is_stale():
            await self._refresh_cache_async()
        elif self._is_due():
            await self._prefetch_strategy.prefetch_async(self._refresh_cache_async)
        return self._current_value()

    def _current_value(self) -> T:
        cached = self._cached_value
        assert cached is not None  # or the refresh has raised
        return cached.value()

    def _is_stale(self) -> bool:
        cached = self._cached_value
        return cached is None or time.time() >= cached.stale_time()

    def _is_due(self) -> bool:
        cached = self._cached_value
        return cached is None or time.time() >= min(cached.stale_time(), cached.prefetch_time())

    def _refresh_cache(self) -> None:
        lock = self._lock
        held = lock.acquire(timeout=self.REFRESH_BLOCKING_MAX_WAIT)
        try:
            # Whoever held it may have refreshed.
            if self._is_due():
                try:
                    self._cached_value = self._after_success(self._refresh_callable())
                except Exception as error:
                    self._cached_value = self._after_failure(error)
        finally:
            if held:
                lock.release()

    async def _refresh_cache_async(self) -> None:
        loop = _running_loop()
        flight = self._flights.get(loop)
        if flight is None:
            # Those of loops that were closed meanwhile never end.
            for other in [other for other in list(self._flights) if other.is_closed()]:
                self._flights.pop(other, None)
            flight = self._flights[loop] = asyncio.ensure_future(self._fetch_async())
            flight.add_done_callback(lambda flight: self._flight_done(loop, flight))
        # One who gives up does not take it from the others.
        await asyncio.shield(flight)

    def _flight_done(self, loop: asyncio.AbstractEventLoop, flight: "asyncio.Future[None]") -> None:
        self._flights.pop(loop, None)
        if not flight.cancelled():
            # Or asyncio would quote it, if all who waited have given up.
            flight.exception()

    async def _fetch_async(self) -> None:
        if self._is_due():
            try:
                self._cached_value = self._after_success(await self._refresh_callable_async())
            except asyncio.CancelledError:
                task = asyncio.current_task()
                # From within, where that can be told (3.11 on): nobody who waits was cancelled.
                if task is None or not hasattr(task, "cancelling") or task.cancelling():
                    raise
                self._cached_value = self._after_failure(failure("cancelled", "the refresh was cancelled from within"))
            except Exception as error:
                self._cached_value = self._after_failure(error)

    def _after_success(self, fetched: "RefreshResult[T]") -> "RefreshResult[T]":
        """What is cached from now on."""
        self._consecutive_refresh_failures = 0
        now = int(time.time())
        if now < fetched.stale_time():
            return fetched
        if now < fetched.stale_time() + self.STALE_TIME:
            # Too old, but not at its end: it is given, and the next call asks again.
            return RefreshResult(value=fetched.value(), stale_time=now, prefetch_time=fetched.prefetch_time())
        cached = self._cached_value
        if cached is None:
            raise failure("expired", "No cached value was found.")
        if now < cached.stale_time():
            return cached
        allowed = self._stale_value_behavior is StaleValueBehavior.ALLOW
        again = now + (random.randint(50, 70) if allowed else 1)
        return RefreshResult(value=cached.value(), stale_time=again, prefetch_time=cached.prefetch_time())

    def _after_failure(self, error: Exception) -> "RefreshResult[T]":
        """What is cached from now on; raises ``error`` if nothing may be given."""
        cached = self._cached_value
        if cached is None:
            raise error
        now = int(time.time())
        if now < cached.stale_time():
            return cached
        self._consecutive_refresh_failures += 1
        if self._stale_value_behavior is StaleValueBehavior.STRICT:
            raise error
        # From 1 s to 10 s, and from the eighth failure on to twice as much each time, a day at most.
        longest = max(10.0, 0.1 * 2 ** min(self._consecutive_refresh_failures - 1, 20))
        again = now + int(random.uniform(1, min(longest, 86400)))
        return RefreshResult(value=cached.value(), stale_time=again, prefetch_time=cached.prefetch_time())
