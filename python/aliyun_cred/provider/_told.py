"""Who is told of what a source has learned: a function, a coroutine function, or both."""

TYPE_CHECKING = False
if TYPE_CHECKING:
    import asyncio
    from typing import Any, Callable, Coroutine

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
# As long as the core waits.
_PATIENCE_SECONDS = 60
_TIMES = ("access_token_expire", "expiration")


class Told:
    """Called on a thread of its own; the refresh waits for it.

    While somebody awaits the credential the coroutine function is meant, and runs in that event loop; else the
    function. If there is only one of the two, it is told in any case.
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
        self._loops: "list[asyncio.AbstractEventLoop]" = []

    def awaited(self, loop: "asyncio.AbstractEventLoop") -> None:
        """Somebody in this event loop begins to await the credential."""
        self._loops.append(loop)

    def came(self, loop: "asyncio.AbstractEventLoop") -> None:
        """They have stopped."""
        self._loops.remove(loop)

    def __call__(self, *values: "str | int | None") -> None:
        given = dict(zip(_ALL, values))
        # The times that nobody knows are 0, as callers expect.
        arguments = [given[name] or 0 if name in _TIMES else given[name] for name in self._names]
        loops = list(self._loops)
        if self._callback_async is not None and (loops or self._callback is None):
            import asyncio

            work = self._callback_async(*arguments)
            if loops:
                # Not for ever: the loop may end before it does.
                asyncio.run_coroutine_threadsafe(work, loops[-1]).result(_PATIENCE_SECONDS)
            else:
                asyncio.run(work)
        elif self._callback is not None:
            self._callback(*arguments)

    def __reduce__(self) -> "tuple[object, ...]":
        return Told, (self._callback, self._callback_async, self._names)


def told(
    callback: "Callable[..., None] | None",
    callback_async: "Callable[..., Coroutine[Any, Any, None]] | None",
    names: "tuple[str, ...]",
) -> "Told | None":
    """``None`` if nobody is to be told."""
    return None if callback is None and callback_async is None else Told(callback, callback_async, names)
