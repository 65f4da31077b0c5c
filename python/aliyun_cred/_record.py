"""An object that shows its attributes."""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


class Record:
    """Its attributes are the members of a JSON object."""

    def __init__(self, document: "dict[str, Any]") -> None:
        vars(self).update(document)

    def __repr__(self) -> str:
        shown = ", ".join(f"{name}={value!r}" for name, value in vars(self).items())
        return f"{type(self).__name__}({shown})"
