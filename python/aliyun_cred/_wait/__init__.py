"""Waits for a refresh: in a thread, an event loop or a greenlet.

A thread waits in the native client. An asyncio or trio event loop, or a hub of gevent or eventlet, runs many calls in
one thread. It has one queue and watches its descriptor, so that no call needs a thread, and the thread that delivers a
credential never enters the interpreter. Each of the four has a module here, imported only when a call has to wait.
"""

import sys

from .. import _native
from ..exceptions import CredentialException, failure
from ..models import CredentialModel

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import ModuleType
    from typing import Any, Callable

    from ..provider._custom_provider import AssignedCredential, CustomProvider
    from ..report import Report

    # Called with an outcome, or with `None` in a forked child, which has to ask again.
    _Wake = Callable[[_native.Outcome | None], object]


def wait(
    client: "_native.Client | CustomProvider | AssignedCredential", timeout: "float | None" = None
) -> CredentialModel:
    """Returns the current credential. In a thread with a hub, waits cooperatively if ``socket`` is monkey-patched.

    This wait stands for a network call, so it switches greenlets exactly where a call written in Python would. A hub
    alone does not suffice: a program that patched nothing may hold a native lock here, and another greenlet that waits
    for that lock would block the hub for ever. A thread without a hub has no other greenlets to run.
    """
    if isinstance(client, (_native.Client, _native.Explain)):
        if sys.modules.get("gevent.monkey") is not None:
            from . import _gevent

            hub = _gevent.current()
            if hub is not None:
                return _gevent.wait(client, timeout, hub)
        if sys.modules.get("eventlet.patcher") is not None:
            from . import _eventlet

            hub = _eventlet.current()
            if hub is not None:
                return _eventlet.wait(client, timeout, hub)
    model: CredentialModel = blocking(client, timeout)()
    return model


def wait_report(question: "_native.Explain") -> "Report":
    """Returns the report. Waits where :func:`wait` would."""
    return _report(wait(question))  # type: ignore[arg-type]


async def wait_report_async(question: "_native.Explain") -> "Report":
    """Returns the report, waiting in the running event loop."""
    return _report(await running().wait(question, None))


def _report(texts: "Any") -> "Report":
    from ..report import Report

    return Report(*texts)


def blocking(
    client: "_native.Client | _native.Explain | CustomProvider | AssignedCredential", timeout: "float | None"
) -> "Callable[[], Any]":
    """Returns a function that blocks its thread until it has the current credential, or the report."""
    if isinstance(client, _native.Explain):
        return client.wait
    return client.credential if timeout is None else lambda: client.credential_within(timeout)


async def wait_async(
    client: "_native.Client | CustomProvider | AssignedCredential", timeout: "float | None" = None
) -> CredentialModel:
    """Returns the current credential, waiting in the running event loop."""
    if not isinstance(client, _native.Client):
        return await client.credential_async()
    library = running()
    callback = client.on_update
    if callback is None:
        model: CredentialModel = await library.wait(client, timeout)
        return model
    # A coroutine function as update callback runs in the event loop of a caller that awaits.
    loop = library.current()
    callback.add_loop(loop)
    try:
        model = await library.wait(client, timeout)
        return model
    finally:
        callback.remove_loop(loop)


def running() -> "ModuleType":
    """Finds the module for the event loop that runs this coroutine, by sniffio's rule.

    :raises RuntimeError: if it is neither asyncio nor trio
    """
    sniffio = sys.modules.get("sniffio")
    name = None if sniffio is None else sniffio.thread_local.name or sniffio.current_async_library_cvar.get()
    if name is None:
        trio = sys.modules.get("trio")
        # Trio sets sniffio's variable; versions that do not have this function instead.
        in_trio = None if trio is None else getattr(trio.lowlevel, "in_trio_task", None)
        name = "trio" if in_trio is not None and in_trio() else "asyncio"
    if name == "trio":
        from . import _trio

        return _trio
    if name == "asyncio" and "asyncio" in sys.modules:
        from . import _asyncio

        if _asyncio.is_running():
            return _asyncio
    raise RuntimeError("awaiting a credential needs asyncio or trio; elsewhere call get_credential() in a thread")


async def ask_async(provider: "Any") -> "Any":
    """Returns the provider's credential. Calls ``get_credentials()`` in a thread if there is no coroutine method."""
    ask = getattr(provider, "get_credentials_async", None)
    if callable(ask):
        return await ask()
    return await running().in_thread(provider.get_credentials)


def timeout_error(seconds: "float | None") -> CredentialException:
    """Makes the error that the native client raises after a wait of so many seconds."""
    milliseconds = round((seconds or 0) * 1e9) // 10**6
    return failure("timeout", f"no credential within {milliseconds} ms; the refresh goes on")


class Waiters:
    """The waiting calls of one event loop or hub. Used by its thread only."""

    def __init__(self) -> None:
        self.queue = _native.WakeQueue()
        self.wakes: "dict[int, _Wake]" = {}
        self._last_ticket = 0

    def enter(self, wake: "_Wake") -> int:
        """Adds a call. Returns a ticket, with whose outcome the call is woken.

        Enter before passing the ticket to the client: it may write to a log, and other greenlets run meanwhile.
        """
        self._last_ticket = ticket = self._last_ticket + 1
        self.wakes[ticket] = wake
        return ticket

    def leave(self, ticket: int) -> None:
        """Removes a call, woken or not."""
        self.wakes.pop(ticket, None)

    def ask(
        self, client: _native.Client, wake: "_Wake", wait: "Callable[[], _native.Outcome | None]"
    ) -> "CredentialModel | None":
        """Returns the current credential, or ``None`` if ``wait`` ended without an outcome.

        For greenlets: ``wait`` switches to others until ``wake`` is called.
        """
        ticket = self.enter(wake)
        try:
            model = client.begin(self.queue, ticket)
            if model is not None:
                return model
            outcome = wait()
        finally:
            self.leave(ticket)
        return None if outcome is None else client.finish(outcome)

    def drain(self) -> None:
        """Wakes the calls whose outcome has arrived. Called when the queue's descriptor is readable."""
        for ticket, outcome in self.queue.drain():
            # The call may have left during this iteration of the loop.
            wake = self.wakes.pop(ticket, None)
            if wake is not None:
                wake(outcome)
