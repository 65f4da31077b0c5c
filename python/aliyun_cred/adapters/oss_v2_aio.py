"""For ``alibabacloud_oss_v2.aio``, whose client asks for credentials in the event loop, where it must not block.

>>> from aliyun_cred.adapters.oss_v2 import CredentialsProvider
>>> from aliyun_cred.adapters.oss_v2_aio import AsyncClient
>>> config.credentials_provider = CredentialsProvider(client)
>>> async with AsyncClient(config) as oss: ...
"""

# mypy: disable-error-code="import-not-found, import-untyped, misc, unused-ignore"
from alibabacloud_oss_v2 import aio, exceptions

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


class AsyncClient(aio.AsyncClient):
    """The SDK's client, but awaits a credential before each operation, so that signing finds it in the cache.

    The SDK's own ``AsyncClient`` works too, but blocks the loop while a credential is fetched. A source that is asked
    at every call, such as a command whose credential does not expire, is asked again for each signature, in the loop.
    If there is no credential, its exception is raised directly, not as an error of the operation.

    If OSS answers ``InvalidAccessKeyId``, an operation whose body can be sent again is tried once more with a new
    credential: the key may have been rotated.
    """

    def __init__(self, config: "Any", **options: "Any") -> None:
        """Takes the SDK's arguments; ``config.credentials_provider`` must be that of this package's adapter."""
        super().__init__(config, **options)
        adapter = config.credentials_provider
        invoke = self._client.invoke_operation

        async def invoke_with_credential(operation: "Any", **options: "Any") -> "Any":
            await adapter.client.get_credential_async()
            try:
                return await invoke(operation, **options)
            except exceptions.OperationError as exception:
                can_be_sent_again = isinstance(operation.body, (type(None), bytes, str))
                if not can_be_sent_again or not adapter.forgets(getattr(exception.unwrap(), "code", None)):
                    raise
            await adapter.client.get_credential_async()
            return await invoke(operation, **options)

        # All operations of the SDK go through this call.
        self._client.invoke_operation = invoke_with_credential
