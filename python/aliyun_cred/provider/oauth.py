"""The source ``oauth``."""

from typing import Any, Callable, Coroutine, Optional

from ..http import HttpOptions
from ._base import Provider
from ._update_callback import update_callback

OAuthTokenUpdateCallback = Callable[[str, str, Optional[str], Optional[str], Optional[str], int, int], None]
OAuthTokenUpdateCallbackAsync = Callable[
    [str, str, Optional[str], Optional[str], Optional[str], int, int], Coroutine[Any, Any, None]
]

# What the callbacks are called with.
_NAMES = (
    "refresh_token",
    "access_token",
    "access_key_id",
    "access_key_secret",
    "security_token",
    "access_token_expire",
    "expiration",
)


class OAuthCredentialsProvider(Provider):
    """An OAuth session, kept alive by a refresh token.

    The times are in seconds since 1970. The callbacks are called with refresh token, access token, AccessKey ID,
    secret, security token, and when the access token and the credential expire: as soon as the refresh token was rotated, for
    the old one is no longer good (what is not known yet is ``None`` or 0), and once more with the new credential.
    The refresh waits for them, a minute at most; what they raise is logged and costs nobody the credential. The second
    one is a coroutine function, and runs in the event loop of whoever awaits the credential.
    """

    _SOURCE = "oauth"

    def __init__(
        self,
        *,
        client_id: "str | None" = None,
        sign_in_url: "str | None" = None,
        access_token: "str | None" = None,
        access_token_expire: int = 0,
        refresh_token: "str | None" = None,
        access_key_id: "str | None" = None,
        access_key_secret: "str | None" = None,
        security_token: "str | None" = None,
        sts_expiration: "int | None" = None,
        http_options: "HttpOptions | None" = None,
        token_update_callback: "OAuthTokenUpdateCallback | None" = None,
        token_update_callback_async: "OAuthTokenUpdateCallbackAsync | None" = None,
    ) -> None:
        options = {
            "client_id": client_id,
            "sign_in_url": sign_in_url,
            "access_token": access_token,
            "access_token_expire": access_token_expire,
            "refresh_token": refresh_token,
            "access_key_id": access_key_id,
            "access_key_secret": access_key_secret,
            "security_token": security_token,
            "sts_expiration": sts_expiration,
            **self._limits(http_options),
        }
        self._open(options, on_update=update_callback(token_update_callback, token_update_callback_async, _NAMES))
