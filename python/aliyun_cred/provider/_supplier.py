"""The official package's cache for custom providers: refreshes a value before it is stale.

The providers of this package do not use it; the native core refreshes their credentials.
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
"""Stands for "never", as a time."""
MAX_CONCURRENT_REFRESHES = 100
"""How many background refreshes may run at once."""

_log = logging.getLogger("aliyun_cred")


class StaleValueBehavior(enum.Enum):
    """What happens to a stale value when the refresh fails."""

    STRICT = 0
    """It is no longer returned; the refresh's exception is raised."""
    ALLOW = 1
    """It is returned, and the source is asked again after a while."""


class RefreshResult(Generic[T]):
    """A value, and how long it may be used. Times are in seconds since 1970."""

    def __init__(self, *, value: T, stale_time: int = INT64_MAX, prefetch_time: int = INT64_MAX) -> None:
        self._value = value
        self._stale_time = stale_time
        self._prefetch_time = prefetch_time

    def value(self) -> T:
        return self._value

    def stale_time(self) -> int:
        """Returns from when on the value is stale: a call refreshes it first."""
        return self._stale_time

    def prefetch_time(self) -> int:
        """Returns from when on the cache refreshes it by its strategy."""
        return self._prefetch_time


class PrefetchStrategy:
    """How a value in its refresh window, not stale yet, is refreshed."""

    def prefetch(self, action: "Callable[[], object]") -> None:
        raise NotImplementedError

    async def prefetch_async(self, action: "Callable[[], Coroutine[Any, Any, object]]") -> None:
        raise NotImplementedError


class OneCallerBlocks(PrefetchStrategy):
    """The caller waits for the refresh."""

    def prefetch(self, action: "Callable[[], object]") -> None:
        action()

    async def prefetch_async(self, action: "Callable[[], Coroutine[Any, Any, object]]") -> None:
        await action()


class NonBlocking(PrefetchStrategy):
    """No caller waits: refreshes in a thread, or in a task of the running event loop, which ends with the loop.

    Starts no second refresh while one is running.
    """

    def prefetch(self, action: "Callable[[], object]") -> None:
        # Atomic: of several threads, one wins.
        mine = object()
        if _running.setdefault(action, mine) is not mine:
            return
        if not CONCURRENT_REFRESH_LEASES.acquire(blocking=False):
            del _running[action]
            _log.warning("a refresh is skipped: %d others are running", MAX_CONCURRENT_REFRESHES)
            return
        try:
            EXECUTOR.submit(action)
        except Exception as error:
            # Such as a RuntimeError: too many threads, or the interpreter is ending.
            _end(action)
            _log_failure(error)

    async def prefetch_async(self, action: "Callable[[], Coroutine[Any, Any, object]]") -> None:
        key = (_running_loop(), action)
        if key in _tasks:
            return
        # Kept here, since a loop holds only weak references to its tasks.
        task = _tasks[key] = asyncio.ensure_future(action())
        task.add_done_callback(lambda task: _task_done(key, task))


class Executor:
    """Starts a daemon thread for each call."""

    def submit(self, function: "Callable[[], object]") -> None:
        threading.Thread(target=_run, args=(function,), name="non-blocking-refresh", daemon=True).start()

    def shutdown(self, wait: bool = True) -> None:
        """Does nothing: there is no pool."""


EXECUTOR = Executor()
CONCURRENT_REFRESH_LEASES = threading.Semaphore(MAX_CONCURRENT_REFRESHES)
# The running background refreshes.
_running: "dict[object, object]" = {}
_tasks: "dict[object, asyncio.Future[object]]" = {}


def _run(function: "Callable[[], object]") -> None:
    try:
        function()
    except Exception as error:
        _log_failure(error)
    finally:
        _end(function)


def _end(function: "Callable[[], object]") -> None:
    """Gives back the lease of a refresh in the background. Other functions have none."""
    if _running.pop(function, None) is not None:
        CONCURRENT_REFRESH_LEASES.release()


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
    # Only the class: a custom provider's text may hold a secret.
    _log.warning("a refresh in the background failed: %s", type(error).__name__)


def _reset_after_fork() -> None:
    """Replaces locks and forgets refreshes in a forked child, where their threads do not exist."""
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
    """Caches a value. Threads refresh it by a function, coroutines by a coroutine function.

    Concurrent threads share one call, and so do the coroutines of one event loop.
    """

    STALE_TIME = 15 * 60
    """How long before its end a value is stale, in seconds. A value that arrives stale is returned for that long."""
    REFRESH_BLOCKING_MAX_WAIT = 5
    """How long a thread waits for another thread's refresh, in seconds, before it refreshes itself."""

    def __init__(
        self,
        refresh_callable: "Callable[[], RefreshResult[T]]",
        refresh_callable_async: "Callable[[], Coroutine[Any, Any, RefreshResult[T]]]",
        stale_value_behavior: StaleValueBehavior = StaleValueBehavior.STRICT,
        prefetch_strategy: "PrefetchStrategy" = OneCallerBlocks(),  # noqa: B008, it is stateless
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
        """Returns the value, refreshed if necessary.

        :raises Exception: that of the function, if no value may be returned
        """
        if self._is_stale():
            self._refresh_cache()
        elif self._is_due():
            self._prefetch_strategy.prefetch(self._refresh_cache)
        return self._current_value()

    async def _async_call(self) -> T:
        """Like :meth:`_sync_call`, with the coroutine function."""
        if self._is_stale():
            await self._refresh_cache_async()
        elif self._is_due():
            await self._prefetch_strategy.prefetch_async(self._refresh_cache_async)
        return self._current_value()

    def _current_value(self) -> T:
        cached = self._cached_value
        assert cached is not None  # else the refresh has raised
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
            # The previous holder may have refreshed it.
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
            # Flights of closed loops never end.
            for other in [other for other in list(self._flights) if other.is_closed()]:
                self._flights.pop(other, None)
            flight = self._flights[loop] = asyncio.ensure_future(self._fetch_async())
            flight.add_done_callback(lambda flight: self._flight_done(loop, flight))
        # Cancelling one waiter must not cancel the refresh for the others.
        await asyncio.shield(flight)

    def _flight_done(self, loop: asyncio.AbstractEventLoop, flight: "asyncio.Future[None]") -> None:
        self._flights.pop(loop, None)
        if not flight.cancelled():
            # Retrieved, or asyncio would log it if all waiters were cancelled.
            flight.exception()

    async def _fetch_async(self) -> None:
        if self._is_due():
            try:
                self._cached_value = self._after_success(await self._refresh_callable_async())
            except asyncio.CancelledError:
                task = asyncio.current_task()
                # From Python 3.11 on, a cancellation from within can be told apart: then no waiter was cancelled.
                if task is None or not hasattr(task, "cancelling") or task.cancelling():
                    raise
                self._cached_value = self._after_failure(failure("cancelled", "the refresh was cancelled from within"))
            except Exception as error:
                self._cached_value = self._after_failure(error)

    def _after_success(self, fetched: "RefreshResult[T]") -> "RefreshResult[T]":
        """Returns the new cache entry."""
        self._consecutive_refresh_failures = 0
        now = int(time.time())
        if now < fetched.stale_time():
            return fetched
        if now < fetched.stale_time() + self.STALE_TIME:
            # Stale, but not expired: return it, and ask again at the next call.
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
        """Returns the new cache entry; raises ``error`` if no value may be returned."""
        cached = self._cached_value
        if cached is None:
            raise error
        now = int(time.time())
        if now < cached.stale_time():
            return cached
        self._consecutive_refresh_failures += 1
        if self._stale_value_behavior is StaleValueBehavior.STRICT:
            raise error
        # Between 1 s and 10 s; from the eighth failure on the upper limit doubles each time, up to a day.
        longest = max(10.0, 0.1 * 2 ** min(self._consecutive_refresh_failures - 1, 20))
        again = now + int(random.uniform(1, min(longest, 86400)))
        return RefreshResult(value=cached.value(), stale_time=again, prefetch_time=cached.prefetch_time())
