"""The source ``profile``."""

# The official module has it, too.
from ..exceptions import CredentialException as CredentialException
from ._base import Provider


class ProfileCredentialsProvider(Provider):
    """A profile of the INI file."""

    _SOURCE = "profile"

    def __init__(
        self,
        *,
        profile_file: "str | None" = None,
        profile_name: "str | None" = None,
    ) -> None:
        options = {
            "profile_file": profile_file,
            "profile_name": profile_name,
        }
        self._open(options)
