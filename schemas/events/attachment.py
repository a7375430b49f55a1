"""A file that belongs to an incident: what it is, not its bytes."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from msgspec import Meta

from schemas.attached_file import MOST_NAME
from schemas.envelope import Count, Event, Latitude, Longitude, Moment, Word
from schemas.event_type import EventType, Push, Table
from schemas.events.incident import EXAMPLE as INCIDENT
from schemas.identity import identity

#: What is known of a file's harm. NOT_SCANNED: nobody was there to scan it, which is never told as clean.
NOT_SCANNED, WAITING, CLEAN, INFECTED = "not_scanned", "waiting", "clean", "infected"


class Attachment(Event, frozen=True, kw_only=True, gc=False):
    """A file of an incident. Each event is its whole state; the highest ``rev`` is newest.

    The bytes are never in the log: they are kept in a folder under ``sha256`` (FIPS 180-4).
    """

    attachment_id: Annotated[UUID, Meta(description="Its id: UUIDv5 of its incident and of its SHA-256.")]
    rev: Annotated[int, Meta(ge=1, description="Greater is newer.")] = 1
    incident_id: Annotated[UUID, Meta(description="The incident it was put to; it stays so when that is merged.")]
    name: Annotated[str, Meta(max_length=MOST_NAME, description="Its name as given, without folders and what hides.")]
    media_type: Annotated[Word, Meta(description="What its bytes are, whatever its name says: image/jpeg ...")]
    byte_count: Annotated[Count, Meta(description="Its size, bytes.")]
    sha256: Annotated[str, Meta(min_length=64, max_length=64, description="SHA-256 of its bytes, hex.")]
    scan: Annotated[Word, Meta(description="not_scanned (no scanner is set up), waiting, clean or infected.")]
    scanned_at: Annotated[Moment | None, Meta(description="When a scanner judged it (UTC).")] = None
    finding: Annotated[str, Meta(max_length=200, description="What the scanner calls what it found.")] = ""
    lat: Annotated[Latitude | None, Meta(description="Where its incident is, degrees: this decides who sees it.")] = (
        None
    )
    lon: Annotated[Longitude | None, Meta(description="WGS 84 longitude of its incident, degrees.")] = None
    added_by: Annotated[str, Meta(max_length=200, description="Who put it there.")]
    added_at: Annotated[Moment, Meta(description="When (UTC). Never changes.")]
    withdrawn_by: Annotated[str, Meta(max_length=200, description="Who withdrew it; empty: it stands.")] = ""
    withdrawn_at: Annotated[Moment | None, Meta(description="When (UTC).")] = None
    reason: Annotated[str, Meta(max_length=1000, description="Why it was withdrawn.")] = ""


def attachment_id(incident_id: UUID, sha256: str) -> UUID:
    """Return the id of a file of an incident: the same bytes put there twice are one."""
    return identity("attachment", incident_id, sha256)


def state_id(attachment: UUID, *what: str) -> UUID:
    """Return the id of the event that says what became of it: said twice, it is one event."""
    return identity("attachment_state", attachment, *what)


_SHA256 = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
_ID = attachment_id(INCIDENT.incident_id, _SHA256)
EXAMPLE = Attachment(
    event_id=state_id(_ID, "added"),
    occurred_at=INCIDENT.occurred_at,
    observed_at=INCIDENT.observed_at,
    source="server/web",
    attachment_id=_ID,
    incident_id=INCIDENT.incident_id,
    name="doorbell.jpg",
    media_type="image/jpeg",
    byte_count=48_213,
    sha256=_SHA256,
    scan=WAITING,
    lat=INCIDENT.lat,
    lon=INCIDENT.lon,
    added_by="r.diaz",
    added_at=INCIDENT.occurred_at,
)

ATTACHMENT = EventType(
    name="attachment",
    cls=Attachment,
    topic="rtcc.incident.attachment.v1",
    key="attachment_id",
    table=Table(
        name="attachment_states",
        order_by=("incident_id", "attachment_id", "rev", "event_id"),
        month_of="added_at",
        current="attachments",
    ),
    push=Push.LATEST,
    version_field="rev",
    examples=(EXAMPLE,),
)
