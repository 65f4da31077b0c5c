"""The base of all adapters. Asks the client once per signature."""

from ..client import Client
from ..exceptions import CredentialException
from ..models import CredentialModel


class Adapter:
    """Asks a client for the credential to sign with.

    ``client`` may be any object with the ``get_credential()`` of :class:`aliyun_cred.client.Client`; default: a new
    client of the default chain.
    """

    def __init__(self, client: "Client | None" = None) -> None:
        self.client = Client() if client is None else client

    def pair(self) -> CredentialModel:
        """Returns the current credential, which has an AccessKey pair.

        :raises CredentialException: what the client raises; of kind ``invalid_config`` for a bearer token
        """
        credential = self.client.get_credential()
        if credential.access_key_id is None:
            exception = CredentialException(
                f"a credential of type {credential.type} has no AccessKey pair, without which this SDK cannot sign: "
                "use a client of another type"
            )
            exception.kind = "invalid_config"
            raise exception
        return credential

    def forgets(self, code: object) -> bool:
        """Drops the cached credential if a service's error ``code`` says that its AccessKey does not exist.

        The key may have been rotated. Returns whether it was dropped, so that one more attempt makes sense.
        """
        invalidate = getattr(self.client, "invalidate", None)
        if invalidate is None or not str(code).startswith("InvalidAccessKeyId"):
            return False
        invalidate()
        return True

    def parts(self) -> "tuple[str, str, str | None]":
        """Returns AccessKey ID, AccessKey secret and security token of :meth:`pair`."""
        pair = self.pair()
        return pair.access_key_id or "", pair.access_key_secret or "", pair.security_token
