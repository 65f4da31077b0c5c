"""The source ``ram_role_arn``."""

# The official module has it, too.
from ..exceptions import CredentialException as CredentialException
from ..http import HttpOptions
from ._base import Provider, base_of


class RamRoleArnCredentialsProvider(Provider):
    """A RAM role, assumed with an AccessKey pair, an STS credential, or the credential of another provider.

    ``credentials_provider``: a provider of this package or a custom provider, asked at each refresh; a custom provider
    is called in a thread of its own. ``duration_seconds``: the session's lifetime, 900 or more; default 3600.
    """

    DEFAULT_DURATION_SECONDS = 3600
    """The session's lifetime, in seconds, if ``duration_seconds`` is ``None``."""

    _SOURCE = "ram_role_arn"

    def __init__(
        self,
        *,
        access_key_id: "str | None" = None,
        access_key_secret: "str | None" = None,
        security_token: "str | None" = None,
        credentials_provider: "object" = None,
        role_arn: "str | None" = None,
        role_session_name: "str | None" = None,
        duration_seconds: "int | None" = 3600,
        policy: "str | None" = None,
        external_id: "str | None" = None,
        sts_region_id: "str | None" = None,
        sts_endpoint: "str | None" = None,
        enable_vpc: "bool | None" = None,
        http_options: "HttpOptions | None" = None,
    ) -> None:
        options = {
            "access_key_id": access_key_id,
            "access_key_secret": access_key_secret,
            "security_token": security_token,
            "role_arn": role_arn,
            "role_session_name": role_session_name,
            "role_session_expiration": self.DEFAULT_DURATION_SECONDS if duration_seconds is None else duration_seconds,
            "policy": policy,
            "external_id": external_id,
            "sts_region_id": sts_region_id,
            "sts_endpoint": sts_endpoint,
            "enable_vpc": enable_vpc,
            **self._limits(http_options),
        }
        self._open(options, base_of(credentials_provider))
