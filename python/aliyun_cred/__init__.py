"""Credentials for Alibaba Cloud: found, fetched, and refreshed before they die.

>>> from aliyun_cred.client import Client
>>> credential = Client().get_credential()
"""

from ._native import __version__ as __version__


def install_as_alibabacloud_credentials() -> None:
    """Makes every later ``import alibabacloud_credentials``, in this process, an import of this package.

    Of its modules too, and inside the official SDKs. To be called before any of them is imported; the official package
    need not be installed.

    :raises RuntimeError: if the official package has been imported already: two would be in use then
    """
    import sys

    from ._alias import OFFICIAL, install

    official = sys.modules.get(OFFICIAL)
    if official not in (None, sys.modules[__name__]):
        raise RuntimeError(f"{OFFICIAL} has been imported already: call this before whatever imports it")
    install()
