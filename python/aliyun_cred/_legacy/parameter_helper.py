"""The parts of a signed RPC request, for programs that build their own.

The rules: <https://www.alibabacloud.com/help/en/sdk/product-overview/rpc-mechanism>. They encode a space as ``%20``.
"""

import base64
import hashlib
import hmac
import platform
import time
import uuid
from importlib import import_module
from urllib.parse import quote

from .. import __version__

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

__name__ = "aliyun_cred.utils.parameter_helper"

TIME_ZONE = "UTC"
FORMAT_ISO_8601 = "yyyy-MM-dd'T'HH:mm:ss'Z'"
FORMAT_RFC_2616 = "%a, %d %b %Y %H:%M:%S GMT"
SEPARATOR = "&"
ENCODING = "UTF-8"
ALGORITHM_NAME = "HmacSHA1"


def get_new_request() -> "Any":
    """Makes a ``Tea.request.TeaRequest`` with the User-Agent of this package.

    :raises ImportError: if ``alibabacloud-tea`` is not installed
    """
    try:
        tea = import_module("Tea.request")
    except ImportError as error:
        raise ImportError("get_new_request() gives a request of alibabacloud-tea, which is not installed") from error
    request = tea.TeaRequest()
    where = f"{platform.system()}; {platform.machine()}"
    language = f"Python/{platform.python_version()}"
    request.headers["user-agent"] = f"AlibabaCloud ({where}) {language} Credentials/{__version__} TeaDSL/1"
    return request


def get_uuid() -> str:
    """Returns a nonce that never repeats, not even in a forked child."""
    return str(uuid.uuid4())


def get_iso_8061_date() -> str:
    """Returns the current time in the format of requests: ``2026-01-02T03:04:05Z``."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())


def _encode(text: object) -> str:
    return quote(str(text), safe="~")


def _query(queries: "dict[str, Any]") -> str:
    return "&".join(f"{_encode(name)}={_encode(queries[name])}" for name in sorted(queries))


def compose_string_to_sign(method: str, queries: "dict[str, Any]") -> str:
    """Returns the text to sign for a request with these parameters."""
    return SEPARATOR.join((method, _encode("/"), _encode(_query(queries))))


def sign_string(sign: str, secret: str) -> str:
    """Returns the HMAC-SHA1 of ``sign`` with the key ``secret``, in Base64.

    For a request, the key is the AccessKey secret followed by ``&``, which the caller appends.
    """
    digest = hmac.new(secret.encode(ENCODING), sign.encode(ENCODING), hashlib.sha1).digest()
    return base64.b64encode(digest).decode("ascii")


def compose_url(endpoint: str, queries: "dict[str, Any]", protocol: str) -> str:
    """Returns the URL of a request with these parameters."""
    return f"{protocol}://{endpoint}/?{_query(queries)}"
