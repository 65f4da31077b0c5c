"""The older credential objects. Each holds its fields, and asks its provider again before they expire.

New code uses :class:`aliyun_cred.client.Client`, whose ``get_credential()`` returns the fields of one credential.
"""

import time

from .. import _native
from .._keys import NAMES, checked
from .._wait import ask_async, wait, wait_async
from ..exceptions import CredentialConfigError

# The official module has it, too.
from ..exceptions import CredentialException as CredentialException
from ..models import CredentialModel, _shown
from ..utils import auth_constant as ac

__name__ = "aliyun_cred.credentials"

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable


def keep_one(holder: object, key: object, make: "Callable[[], Any]") -> "Any":
    """Returns ``make()``, cached in ``holder`` until called with another key. All threads get the same object."""
    made = vars(holder).setdefault("_opened", {})
    if key not in made:
        # Atomic: concurrent threads all take the first one's object.
        made.setdefault(key, make())
        for other in [other for other in list(made) if other != key]:
            made.pop(other, None)
    return made.get(key) or make()


# How many seconds before its end a credential is refreshed.
_LEAD = 180


def _field(name: str, value: object) -> object:
    return checked(value, f"the {NAMES[name]}", kind_of_exception=CredentialConfigError) if name in NAMES else value


class Credential:
    """The base. Fields that do not apply are ``None``. ``str`` and ``repr`` mask the secrets; the getters return them.

    Assigning to a key, secret or token strips surrounding white space.

    :raises CredentialConfigError: (a ``ValueError``) if the assigned value is not valid for such a field
    """

    credential_type: "str | None" = None
    access_key_id: "str | None" = None
    access_key_secret: "str | None" = None
    security_token: "str | None" = None

    def __setattr__(self, name: str, value: object) -> None:
        super().__setattr__(name, _field(name, value))

    def get_access_key_id(self) -> "str | None":
        """Returns the AccessKey ID."""

    def get_access_key_secret(self) -> "str | None":
        """Returns the AccessKey secret."""

    def get_security_token(self) -> "str | None":
        """Returns the STS security token."""

    async def get_access_key_id_async(self) -> "str | None":
        """Like :meth:`get_access_key_id`, without blocking the event loop."""

    async def get_access_key_secret_async(self) -> "str | None":
        """Like :meth:`get_access_key_secret`, without blocking the event loop."""

    async def get_security_token_async(self) -> "str | None":
        """Like :meth:`get_security_token`, without blocking the event loop."""

    def get_credential(self) -> "CredentialModel | None":
        """Returns all fields, of one credential."""

    async def get_credential_async(self) -> "CredentialModel | None":
        """Like :meth:`get_credential`, without blocking the event loop."""

    def __repr__(self) -> str:
        return type(self).__name__ + _shown(self, ("access_key_id", "access_key_secret", "security_token"))


class _Fields(Credential):
    """Fields that never expire, unless a subclass refreshes them."""

    def _refresh_credential(self) -> None:
        """Refreshes the fields if they are due."""

    async def _refresh_credential_async(self) -> None:
        """Like :meth:`_refresh_credential`, without blocking the event loop."""

    def get_access_key_id(self) -> "str | None":
        self._refresh_credential()
        return self.access_key_id

    def get_access_key_secret(self) -> "str | None":
        self._refresh_credential()
        return self.access_key_secret

    def get_security_token(self) -> "str | None":
        self._refresh_credential()
        return self.security_token

    async def get_access_key_id_async(self) -> "str | None":
        await self._refresh_credential_async()
        return self.access_key_id

    async def get_access_key_secret_async(self) -> "str | None":
        await self._refresh_credential_async()
        return self.access_key_secret

    async def get_security_token_async(self) -> "str | None":
        await self._refresh_credential_async()
        return self.security_token

    def get_credential(self) -> CredentialModel:
        self._refresh_credential()
        return self._model()

    async def get_credential_async(self) -> CredentialModel:
        await self._refresh_credential_async()
        return self._model()

    def _model(self) -> CredentialModel:
        # A copy, since another thread may replace the fields.
        fields = dict(vars(self))
        return CredentialModel(
            access_key_id=fields.get("access_key_id"),
            access_key_secret=fields.get("access_key_secret"),
            security_token=fields.get("security_token"),
            type=self.credential_type,
        )


class AccessKeyCredential(_Fields):
    """A long-lived AccessKey pair."""

    credential_type = ac.ACCESS_KEY

    def __init__(self, access_key_id: "str | None", access_key_secret: "str | None") -> None:
        self.access_key_id = access_key_id
        self.access_key_secret = access_key_secret


class StsCredential(_Fields):
    """A fixed STS credential."""

    credential_type = ac.STS

    def __init__(
        self, access_key_id: "str | None", access_key_secret: "str | None", security_token: "str | None"
    ) -> None:
        self.access_key_id = access_key_id
        self.access_key_secret = access_key_secret
        self.security_token = security_token


class BearerTokenCredential(Credential):
    """A bearer token."""

    credential_type = ac.BEARER

    def __init__(self, bearer_token: "str | None") -> None:
        self.bearer_token = bearer_token

    def get_credential(self) -> CredentialModel:
        return CredentialModel(bearer_token=self.bearer_token, type=ac.BEARER)

    async def get_credential_async(self) -> CredentialModel:
        return self.get_credential()

    def get_type(self) -> "str | None":
        """Returns ``bearer``."""
        return ac.BEARER

    def __repr__(self) -> str:
        return type(self).__name__ + _shown(self, ("bearer_token",))


class _Refreshed(_Fields):
    """Fields that are refreshed three minutes before their end, and at every call if their end is unknown."""

    _STORED = ("access_key_id", "access_key_secret", "security_token", "expiration")

    expiration: "int | None" = None
    # An object with `get_credentials()` and `get_credentials_async()`, which return an object with these fields.
    provider: "Any" = None

    def _is_due(self) -> bool:
        return self.expiration is None or time.time() + _native.clock_offset() / 1000 >= self.expiration - _LEAD

    def _refresh_credential(self) -> None:
        if self._is_due():
            self._store(self.provider.get_credentials())

    async def _refresh_credential_async(self) -> None:
        if self._is_due():
            self._store(await ask_async(self.provider))

    def _store(self, given: object) -> None:
        if given is not None:
            # All at once, since other threads may be reading them.
            vars(self).update({name: _field(name, getattr(given, name, None)) for name in self._STORED})


class _Session(_Refreshed):
    """A session that STS or the metadata service issued. Asks ``provider`` for the next one."""

    def __init__(
        self,
        access_key_id: "str | None",
        access_key_secret: "str | None",
        security_token: "str | None",
        expiration: "int | None",
        provider: "Any",
    ) -> None:
        self.access_key_id = access_key_id
        self.access_key_secret = access_key_secret
        self.security_token = security_token
        self.expiration = expiration
        self.provider = provider


class EcsRamRoleCredential(_Session):
    """A session of the instance's RAM role. ``expiration``: in seconds since 1970."""

    credential_type = ac.ECS_RAM_ROLE


class RamRoleArnCredential(_Session):
    """A session of an assumed role. ``expiration``: in seconds since 1970."""

    credential_type = ac.RAM_ROLE_ARN


class OIDCRoleArnCredential(_Session):
    """A session of a role assumed with an OIDC token. ``expiration``: in seconds since 1970."""

    credential_type = ac.OIDC_ROLE_ARN


class RsaKeyPairCredential(_Refreshed):
    """A session of an RSA key pair, which has no security token. ``expiration``: in seconds since 1970."""

    credential_type = ac.RSA_KEY_PAIR

    def __init__(
        self,
        access_key_id: "str | None",
        access_key_secret: "str | None",
        expiration: "int | None",
        provider: "Any",
    ) -> None:
        self.access_key_id = access_key_id
        self.access_key_secret = access_key_secret
        self.expiration = expiration
        self.provider = provider


class CredentialsURICredential(_Refreshed):
    """The credential of a URI, fetched when a field is first read."""

    credential_type = ac.CREDENTIALS_URI

    def __init__(self, credentials_uri: str) -> None:
        self.access_key_id = None
        self.access_key_secret = None
        self.security_token = None
        self.expiration = None
        self.credentials_uri = credentials_uri

    def _refresh_credential(self) -> None:
        if self._is_due():
            native = self._native()
            self._store(native.cached() or wait(native))

    async def _refresh_credential_async(self) -> None:
        if self._is_due():
            native = self._native()
            self._store(native.cached() or await wait_async(native))

    def _native(self) -> _native.Client:
        # Made late: an invalid URI is an error of the first use.
        options = {"credentials_uri": self.credentials_uri}
        native: _native.Client = keep_one(self, self.credentials_uri, lambda: _native.Client(options, "credential_uri"))
        return native
