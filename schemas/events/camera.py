"""A camera or plate reader of the estate: where it is and what it is."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

from msgspec import Meta

from schemas.envelope import Event, Heading, Latitude, Longitude, Name, Word
from schemas.event_type import EventType, Push, Table
from schemas.identity import identity


class Camera(Event, frozen=True, kw_only=True, gc=False):
    """A camera or plate reader: where it is and what it is. Each event is the camera's whole state."""

    camera_id: Annotated[Name, Meta(description="Its id; plate reads and health name it by this.")]
    name: Annotated[str, Meta(max_length=200, description="What people call it.")]
    lat: Annotated[Latitude, Meta(description="WGS 84 latitude, degrees.")]
    lon: Annotated[Longitude, Meta(description="WGS 84 longitude, degrees.")]
    kind: Annotated[Word, Meta(description="video, lpr or mobile_lpr.")] = "video"
    heading_deg: Annotated[Heading | None, Meta(description="Where it looks, degrees clockwise from north.")] = None
    owner: Annotated[Word, Meta(description="Who runs it.")] = ""
    removed: Annotated[bool, Meta(description="True when the camera is no longer part of the estate.")] = False


_AT = datetime(2026, 1, 15, 12, 0, tzinfo=UTC)
EXAMPLE = Camera(
    event_id=identity("camera", "cameras/csv", "1000", 29.9573, -90.0667, "Bourbon / St Louis"),
    occurred_at=_AT,
    observed_at=_AT,
    source="cameras/csv",
    camera_id="1000",
    name="Bourbon / St Louis",
    lat=29.9573,
    lon=-90.0667,
    kind="lpr",
)

CAMERA = EventType(
    name="camera",
    cls=Camera,
    topic="rtcc.camera.camera.v1",
    key="camera_id",
    table=Table(name="camera_states", order_by=("camera_id", "occurred_at", "event_id"), current="cameras"),
    push=Push.LATEST,
    version_field="observed_at",
    compacted=True,
    examples=(EXAMPLE,),
)
