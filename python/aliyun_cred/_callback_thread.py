"""Runs custom providers and update callbacks for the native module, on threads that Python started."""

import _thread
import sys

from . import _native
from .exceptions import CredentialException

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable


def start(function: "Callable[..., Any]", arguments: "tuple[object, ...]", answer: _native.Answer) -> None:
    """Calls ``function`` on a new daemon thread."""
    _start_new_thread()(_call, (function, arguments, answer))


def _start_new_thread() -> "Callable[..., int]":
    """Finds the function that starts a real thread.

    gevent and eventlet replace it with one that starts a greenlet in the calling thread. Here that is a thread of the
    core, which waits for the answer and would never run the greenlet.
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
            # Before the answer: after it, the program may end and kill this thread at any point.
            _end_hub()
        answer.set_result(result)
    except BaseException as error:  # nothing above would handle it
        kind = error.kind if isinstance(error, CredentialException) else None
        try:
            text = str(error)
        except Exception:
            text = "it cannot be shown"
        answer.set_exception(kind, type(error).__name__, text)


def _end_hub() -> None:
    """Closes the descriptors of the hub that gevent or eventlet made for this thread, if the function had to wait."""
    gevent, eventlet = sys.modules.get("gevent._hub_local"), sys.modules.get("eventlet.hubs")
    try:
        hub = None if gevent is None else gevent.get_hub_if_exists()
        if hub is not None:
            hub.destroy(destroy_loop=True)
        hub = None if eventlet is None else getattr(eventlet._threadlocal, "hub", None)
        if hub is not None and hub.running:
            hub.abort(wait=True)
    except Exception:
        pass  # an open descriptor is better than no credential
