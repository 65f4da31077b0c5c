"""Finds, fetches and refreshes Alibaba Cloud credentials before they expire.

>>> from aliyun_cred.client import Client
>>> credential = Client().get_credential()
"""

from ._native import __version__ as __version__


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
