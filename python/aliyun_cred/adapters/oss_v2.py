"""For ``alibabacloud_oss_v2``: OSS, the newer SDK. ``oss_v2_aio`` beside it is for its asynchronous client.

>>> from aliyun_cred.adapters.oss_v2 import CredentialsProvider
>>> config = alibabacloud_oss_v2.config.load_default()
>>> config.credentials_provider = CredentialsProvider(client)
"""

# mypy: disable-error-code="import-not-found, import-untyped, misc, unused-ignore"
from alibabacloud_oss_v2 import credentials

from ._base import Adapter


class CredentialsProvider(Adapter, credentials.CredentialsProvider):
    """For ``Config.credentials_provider``. The SDK asks it for every signature, those of retries included.

    The SDK chains the client's exception to its own ``CredentialsFetchError``.
    """

    def get_credentials(self) -> credentials.Credentials:
        """Returns the current credential.

        :raises CredentialException: as :meth:`aliyun_cred.client.Client.get_credential`
        """
        return credentials.Credentials(*self.parts())
