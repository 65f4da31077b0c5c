"""The source ``cli_profile``."""

# The official module has it, too.
from ..exceptions import CredentialException as CredentialException
from ._base import Provider


class CLIProfileCredentialsProvider(Provider):
    """A profile of the Alibaba Cloud CLI.

    ``allow_config_force_rewrite`` is accepted for compatibility and ignored.
    """

    _SOURCE = "cli_profile"

    def __init__(
        self,
        *,
        profile_name: "str | None" = None,
        profile_file: "str | None" = None,
        allow_config_force_rewrite: bool = False,
    ) -> None:
        self._open({"profile_name": profile_name, "profile_file": profile_file})
