"""Reports: which source answers a client, why the others do not, and what to change."""

import json

from ._record import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


class Variable(Record):
    """An environment variable that a source read."""

    name: str
    state: str
    """``set``, ``empty``, ``unset`` or ``assigned`` (by the program, in ``auth_util``)."""


class File(Record):
    """A file that a source read."""

    path: str
    profile: "str | None"
    """The profile or section that was used; ``None`` if there is none, or if it was not found."""
    state: str
    """``read``, ``missing`` or ``unreadable``."""
    reason: "str | None"
    """The operating system's error."""


class Request(Record):
    """A request that a source sent."""

    host: str
    proxy: "str | None"
    """The proxy it went through, and the variable or option that names it."""
    status: "int | None"
    """The HTTP status; ``None`` if no reply arrived."""
    code: "str | None"
    """The service's error code."""
    request_id: "str | None"
    failure: "str | None"
    """Why no reply arrived: a kind as in :attr:`.CredentialException.kind`."""
    milliseconds: int


class Command(Record):
    """A command that a source ran."""

    program: str
    """The program's name, without its folder and arguments."""
    succeeded: bool
    milliseconds: int


class Source(Record):
    """What became of one source."""

    source: str
    """The source, as in ``provider_name``; the name of a custom provider."""
    state: str
    """``answered``, ``not_configured``, ``disabled``, ``failed`` or ``not_asked``."""
    reason: "str | None"
    """Why it did not answer, and what to change, in one line."""
    kind: "str | None"
    """The kind of its failure, as in :attr:`.CredentialException.kind`."""
    failed_at: "str | None"
    """The source below it that failed, such as the role of a profile."""
    milliseconds: int
    variables: "list[Variable]"
    files: "list[File]"
    requests: "list[Request]"
    commands: "list[Command]"

    def __init__(self, document: "dict[str, Any]") -> None:
        super().__init__(document)
        self.variables = [Variable(one) for one in document["variables"]]
        self.files = [File(one) for one in document["files"]]
        self.requests = [Request(one) for one in document["requests"]]
        self.commands = [Command(one) for one in document["commands"]]


class Credential(Record):
    """The credential, without its secrets."""

    type: str
    provider_name: "str | None"
    access_key_id: "str | None"
    """The AccessKey ID, shortened to its first 8 and last 4 characters; ``None`` for a bearer token."""
    expiration: "str | None"
    """When it expires, in RFC 3339; ``None`` if it never does, or if that is unknown."""
    refresh_from: "str | None"
    """The earliest time at which a client refreshes it in the background; the time is drawn at random."""
    refresh_until: "str | None"
    """The latest such time: from then on, a call waits for the refresh."""


class Warning(Record):
    """Something that may be wrong although a credential was found."""

    kind: str
    """``clock``, ``file_permissions``, ``proxy``, ``shadowed_profile``, ``unknown_profile`` or ``legacy_variables``."""
    message: str


class Report(Record):
    """What the sources of a client found. ``str()`` is a text for a terminal of 80 columns. It holds no secret."""

    version: int
    """The version of the format: 1."""
    type: str
    """The client's type, such as ``default``."""
    sources: "list[Source]"
    """The sources, in the order in which they are asked."""
    credentials: "Credential | None"
    """The credential that a new client would return; ``None`` if it would fail."""
    warnings: "list[Warning]"
    clock_offset_seconds: int = 0
    """How far the services' clock is ahead of this machine's, as far as this process has learned from HTTPS services of
    Alibaba Cloud; negative if it is behind, 0 while they agree."""

    def __init__(self, text: str, json_text: str) -> None:
        document = json.loads(json_text)
        super().__init__(document)
        self.sources = [Source(one) for one in document["sources"]]
        self.credentials = None if document["credentials"] is None else Credential(document["credentials"])
        self.warnings = [Warning(one) for one in document["warnings"]]
        self.__texts = (text, json_text)

    @property
    def answered(self) -> "Source | None":
        """The first source that answered."""
        return next((source for source in self.sources if source.state == "answered"), None)

    def to_dict(self) -> "dict[str, Any]":
        """Returns the report as the JSON document that ``docs/report.schema.json`` describes."""
        document: "dict[str, Any]" = json.loads(self.__texts[1])
        return document

    def __str__(self) -> str:
        return self.__texts[0]

    def __repr__(self) -> str:
        answered = self.answered
        return f"Report(type={self.type!r}, answered={None if answered is None else answered.source!r})"
