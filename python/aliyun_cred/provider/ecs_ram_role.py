"""The source ``ecs_ram_role``."""

# The official module has it, too.
from ..exceptions import CredentialException as CredentialException
from ..http import HttpOptions
from ._base import Provider


class EcsRamRoleCredentialsProvider(Provider):
    """The instance's RAM role, from the metadata service.

    ``async_update_enabled``: whether a timer refreshes the credential even if no caller asks; default true.
    """

    DEFAULT_CONNECT_TIMEOUT = 1000
    DEFAULT_READ_TIMEOUT = 1000
    DEFAULT_METADATA_TOKEN_DURATION = 21600
    """The lifetime of a token of version 2 of the metadata service, in seconds. For information only."""

    _SOURCE = "ecs_ram_role"

    def __init__(
        self,
        *,
        role_name: "str | None" = None,
        disable_imds_v1: "bool | None" = None,
        http_options: "HttpOptions | None" = None,
        async_update_enabled: bool = True,
    ) -> None:
        options = {
            "role_name": role_name,
            "disable_imds_v1": disable_imds_v1,
            "async_credential_update_enabled": async_update_enabled,
            **self._limits(http_options),
        }
        self._open(options)
