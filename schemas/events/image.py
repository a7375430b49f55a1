"""The picture of a read that raised an alert: wanted, and what became of it."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated
from uuid import UUID

from msgspec import Meta

from schemas.envelope import Count, Event, Moment, Name, Word
from schemas.event_type import EventType, Table
from schemas.events.plate_read import EXAMPLE as READ
from schemas.events.plate_read import Reference
from schemas.identity import identity

WANTED, FETCHED, EXPIRED, REFUSED, FAILED = "wanted", "fetched", "expired", "refused", "failed"


class Image(Event, frozen=True, kw_only=True, gc=False):
    """The picture of a read that raised an alert. First it is wanted, then it is settled: one event each.

    The picture itself is never in the log; it is kept in a folder under ``sha256``.
    """

    read_id: Annotated[UUID, Meta(description="event_id of the plate read.")]
    rev: Annotated[int, Meta(ge=1, description="1: wanted; 2: settled.")] = 1
    state: Annotated[Word, Meta(description="wanted, fetched, expired, refused or failed.")] = WANTED
    reason: Annotated[Word, Meta(description="Why it was not fetched: image_expired, host_not_allowed ...")] = ""
    camera_id: Annotated[Name | None, Meta(description="The camera.")] = None
    image_ref: Annotated[Reference, Meta(description="Where the picture is at its source. May be a signed address.")]
    expires_at: Annotated[Moment | None, Meta(description="From then on it cannot be fetched any more (UTC).")] = None
    sha256: Annotated[str, Meta(max_length=64, description="SHA-256 of the picture, hex; empty: not fetched.")] = ""
    byte_count: Annotated[Count, Meta(description="Its size, bytes.")] = 0
    media_type: Annotated[Word, Meta(description="image/jpeg or image/png, by its first bytes.")] = ""
    audience: Annotated[Word, Meta(description="Who may see it: empty for all, else audiences, commas between.")] = ""


def wanted_id(read_id: UUID) -> UUID:
    """Return the id of the event that a read's picture is wanted."""
    return identity("image", read_id, WANTED)


def settled_id(read_id: UUID) -> UUID:
    """Return the id of the event that says what became of it: settled twice, it is one event, the first."""
    return identity("image", read_id, "settled")


EXAMPLE = Image(
    event_id=settled_id(READ.event_id),
    occurred_at=READ.occurred_at,
    observed_at=READ.observed_at + timedelta(seconds=2),
    source="server/images",
    read_id=READ.event_id,
    rev=2,
    state=FETCHED,
    camera_id=READ.camera_id,
    image_ref="https://images.example/reads/1.jpg?signature=abc",
    sha256="9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    byte_count=48_213,
    media_type="image/jpeg",
)

IMAGE = EventType(
    name="image",
    cls=Image,
    topic="rtcc.lpr.image.v1",
    key="read_id",
    table=Table(name="image_states", order_by=("read_id", "rev", "event_id"), current="images"),
    version_field="rev",
    retention_days=30,
    examples=(EXAMPLE,),
)
