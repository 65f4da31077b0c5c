"""What the sources with an AccessKey pair in their options share."""

from ._base import Provider


class KeyPairProvider(Provider):
    """Shows the pair, as the official classes do."""

    @property
    def access_key_id(self) -> "str | None":
        """The AccessKey ID that was given, or found in the environment."""
        return self.get_credentials().get_access_key_id()

    @property
    def access_key_secret(self) -> "str | None":
        """The AccessKey secret that was given, or found in the environment."""
        return self.get_credentials().get_access_key_secret()
