"""A case that people manage, opened by a call and grouping what belongs to it."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from msgspec import Meta, Struct

from schemas.envelope import Event, Latitude, Longitude, Metres, Moment, Name, Priority, Word
from schemas.event_type import EventType, Push, Table
from schemas.events.emergency_call import EXAMPLE as CALL
from schemas.identity import identity


class NearCamera(Struct, frozen=True, kw_only=True, gc=False):
    """A camera near an incident."""

    camera_id: Annotated[Name, Meta(description="The camera.")]
    distance_m: Annotated[Metres, Meta(description="Straight line, metres.")]


class Incident(Event, frozen=True, kw_only=True, gc=False):
    """A human-managed case. Each event is its whole state; the highest ``rev`` is newest."""

    incident_id: Annotated[UUID, Meta(description="Its id: UUIDv5 of the call that opened it.")]
    rev: Annotated[int, Meta(ge=1, description="Greater is newer: the newest time in the call's state, epoch ms.")]
    status: Annotated[Word, Meta(description="open or closed.")]
    kind: Annotated[str, Meta(max_length=200, description="What it is about, in the source's words.")]
    category: Annotated[Word, Meta(description="In the common vocabulary.")] = "other"
    priority: Annotated[Priority | None, Meta(description="0..10, 10 highest.")] = None
    opened_at: Annotated[Moment, Meta(description="When its first call was received (UTC). Never changes.")]
    closed_at: Annotated[Moment | None, Meta(description="When it was closed (UTC).")] = None
    address: Annotated[str, Meta(max_length=500, description="Where, in words.")] = ""
    lat: Annotated[Latitude | None, Meta(description="WGS 84 latitude, degrees.")] = None
    lon: Annotated[Longitude | None, Meta(description="WGS 84 longitude, degrees.")] = None
    call_ids: Annotated[tuple[str, ...], Meta(description="The calls in it.")] = ()
    zones: Annotated[tuple[str, ...], Meta(description="Ids of the zones it lies in.")] = ()
    nearest_cameras: Annotated[tuple[NearCamera, ...], Meta(description="Up to five, nearest first.")] = ()


_ID = identity("incident", CALL.call_id)
EXAMPLE = Incident(
    event_id=identity("incident_state", _ID, CALL.event_id),
    occurred_at=CALL.occurred_at,
    observed_at=CALL.observed_at,
    source="processor/calls",
    incident_id=_ID,
    rev=int(CALL.updated_at.timestamp() * 1000),
    status="open",
    kind=CALL.kind,
    category=CALL.category,
    priority=CALL.priority,
    opened_at=CALL.received_at,
    address=CALL.address,
    lat=CALL.lat,
    lon=CALL.lon,
    call_ids=(CALL.call_id,),
    zones=("district-8",),
    nearest_cameras=(NearCamera(camera_id="1000", distance_m=52.0),),
)

INCIDENT = EventType(
    name="incident",
    cls=Incident,
    topic="rtcc.incident.incident.v1",
    key="incident_id",
    table=Table(
        name="incident_states",
        order_by=("incident_id", "rev", "event_id"),
        month_of="opened_at",
        current="incidents",
    ),
    push=Push.LOSSLESS,
    version_field="rev",
    examples=(EXAMPLE,),
)
