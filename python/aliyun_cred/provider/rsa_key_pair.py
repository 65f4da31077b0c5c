"""The source ``rsa_key_pair``."""

# The official module has it, too.
from ..exceptions import CredentialException as CredentialException
from ..http import HttpOptions
from ._base import Provider


class RsaKeyPairCredentialsProvider(Provider):
    """A session of an RSA key pair.

    ``duration_seconds``: the session's lifetime, 900 or more; default 3600.
    """

    DEFAULT_DURATION_SECONDS = 3600
    """The session's lifetime, in seconds, if ``duration_seconds`` is ``None``."""

    _SOURCE = "rsa_key_pair"

    def __init__(
        self,
        *,
        public_key_id: "str | None" = None,
        private_key_file: "str | None" = None,
        duration_seconds: "int | None" = 3600,
        sts_region_id: "str | None" = None,
        sts_endpoint: "str | None" = None,
        enable_vpc: "bool | None" = None,
        http_options: "HttpOptions | None" = None,
    ) -> None:
        options = {
            "public_key_id": public_key_id,
            "private_key_file": private_key_file,
            "role_session_expiration": self.DEFAULT_DURATION_SECONDS if duration_seconds is None else duration_seconds,
            "sts_region_id": sts_region_id,
            "sts_endpoint": sts_endpoint,
            "enable_vpc": enable_vpc,
            **self._limits(http_options),
        }
        self._open(options)
