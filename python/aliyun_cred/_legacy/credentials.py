"""The older credential objects: each holds the fields that it was given, and asks its provider again before they end.

New code asks a :class:`aliyun_cred.client.Client`, whose ``get_credential()`` gives fields that belong together.
"""

import time

from .. import _native
from .._keys import NAMES, checked
from .._wait import ask_async, wait, wait_async
from ..exceptions import CredentialConfigError
from ..models import CredentialModel, _shown
from ..utils import auth_constant as ac

__name__ = "aliyun_cred.credentials"

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable


def keep_one(holder: object, key: object, make: "Callable[[], Any]") -> "Any":
    """What ``make`` gives for ``key``: the same for all threads, until it is asked for with another key."""
    made = vars(holder).setdefault("_opened", {})
    if key not in made:
        # Of threads that come here together, all take the first one's.
        made.setdefault(key, make())
        for other in [other for other in list(made) if other != key]:
            made.pop(other, None)
    return made.get(key) or make()


# Seconds before its end from which a credential is asked for again.
_LEAD = 180


def _field(name: str, value: object) -> object:
    return checked(value, f"the {NAMES[name]}", kind_of_exception=CredentialConfigError) if name in NAMES else value


class Credential:
    """What has no such field gives ``None``. ``str`` and ``repr`` mask the secrets; the getters give them.

    White space around a key, secret or token that is assigned is cut off.

    :raises CredentialConfigError: (a ``ValueError``) if what is assigned to such a field cannot be one
    """

    credential_type: "str | None" = None
    access_key_id: "str | None" = None
    access_key_secret: "str | None" = None
    security_token: "str | None" = None

    def __setattr__(self, name: str, value: object) -> None:
        super().__setattr__(name, _field(name, value))

    def get_access_key_id(self) -> "str | None":
        """The AccessKey ID."""

    def get_access_key_secret(self) -> "str | None":
        """The AccessKey secret."""

    def get_security_token(self) -> "str | None":
        """The STS security token."""

    async def get_access_key_id_async(self) -> "str | None":
        """As :meth:`get_access_key_id`, without blocking the event loop."""

    async def get_access_key_secret_async(self) -> "str | None":
        """As :meth:`get_access_key_secret`, without blocking the event loop."""

    async def get_security_token_async(self) -> "str | None":
        """As :meth:`get_security_token`, without blocking the event loop."""

    def get_credential(self) -> "CredentialModel | None":
        """All fields at once, of one credential."""

    async def get_credential_async(self) -> "CredentialModel | None":
        """As :meth:`get_credential`, without blocking the event loop."""

    def __repr__(self) -> str:
        return type(self).__name__ + _shown(self, ("access_key_id", "access_key_secret", "security_token"))


class _Fields(Credential):
    """Fields that are good for ever, unless a subclass knows how they are refreshed."""

    def _refresh_credential(self) -> None:
        """Sees to it that the fields are good."""

    async def _refresh_credential_async(self) -> None:
        """As :meth:`_refresh_credential`, without blocking the event loop."""

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
        # A copy of all of them, as another thread may replace them.
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
    """An STS token that somebody else refreshes."""

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
        """``bearer``."""
        return ac.BEARER

    def __repr__(self) -> str:
        return type(self).__name__ + _shown(self, ("bearer_token",))


class _Refreshed(_Fields):
    """Fields that are asked for again three minutes before their end, and at every call if their end is not known."""

    _STORED = ("access_key_id", "access_key_secret", "security_token", "expiration")

    expiration: "int | None" = None
    # Whoever has `get_credentials()` and `get_credentials_async()`; they give an object with these fields.
    provider: "Any" = None

    def _is_due(self) -> bool:
        return self.expiration is None or time.time() >= self.expiration - _LEAD

    def _refresh_credential(self) -> None:
        if self._is_due():
            self._store(self.provider.get_credentials())

    async def _refresh_credential_async(self) -> None:
        if self._is_due():
            self._store(await ask_async(self.provider))

    def _store(self, given: object) -> None:
        if given is not None:
            # All at once, for those who read them in other threads.
            vars(self).update({name: _field(name, getattr(given, name, None)) for name in self._STORED})


class _Session(_Refreshed):
    """What STS or the metadata service issued; ``provider`` is asked for the next."""

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
    """What a URI gives, asked for when the first field is."""

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
        # Made late, as a URI that cannot be is an error of the first use.
        options = {"credentials_uri": self.credentials_uri}
        native: _native.Client = keep_one(self, self.credentials_uri, lambda: _native.Client(options, "credential_uri"))
        return native
