"""Providers of the user's own: any object with ``get_credentials()`` and ``get_provider_name()``."""

import time

from .._keys import NAMES, checked
from .._native import one_line
from .._wait import ask_async
from ..exceptions import failure
from ..models import CredentialModel

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def name_of(provider: "Any") -> str:
    """Its name.

    :raises TypeError: if it is no provider
    """
    methods = ("get_credentials", "get_provider_name")
    if not all(callable(getattr(provider, name, None)) for name in methods):
        raise TypeError(f"provider must have {'() and '.join(methods)}(), which {type(provider).__name__} has not")
    return one_line(str(provider.get_provider_name()))


def _text(given: object, getter: str) -> "str | None":
    get = getattr(given, getter, None)
    value = get() if callable(get) else None
    return value if isinstance(value, str) and value else None


def model_of(given: object, name: str) -> CredentialModel:
    """The model of what the provider called ``name`` gave.

    :raises CredentialException: of kind ``internal`` if that is no credential, of kind ``expired`` if it is a dead one
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
    get_expiration = getattr(given, "get_expiration", None)
    end = get_expiration() if callable(get_expiration) else None
    if isinstance(end, int) and end > 0:
        if end <= time.time():
            raise failure("expired", f"the provider '{name}' gave a credential that has already expired")
        model.expiration = end
    return model


class _Uncached:
    """Something of the user's own in the place of a native client: asked at every call, in the caller's thread or event
    loop.
    """

    def cached(self) -> None:
        """What it has cached is its own affair."""

    def credential(self) -> CredentialModel:
        raise NotImplementedError

    def credential_within(self, seconds: float) -> CredentialModel:
        # Nobody can interrupt it.
        return self.credential()

    def invalidate(self) -> None:
        """It is asked again in any case."""


class CustomProvider(_Uncached):
    """A provider of the user's own."""

    def __init__(self, provider: "Any") -> None:
        self.type_name = name_of(provider)
        self._provider = provider

    def credential(self) -> CredentialModel:
        return model_of(self._provider.get_credentials(), self.type_name)

    async def credential_async(self) -> CredentialModel:
        return model_of(await ask_async(self._provider), self.type_name)


class AssignedCredential(_Uncached):
    """What was assigned to a client's ``cloud_credential``."""

    def __init__(self, credential: "Any") -> None:
        self._credential = credential

    @property
    def type_name(self) -> "str | None":
        name: "str | None" = self._credential.get_type()
        return name

    def credential(self) -> CredentialModel:
        model: CredentialModel = self._credential.get_credential()
        return model

    async def credential_async(self) -> CredentialModel:
        model: CredentialModel = await self._credential.get_credential_async()
        return model


class CustomProviderFunction:
    """Such a provider as the function that a native client calls."""

    def __init__(self, provider: "Any") -> None:
        self.name = name_of(provider)
        self._provider = provider

    def __call__(self) -> "tuple[str, str, str | None, str | None]":
        model = model_of(self._provider.get_credentials(), self.name)
        if model.access_key_id is None or model.access_key_secret is None:
            raise failure("invalid_config", f"the provider '{self.name}' gave a bearer token, which assumes no role")
        return model.access_key_id, model.access_key_secret, model.security_token, model.provider_name
