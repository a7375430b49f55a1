"""What a translator returns: events, what was ignored and why, and what was refused and why."""

from __future__ import annotations

from datetime import UTC, datetime, tzinfo
from uuid import UUID

from msgspec import Struct, field

from schemas.envelope import Event


class Context(Struct, frozen=True, kw_only=True):
    """What a translator may know besides the bytes: the configured copy, the edge's clock, the agency, the time zone.

    ``zone``: of readers that write local time without an offset. ``is_snapshot``: the body was posted as all that is
    active now.
    """

    connector: str
    instance: str
    observed_at: datetime
    jurisdiction: str = "default"
    zone: tzinfo = UTC
    is_snapshot: bool = False

    @property
    def source(self) -> str:
        """The ``source`` of the events: connector/instance."""
        return f"{self.connector}/{self.instance}"


class Ignored(Struct, frozen=True):
    """A well-formed part that makes no event, and why."""

    reason: str


class Refused(Struct, frozen=True):
    """A part that should have made an event and could not. ``error`` never holds a plate or a person's name.

    ``field``: path of the offending field, as in ``results[0].plate``; ``event_type``: what it was meant to become;
    ``original``: its bytes; ``index``: its place in the payload.
    """

    field: str
    error: str
    event_type: str
    original: bytes
    index: int = 0


class Snapshot(Struct, frozen=True):
    """A payload that holds all that is active at its source: ``call_ids`` of them, as of ``at``."""

    call_ids: frozenset[str]
    at: datetime


class Continues(Struct, frozen=True):
    """An event that is a newer state of the call last seen under ``key``, if that was within ``within_minutes``."""

    event_id: UUID
    key: str
    within_minutes: int


class Translation(Struct, frozen=True):
    """The result of translating one payload. Empty in all three parts only for an empty payload.

    ``notices``: what somebody should see to although it was taken, as an unknown priority; never content.
    ``snapshots``: at most one; what is not in it is over at the source. ``continues``: events that may belong to calls
    which the edge knows.
    """

    events: list[Event] = field(default_factory=list)
    ignored: list[Ignored] = field(default_factory=list)
    refused: list[Refused] = field(default_factory=list)
    notices: list[str] = field(default_factory=list)
    snapshots: list[Snapshot] = field(default_factory=list)
    continues: list[Continues] = field(default_factory=list)


class PayloadError(Exception):
    """The payload as a whole cannot be read. ``field`` is the offending field, or "body"."""

    def __init__(self, field: str, error: str) -> None:
        super().__init__(f"{field}: {error}")
        self.field = field
        self.error = error
