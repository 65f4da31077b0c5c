"""The base of this package's providers. Each stands for one source of the native core."""

from .. import _native
from .._wait import wait, wait_async
from ..http import HttpOptions
from ..models import CredentialModel
from ._official_interfaces import ICredentialsProvider
from .refreshable import Credentials

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable


class Provider(ICredentialsProvider):
    """One source. Caches its credential and refreshes it in time. Usable in any thread or event loop, like a client.

    A provider can be pickled and deep-copied. The copy holds the options, **long-lived secrets included**, and resolves
    its own credential.
    """

    DEFAULT_CONNECT_TIMEOUT = 5000
    """The limit for a connection, in milliseconds, unless ``http_options`` have one. Subclasses may have another."""
    DEFAULT_READ_TIMEOUT = 10000
    """The limit of one request once connected, in milliseconds, unless ``http_options`` have one."""

    # The source's name in the core.
    _SOURCE: "str"

    def _limits(self, http_options: "HttpOptions | None") -> "dict[str, Any]":
        """Translates ``http_options`` into options of the core."""
        if http_options is None:
            http_options = HttpOptions()
        elif not isinstance(http_options, HttpOptions):
            raise TypeError(f"http_options must be an aliyun_cred.http.HttpOptions, not {type(http_options).__name__}")
        return {
            "proxy": http_options.proxy,
            "connect_timeout": http_options.connect_timeout or self.DEFAULT_CONNECT_TIMEOUT,
            "timeout": http_options.read_timeout or self.DEFAULT_READ_TIMEOUT,
        }

    def _open(
        self,
        options: "dict[str, Any]",
        base: "_native.Client | None" = None,
        on_update: "Callable[..., None] | None" = None,
    ) -> None:
        given = {name: value for name, value in options.items() if value is not None}
        self._native = _native.Client(given, self._SOURCE, base, on_update)

    @classmethod
    def _of(cls, native: _native.Client) -> "Provider":
        """Makes a provider for an existing client."""
        provider = cls.__new__(cls)
        provider._native = native
        return provider

    def get_credentials(self) -> Credentials:
        """Returns the cached credential if it is fresh. Otherwise this thread waits for the current one.

        :raises CredentialException: if the source fails and no cached credential is still valid
        """
        model = self._native.cached()
        if model is None:
            model = wait(self._native)
        return self._shared(model)

    async def get_credentials_async(self) -> Credentials:
        """Like :meth:`get_credentials`, without blocking the event loop."""
        model = self._native.cached()
        if model is None:
            model = await wait_async(self._native)
        return self._shared(model)

    def get_provider_name(self) -> str:
        """Returns the source's name, as in ``provider_name``."""
        return self._SOURCE

    def invalidate(self) -> None:
        """Drops the cached credential after a service refused it: the next call asks the source again."""
        self._native.invalidate()

    # The last returned model, and the credentials made of it.
    _last: "tuple[CredentialModel, Credentials] | None" = None

    def _shared(self, model: CredentialModel) -> Credentials:
        last = self._last
        if last is not None and last[0] is model:
            return last[1]
        credentials = Credentials(
            access_key_id=model.access_key_id,
            access_key_secret=model.access_key_secret,
            security_token=model.security_token,
            expiration=model.expiration,
            provider_name=model.provider_name,
        )
        self._last = (model, credentials)
        return credentials

    def __getstate__(self) -> "dict[str, Any]":
        # Without the fetched credential.
        return {name: value for name, value in self.__dict__.items() if name != "_last"}

    def __repr__(self) -> str:
        return f"{type(self).__name__}()"


def native_of(provider: object) -> "_native.Client | None":
    """Returns the native client of a provider of this package.

    Returns ``None`` if other code decides what the provider returns: another class, a subclass that overrides a method,
    or a mock.
    """
    kind = type(provider)
    # Not `isinstance`, since mocks pass that check.
    if not issubclass(kind, Provider):
        return None
    replaced = {"get_credentials", "get_credentials_async", "get_provider_name"} & vars(provider).keys()
    inherited = (
        kind.get_credentials is Provider.get_credentials
        and kind.get_credentials_async is Provider.get_credentials_async
        and kind.get_provider_name is Provider.get_provider_name
    )
    return provider._native if inherited and not replaced else None  # type: ignore[attr-defined]


def base_of(provider: "Any") -> "_native.Client | None":
    """Returns the native client of the provider that another source asks; ``None`` if there is none."""
    from ._custom_provider import CustomProviderFunction

    if provider is None:
        return None
    native = native_of(provider)
    if native is not None:
        return native
    asked = CustomProviderFunction(provider)
    return _native.Client.from_provider(asked.name, asked)
