"""A 911 or CAD call for service, as its source last described it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

from msgspec import Meta

from schemas.envelope import Event, Latitude, Longitude, Metres, Moment, Name, Priority, Word
from schemas.event_type import EventType, Push, Table
from schemas.identity import identity

#: The common vocabulary that sources' own kinds are mapped to.
CATEGORIES = (
    "shooting", "stabbing", "homicide", "robbery", "carjacking", "sexual_assault", "kidnapping", "assault", "weapon",
    "domestic", "burglary", "theft", "vehicle_theft", "traffic", "medical", "fire", "missing_person", "disturbance",
    "suspicious", "alarm", "drugs", "property_damage", "welfare", "other",
)  # fmt: skip
#: Categories in which a life is in danger now; rules about grave calls use them.
GRAVE = frozenset(
    {"shooting", "stabbing", "homicide", "robbery", "carjacking", "sexual_assault", "kidnapping", "weapon"}
)
#: Statuses of a call, in the order of its life.
STATUSES = ("received", "dispatched", "on_scene", "closed", "cancelled", "unknown")


class EmergencyCall(Event, frozen=True, kw_only=True, gc=False):
    """A 911 or CAD call. Each event is the call's whole state as its source last described it."""

    call_id: Annotated[Name, Meta(description="The call's id at its source, as source:number.")]
    number: Annotated[Name, Meta(description="The number people quote (item or incident number).")]
    received_at: Annotated[Moment, Meta(description="When the call was received (UTC). Never changes.")]
    updated_at: Annotated[Moment, Meta(description="The newest time in this state (UTC): the newest state wins.")]
    kind: Annotated[str, Meta(max_length=200, description="What it is about, in the source's words.")]
    kind_code: Annotated[Word, Meta(description="The source's code for it.")] = ""
    category: Annotated[Word, Meta(description="What it is about, in the common vocabulary.")] = "other"
    priority: Annotated[Priority | None, Meta(description="0..10, 10 highest (as in NENA EIDO).")] = None
    priority_raw: Annotated[Word, Meta(description="The source's own priority.")] = ""
    status: Annotated[Word, Meta(description="received, dispatched, on_scene, closed, cancelled or unknown.")] = (
        "received"
    )
    dispatched_at: Annotated[Moment | None, Meta(description="When a unit was sent (UTC).")] = None
    arrived_at: Annotated[Moment | None, Meta(description="When the first unit arrived (UTC).")] = None
    closed_at: Annotated[Moment | None, Meta(description="When the call was closed (UTC).")] = None
    address: Annotated[str, Meta(max_length=500, description="Where, in words.")] = ""
    lat: Annotated[Latitude | None, Meta(description="WGS 84 latitude, degrees; none when the place is not known.")] = (
        None
    )
    lon: Annotated[Longitude | None, Meta(description="WGS 84 longitude, degrees.")] = None
    uncertainty_m: Annotated[Metres | None, Meta(description="Radius the place may be off by, metres.")] = None
    district: Annotated[Word, Meta(description="Police district.")] = ""
    beat: Annotated[Word, Meta(description="Beat or patrol area.")] = ""
    disposition: Annotated[str, Meta(max_length=200, description="How it ended, in the source's words.")] = ""


_AT = datetime(2026, 1, 15, 18, 28, 40, tzinfo=UTC)
EXAMPLE = EmergencyCall(
    event_id=identity("emergency_call", "calls_csv/nopd", "A0001", "received"),
    occurred_at=_AT,
    observed_at=_AT.replace(second=41),
    source="calls_csv/nopd",
    call_id="nopd:A0001",
    number="A0001",
    received_at=_AT,
    updated_at=_AT,
    kind="ARMED ROBBERY WITH GUN",
    kind_code="64G",
    category="robbery",
    priority=8,
    priority_raw="2C",
    address="005XX Bourbon St",
    lat=29.9569,
    lon=-90.0671,
    district="8",
)

EMERGENCY_CALL = EventType(
    name="emergency_call",
    cls=EmergencyCall,
    topic="rtcc.call.emergency-call.v1",
    key="call_id",
    table=Table(
        name="call_states",
        order_by=("call_id", "updated_at", "event_id"),
        month_of="received_at",
        projection=("district", "received_at"),
        current="calls",
    ),
    push=Push.LOSSLESS,
    version_field="updated_at",
    examples=(EXAMPLE,),
)
