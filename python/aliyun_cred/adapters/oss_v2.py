"""For ``alibabacloud_oss_v2``: OSS, the newer SDK. ``oss_v2_aio`` beside it is for its asynchronous client.

>>> from aliyun_cred.adapters.oss_v2 import CredentialsProvider
>>> config = alibabacloud_oss_v2.config.load_default()
>>> config.credentials_provider = CredentialsProvider(client)
"""

# mypy: disable-error-code="import-not-found, import-untyped, misc, unused-ignore"
from alibabacloud_oss_v2 import credentials

from ._base import Adapter


class CredentialsProvider(Adapter, credentials.CredentialsProvider):
    """What ``Config.credentials_provider`` takes; asked at every signature, those of repeated attempts included.

    The SDK raises what the client raises as the cause of its own ``CredentialsFetchError``.
    """

    def get_credentials(self) -> credentials.Credentials:
        """The current credential.

        :raises CredentialException: as :meth:`aliyun_cred.client.Client.get_credential`
        """
        return credentials.Credentials(*self.parts())
