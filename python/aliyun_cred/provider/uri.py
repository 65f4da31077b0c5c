"""The source ``credential_uri``."""

# The official module has it, too.
from ..exceptions import CredentialException as CredentialException
from ..http import HttpOptions
from ._base import Provider


class URLCredentialsProvider(Provider):
    """A URI that returns credentials.

    ``uri``: else ``ALIBABA_CLOUD_CREDENTIALS_URI``. ``protocol``: used if the URI names none; default ``http``.
    """

    _SOURCE = "credential_uri"

    def __init__(
        self,
        *,
        uri: "str | None" = None,
        protocol: str = "http",
        http_options: "HttpOptions | None" = None,
    ) -> None:
        if uri and "://" not in uri:
            uri = f"{protocol}://{uri}"
        self._open({"credentials_uri": uri, **self._limits(http_options)})
