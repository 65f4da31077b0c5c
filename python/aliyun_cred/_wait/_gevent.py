"""Waiting in a greenlet of gevent."""

# mypy: disable-error-code="import-not-found, import-untyped, misc, no-any-return, unused-ignore"
import functools
import weakref
from typing import Any

import gevent
from gevent import monkey
from gevent._hub_local import get_hub_if_exists  # gevent.get_hub() would make one
from gevent.event import AsyncResult

from .. import _native
from ..exceptions import CredentialException
from ..models import CredentialModel
from . import Waiters, timeout_error

# For the event loop: readable.
_READ = 1

_by_hub: "weakref.WeakKeyDictionary[Any, _Waiters]" = weakref.WeakKeyDictionary()


def current() -> "Any":
    """The hub to which a wait here can switch, or ``None``."""
    if not monkey.is_module_patched("socket"):
        return None
    hub = get_hub_if_exists()
    # A callback of the event loop runs in the hub, which cannot switch to itself; a hub that was destroyed has no loop.
    return None if hub is None or hub.loop is None or gevent.getcurrent() is hub else hub


def wait(client: _native.Client, timeout: "float | None", hub: "Any") -> CredentialModel:
    """Returns the current credential. ``gevent.Timeout`` and ``kill()`` end the wait, and not the refresh."""
    if not hasattr(_native, "WakeQueue"):
        return _wait_in_pool(client, timeout, hub)
    waiters = _by_hub.get(hub)
    if waiters is None or not waiters.queue.is_own():
        waiters = _by_hub[hub] = _Waiters(hub.loop)
    result = AsyncResult()
    ticket = waiters.enter(result.set)
    try:
        model = client.begin(waiters.queue, ticket)
        if model is not None:
            return model
        outcome = result.wait(timeout)
    finally:
        waiters.leave(ticket)
    if outcome is not None:
        return client.finish(outcome)
    if timeout is not None and waiters.queue.is_own():
        raise timeout_error(timeout)
    # Greenlets survive a fork; the refresh does not.
    return wait(client, timeout, hub)


class _Waiters(Waiters):
    """The greenlets of one hub that wait.

    The queue is watched only while there are any, so that a hub with nothing else to do can end.
    """

    def __init__(self, loop: "Any") -> None:
        super().__init__()
        self._loop = loop
        self._watchers: "tuple[Any, ...]" = ()

    def enter(self, wake: "Any") -> int:
        if not self._watchers:
            readable = self._loop.io(self.queue.fileno(), _READ)
            forked = self._loop.fork(ref=False)
            self._watchers = (readable, forked)
            readable.start(self.drain)
            forked.start(self._start_over)
        return super().enter(wake)

    def leave(self, ticket: int) -> None:
        super().leave(ticket)
        if not self.wakes:
            self._close()

    def _close(self) -> None:
        watchers, self._watchers = self._watchers, ()
        for watcher in watchers:
            watcher.close()

    def _start_over(self) -> None:
        """Wakes all in a forked child. The parent's outcomes would make the descriptor readable here for ever."""
        if self.queue.is_own():
            # A hub that has run before the fork tells even those watchers of it that the child has started since.
            return
        self._close()
        wakes, self.wakes = self.wakes, {}
        for wake in wakes.values():
            wake(None)


def _wait_in_pool(client: _native.Client, timeout: "float | None", hub: "Any") -> CredentialModel:
    """In a thread of the hub's pool: where no queue can be watched, as on Windows."""
    ask = client.credential if timeout is None else functools.partial(client.credential_within, timeout)

    def outcome() -> "CredentialModel | CredentialException":
        try:
            return ask()
        except CredentialException as error:
            return error  # gevent prints what is raised there

    given = hub.threadpool.spawn(outcome).get()
    if isinstance(given, CredentialException):
        raise given
    return given
