"""The deprecated getters, which give one field each: reads in a row are of one credential.

Older SDKs ask for AccessKey ID, secret and token one after the other, and sign with what they have got; a refresh in
between would leave them with a signature that nobody accepts. So what is read by the same thread, or the same task,
from the same client comes from the same credential, until a field is read for the second time.
"""

import weakref
from contextvars import ContextVar
from time import monotonic, time

from ..models import CredentialModel

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..client import Client

    _Row = tuple["weakref.ref[Client]", CredentialModel, tuple[str, ...], float]

# Reads that belong together follow each other at once. What comes later is something else, and gets what is current.
_SECONDS = 1.0

# Of this thread or task: whose credential, which, what of it has been read, and when the first read was.
_row: "ContextVar[_Row | None]" = ContextVar("aliyun_cred.one_by_one", default=None)


def _continued(client: "Client", name: str) -> "_Row | None":
    row = _row.get()
    if row is None or row[0]() is not client or name in row[2] or monotonic() - row[3] > _SECONDS:
        return None
    end = row[1].expiration
    return row if end is None or time() < end else None


def _field(client: "Client", credential: CredentialModel, row: "_Row | None", name: str) -> "str | None":
    whose, _, read, since = row or (weakref.ref(client), credential, (), monotonic())
    # With all three read, the row is at its end.
    _row.set(None if len(read) == 2 else (whose, credential, (*read, name), since))
    return getattr(credential, name)  # type: ignore[no-any-return]


def field(client: "Client", name: str) -> "str | None":
    """``access_key_id``, ``access_key_secret`` or ``security_token``."""
    row = _continued(client, name)
    return _field(client, client.get_credential() if row is None else row[1], row, name)


async def field_async(client: "Client", name: str) -> "str | None":
    """As :func:`field`, awaiting the credential."""
    row = _continued(client, name)
    return _field(client, await client.get_credential_async() if row is None else row[1], row, name)
