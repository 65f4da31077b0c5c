"""What can go wrong.

Every failure to resolve a credential is a :class:`CredentialException`; its ``kind`` is what a program switches on.
A failure to make a client is a :class:`CredentialConfigError`, which is a ``ValueError`` as well; only a missing or
unknown ``type`` is a plain :class:`CredentialException`, as callers know it.
"""


class Attempt:
    """One source of a chain that was asked and did not answer."""

    __slots__ = ("provider", "kind", "message")

    def __init__(self, provider: str, kind: str, message: str) -> None:
        self.provider = provider
        """The source's name as in ``provider_name``: ``env``, ``cli_profile``, ..."""
        self.kind = kind
        """Why it did not answer, as in :attr:`CredentialException.kind`."""
        self.message = message
        """Why it did not answer, and what would make it answer, in one line."""

    def __repr__(self) -> str:
        return f"Attempt(provider={self.provider!r}, kind={self.kind!r}, message={self.message!r})"


class CredentialException(Exception):
    """A credential could not be resolved. No text in it ever holds a secret."""

    def __init__(self, message: str, code: "str | None" = None, request_id: "str | None" = None) -> None:
        # Only the message goes into `args`, so that `str()` gives one line whatever else is known.
        super().__init__(message)
        self.message = message
        """What was tried, what came back, and what to change, in one line."""
        self.code = code
        """The service's own code, such as ``NoPermission``, if a service answered with one."""
        self.request_id = request_id
        """The service's id of the request, to give to its support."""
        self.kind: "str | None" = None
        """What kind of failure it was, by a name that is stable for ever.

        ``invalid_config`` (something that cannot be was asked for), ``not_configured`` (nothing was asked for),
        ``disabled``, ``io``, ``malformed_file``, ``denied`` (the service refused), ``throttled``, ``unavailable``
        (the service could not be reached, or failed), ``timeout``, ``tls``, ``malformed_reply``, ``expired``,
        ``login_required``, ``command``, ``cancelled``, ``recursion``, ``internal`` (please report it).
        ``None`` for an exception that this library did not raise.
        """
        self.http_status: "int | None" = None
        """The HTTP status, if a service answered."""
        self.attempts: "tuple[Attempt, ...]" = ()
        """Every source that a chain asked, in order; empty if the failure was not a chain's."""


class CredentialConfigError(CredentialException, ValueError):
    """A client cannot be made of this configuration: an option is missing, contradictory or out of range."""


class CredentialFileNotFoundError(CredentialConfigError, FileNotFoundError):
    """A file that the configuration names does not exist; its ``errno`` is ``ENOENT``."""

    def __init__(self, message: str, code: "str | None" = None, request_id: "str | None" = None) -> None:
        super().__init__(message, code, request_id)
        self.errno = 2


def failure(
    kind: str, message: str, kind_of_exception: "type[CredentialException]" = CredentialException
) -> CredentialException:
    """What this package's Python raises by itself."""
    from ._native import one_line

    raised = kind_of_exception(one_line(message))
    raised.kind = kind
    return raised
