"""For ``pyodps``: MaxCompute.

>>> from aliyun_cred.adapters.odps import Account
>>> odps = ODPS(Account(client), project="...", endpoint="...")

``odps.accounts.CredentialProviderAccount(client)`` takes our client as it is. This class beside it shows why a
credential could not be had, which that one hides behind the failure of a second way to ask.
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
    """An account that asks the client at every signature. Deep copies and pickles resolve for themselves.

    pyodps takes a new credential by its AccessKey ID: one that differs in its secret alone is not noticed.
    """

    def __init__(self, client: "Client | None" = None) -> None:
        super().__init__(_Provider(client))

    def __reduce__(self) -> "tuple[object, ...]":
        return type(self), (self.provider.client,)
