"""The client. Returns the current credential, fetching or refreshing it when needed."""

from . import _native
from .models import Config, CredentialModel

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable, Coroutine

    from .exceptions import CredentialException as CredentialException
    from .http import HttpOptions as HttpOptions
    from .provider import DefaultCredentialsProvider as DefaultCredentialsProvider
    from .provider import EcsRamRoleCredentialsProvider as EcsRamRoleCredentialsProvider
    from .provider import OIDCRoleArnCredentialsProvider as OIDCRoleArnCredentialsProvider
    from .provider import RamRoleArnCredentialsProvider as RamRoleArnCredentialsProvider
    from .provider import RsaKeyPairCredentialsProvider as RsaKeyPairCredentialsProvider
    from .provider import StaticAKCredentialsProvider as StaticAKCredentialsProvider
    from .provider import StaticSTSCredentialsProvider as StaticSTSCredentialsProvider
    from .provider import URLCredentialsProvider as URLCredentialsProvider
    from .provider._cloud_credential import _CredentialsProviderWrap
    from .provider._custom_provider import AssignedCredential, CustomProvider
    from .provider._official_interfaces import ICredentialsProvider as ICredentialsProvider
    from .report import Report
    from .status import Event, Status

    _OnEvent = Callable[[Event], object]
else:
    # Frameworks evaluate the annotations of `__init__`; importing what this needs would cost every program.
    _OnEvent = object


def attribute_error_return_none(f: "Callable[..., Any]") -> "Callable[..., Any]":
    """A decorator that returns ``None`` if the function raises an ``AttributeError``."""
    from functools import wraps

    @wraps(f)
    def i(*args: "Any", **kwargs: "Any") -> "Any":
        try:
            return f(*args, **kwargs)
        except AttributeError:
            return None

    return i


class Client:
    """A client of one source, or of the default chain.

    Usable from any thread, greenlet, asyncio or trio event loop, and in a forked child. All callers share its cached
    credential and the one refresh in flight. Making a client opens no connection and starts no thread.

    A client can be pickled and deep-copied. The copy holds the configuration, **its long-lived secrets included**, but
    never a fetched credential: it resolves its own.
    """

    _native: "_native.Client | CustomProvider | AssignedCredential"

    def __init__(
        self,
        config: "Config | None" = None,
        provider: "object" = None,
        *,
        on_event: "_OnEvent | None" = None,
    ) -> None:
        """Makes a client of the source that ``config`` names; without ``config``, of the default chain.

        ``provider``: one of ``aliyun_cred.provider``, or a custom provider: any object with ``get_credentials()``,
        ``get_credentials_async()`` and ``get_provider_name()``. ``config`` is ignored then. Every call asks a custom
        provider, in the caller's thread or event loop, and raises its exceptions unchanged.

        ``on_event``: called with each refresh, each failure, and each change of the source, on a thread of its own, one
        call at a time and in order. It may block, and its exceptions are logged. At most 64 events wait for it; then
        the oldest is dropped. A pickled or deep-copied client has no listener. Not for custom providers, which this
        library neither caches nor refreshes.

        :raises CredentialConfigError: (a ``ValueError``) if an option is missing, contradictory or out of range
        :raises CredentialFileNotFoundError: (also a ``FileNotFoundError``) if a file that it names does not exist
        :raises CredentialException: if the type is missing or unknown
        :raises TypeError: if an option's value has the wrong type, or ``provider`` is not a provider
        """
        self._provider = provider
        if provider is not None:
            self._native = _of_provider(provider)
            self._listen(on_event)
            return
        options = None
        if config is not None:
            if not isinstance(config, Config):
                raise TypeError(f"config must be an aliyun_cred.models.Config, not {type(config).__name__}")
            fields = ((name, getattr(config, name)) for name in Config._FIELDS)
            options = {name: value for name, value in fields if value is not None}
        # The native client pickles itself, so that subclasses can be pickled whatever attributes they add.
        self._native = _native.Client(options)
        self._listen(on_event)

    def _listen(self, on_event: "_OnEvent | None") -> None:
        if on_event is None:
            return
        from .status import EventListener

        if not isinstance(self._native, _native.Client):
            raise TypeError("on_event is not for custom providers, which this library neither caches nor refreshes")
        self._native.listen(EventListener(on_event))

    @property
    def cloud_credential(self) -> "_CredentialsProviderWrap":
        """An object with the client's ``type_name`` and ``provider``.

        Tests may assign another object: the client then asks that one, until the attribute is deleted.
        """
        from .provider._cloud_credential import wrap

        # One object per client, whichever thread comes first.
        if "_cloud" not in vars(self):
            vars(self).setdefault("_cloud", wrap(self._native, self._provider))
        cloud: "_CredentialsProviderWrap" = vars(self)["_cloud"]
        return cloud

    @cloud_credential.setter
    def cloud_credential(self, replacement: "Any") -> None:
        from .provider._custom_provider import AssignedCredential

        # A subclass may assign it instead of calling our `__init__`.
        if "_native" in vars(self):
            vars(self).setdefault("_original", self._native)
        self._native = AssignedCredential(replacement)
        self._cloud = replacement

    @cloud_credential.deleter
    def cloud_credential(self) -> None:
        if "_original" not in vars(self):
            raise AttributeError("cloud_credential has not been assigned to")
        del self._cloud
        self._native = vars(self).pop("_original")

    @staticmethod
    def get_credentials(config: Config) -> "_CredentialsProviderWrap":
        """Returns the :attr:`cloud_credential` of a new client of ``config``."""
        return Client(config).cloud_credential

    def get_credential(self, timeout: "float | None" = None) -> CredentialModel:
        """Returns the current credential.

        Returns the cached credential if it is fresh. Otherwise this thread waits, within the source's own limits and
        for at most ``timeout`` seconds. Other threads run meanwhile, and Ctrl-C interrupts. Where gevent or eventlet
        have patched ``socket``, only this greenlet waits. ``timeout`` does not apply to a custom provider.

        :raises CredentialException: if the source fails and no cached credential is still valid; of kind ``timeout`` if
            ``timeout`` ran out, while the refresh goes on
        """
        if timeout is not None:
            _check(timeout)
        return self._native.cached() or _wait(self._native, timeout)

    async def get_credential_async(self, timeout: "float | None" = None) -> CredentialModel:
        """Like :meth:`get_credential`, without blocking the event loop (asyncio's or trio's).

        Cancelling one waiter (``asyncio.wait_for``, ``trio.move_on_after``) never cancels the refresh for the others.
        """
        if timeout is not None:
            _check(timeout)
        model = self._native.cached()
        if model is not None:
            return model
        from ._wait import wait_async

        return await wait_async(self._native, timeout)

    def invalidate(self) -> None:
        """Drops the cached credential after a service refused it: the next call asks the source again."""
        self._native.invalidate()

    def explain(self, all: bool = False, rotate: bool = False) -> "Report":
        """Asks the sources anew, and reports what each of them found: which one answers, why the others do not, and
        what to change. For people: a request for a credential costs less.

        Sends the requests and runs the commands of a call by a new client, but touches nothing that is cached and
        writes nothing. Takes at most 30 seconds.

        :param all: asks all sources, also behind the first that answers
        :param rotate: together with ``all``, permits an OAuth session to rotate its refresh token: where the report
            would have to, this client refreshes its credential first. Otherwise such a source is left alone
        :raises CredentialException: of kind ``recursion`` if the client's own provider asks for it, of kind ``io`` if
            no thread can be started; a source that fails is no error
        """
        from ._wait import wait_report

        return wait_report(self._native.explain(all, rotate))

    async def explain_async(self, all: bool = False, rotate: bool = False) -> "Report":
        """Like :meth:`explain`, without blocking the event loop (asyncio's or trio's)."""
        from ._wait import wait_report_async

        return await wait_report_async(self._native.explain(all, rotate))

    def status(self) -> "Status":
        """Returns what is known without asking the source or waiting, for health checks and metrics."""
        from .status import Status

        return Status(*self._native.status())

    def get_access_key_id(self) -> "str | None":
        """Deprecated: use ``get_credential().access_key_id``."""
        _deprecated("get_access_key_id", "get_credential().access_key_id")
        return self._field("access_key_id")

    def get_access_key_secret(self) -> "str | None":
        """Deprecated: use ``get_credential().access_key_secret``."""
        _deprecated("get_access_key_secret", "get_credential().access_key_secret")
        return self._field("access_key_secret")

    def get_security_token(self) -> "str | None":
        """Deprecated: use ``get_credential().security_token``."""
        _deprecated("get_security_token", "get_credential().security_token")
        return self._field("security_token")

    # Plain functions that return a coroutine, so that the warning points at the call, not at the `await`.

    def get_access_key_id_async(self) -> "Coroutine[object, object, str | None]":
        """Deprecated: use ``get_credential_async().access_key_id``."""
        _deprecated("get_access_key_id_async", "get_credential_async().access_key_id")
        return self._field_async("access_key_id")

    def get_access_key_secret_async(self) -> "Coroutine[object, object, str | None]":
        """Deprecated: use ``get_credential_async().access_key_secret``."""
        _deprecated("get_access_key_secret_async", "get_credential_async().access_key_secret")
        return self._field_async("access_key_secret")

    def get_security_token_async(self) -> "Coroutine[object, object, str | None]":
        """Deprecated: use ``get_credential_async().security_token``."""
        _deprecated("get_security_token_async", "get_credential_async().security_token")
        return self._field_async("security_token")

    def get_type(self) -> "str | None":
        """Deprecated: use ``get_credential().type``. Does not ask the source."""
        _deprecated("get_type", "get_credential().type")
        return self._type_name

    def get_bearer_token(self) -> "str | None":
        """Deprecated: use ``get_credential().bearer_token``."""
        _deprecated("get_bearer_token", "get_credential().bearer_token")
        # SDKs call this on any client and expect None, not an error of an unrelated request.
        if self._type_name not in ("bearer", "default"):
            return None
        return self.get_credential().bearer_token

    @property
    def _type_name(self) -> "str | None":
        # A subclass may override everything that it needs, and not call this `__init__`.
        return self._native.type_name if "_native" in vars(self) else None

    # Consecutive reads return fields of one credential, even if it is refreshed in between.

    def _field(self, name: str) -> "str | None":
        from ._legacy.field_getters import field

        return field(self, name)

    async def _field_async(self, name: str) -> "str | None":
        from ._legacy.field_getters import field_async

        return await field_async(self, name)

    def __repr__(self) -> str:
        return f"{type(self).__name__}(type={self._type_name!r})"


def _check(timeout: float) -> None:
    # The range of the native client.
    if not 0 <= timeout < 2**64:
        raise ValueError("timeout must be a number of seconds, zero or more")


def _wait(native: "_native.Client | CustomProvider | AssignedCredential", timeout: "float | None") -> CredentialModel:
    # Imported only when a call has to wait.
    from ._wait import wait

    return wait(native, timeout)


def _of_provider(provider: "Any") -> "_native.Client | CustomProvider":
    from .provider._base import native_of
    from .provider._custom_provider import CustomProvider

    return native_of(provider) or CustomProvider(provider)


# Names that the official module has, too. Imported on demand, since most programs never use them.
_ELSEWHERE = {
    "CredentialException": "exceptions",
    "DefaultCredentialsProvider": "provider",
    "EcsRamRoleCredentialsProvider": "provider",
    "HttpOptions": "http",
    "ICredentialsProvider": "provider._official_interfaces",
    "OIDCRoleArnCredentialsProvider": "provider",
    "RamRoleArnCredentialsProvider": "provider",
    "RsaKeyPairCredentialsProvider": "provider",
    "StaticAKCredentialsProvider": "provider",
    "StaticSTSCredentialsProvider": "provider",
    "URLCredentialsProvider": "provider",
    "_CredentialsProviderWrap": "provider._cloud_credential",
}


def __getattr__(name: str) -> object:
    module = _ELSEWHERE.get(name)
    if module is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f".{module}", __package__), name)


def _deprecated(name: str, replacement: str) -> None:
    import warnings

    text = f"Call to deprecated function {name}. Use '{replacement}' instead"
    warnings.warn(text, DeprecationWarning, stacklevel=3)
