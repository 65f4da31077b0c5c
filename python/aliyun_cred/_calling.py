"""How the native module has functions of the user's called: on threads that Python started."""

import _thread

from . import _native
from .exceptions import CredentialException

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable


def start(function: "Callable[..., Any]", arguments: "tuple[object, ...]", answer: _native.Answer) -> None:
    """Calls ``function`` on a new thread, which keeps no process alive."""
    _thread.start_new_thread(_call, (function, arguments, answer))


def _call(function: "Callable[..., Any]", arguments: "tuple[object, ...]", answer: _native.Answer) -> None:
    answer.adopt()
    try:
        answer.give(function(*arguments))
    except BaseException as error:  # there is nobody else to take it
        kind = error.kind if isinstance(error, CredentialException) else None
        try:
            text = str(error)
        except Exception:
            text = "it cannot be shown"
        answer.refuse(kind, type(error).__name__, text)
