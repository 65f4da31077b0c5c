"""The source ``static_ak``."""

from ._key_pair import KeyPairProvider


class StaticAKCredentialsProvider(KeyPairProvider):
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
