"""How the native module has functions of the user's called: on threads that Python started."""

import _thread
import sys

from . import _native
from .exceptions import CredentialException

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable


def start(function: "Callable[..., Any]", arguments: "tuple[object, ...]", answer: _native.Answer) -> None:
    """Calls ``function`` on a new thread, which keeps no process alive."""
    _start_new_thread()(_call, (function, arguments, answer))


def _start_new_thread() -> "Callable[..., int]":
    """Finds the function that starts a thread of the system.

    gevent and eventlet replace it by one that starts a greenlet in the thread that calls it. That thread is the core's
    here: it waits for the answer, and would never run the greenlet.
    """
    gevent, eventlet = sys.modules.get("gevent.monkey"), sys.modules.get("eventlet.patcher")
    found: "Callable[..., int]" = _thread.start_new_thread
    if gevent is not None and gevent.is_module_patched("_thread"):
        found = gevent.get_original("_thread", "start_new_thread")
    elif eventlet is not None and eventlet.is_monkey_patched("thread"):
        found = eventlet.original("_thread").start_new_thread
    return found


def _call(function: "Callable[..., Any]", arguments: "tuple[object, ...]", answer: _native.Answer) -> None:
    answer.adopt()
    try:
        try:
            result = function(*arguments)
        finally:
            # Before the answer: with that the program may end, and take this thread away in the middle of it.
            _end_hub()
        answer.set_result(result)
    except BaseException as error:  # there is nobody else to take it
        kind = error.kind if isinstance(error, CredentialException) else None
        try:
            text = str(error)
        except Exception:
            text = "it cannot be shown"
        answer.set_exception(kind, type(error).__name__, text)


def _end_hub() -> None:
    """Closes the descriptors of the hub that gevent or eventlet made for this thread, if something here had to wait."""
    gevent, eventlet = sys.modules.get("gevent._hub_local"), sys.modules.get("eventlet.hubs")
    try:
        hub = None if gevent is None else gevent.get_hub_if_exists()
        if hub is not None:
            hub.destroy(destroy_loop=True)
        hub = None if eventlet is None else getattr(eventlet._threadlocal, "hub", None)
        if hub is not None and hub.running:
            hub.abort(wait=True)
    except Exception:
        pass  # a descriptor stays open, which is worth no credential
