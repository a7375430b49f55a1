"""What people drew on the map for one incident: a perimeter, zones, where to gather, the command post, ways, notes."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from msgspec import Meta

from schemas.envelope import Event, Latitude, Longitude, Moment, Word
from schemas.event_type import EventType, Push, Table
from schemas.events.incident import EXAMPLE as INCIDENT
from schemas.events.zone import Position
from schemas.identity import identity

#: What may be drawn, and in which shapes. The zones are those of hazardous materials (OSHA 29 CFR 1910.120 App. E:
#: exclusion, contamination reduction and support zone); staging area and command post are the places of the Incident
#: Command System (NIMS, third edition, 2017, Appendix A).
DRAWING_SHAPES: dict[str, tuple[str, ...]] = {
    "perimeter": ("polygon",),
    "hot_zone": ("polygon",),
    "warm_zone": ("polygon",),
    "cold_zone": ("polygon",),
    "staging": ("polygon", "point"),
    "command_post": ("point",),
    "route": ("line",),
    "note": ("point",),
}


class Drawing(Event, frozen=True, kw_only=True, gc=False):
    """Something drawn for an incident. Each event is its whole state; the highest ``rev`` is newest."""

    drawing_id: Annotated[UUID, Meta(description="Its id: UUIDv5 of the action that drew it.")]
    incident_id: Annotated[UUID, Meta(description="The incident it was drawn for; it stays so when that is merged.")]
    rev: Annotated[int, Meta(ge=1, description="Greater is newer.")]
    kind: Annotated[
        Word,
        Meta(
            description="perimeter, hot_zone, warm_zone, cold_zone, staging, command_post, route or note.",
        ),
    ]
    shape: Annotated[Word, Meta(description="polygon, line or point.")]
    corners: Annotated[
        tuple[Position, ...],
        Meta(
            min_length=1,
            max_length=501,
            description="Longitude, latitude, degrees (WGS 84); of a polygon its one ring, the last as the first.",
        ),
    ]
    label: Annotated[str, Meta(max_length=200, description="What it is called; of a note its text.")] = ""
    lat: Annotated[Latitude | None, Meta(description="Where its incident is, degrees: this decides who sees it.")] = (
        None
    )
    lon: Annotated[Longitude | None, Meta(description="WGS 84 longitude of its incident, degrees.")] = None
    drawn_by: Annotated[str, Meta(max_length=200, description="Who drew it.")]
    drawn_at: Annotated[Moment, Meta(description="When (UTC). Never changes.")]
    changed_by: Annotated[str, Meta(max_length=200, description="Who changed, removed or restored it last.")]
    changed_at: Annotated[Moment, Meta(description="When (UTC).")]
    removed: Annotated[bool, Meta(description="True when it is no longer shown.")] = False


_ID = identity("drawing", identity("action", "desk-3", "perimeter"))
EXAMPLE = Drawing(
    event_id=identity("drawing_state", _ID, identity("action", "desk-3", "perimeter")),
    occurred_at=INCIDENT.occurred_at,
    observed_at=INCIDENT.observed_at,
    source="processor/incidents",
    drawing_id=_ID,
    incident_id=INCIDENT.incident_id,
    rev=1,
    kind="perimeter",
    shape="polygon",
    corners=((-90.072, 29.955), (-90.068, 29.955), (-90.068, 29.959), (-90.072, 29.955)),
    label="Outer",
    lat=INCIDENT.lat,
    lon=INCIDENT.lon,
    drawn_by="r.diaz",
    drawn_at=INCIDENT.occurred_at,
    changed_by="r.diaz",
    changed_at=INCIDENT.occurred_at,
)

DRAWING = EventType(
    name="drawing",
    cls=Drawing,
    topic="rtcc.incident.drawing.v1",
    # Each drawing is changed by itself, and one that many see changed is small.
    key="drawing_id",
    table=Table(
        name="drawing_states",
        order_by=("incident_id", "drawing_id", "rev", "event_id"),
        month_of="drawn_at",
        current="drawings",
    ),
    push=Push.LATEST,
    version_field="rev",
    examples=(EXAMPLE,),
)
