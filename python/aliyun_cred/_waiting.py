"""How a coroutine waits for a refresh: each event loop has one queue, whose descriptor it watches.

No thread is needed per call, and the thread that brings a credential never meets the interpreter.
"""

import asyncio
import weakref

from typing import Any

from . import _native
from .models import CredentialModel


class _Waiters:
    """The coroutines of one event loop that wait."""

    def __init__(self) -> None:
        self.queue = _native.WakeQueue()
        self._futures: "dict[int, asyncio.Future[_native.Outcome]]" = {}
        self._last_ticket = 0

    def drain(self) -> None:
        """Tells those whose outcome has landed. Called by the event loop."""
        for ticket, outcome in self.queue.drain():
            future = self._futures.pop(ticket, None)
            # It may have been cancelled in this very turn of the loop.
            if future is not None and not future.done():
                future.set_result(outcome)

    async def credential(self, client: _native.Client, loop: asyncio.AbstractEventLoop) -> CredentialModel:
        self._last_ticket = ticket = self._last_ticket + 1
        model = client.begin(self.queue, ticket)
        if model is not None:
            return model
        future = self._futures[ticket] = loop.create_future()
        try:
            return client.finish(await future)
        finally:
            self._futures.pop(ticket, None)


# The loop itself keeps its waiters, as the callback of a descriptor that it watches; here they are only found. So they
# go, and close the descriptor, when the loop does, whoever still waits for them.
_by_loop: "weakref.WeakKeyDictionary[asyncio.AbstractEventLoop, weakref.ref[_Waiters]]" = weakref.WeakKeyDictionary()


def _waiters(loop: asyncio.AbstractEventLoop) -> "_Waiters | None":
    """This loop's waiters; ``None`` if it cannot watch a descriptor, as on Windows."""
    found = _by_loop.get(loop)
    waiters = None if found is None else found()
    # A forked child may go on with its parent's loop, never with its queue.
    if waiters is not None and waiters.queue.is_own():
        return waiters
    if not hasattr(_native, "WakeQueue"):
        return None
    waiters = _Waiters()
    try:
        loop.add_reader(waiters.queue.fileno(), waiters.drain)
    except NotImplementedError:
        return None
    _by_loop[loop] = weakref.ref(waiters)
    return waiters


async def given_by(provider: "Any") -> "Any":
    """What somebody's provider gives, one with ``get_credentials()`` only included."""
    ask = getattr(provider, "get_credentials_async", None)
    if callable(ask):
        return await ask()
    return await asyncio.get_running_loop().run_in_executor(None, provider.get_credentials)


async def credential(client: _native.Client) -> CredentialModel:
    """The current credential, waiting in the running event loop."""
    loop = asyncio.get_running_loop()
    waiters = _waiters(loop)
    told = client.on_update
    if told is None:
        return await _credential(client, waiters, loop)
    # Coroutine functions that are told of updates run in the loop of somebody who waits.
    told.awaited(loop)
    try:
        return await _credential(client, waiters, loop)
    finally:
        told.came(loop)


async def _credential(
    client: _native.Client, waiters: "_Waiters | None", loop: asyncio.AbstractEventLoop
) -> CredentialModel:
    if waiters is None:
        return await loop.run_in_executor(None, client.credential)
    return await waiters.credential(client, loop)
