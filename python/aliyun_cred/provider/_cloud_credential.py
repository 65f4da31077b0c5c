"""``Client.cloud_credential``, as in the official package."""

import copy

from .. import _native
from .._wait import wait, wait_async
from ..credentials import BearerTokenCredential
from ..models import CredentialModel
from ._base import Provider, native_of
from ._custom_provider import AssignedCredential, CustomProvider
from .default import DefaultCredentialsProvider
from .ecs_ram_role import EcsRamRoleCredentialsProvider
from .kms_secret import KmsSecretCredentialsProvider
from .oidc import OIDCRoleArnCredentialsProvider
from .ram_role_arn import RamRoleArnCredentialsProvider
from .rsa_key_pair import RsaKeyPairCredentialsProvider
from .static_ak import StaticAKCredentialsProvider
from .static_sts import StaticSTSCredentialsProvider
from .uri import URLCredentialsProvider

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

# The provider class for each type of configuration. A bearer token has no provider.
_CLASSES: "dict[str, type[Provider]]" = {
    "access_key": StaticAKCredentialsProvider,
    "sts": StaticSTSCredentialsProvider,
    "ecs_ram_role": EcsRamRoleCredentialsProvider,
    "ram_role_arn": RamRoleArnCredentialsProvider,
    "rsa_key_pair": RsaKeyPairCredentialsProvider,
    "oidc_role_arn": OIDCRoleArnCredentialsProvider,
    "kms_secret": KmsSecretCredentialsProvider,
    "credentials_uri": URLCredentialsProvider,
    "default": DefaultCredentialsProvider,
}


class _CredentialsProviderWrap:
    """A provider, and the type name that its credentials get."""

    def __init__(self, *, type_name: "str | None" = None, provider: "object" = None) -> None:
        self.type_name = type_name
        self.provider = provider

    def get_credential(self) -> CredentialModel:
        """Returns the current credential."""
        asked = self._asked()
        return self._typed(asked.cached() or wait(asked))

    async def get_credential_async(self) -> CredentialModel:
        """Like :meth:`get_credential`, without blocking the event loop."""
        asked = self._asked()
        return self._typed(asked.cached() or await wait_async(asked))

    def get_access_key_id(self) -> "str | None":
        """Returns ``get_credential().access_key_id``."""
        return self.get_credential().access_key_id

    def get_access_key_secret(self) -> "str | None":
        """Returns ``get_credential().access_key_secret``."""
        return self.get_credential().access_key_secret

    def get_security_token(self) -> "str | None":
        """Returns ``get_credential().security_token``."""
        return self.get_credential().security_token

    async def get_access_key_id_async(self) -> "str | None":
        """Returns ``get_credential_async().access_key_id``."""
        return (await self.get_credential_async()).access_key_id

    async def get_access_key_secret_async(self) -> "str | None":
        """Returns ``get_credential_async().access_key_secret``."""
        return (await self.get_credential_async()).access_key_secret

    async def get_security_token_async(self) -> "str | None":
        """Returns ``get_credential_async().security_token``."""
        return (await self.get_credential_async()).security_token

    def get_type(self) -> "str | None":
        """Returns :attr:`type_name`."""
        return self.type_name

    def _asked(self) -> "_native.Client | CustomProvider":
        return native_of(self.provider) or CustomProvider(self.provider)

    def _typed(self, model: CredentialModel) -> CredentialModel:
        if self.type_name in (None, model.type) or model.bearer_token is not None:
            return model
        model = copy.copy(model)
        model.type = self.type_name
        return model


class _Bearer(_CredentialsProviderWrap, BearerTokenCredential):
    """A bearer token, for which there is no provider."""

    def __init__(self, native: _native.Client) -> None:
        super().__init__(type_name="bearer")
        self._native = native
        self.bearer_token = native.credential().bearer_token

    def _asked(self) -> "_native.Client | CustomProvider":
        return self._native


def wrap(native: "_native.Client | CustomProvider | AssignedCredential", provider: "Any") -> _CredentialsProviderWrap:
    """Makes a client's ``cloud_credential``. ``provider`` is ``None`` if the client was made of a configuration."""
    if provider is not None or isinstance(native, (CustomProvider, AssignedCredential)):
        return _CredentialsProviderWrap(type_name=native.type_name, provider=provider)
    if native.type_name == "bearer":
        return _Bearer(native)
    return _CredentialsProviderWrap(type_name=native.type_name, provider=_CLASSES[native.type_name]._of(native))
