"""Credentials for Alibaba Cloud: found, fetched, and refreshed before they die.

>>> from aliyun_cred.client import Client
>>> credential = Client().get_credential()
"""

from ._native import __version__ as __version__
