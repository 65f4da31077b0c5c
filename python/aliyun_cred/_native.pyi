import sys
from typing import Any, Callable, Final, final

from .models import CredentialModel

if sys.platform == "win32":
    __all__ = [
        "Answer",
        "Client",
        "assign_variable",
        "key",
        "one_line",
        "read_text",
        "release_variable",
        "shown_path",
        "__version__",
        "OPTIONS",
        "KINDS",
    ]
else:
    __all__ = [
        "Answer",
        "Client",
        "Outcome",
        "WakeQueue",
        "assign_variable",
        "key",
        "one_line",
        "read_text",
        "release_variable",
        "shown_path",
        "__version__",
        "OPTIONS",
        "KINDS",
    ]

__version__: Final[str]
OPTIONS: Final[tuple[str, ...]]
KINDS: Final[tuple[str, ...]]

def assign_variable(name: str, value: str | None) -> None: ...
def release_variable(name: str) -> None: ...
def key(value: str, name: str) -> str: ...
def one_line(text: str) -> str: ...
def shown_path(path: str) -> str: ...
def read_text(path: str) -> str: ...

@final
class Answer:
    def adopt(self) -> None: ...
    def set_result(self, given: tuple[str | None, str | None, str | None, str | None, str | None] | None) -> None: ...
    def set_exception(self, kind: str | None, class_name: str, text: str) -> None: ...

@final
class Client:
    def __new__(
        cls,
        options: dict[str, Any] | None = None,
        source: str | None = None,
        base: Client | None = None,
        on_update: Callable[..., None] | None = None,
    ) -> Client: ...
    @classmethod
    def from_provider(
        cls, name: str, ask: Callable[[], tuple[str | None, str | None, str | None, str | None, str | None]]
    ) -> Client: ...
    @property
    def on_update(self) -> Any: ...
    @property
    def type_name(self) -> str: ...
    def cached(self) -> CredentialModel | None: ...
    def credential(self) -> CredentialModel: ...
    def credential_within(self, seconds: float) -> CredentialModel: ...
    if sys.platform != "win32":
        def begin(self, queue: WakeQueue, ticket: int) -> CredentialModel | None: ...
        def finish(self, outcome: Outcome) -> CredentialModel: ...

    def invalidate(self) -> None: ...
    def __reduce__(self) -> tuple[Callable[..., Client], tuple[Any, ...]]: ...

if sys.platform != "win32":
    @final
    class Outcome: ...

    @final
    class WakeQueue:
        def __new__(cls) -> WakeQueue: ...
        def fileno(self) -> int: ...
        def is_own(self) -> bool: ...
        def drain(self) -> list[tuple[int, Outcome]]: ...
