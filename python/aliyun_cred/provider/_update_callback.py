"""Who is told of what a source has learned: a function, a coroutine function, or both."""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from concurrent.futures import Future
    from typing import Any, Callable, Coroutine

    # An asyncio event loop, or the token of a trio run.
    _Loop = Any

# What the native client calls with, in this order.
_ALL = (
    "refresh_token",
    "access_token",
    "access_key_id",
    "access_key_secret",
    "security_token",
    "access_token_expire",
    "expiration",
)
# As long as the core waits for the whole, and this for a loop to begin with it.
_PATIENCE_SECONDS = 60
_BEGIN_SECONDS = 1
_TIMES = ("access_token_expire", "expiration")


class UpdateCallback:
    """Called on a thread of its own; the refresh waits for it.

    While somebody awaits the credential the coroutine function is meant, and runs in that event loop; else, or if the loop
    ends before it does, the function. If there is only one of the two, it is told in any case.
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
        # The event loops in which somebody awaits.
        self._loops: "list[_Loop]" = []

    def add_loop(self, loop: "_Loop") -> None:
        """Somebody in this event loop begins to await the credential."""
        self._loops.append(loop)

    def remove_loop(self, loop: "_Loop") -> None:
        """They have stopped."""
        self._loops.remove(loop)

    def __call__(self, *values: "str | int | None") -> None:
        given = dict(zip(_ALL, values))
        # The times that nobody knows are 0, as callers expect.
        arguments = [given[name] or 0 if name in _TIMES else given[name] for name in self._names]
        if self._callback_async is not None:
            for loop in reversed(list(self._loops)):
                if _run_in_loop(loop, self._callback_async, arguments):
                    return
        # Nobody awaits, or not any more.
        if self._callback is not None:
            self._callback(*arguments)
        elif self._callback_async is not None:
            import asyncio

            asyncio.run(self._callback_async(*arguments))

    def __reduce__(self) -> "tuple[object, ...]":
        return UpdateCallback, (self._callback, self._callback_async, self._names)


def _run_in_loop(loop: "_Loop", callback: "Callable[..., Coroutine[Any, Any, None]]", arguments: "list[Any]") -> bool:
    """Whether the coroutine function has run in that loop; what it raised is raised.

    Not so if the loop ended before it did, nor if it does not come to it: it may stand still, waiting for this refresh.
    """
    import concurrent.futures
    import threading

    # Taken by the one of the two threads that is first: the loop's, which begins, or this one, which gives it up.
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
        return False  # it is closed
    if not begun.wait(_BEGIN_SECONDS) and taken.acquire(blocking=False):
        return False
    try:
        outcome.result(_PATIENCE_SECONDS)
    except concurrent.futures.CancelledError:
        return False
    return True


# Called in the loop.


def _start_in_asyncio(coroutine: "Coroutine[Any, Any, None]", outcome: "Future[None]") -> None:
    import asyncio

    def landed(task: "asyncio.Future[None]") -> None:
        error = None if task.cancelled() else task.exception()
        if task.cancelled():
            outcome.cancel()
        elif error is not None:
            outcome.set_exception(error)
        else:
            outcome.set_result(None)

    asyncio.ensure_future(coroutine).add_done_callback(landed)


def _start_in_trio(coroutine: "Coroutine[Any, Any, None]", outcome: "Future[None]") -> None:
    import trio  # type: ignore[import-not-found, unused-ignore]

    async def run() -> None:
        try:
            await coroutine
        except trio.Cancelled:
            outcome.cancel()
            raise  # the run is ending
        except BaseException as error:
            # Or trio would take it for an error of its own.
            outcome.set_exception(error)
        else:
            outcome.set_result(None)

    trio.lowlevel.spawn_system_task(run)


def update_callback(
    callback: "Callable[..., None] | None",
    callback_async: "Callable[..., Coroutine[Any, Any, None]] | None",
    names: "tuple[str, ...]",
) -> "UpdateCallback | None":
    """``None`` if nobody is to be told."""
    return None if callback is None and callback_async is None else UpdateCallback(callback, callback_async, names)
