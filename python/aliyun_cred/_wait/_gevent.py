"""Waits in a greenlet of gevent."""

# mypy: disable-error-code="import-not-found, import-untyped, misc, no-any-return, unused-ignore"
import weakref
from typing import Any

import gevent
from gevent import monkey
from gevent._hub_local import get_hub_if_exists  # gevent.get_hub() would make a hub
from gevent.event import AsyncResult

from .. import _native
from ..exceptions import CredentialException
from ..models import CredentialModel
from . import Waiters, blocking, timeout_error

# The event loop's flag for "readable".
_READ = 1

_by_hub: "weakref.WeakKeyDictionary[Any, _Waiters]" = weakref.WeakKeyDictionary()


def current() -> "Any":
    """Returns the hub to which a wait can switch here, or ``None``."""
    if not monkey.is_module_patched("socket"):
        return None
    hub = get_hub_if_exists()
    # Callbacks of the event loop run in the hub, which cannot switch to itself. A destroyed hub has no loop.
    return None if hub is None or hub.loop is None or gevent.getcurrent() is hub else hub


def wait(client: _native.Client, timeout: "float | None", hub: "Any") -> CredentialModel:
    """Returns the current credential. ``gevent.Timeout`` and ``kill()`` end the wait, not the refresh."""
    if not hasattr(_native, "WakeQueue"):
        return _wait_in_pool(client, timeout, hub)
    waiters = _by_hub.get(hub)
    if waiters is None or not waiters.queue.is_own():
        waiters = _by_hub[hub] = _Waiters(hub.loop)
    result = AsyncResult()
    model = waiters.ask(client, result.set, lambda: result.wait(timeout))
    if model is not None:
        return model
    if timeout is not None and waiters.queue.is_own():
        raise timeout_error(timeout)
    # In a forked child: greenlets survive a fork, the refresh does not.
    return wait(client, timeout, hub)


class _Waiters(Waiters):
    """The waiting greenlets of one hub.

    The hub watches the queue only while there are any, so that it can end when it has nothing else to do.
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
        """Wakes all waiters in a forked child. The parent's outcomes would keep the descriptor readable for ever."""
        if self.queue.is_own():
            # A hub that ran before the fork also notifies watchers that the child started after it.
            return
        self._close()
        wakes, self.wakes = self.wakes, {}
        for wake in wakes.values():
            wake(None)


def _wait_in_pool(client: _native.Client, timeout: "float | None", hub: "Any") -> CredentialModel:
    """Waits in a thread of the hub's pool, where no queue can be watched, as on Windows."""
    ask = blocking(client, timeout)

    def outcome() -> "CredentialModel | CredentialException":
        try:
            return ask()
        except CredentialException as error:
            return error  # gevent would print a raised one

    given = hub.threadpool.spawn(outcome).get()
    if isinstance(given, CredentialException):
        raise given
    return given
