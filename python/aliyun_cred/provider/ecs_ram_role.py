"""The source ``ecs_ram_role``."""

from ..http import HttpOptions
from ._base import Provider, limits


class EcsRamRoleCredentialsProvider(Provider):
    """The instance's RAM role, from the metadata service.

    ``async_update_enabled``: whether a timer refreshes it, whether anybody asks or not; default true.
    """

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
            **limits(http_options),
        }
        self._open(options)
