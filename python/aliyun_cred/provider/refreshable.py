"""The credentials that a provider returns, and the official package's cache for custom providers."""

# The official module has it, too.
from ..exceptions import CredentialException as CredentialException
from ._official_interfaces import ICredentials

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ._supplier import (
        CONCURRENT_REFRESH_LEASES,
        EXECUTOR,
        INT64_MAX,
        MAX_CONCURRENT_REFRESHES,
        NonBlocking,
        OneCallerBlocks,
        PrefetchStrategy,
        RefreshCachedSupplier,
        RefreshResult,
        StaleValueBehavior,
    )

__all__ = [
    "CONCURRENT_REFRESH_LEASES",
    "EXECUTOR",
    "INT64_MAX",
    "MAX_CONCURRENT_REFRESHES",
    "Credentials",
    "NonBlocking",
    "OneCallerBlocks",
    "PrefetchStrategy",
    "RefreshCachedSupplier",
    "RefreshResult",
    "StaleValueBehavior",
]


def __getattr__(name: str) -> object:
    # Imported on demand, with asyncio and threading: only custom providers use it.
    if name in __all__:
        from . import _supplier

        return getattr(_supplier, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


class Credentials(ICredentials):
    """A credential. Fields that do not apply are ``None``.

    ``str`` and ``repr`` mask the secrets; the getters return them.

    A provider of this package returns the same object to all callers until the credential changes.
    """

    def __init__(
        self,
        *,
        access_key_id: "str | None" = None,
        access_key_secret: "str | None" = None,
        security_token: "str | None" = None,
        expiration: "int | None" = None,
        provider_name: "str | None" = None,
    ) -> None:
        self._access_key_id = access_key_id
        self._access_key_secret = access_key_secret
        self._security_token = security_token
        self._expiration = expiration
        self._provider_name = provider_name

    def get_access_key_id(self) -> "str | None":
        """Returns the AccessKey ID; ``None`` for a bearer token."""
        return self._access_key_id

    def get_access_key_secret(self) -> "str | None":
        """Returns the AccessKey secret; ``None`` for a bearer token."""
        return self._access_key_secret

    def get_security_token(self) -> "str | None":
        """Returns the STS security token; ``None`` for a long-lived pair."""
        return self._security_token

    def get_expiration(self) -> "int | None":
        """Returns when it expires, in seconds since 1970; ``None`` if it does not expire."""
        return self._expiration

    def get_provider_name(self) -> "str | None":
        """Returns the path of sources that gave it, such as ``ram_role_arn/static_ak``."""
        return self._provider_name

    def __repr__(self) -> str:
        secret = None if self._access_key_secret is None else "***"
        token = None if self._security_token is None else "***"
        return (
            f"{type(self).__name__}(access_key_id={self._access_key_id!r}, access_key_secret={secret}, "
            f"security_token={token}, expiration={self._expiration!r}, provider_name={self._provider_name!r})"
        )
