"""For ``alibabacloud_oss_v2.aio``: its client asks for credentials in the event loop, which nothing may block.

>>> from aliyun_cred.adapters.oss_v2 import CredentialsProvider
>>> from aliyun_cred.adapters.oss_v2_aio import AsyncClient
>>> config.credentials_provider = CredentialsProvider(client)
>>> async with AsyncClient(config) as oss: ...
"""

# mypy: disable-error-code="import-not-found, import-untyped, misc, unused-ignore"
from alibabacloud_oss_v2 import aio

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


class AsyncClient(aio.AsyncClient):
    """The SDK's client, which before each operation awaits a credential, so that signing finds it in the cache.

    With the SDK's own ``AsyncClient`` everything works too, but the loop stands still while a credential is fetched.
    A source that is asked at every call, such as a command whose credential has no end, is asked once more for each
    signature, in the loop. Why there is no credential is raised as it is, not as an error of the operation.
    """

    def __init__(self, config: "Any", **options: "Any") -> None:
        """As the SDK's; ``config.credentials_provider`` has to be ours."""
        super().__init__(config, **options)
        client = config.credentials_provider.client
        invoke = self._client.invoke_operation

        async def invoke_with_credential(operation: "Any", **options: "Any") -> "Any":
            await client.get_credential_async()
            return await invoke(operation, **options)

        # Every operation of the SDK goes through this one call.
        self._client.invoke_operation = invoke_with_credential
