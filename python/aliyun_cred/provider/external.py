"""The source ``external``."""

from typing import Any, Callable, Coroutine, Optional

# The official module has it, too.
from ..exceptions import CredentialException as CredentialException
from ._base import Provider
from ._update_callback import update_callback

ExternalCredentialUpdateCallback = Callable[[str, str, Optional[str], int], None]
ExternalCredentialUpdateCallbackAsync = Callable[[str, str, Optional[str], int], Coroutine[Any, Any, None]]

# The arguments of the callbacks.
_NAMES = ("access_key_id", "access_key_secret", "security_token", "expiration")


class ExternalCredentialsProvider(Provider):
    """A command that prints a credential.

    ``timeout``: the limit for the command, in seconds; 0 or ``None``: 60. Each new credential is passed to the update
    callbacks: AccessKey ID, secret, security token and expiration (seconds since 1970, 0 if it does not expire). See
    :class:`OAuthCredentialsProvider` for when they run.
    """

    DEFAULT_TIMEOUT = 60
    """The limit for the command, in seconds, if ``timeout`` is ``None`` or 0."""

    _SOURCE = "external"

    def __init__(
        self,
        *,
        process_command: "str | None" = None,
        timeout: "float | None" = None,
        credential_update_callback: "ExternalCredentialUpdateCallback | None" = None,
        credential_update_callback_async: "ExternalCredentialUpdateCallbackAsync | None" = None,
    ) -> None:
        timeout = timeout or self.DEFAULT_TIMEOUT
        # The core counts in milliseconds, and rejects anything but a number.
        limit = round(timeout * 1000) if isinstance(timeout, (int, float)) else timeout
        options = {"process_command": process_command, "timeout": limit}
        self._open(
            options, on_update=update_callback(credential_update_callback, credential_update_callback_async, _NAMES)
        )
