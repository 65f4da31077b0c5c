"""The source ``oauth``."""

from typing import Any, Callable, Coroutine, Optional

# The official module has it, too.
from ..exceptions import CredentialException as CredentialException
from ..http import HttpOptions
from ._base import Provider
from ._update_callback import VALUES, update_callback

OAuthTokenUpdateCallback = Callable[[str, str, Optional[str], Optional[str], Optional[str], int, int], None]
OAuthTokenUpdateCallbackAsync = Callable[
    [str, str, Optional[str], Optional[str], Optional[str], int, int], Coroutine[Any, Any, None]
]


class OAuthCredentialsProvider(Provider):
    """An OAuth session, renewed by a refresh token.

    All times are in seconds since 1970. The update callbacks get refresh token, access token, AccessKey ID, secret,
    security token, and the expiration of access token and credential. They are called as soon as the service has
    rotated the refresh token, since the old one is invalid from then on (values that are not known yet are ``None`` or
    0), and again with the new credential. The refresh waits for them for at most a minute. Their exceptions are logged
    and do not fail the refresh. ``token_update_callback_async`` is a coroutine function and runs in the event loop of a
    caller that awaits the credential.
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
        self._open(options, on_update=update_callback(token_update_callback, token_update_callback_async, VALUES))
