"""The source ``static_sts``."""

from ._key_pair import KeyPairProvider


class StaticSTSCredentialsProvider(KeyPairProvider):
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
    def security_token(self) -> "str | None":
        """The security token that was given, or found in the environment."""
        return self.get_credentials().get_security_token()
