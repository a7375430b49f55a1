"""A named area with rules."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

from msgspec import Meta

from schemas.envelope import Event, Latitude, Longitude, Name, Word
from schemas.event_type import EventType, Push, Table
from schemas.identity import identity

#: Rules on a plate's path that speak only where a zone asks for them.
ZONE_RULES = ("first_in_zone", "loitering", "heading_to_zone")

#: One position as GeoJSON has it: longitude first, then latitude (RFC 7946 §3.1.1).
Position = tuple[Longitude, Latitude]
#: A linear ring has four or more positions (RFC 7946 §3.1.6): what has fewer is no area, and no reader could index it.
Ring = Annotated[tuple[Position, ...], Meta(min_length=4)]
Polygon = Annotated[tuple[Ring, ...], Meta(min_length=1)]


class Zone(Event, frozen=True, kw_only=True, gc=False):
    """A named area. Each event is its whole state."""

    zone_id: Annotated[Name, Meta(description="Its id.")]
    name: Annotated[str, Meta(max_length=200, description="What people call it.")]
    kind: Annotated[Word, Meta(description="police_district, neighbourhood, school, named ...")] = "named"
    polygons: Annotated[
        tuple[Polygon, ...],
        Meta(
            description="GeoJSON MultiPolygon coordinates: longitude, latitude, degrees; first ring outer, others holes."
        ),
    ]
    watched: Annotated[
        bool, Meta(description="True when a grave call in it or near it raises an alert (always so for schools).")
    ] = False
    rules: Annotated[
        tuple[str, ...],
        Meta(
            description="Rules on a plate's path that may raise alerts here: first_in_zone, loitering, heading_to_zone."
        ),
    ] = ()
    removed: Annotated[bool, Meta(description="True when the zone is no longer in use.")] = False


_AT = datetime(2026, 1, 15, 12, 0, tzinfo=UTC)
EXAMPLE = Zone(
    event_id=identity("zone", "school-12", "1"),
    occurred_at=_AT,
    observed_at=_AT,
    source="zones/geojson",
    zone_id="school-12",
    name="Example School",
    kind="school",
    polygons=((((-90.07, 29.95), (-90.06, 29.95), (-90.06, 29.96), (-90.07, 29.95)),),),
    watched=True,
)

ZONE = EventType(
    name="zone",
    cls=Zone,
    topic="rtcc.place.zone.v1",
    key="zone_id",
    table=Table(name="zone_states", order_by=("zone_id", "occurred_at", "event_id"), current="zones"),
    push=Push.LATEST,
    version_field="observed_at",
    compacted=True,
    examples=(EXAMPLE,),
)
