"""The source ``static_ak``."""

from ._base import Provider


class StaticAKCredentialsProvider(Provider):
    """A long-lived AccessKey pair. Missing options are read from the environment, as for :class:`Config`."""

    _SOURCE = "static_ak"

    def __init__(
        self,
        *,
        access_key_id: "str | None" = None,
        access_key_secret: "str | None" = None,
    ) -> None:
        options = {
            "access_key_id": access_key_id,
            "access_key_secret": access_key_secret,
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
