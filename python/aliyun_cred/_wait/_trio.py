"""Waits in a trio run."""

# mypy: disable-error-code="import-not-found, import-untyped, misc, no-any-return, unused-ignore"
import math
from typing import Any, Callable

import trio

from .. import _native
from ..models import CredentialModel
from . import Waiters, blocking, timeout_error

# The token identifies the run and lets other threads call into it.
current = trio.lowlevel.current_trio_token

# Freed with the run.
_of_run: "trio.lowlevel.RunVar[_Waiters | None]" = trio.lowlevel.RunVar("aliyun_cred.waiters", default=None)


class _Waiters(Waiters):
    """The waiting tasks of one run.

    While there are any, one system task watches the queue for all of them, since a descriptor may have only one reader.
    """

    _is_watched = False

    def enter(self, wake: "Any") -> int:
        ticket = super().enter(wake)
        if not self._is_watched:
            trio.lowlevel.spawn_system_task(self._watch)
            self._is_watched = True
        return ticket

    async def _watch(self) -> None:
        while self.wakes:
            # Every ticket gets an outcome, even if its call has left, so this wakes.
            await trio.lowlevel.wait_readable(self.queue.fileno())
            self.drain()
        self._is_watched = False


async def in_thread(function: "Callable[[], Any]") -> "Any":
    """Calls ``function`` in a thread. Cancelling the wait does not end the call."""
    return await trio.to_thread.run_sync(function, abandon_on_cancel=True)


async def wait(client: _native.Client, timeout: "float | None") -> CredentialModel:
    """Returns the current credential."""
    waiters = _waiters()
    if waiters is None:
        return await in_thread(blocking(client, timeout))
    event = trio.Event()
    outcomes: "list[_native.Outcome]" = []

    def wake(outcome: "_native.Outcome") -> None:
        outcomes.append(outcome)
        event.set()

    ticket = waiters.enter(wake)
    try:
        model = client.begin(waiters.queue, ticket)
        if model is not None:
            return model
        with trio.move_on_after(math.inf if timeout is None else timeout):
            await event.wait()
    finally:
        waiters.leave(ticket)
    if not outcomes:
        raise timeout_error(timeout)
    return client.finish(outcomes[0])


def _waiters() -> "_Waiters | None":
    """Returns this run's waiters; ``None`` where there are no queues, as on Windows."""
    if not hasattr(_native, "WakeQueue"):
        return None
    waiters = _of_run.get()
    # A forked child may continue its parent's run, but must not use its queue.
    if waiters is None or not waiters.queue.is_own():
        waiters = _Waiters()
        _of_run.set(waiters)
    return waiters
