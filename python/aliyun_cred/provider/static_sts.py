"""The source ``static_sts``."""

from ._base import Provider


class StaticSTSCredentialsProvider(Provider):
    """A fixed STS credential."""

    _SOURCE = "static_sts"

    def __init__(
        self,
        *,
        access_key_id: "str | None" = None,
        access_key_secret: "str | None" = None,
        security_token: "str | None" = None,
    ) -> None:
        options = {
            "access_key_id": access_key_id,
            "access_key_secret": access_key_secret,
            "security_token": security_token,
        }
        self._open(options)

    @property
    def access_key_id(self) -> "str | None":
        """The AccessKey ID that was given, or found in the environment."""
        return self.get_credentials().get_access_key_id()

    @property
    def access_key_secret(self) -> "str | None":
        """The AccessKey secret that was given, or found in the environment."""
        return self.get_credentials().get_access_key_secret()

    @property
    def security_token(self) -> "str | None":
        """The security token that was given, or found in the environment."""
        return self.get_credentials().get_security_token()
