"""The source ``env``."""

# The official module has it, too.
from ..exceptions import CredentialException as CredentialException
from ._base import Provider


class EnvironmentVariableCredentialsProvider(Provider):
    """The environment variables, read at every call."""

    _SOURCE = "env"

    def __init__(self) -> None:
        self._open({})
