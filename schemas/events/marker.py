"""A warning or a vulnerability of a place, a number or a person, which ends when nobody looks at it again."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

from msgspec import Meta

from schemas.envelope import Event, Latitude, Longitude, Moment, Name, Word
from schemas.event_type import EventType, Table
from schemas.events.emergency_call import EXAMPLE as CALL
from schemas.identity import identity

#: What a marker may be about.
SUBJECTS = ("place", "phone", "person")
#: A warning protects who goes there; a vulnerability protects who lives there.
CATEGORIES = ("warning", "vulnerability")


class Marker(Event, frozen=True, kw_only=True, gc=False):
    """A marker's whole state; the newest ``changed_at`` holds. One past ``expires_at`` is history, never live."""

    marker_id: Annotated[Name, Meta(description="Its id, as source:number.")]
    changed_at: Annotated[Moment, Meta(description="When it was made or changed (UTC).")]
    changed_by: Annotated[str, Meta(max_length=200, description="Who did it.")]
    category: Annotated[Word, Meta(description="warning or vulnerability.")]
    kind: Annotated[Word, Meta(description="weapons, violence, dog, infection, dementia, repeat_victim ...")]
    subject_kind: Annotated[Word, Meta(description="place, phone or person.")]
    subject: Annotated[str, Meta(min_length=1, max_length=500, description="The address, number or person_id.")]
    lat: Annotated[Latitude | None, Meta(description="WGS 84 latitude of the place, degrees.")] = None
    lon: Annotated[Longitude | None, Meta(description="WGS 84 longitude, degrees.")] = None
    text: Annotated[str, Meta(max_length=2000, description="What to know.")]
    origin: Annotated[str, Meta(min_length=1, max_length=300, description="Where it comes from: a report, an officer.")]
    review_at: Annotated[
        Moment, Meta(description="When somebody must look at it again (UTC). There is no marker without.")
    ]
    expires_at: Annotated[Moment, Meta(description="From then on it is not shown as live (UTC).")]
    is_removed: Annotated[bool, Meta(description="Taken back.")] = False


EXAMPLE = Marker(
    event_id=identity("marker", "desk/M-1", CALL.received_at.isoformat()),
    occurred_at=CALL.received_at,
    observed_at=CALL.received_at,
    source="server/web",
    marker_id="desk:M-1",
    changed_at=CALL.received_at,
    changed_by="r.diaz",
    category="warning",
    kind="dog",
    subject_kind="place",
    subject="500 Bourbon St",
    text="Two large dogs in the yard.",
    origin="Officer's report 26-0099",
    review_at=CALL.received_at + timedelta(days=180),
    expires_at=CALL.received_at + timedelta(days=365),
)

MARKER = EventType(
    name="marker",
    cls=Marker,
    topic="rtcc.call.marker.v1",
    key="marker_id",
    table=Table(
        name="marker_states", order_by=("marker_id", "changed_at", "event_id"), steady_time=False, current="markers"
    ),
    version_field="changed_at",
    compacted=True,
    examples=(EXAMPLE,),
)
