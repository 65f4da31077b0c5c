"""For ``aliyun-log-python-sdk``: Simple Log Service (SLS).

>>> from aliyun_cred.adapters.log import CredentialsProvider
>>> log = aliyun.log.LogClient("cn-hangzhou.log.aliyuncs.com", credentials_provider=CredentialsProvider(client))
"""

# mypy: disable-error-code="import-not-found, import-untyped, misc, no-untyped-call, unused-ignore"
from aliyun.log import credentials

from ._base import Adapter


class CredentialsProvider(Adapter, credentials.CredentialsProvider):
    """For ``LogClient(credentials_provider=...)``, which asks it for every signature."""

    def get_credentials(self) -> credentials.Credentials:
        """Returns the current credential.

        :raises CredentialException: as :meth:`aliyun_cred.client.Client.get_credential`
        """
        return credentials.Credentials(*self.parts())
