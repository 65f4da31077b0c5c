"""Waits in an asyncio event loop."""

import asyncio
import weakref
from typing import Any, Callable

from .. import _native
from ..models import CredentialModel
from . import Waiters, blocking, timeout_error

current = asyncio.get_running_loop

# Weak: the loop itself keeps its waiters alive, as the callback of a descriptor that it watches. So they are freed, and
# the descriptor is closed, together with the loop, even while calls still wait.
_by_loop: "weakref.WeakKeyDictionary[asyncio.AbstractEventLoop, weakref.ref[Waiters]]" = weakref.WeakKeyDictionary()


def is_running() -> bool:
    """Returns whether a loop runs in this thread."""
    try:
        current()
    except RuntimeError:
        return False
    return True


async def in_thread(function: "Callable[[], Any]") -> "Any":
    """Calls ``function`` in a thread. Cancelling the wait does not end the call."""
    return await current().run_in_executor(None, function)


async def wait(client: _native.Client, timeout: "float | None") -> CredentialModel:
    """Returns the current credential."""
    loop = current()
    waiters = _waiters(loop)
    if waiters is None:
        return await loop.run_in_executor(None, blocking(client, timeout))
    future: "asyncio.Future[_native.Outcome | None]" = loop.create_future()

    def wake(outcome: "_native.Outcome | None" = None) -> None:
        if not future.done():
            future.set_result(outcome)

    ticket = waiters.enter(wake)
    timer = None
    try:
        model = client.begin(waiters.queue, ticket)
        if model is not None:
            return model
        if timeout is not None:
            timer = loop.call_later(timeout, wake)
        outcome = await future
    finally:
        waiters.leave(ticket)
        if timer is not None:
            timer.cancel()
    if outcome is None:
        raise timeout_error(timeout)
    return client.finish(outcome)


def _waiters(loop: asyncio.AbstractEventLoop) -> "Waiters | None":
    """Returns this loop's waiters; ``None`` if it cannot watch a descriptor, as on Windows."""
    found = _by_loop.get(loop)
    waiters = None if found is None else found()
    # A forked child may continue to use its parent's loop, but not its queue.
    if waiters is not None and waiters.queue.is_own():
        return waiters
    if not hasattr(_native, "WakeQueue"):
        return None
    waiters = Waiters()
    try:
        loop.add_reader(waiters.queue.fileno(), waiters.drain)
    except NotImplementedError:
        return None
    _by_loop[loop] = weakref.ref(waiters)
    return waiters
