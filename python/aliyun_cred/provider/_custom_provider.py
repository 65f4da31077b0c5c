"""Custom providers: any object with ``get_credentials()`` and ``get_provider_name()``."""

import json
import time

from .. import _native
from .._keys import NAMES, checked
from .._native import one_line
from .._wait import ask_async
from ..exceptions import failure
from ..models import CredentialModel

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def name_of(provider: "Any") -> str:
    """Returns the provider's name, in one line.

    :raises TypeError: if it is not a provider
    """
    methods = ("get_credentials", "get_provider_name")
    if not all(callable(getattr(provider, name, None)) for name in methods):
        raise TypeError(f"provider must have {'() and '.join(methods)}(), which {type(provider).__name__} has not")
    return one_line(str(provider.get_provider_name()))


def _text(given: object, getter: str) -> "str | None":
    get = getattr(given, getter, None)
    value = get() if callable(get) else None
    return value if isinstance(value, str) and value else None


def _expiration(given: object, name: str) -> "int | None":
    """Returns when a credential expires, in seconds since 1970, if it says so.

    Checked here: the core would cache a credential whose expiration it knows, and not ask at every call or refresh.

    :raises CredentialException: of kind ``expired`` if it already has
    """
    get_expiration = getattr(given, "get_expiration", None)
    end = get_expiration() if callable(get_expiration) else None
    if not isinstance(end, int) or end <= 0:
        return None
    if end <= time.time():
        raise failure("expired", f"the provider '{name}' gave a credential that has already expired")
    return end


def model_of(given: object, name: str) -> CredentialModel:
    """Returns the model of a credential from the provider ``name``, which did not pass through the core.

    :raises CredentialException: of kind ``internal`` if it is not a credential, of kind ``expired`` if it has expired
    """
    keys = {
        field: checked(_text(given, f"get_{field}"), f"the {what} of the provider '{name}'", "internal") or None
        for field, what in NAMES.items()
    }
    bearer = keys["bearer_token"]
    provider_name = one_line(_text(given, "get_provider_name") or name)
    model = CredentialModel(**keys, type=name if bearer is None else "bearer", provider_name=provider_name)
    if bearer is None and not (model.access_key_id and model.access_key_secret):
        what = "None" if given is None else "a credential without AccessKey ID or secret"
        raise failure("internal", f"the provider '{name}' gave {what}")
    model.expiration = _expiration(given, name)
    return model


_NOTHING_KNOWN = {
    "has_credentials": False,
    "provider_name": None,
    "expiration": None,
    "age": None,
    "refresh_in": None,
    "is_past_expiration": False,
    "last_refresh": None,
    "failures": 0,
}


class _Uncached:
    """Takes the place of a native client and caches nothing: every call asks, in the caller's thread or event loop."""

    # One for all reports, so that a provider that asks for its own is noticed.
    _reporting: "_native.Client | None" = None

    def cached(self) -> None:
        """Returns ``None``: a custom provider may have a cache of its own."""

    def credential(self) -> CredentialModel:
        raise NotImplementedError

    def credential_within(self, seconds: float) -> CredentialModel:
        # Python code cannot be interrupted after so many seconds.
        return self.credential()

    def invalidate(self) -> None:
        """Does nothing: the next call asks again anyway."""

    def status(self) -> "tuple[str, None]":
        """Returns a status as a native client does. Only the clock is known."""
        clock_offset = _native.clock_offset()
        return json.dumps(dict(_NOTHING_KNOWN, type=self.type_name, clock_offset=clock_offset)), None

    def explain(self, all: bool, rotate: bool) -> "_native.Explain":
        """Returns the request for a report."""
        if self._reporting is None:
            ask = self.function()
            self._reporting = _native.Client.from_provider(ask.name, ask)
        return self._reporting.explain(all, rotate)

    def function(self) -> "CustomProviderFunction":
        """Returns the function that a native client calls."""
        raise NotImplementedError

    @property
    def type_name(self) -> "str | None":
        raise NotImplementedError


class CustomProvider(_Uncached):
    """A client's custom provider."""

    def __init__(self, provider: "Any") -> None:
        self._name = name_of(provider)
        self._provider = provider

    @property
    def type_name(self) -> str:
        return self._name

    def function(self) -> "CustomProviderFunction":
        return CustomProviderFunction(self._provider)

    def credential(self) -> CredentialModel:
        return model_of(self._provider.get_credentials(), self.type_name)

    async def credential_async(self) -> CredentialModel:
        return model_of(await ask_async(self._provider), self.type_name)


class AssignedCredential(_Uncached):
    """The object that was assigned to a client's ``cloud_credential``."""

    def __init__(self, credential: "Any") -> None:
        self._credential = credential

    @property
    def type_name(self) -> "str | None":
        # The older credentials have no such method.
        get_type = getattr(self._credential, "get_type", None)
        name: "str | None" = None if get_type is None else get_type()
        return name

    def function(self) -> "CustomProviderFunction":
        return CustomProviderFunction(_AsProvider(self))

    def credential(self) -> CredentialModel:
        model: CredentialModel = self._credential.get_credential()
        return model

    async def credential_async(self) -> CredentialModel:
        model: CredentialModel = await self._credential.get_credential_async()
        return model


class _AsProvider:
    """An assigned object as a custom provider."""

    def __init__(self, assigned: AssignedCredential) -> None:
        self._assigned = assigned

    def get_credentials(self) -> CredentialModel:
        return self._assigned.credential()

    def get_provider_name(self) -> str:
        return self._assigned.type_name or "custom"


class CustomProviderFunction:
    """A custom provider as the function that a native client calls. The core checks its result."""

    def __init__(self, provider: "Any") -> None:
        self.name = name_of(provider)
        self._provider = provider

    def __call__(self) -> "tuple[str | None, str | None, str | None, str | None, str | None]":
        given = self._provider.get_credentials()
        if given is None:
            raise failure("internal", f"the provider '{self.name}' gave None")
        _expiration(given, self.name)
        access_key_id, access_key_secret, security_token, bearer_token = (_text(given, f"get_{name}") for name in NAMES)
        provider_name = one_line(_text(given, "get_provider_name") or self.name)
        return access_key_id, access_key_secret, security_token, bearer_token, provider_name
