"""What a provider gives, and for providers of your own a cache, as the official package has it."""

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
    # Only those who have a provider of their own need it, and asyncio and threads with it.
    if name in __all__:
        from . import _supplier

        return getattr(_supplier, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


class Credentials(ICredentials):
    """A credential. What does not apply is ``None``. ``str`` and ``repr`` mask the secrets; the getters give them.

    The one that a provider of this package gives is shared by everyone who asks, until the credential changes.
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
        """The AccessKey ID; ``None`` for a bearer token."""
        return self._access_key_id

    def get_access_key_secret(self) -> "str | None":
        """The AccessKey secret; ``None`` for a bearer token."""
        return self._access_key_secret

    def get_security_token(self) -> "str | None":
        """The STS security token; ``None`` for a long-lived pair."""
        return self._security_token

    def get_expiration(self) -> "int | None":
        """When it ends by the service's word, in seconds since 1970; ``None`` if it does not end."""
        return self._expiration

    def get_provider_name(self) -> "str | None":
        """The path of sources that led here, such as ``ram_role_arn/static_ak``."""
        return self._provider_name

    def __repr__(self) -> str:
        secret = None if self._access_key_secret is None else "***"
        token = None if self._security_token is None else "***"
        return (
            f"{type(self).__name__}(access_key_id={self._access_key_id!r}, access_key_secret={secret}, "
            f"security_token={token}, expiration={self._expiration!r}, provider_name={self._provider_name!r})"
        )
