"""Utilities of the official package that older programs use: the environment as attributes, names as constants."""

TYPE_CHECKING = False
if not TYPE_CHECKING:

    def __getattr__(name: str) -> object:
        # As in the package itself.
        if name in ("auth_constant", "auth_util", "parameter_helper"):
            from importlib import import_module

            return import_module(f".{name}", __name__)
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
