"""Update callbacks: a function, a coroutine function, or both, called with what a source has learned."""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from concurrent.futures import Future
    from typing import Any, Callable, Coroutine

    # An asyncio event loop, or the token of a trio run.
    _Loop = Any

# All values of an update, in the order of the native client's call.
VALUES = (
    "refresh_token",
    "access_token",
    "access_key_id",
    "access_key_secret",
    "security_token",
    "access_token_expire",
    "expiration",
)
_TIMES = ("access_token_expire", "expiration")
# How long an event loop may take to start the coroutine function. The core limits the call as a whole.
_BEGIN_SECONDS = 1
# How often to check that the event loop still runs.
_LOOK_SECONDS = 1


class UpdateCallback:
    """Calls the callbacks of one provider. Runs on a thread of its own; the refresh waits for it.

    While a caller awaits the credential, calls the coroutine function in that caller's event loop. Otherwise, or if the
    loop ends first, calls the plain function. If there is only one of the two, calls that one in either case.
    """

    def __init__(
        self,
        callback: "Callable[..., None] | None",
        callback_async: "Callable[..., Coroutine[Any, Any, None]] | None",
        names: "tuple[str, ...]",
    ) -> None:
        for given in (callback, callback_async):
            if given is not None and not callable(given):
                raise TypeError(f"the callback for updates must be callable, not {type(given).__name__}")
        self._callback = callback
        self._callback_async = callback_async
        self._names = names
        # One entry per awaiting caller.
        self._loops: "list[_Loop]" = []

    def add_loop(self, loop: "_Loop") -> None:
        """Notes that a caller in this event loop begins to await the credential."""
        self._loops.append(loop)

    def remove_loop(self, loop: "_Loop") -> None:
        """Notes that a caller in this event loop no longer awaits it."""
        self._loops.remove(loop)

    def __call__(self, *values: "str | int | None") -> None:
        given = dict(zip(VALUES, values))
        # Callers expect 0 for an unknown time.
        arguments = [given[name] or 0 if name in _TIMES else given[name] for name in self._names]
        if self._callback_async is not None:
            for loop in reversed(list(self._loops)):
                if _run_in_loop(loop, self._callback_async, arguments):
                    return
        # No caller awaits, or their loops ended first.
        if self._callback is not None:
            self._callback(*arguments)
        elif self._callback_async is not None:
            import asyncio

            asyncio.run(self._callback_async(*arguments))

    def __reduce__(self) -> "tuple[object, ...]":
        return UpdateCallback, (self._callback, self._callback_async, self._names)


def _run_in_loop(loop: "_Loop", callback: "Callable[..., Coroutine[Any, Any, None]]", arguments: "list[Any]") -> bool:
    """Runs the coroutine function in that loop, and raises what it raises.

    Returns ``False`` if the loop did not start it in time, as when it is blocked by a wait for this very refresh, or
    ended before the coroutine function did.
    """
    import concurrent.futures
    import threading

    # Decides between the loop, which starts the coroutine function, and this thread, which gives up on that.
    taken = threading.Lock()
    begun = threading.Event()
    outcome: "Future[None]" = concurrent.futures.Future()

    def begin() -> None:
        if not taken.acquire(blocking=False):
            return
        begun.set()
        try:
            start(callback(*arguments), outcome)
        except Exception as error:
            outcome.set_exception(error)

    in_trio = hasattr(loop, "run_sync_soon")
    start = _start_in_trio if in_trio else _start_in_asyncio
    try:
        (loop.run_sync_soon if in_trio else loop.call_soon_threadsafe)(begin)
    except RuntimeError:
        return False  # the loop is closed
    if not begun.wait(_BEGIN_SECONDS) and taken.acquire(blocking=False):
        return False
    while True:
        try:
            outcome.result(timeout=_LOOK_SECONDS)
            return True
        except concurrent.futures.CancelledError:
            return False
        except concurrent.futures.TimeoutError:
            # From Python 3.11 on this is also what the coroutine function may have raised.
            if outcome.done():
                raise
            # Stopped, and not closed: nothing in it goes on.
            if not in_trio and not loop.is_running():
                return False


# Called in the loop.


def _start_in_asyncio(coroutine: "Coroutine[Any, Any, None]", outcome: "Future[None]") -> None:
    import asyncio

    async def run() -> None:
        try:
            await coroutine
        except (asyncio.CancelledError, GeneratorExit):
            # Cancelled, or freed unfinished with a loop that was closed.
            outcome.cancel()
            raise
        except BaseException as error:
            outcome.set_exception(error)
            if not isinstance(error, Exception):
                raise  # the loop itself ends by it
        else:
            outcome.set_result(None)

    asyncio.ensure_future(run())


def _start_in_trio(coroutine: "Coroutine[Any, Any, None]", outcome: "Future[None]") -> None:
    import trio  # type: ignore[import-not-found, unused-ignore]

    async def run() -> None:
        try:
            await coroutine
        except (trio.Cancelled, GeneratorExit):
            outcome.cancel()
            raise  # the run is ending
        except BaseException as error:
            # Not raised: trio would end the run as after an error of its own.
            outcome.set_exception(error)
        else:
            outcome.set_result(None)

    trio.lowlevel.spawn_system_task(run)


def update_callback(
    callback: "Callable[..., None] | None",
    callback_async: "Callable[..., Coroutine[Any, Any, None]] | None",
    names: "tuple[str, ...]",
) -> "UpdateCallback | None":
    """Returns ``None`` if there is neither callback."""
    return None if callback is None and callback_async is None else UpdateCallback(callback, callback_async, names)
