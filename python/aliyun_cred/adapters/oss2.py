"""For ``oss2``: OSS, the older SDK.

>>> from aliyun_cred.adapters.oss2 import CredentialsProvider
>>> auth = oss2.ProviderAuthV4(CredentialsProvider(client))
>>> bucket = oss2.Bucket(auth, "https://oss-cn-hangzhou.aliyuncs.com", "bucket", region="cn-hangzhou")
"""

# mypy: disable-error-code="import-not-found, import-untyped, misc, no-untyped-call, unused-ignore"
from oss2 import credentials

from ._base import Adapter


class CredentialsProvider(Adapter, credentials.CredentialsProvider):
    """For ``ProviderAuth``, ``ProviderAuthV2`` and ``ProviderAuthV4``, which ask it for every signature."""

    def get_credentials(self) -> credentials.Credentials:
        """Returns the current credential.

        :raises CredentialException: as :meth:`aliyun_cred.client.Client.get_credential`
        """
        return credentials.Credentials(*self.parts())
