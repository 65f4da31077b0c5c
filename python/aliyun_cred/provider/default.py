"""The source ``default``."""

# The official module has it, too.
from ..exceptions import CredentialException as CredentialException
from ._base import Provider


class DefaultCredentialsProvider(Provider):
    """The default chain.

    ``reuse_last_provider_enabled``: whether the chain keeps to the first source that gave a credential; default true.
    """

    _SOURCE = "default"

    def __init__(
        self,
        *,
        reuse_last_provider_enabled: bool = True,
    ) -> None:
        options = {
            "reuse_last_provider_enabled": reuse_last_provider_enabled,
        }
        self._open(options)
