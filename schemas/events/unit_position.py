"""Where a unit is (AVL), as its source last reported it."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from schemas.envelope import Event, Heading, Latitude, Longitude, Metres, Name, SpeedKmh, Word
from schemas.event_type import EventType, Push, Table
from schemas.events.emergency_call import EXAMPLE as CALL
from schemas.identity import identity

#: What a unit can do now (NENA-STA-021 primary unit status registry), in our words.
UNIT_STATUSES = ("available", "conditionally_available", "not_available", "unknown")


class UnitPosition(Event, frozen=True, kw_only=True, gc=False):
    """A unit's position and status. ``occurred_at`` is when it was there; the newest is where it was last known."""

    unit_id: Annotated[Name, Meta(description="The unit, as the source names it.")]
    call_sign: Annotated[str, Meta(max_length=100, description="What people call it.")] = ""
    kind: Annotated[Word, Meta(description="patrol, ambulance, engine, supervisor, air ... other.")] = "patrol"
    agency: Annotated[Word, Meta(description="Whose it is.")] = ""
    lat: Annotated[Latitude, Meta(description="WGS 84 latitude, degrees.")]
    lon: Annotated[Longitude, Meta(description="WGS 84 longitude, degrees.")]
    accuracy_m: Annotated[Metres | None, Meta(description="Radius the place may be off by, metres.")] = None
    heading_deg: Annotated[Heading | None, Meta(description="Direction of travel, degrees clockwise from north.")] = (
        None
    )
    speed_kmh: Annotated[SpeedKmh | None, Meta(description="Speed, km/h.")] = None
    status: Annotated[Word, Meta(description="available, conditionally_available, not_available or unknown.")] = (
        "unknown"
    )
    status_raw: Annotated[Word, Meta(description="The source's own status.")] = ""
    incident_ref: Annotated[str, Meta(max_length=200, description="What it works on, by the source's number.")] = ""


EXAMPLE = UnitPosition(
    event_id=identity("unit_position", "avl/east", "801A", CALL.received_at.isoformat()),
    occurred_at=CALL.received_at,
    observed_at=CALL.received_at,
    source="avl/east",
    unit_id="801A",
    call_sign="Adam 801",
    lat=29.9573,
    lon=-90.0667,
    heading_deg=182.0,
    speed_kmh=32.0,
    status="available",
)

UNIT_POSITION = EventType(
    name="unit_position",
    cls=UnitPosition,
    topic="rtcc.unit.position.v1",
    key="unit_id",
    table=Table(name="unit_positions", order_by=("unit_id", "occurred_at", "event_id"), current="units"),
    push=Push.LATEST,
    version_field="occurred_at",
    examples=(EXAMPLE,),
)
