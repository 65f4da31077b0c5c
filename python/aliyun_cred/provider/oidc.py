"""The source ``oidc_role_arn``."""

# The official module has it, too.
from ..exceptions import CredentialException as CredentialException
from ..http import HttpOptions
from ._base import Provider


class OIDCRoleArnCredentialsProvider(Provider):
    """A RAM role, assumed with an OIDC token.

    ``duration_seconds``: the session's lifetime, 900 or more; default 3600.
    """

    DEFAULT_DURATION_SECONDS = 3600
    """The session's lifetime, in seconds, if ``duration_seconds`` is ``None``."""

    _SOURCE = "oidc_role_arn"

    def __init__(
        self,
        *,
        role_arn: "str | None" = None,
        oidc_provider_arn: "str | None" = None,
        oidc_token_file_path: "str | None" = None,
        role_session_name: "str | None" = None,
        duration_seconds: "int | None" = 3600,
        policy: "str | None" = None,
        sts_region_id: "str | None" = None,
        sts_endpoint: "str | None" = None,
        enable_vpc: "bool | None" = None,
        http_options: "HttpOptions | None" = None,
    ) -> None:
        options = {
            "role_arn": role_arn,
            "oidc_provider_arn": oidc_provider_arn,
            "oidc_token_file_path": oidc_token_file_path,
            "role_session_name": role_session_name,
            "role_session_expiration": self.DEFAULT_DURATION_SECONDS if duration_seconds is None else duration_seconds,
            "policy": policy,
            "sts_region_id": sts_region_id,
            "sts_endpoint": sts_endpoint,
            "enable_vpc": enable_vpc,
            **self._limits(http_options),
        }
        self._open(options)
