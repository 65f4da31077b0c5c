"""For ``pyodps``: MaxCompute.

>>> from aliyun_cred.adapters.odps import Account
>>> odps = ODPS(Account(client), project="...", endpoint="...")

``odps.accounts.CredentialProviderAccount(client)`` takes a client directly. This class also shows why there is no
credential; that one hides the reason behind the failure of its second attempt.
"""

# mypy: disable-error-code="import-not-found, import-untyped, misc, no-untyped-call, unused-ignore"
from odps.accounts import CredentialProviderAccount

from ..client import Client
from ..models import CredentialModel
from ._base import Adapter


class _Provider(Adapter):
    def get_credential(self) -> CredentialModel:
        return self.pair()

    get_credentials = get_credential


class Account(CredentialProviderAccount):
    """An account that asks the client for every signature. Deep copies and pickles resolve on their own.

    pyodps recognises a new credential by its AccessKey ID, and does not notice one that differs only in its secret.
    """

    def __init__(self, client: "Client | None" = None) -> None:
        super().__init__(_Provider(client))

    def __reduce__(self) -> "tuple[object, ...]":
        return type(self), (self.provider.client,)
