"""The exceptions.

A failure to resolve a credential raises :class:`CredentialException`; programs distinguish failures by its ``kind``.
A failure to make a client raises :class:`CredentialConfigError`, which is also a ``ValueError``. Only a missing or
unknown ``type`` raises a plain :class:`CredentialException`, as in the official package.
"""


class Attempt:
    """A source of a chain that was asked and gave no credential."""

    __slots__ = ("provider", "kind", "message")

    def __init__(self, provider: str, kind: str, message: str) -> None:
        self.provider = provider
        """The source's name as in ``provider_name``: ``env``, ``cli_profile``, ..."""
        self.kind = kind
        """The kind of failure, as in :attr:`CredentialException.kind`."""
        self.message = message
        """The reason, and what to change, in one line."""

    def __repr__(self) -> str:
        return f"Attempt(provider={self.provider!r}, kind={self.kind!r}, message={self.message!r})"


class CredentialException(Exception):
    """A credential could not be resolved. Its texts never hold a secret."""

    # Of the class, since subclasses need not call `__init__`.
    kind: "str | None" = None
    """The kind of failure. These names never change.

    ``invalid_config`` (the configuration is invalid), ``not_configured`` (there is none), ``disabled``, ``io``,
    ``malformed_file``, ``denied`` (the service refused), ``throttled``, ``unavailable`` (the service could not be
    reached, or failed), ``timeout``, ``tls``, ``malformed_reply``, ``expired``, ``login_required``, ``command``,
    ``cancelled``, ``recursion``, ``internal`` (please report it). ``None`` for an exception that this library did not
    raise.
    """
    http_status: "int | None" = None
    """The HTTP status, if a service answered."""
    attempts: "tuple[Attempt, ...]" = ()
    """The sources that a chain asked, in order; empty if no chain failed."""

    def __init__(self, message: str, code: "str | None" = None, request_id: "str | None" = None) -> None:
        # Only the message goes into `args`, so that `str()` is always that one line.
        super().__init__(message)
        self.message = message
        """What was tried, what the answer was, and what to change, in one line."""
        self.code = code
        """The service's error code, such as ``NoPermission``, if a service answered with one."""
        self.request_id = request_id
        """The service's request ID, for its support."""


class CredentialConfigError(CredentialException, ValueError):
    """The configuration is invalid: an option is missing, contradictory or out of range."""


class CredentialFileNotFoundError(CredentialConfigError, FileNotFoundError):
    """A file that the configuration names does not exist. ``errno`` is ``ENOENT``."""

    def __init__(self, message: str, code: "str | None" = None, request_id: "str | None" = None) -> None:
        super().__init__(message, code, request_id)
        self.errno = 2


def failure(
    kind: str, message: str, kind_of_exception: "type[CredentialException]" = CredentialException
) -> CredentialException:
    """Makes an exception that Python code of this package raises."""
    from ._native import one_line

    raised = kind_of_exception(one_line(message))
    raised.kind = kind
    return raised
