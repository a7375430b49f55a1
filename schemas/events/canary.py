"""A made-up read that came through the processors: the sign that a connector's whole way is open."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

from msgspec import Meta

from schemas.canary import plate_of
from schemas.envelope import Event, Moment, Name
from schemas.event_type import EventType, Push, Table
from schemas.identity import identity


class Canary(Event, frozen=True, kw_only=True, gc=False):
    """What the processors make of a canary read in place of a sighting. It has the read's ``event_id``.

    Kept apart from reads and sightings, so that it is in no count, list, map or alert.
    """

    plate: Annotated[Name, Meta(description="The made-up plate: WFCANARY and eight hexadecimal digits.")]
    processed_at: Annotated[Moment, Meta(description="When the processor had it, by its clock (UTC).")]


_AT = datetime(2026, 1, 15, 18, 30, 5, 125000, tzinfo=UTC)
EXAMPLE = Canary(
    event_id=identity("plate_read", "rekor/canary", 1),
    occurred_at=_AT,
    observed_at=_AT.replace(microsecond=130000),
    source="rekor/canary",
    synthetic=True,
    plate=plate_of(1),
    processed_at=_AT.replace(microsecond=150000),
)

CANARY = EventType(
    name="canary",
    cls=Canary,
    topic="rtcc.operations.canary.v1",
    key="source",
    table=Table(name="canaries", order_by=("source", "occurred_at", "event_id")),
    push=Push.LATEST,
    version_field="occurred_at",
    retention_days=2,
    examples=(EXAMPLE,),
)
