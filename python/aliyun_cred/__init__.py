"""Finds, fetches and refreshes Alibaba Cloud credentials before they expire.

>>> from aliyun_cred.client import Client
>>> credential = Client().get_credential()
"""

from ._native import __version__ as __version__

TYPE_CHECKING = False
if not TYPE_CHECKING:

    def __getattr__(name: str) -> object:
        # The official client imports these, so that programs use them as attributes without an import of their own.
        if name in ("credentials", "exceptions", "http", "provider", "utils"):
            from importlib import import_module

            return import_module(f".{name}", __name__)
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def install_as_alibabacloud_credentials() -> None:
    """Makes every later ``import alibabacloud_credentials``, in this process, an import of this package.

    That includes its modules, and imports inside the official SDKs. Call it before any of them is imported. The
    official package need not be installed.

    :raises RuntimeError: if the official package has been imported already: both would be in use then
    """
    import sys

    from ._alias import OFFICIAL, install

    official = sys.modules.get(OFFICIAL)
    if official not in (None, sys.modules[__name__]):
        raise RuntimeError(f"{OFFICIAL} has been imported already: call this before whatever imports it")
    install()
