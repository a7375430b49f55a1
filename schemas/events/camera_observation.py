"""Something a camera saw, as metadata; never frames of video."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

from msgspec import Meta

from schemas.envelope import Event, Fraction, Latitude, Longitude, Name, Word
from schemas.event_type import EventType, Table
from schemas.identity import identity


class CameraObservation(Event, frozen=True, kw_only=True, gc=False):
    """Something a camera saw (motion, an object, tampering), as metadata; never frames of video."""

    camera_id: Annotated[Name, Meta(description="The camera.")]
    kind: Annotated[Word, Meta(description="motion, object or tamper.")]
    active: Annotated[bool, Meta(description="True when it begins or goes on, false when it has ended.")]
    label: Annotated[Word, Meta(description="Class of object, if one is known.")] = ""
    confidence: Annotated[Fraction | None, Meta(description="Confidence, 0..1, if the source tells.")] = None
    share: Annotated[Fraction | None, Meta(description="Share of the picture concerned, 0..1.")] = None
    lat: Annotated[Latitude | None, Meta(description="WGS 84 latitude of the camera, degrees.")] = None
    lon: Annotated[Longitude | None, Meta(description="WGS 84 longitude of the camera, degrees.")] = None


_AT = datetime(2026, 1, 15, 18, 30, tzinfo=UTC)
EXAMPLE = CameraObservation(
    event_id=identity("camera_observation", "camera_stream/canal", "motion", _AT.isoformat()),
    occurred_at=_AT,
    observed_at=_AT,
    source="camera_stream/canal",
    camera_id="canal",
    kind="motion",
    active=True,
    share=0.08,
)

CAMERA_OBSERVATION = EventType(
    name="camera_observation",
    cls=CameraObservation,
    topic="rtcc.camera.observation.v1",
    key="camera_id",
    table=Table(name="camera_observations", order_by=("camera_id", "occurred_at", "event_id")),
    examples=(EXAMPLE,),
)
