"""Waits in a green thread of eventlet."""

# mypy: disable-error-code="import-not-found, import-untyped, misc, no-any-return, unused-ignore"
import weakref
from typing import Any

from eventlet import event, greenthread, hubs, patcher, tpool

from .. import _native
from ..models import CredentialModel
from . import Waiters, blocking, timeout_error

_by_hub: "weakref.WeakKeyDictionary[Any, _Waiters]" = weakref.WeakKeyDictionary()


def current() -> "Any":
    """Returns the hub to which a wait can switch here, or ``None``."""
    if not patcher.is_monkey_patched("socket"):
        return None
    # hubs.get_hub() would make a hub.
    hub = getattr(hubs._threadlocal, "hub", None)
    # Code that runs in the hub itself cannot switch to it.
    return None if hub is None or greenthread.getcurrent() is hub.greenlet else hub


def wait(client: _native.Client, timeout: "float | None", hub: "Any") -> CredentialModel:
    """Returns the current credential. ``eventlet.Timeout`` and ``kill()`` end the wait, not the refresh."""
    if not hasattr(_native, "WakeQueue"):
        # Windows, where a hub watches only sockets.
        return tpool.execute(blocking(client, timeout))
    waiters = _by_hub.get(hub)
    # A forked child may continue to use its parent's hub, but not its queue.
    if waiters is None or not waiters.queue.is_own():
        waiters = _by_hub[hub] = _Waiters()
        # As eventlet's own sockets do: the hub may still list a closed descriptor of the same number.
        hubs.notify_opened(waiters.queue.fileno())
    done = event.Event()
    model = waiters.ask(client, done.send, lambda: done.wait(timeout))
    if model is None:
        raise timeout_error(timeout)
    return model


class _Waiters(Waiters):
    """The waiting green threads of one hub. It watches the queue only while there are any."""

    _watched: "tuple[Any, Any] | None" = None

    def enter(self, wake: "Any") -> int:
        if self._watched is None:
            hub = hubs.get_hub()
            # The last two arguments handle a closed descriptor; the queue is never closed while it is watched.
            listener = hub.add(hub.READ, self.queue.fileno(), lambda _: self.drain(), lambda _: None, None)
            self._watched = hub, listener
        return super().enter(wake)

    def leave(self, ticket: int) -> None:
        super().leave(ticket)
        if not self.wakes and self._watched is not None:
            (hub, listener), self._watched = self._watched, None
            hub.remove(listener)
