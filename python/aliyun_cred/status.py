"""What a client knows without asking its source, and what happens to its credential."""

import json

from ._record import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable

    from .exceptions import CredentialException


class Refresh(Record):
    """A completed attempt to fetch a credential."""

    def __init__(self, document: "dict[str, Any]") -> None:
        self.at: float = document["at"] / 1000
        """When it ended, in seconds since 1970."""
        self.took: float = document["took"] / 1000
        """How long it took, in seconds."""
        self.succeeded: bool = document["succeeded"]


class Status(Record):
    """What a client knows without asking its source; see :meth:`.Client.status`."""

    def __init__(self, json_text: str, last_error: "CredentialException | None") -> None:
        document = json.loads(json_text)
        refresh = document["last_refresh"]
        self.type: "str | None" = document["type"]
        """The client's type, such as ``ram_role_arn``."""
        self.has_credentials: bool = document["has_credentials"]
        """Whether there is a valid credential. Always false for a source that is asked at every call, except
        environment variables, whose last credential is kept."""
        self.provider_name: "str | None" = document["provider_name"]
        """The sources behind it, such as ``cli_profile/ram_role_arn/static_ak``."""
        self.expiration = _seconds(document["expiration"])
        """When it expires, in seconds since 1970; ``None`` if it never does, or if that is unknown."""
        self.age = _seconds(document["age"])
        """How many seconds ago it was fetched; ``None`` for one that is never refreshed."""
        self.refresh_in = _seconds(document["refresh_in"])
        """The seconds until a call starts its refresh; 0 if it is due, ``None`` if it is never refreshed."""
        self.is_past_expiration: bool = document["is_past_expiration"]
        """Whether it is used past its expiration; only for the metadata service, while that is unreachable."""
        self.last_refresh = None if refresh is None else Refresh(refresh)
        """The last attempt to fetch a credential in this process."""
        self.failures: int = document["failures"]
        """How many attempts in a row have failed."""
        self.last_error = last_error
        """Why the last one failed."""
        self.clock_offset: float = document["clock_offset"] / 1000
        """How many seconds the services' clock is ahead of this machine's, as far as this process has learned from
        HTTPS services of Alibaba Cloud; negative if it is behind, 0 while they agree."""


class Event(Record):
    """What happened to a client's credential; see ``on_event`` of :class:`.Client`."""

    def __init__(self, json_text: str, error: "CredentialException | None") -> None:
        document = json.loads(json_text)
        self.kind: str = document["kind"]
        """``refreshed`` (a credential was fetched), ``refresh_failed`` (one that is still valid stays in use),
        ``serving_expired`` (an expired one stays in use, because the metadata service is unreachable) or
        ``source_changed`` (the credential comes from other sources than the one before)."""
        self.at: float = document["at"] / 1000
        """When, in seconds since 1970."""
        self.took: float = document["took"] / 1000
        """How many seconds the attempt to fetch a credential took."""
        self.provider_name: "str | None" = document["provider_name"]
        """The sources behind the credential in use; ``None`` if there is none."""
        self.previous_provider_name: "str | None" = document["previous_provider_name"]
        """For ``source_changed``: those of the credential before."""
        self.expiration = _seconds(document["expiration"])
        """When the credential in use expires, in seconds since 1970; ``None`` if it never does, or if there is none."""
        self.error = error
        """Why the attempt failed."""
        self.failures: int = document["failures"]
        """How many attempts in a row have failed."""
        self.dropped: int = document["dropped"]
        """How many events were dropped before this one, because the listener was too slow."""


def _seconds(milliseconds: "int | None") -> "float | None":
    return None if milliseconds is None else milliseconds / 1000


class EventListener:
    """A user's listener, as the native client calls it."""

    def __init__(self, listener: "Callable[[Event], object]") -> None:
        if not callable(listener):
            raise TypeError(f"on_event must be callable, not {type(listener).__name__}")
        self.listener = listener

    def __call__(self, json_text: str, error: "CredentialException | None") -> None:
        self.listener(Event(json_text, error))
