"""The source ``cloud_sso``."""

# The official module has it, too.
from ..exceptions import CredentialException as CredentialException
from ..http import HttpOptions
from ._base import Provider


class CloudSSOCredentialsProvider(Provider):
    """An access configuration of CloudSSO.

    ``access_token_expire``: when the access token expires, in seconds since 1970.
    """

    _SOURCE = "cloud_sso"

    def __init__(
        self,
        *,
        sign_in_url: "str | None" = None,
        account_id: "str | None" = None,
        access_config: "str | None" = None,
        access_token: "str | None" = None,
        access_token_expire: int = 0,
        http_options: "HttpOptions | None" = None,
    ) -> None:
        options = {
            "sign_in_url": sign_in_url,
            "account_id": account_id,
            "access_config": access_config,
            "access_token": access_token,
            "access_token_expire": access_token_expire,
            **self._limits(http_options),
        }
        self._open(options)
