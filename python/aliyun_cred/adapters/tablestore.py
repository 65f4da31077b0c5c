"""For ``tablestore``.

>>> from aliyun_cred.adapters.tablestore import CredentialsProvider
>>> ots = tablestore.OTSClient(endpoint, instance_name="...", credentials_provider=CredentialsProvider(client))
"""

# mypy: disable-error-code="import-not-found, import-untyped, misc, no-untyped-call, unused-ignore"
import tablestore
from tablestore import credentials

from ._base import Adapter

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


class CredentialsProvider(Adapter, credentials.CredentialsProvider):
    """For ``OTSClient(credentials_provider=...)``, which asks it once per request and reuses it for retries."""

    def get_credentials(self) -> credentials.Credentials:
        """Returns the current credential.

        :raises CredentialException: as :meth:`aliyun_cred.client.Client.get_credential`
        """
        return credentials.Credentials(*self.parts())


class AsyncOTSClient(tablestore.AsyncOTSClient):
    """The SDK's client, but awaits a credential before each request, so that signing finds it in the cache.

    The SDK's own ``AsyncOTSClient`` works too, but blocks the loop while a credential is fetched.
    ``credentials_provider`` must be that of this adapter.
    """

    async def _request_helper(self, *arguments: "Any", **options: "Any") -> "Any":
        await self.credentials_provider.client.get_credential_async()
        return await super()._request_helper(*arguments, **options)

    async def _vectors_request_helper(self, *arguments: "Any", **options: "Any") -> "Any":
        await self.credentials_provider.client.get_credential_async()
        return await super()._vectors_request_helper(*arguments, **options)
