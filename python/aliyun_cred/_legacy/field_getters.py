"""The deprecated getters of one field each. Consecutive reads return fields of one credential.

Older SDKs read AccessKey ID, secret and token one after the other and sign with them. A refresh in between would make
that signature invalid. So all reads by the same thread or task from the same client are of the same credential, until a
field is read again.
"""

import weakref
from contextvars import ContextVar
from time import monotonic, time

from .._native import clock_offset
from ..models import CredentialModel

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..client import Client

    _Row = tuple["weakref.ref[Client]", CredentialModel, tuple[str, ...], float]

# Reads for one signature follow each other at once. A later read gets the current credential.
_SECONDS = 1.0

# Per thread or task: the client, its credential, the fields read so far, and the time of the first read.
_row: "ContextVar[_Row | None]" = ContextVar("aliyun_cred.field_getters", default=None)


def _continued(client: "Client", name: str) -> "_Row | None":
    row = _row.get()
    if row is None or row[0]() is not client or name in row[2] or monotonic() - row[3] > _SECONDS:
        return None
    end = row[1].expiration
    return row if end is None or time() + clock_offset() / 1000 < end else None


def _field(client: "Client", credential: CredentialModel, row: "_Row | None", name: str) -> "str | None":
    whose, _, read, since = row or (weakref.ref(client), credential, (), monotonic())
    # All three fields have been read: the row ends.
    _row.set(None if len(read) == 2 else (whose, credential, (*read, name), since))
    return getattr(credential, name)  # type: ignore[no-any-return]


def field(client: "Client", name: str) -> "str | None":
    """Returns ``access_key_id``, ``access_key_secret`` or ``security_token``."""
    row = _continued(client, name)
    return _field(client, client.get_credential() if row is None else row[1], row, name)


async def field_async(client: "Client", name: str) -> "str | None":
    """Like :func:`field`, but awaits the credential."""
    row = _continued(client, name)
    return _field(client, await client.get_credential_async() if row is None else row[1], row, name)
