"""How a camera is doing, as its source or our own watcher reports it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

from msgspec import Meta

from schemas.envelope import Event, Moment, Name, NonNegative, Positive, Word
from schemas.event_type import EventType, Push, Table
from schemas.identity import identity

#: What a camera can be. "unknown" is not "offline": nobody has told us yet.
STATUSES = ("ok", "degraded", "no_signal", "frozen", "black", "blurred", "offline", "unknown")
#: Statuses in which the camera shows nothing of use.
STOPPED = frozenset({"no_signal", "frozen", "black", "offline"})


class CameraHealth(Event, frozen=True, kw_only=True, gc=False):
    """How a camera is doing. Each event is its whole state; sources repeat it while nothing changes."""

    camera_id: Annotated[Name, Meta(description="The camera.")]
    status: Annotated[Word, Meta(description="ok, degraded, no_signal, frozen, black, blurred, offline or unknown.")]
    since: Annotated[Moment, Meta(description="When this status began (UTC).")]
    fps: Annotated[NonNegative | None, Meta(description="Pictures a second.")] = None
    detail: Annotated[str, Meta(max_length=500, description="What the watcher saw, in words.")] = ""
    next_report_s: Annotated[
        Positive | None,
        Meta(description="The source promises the next report within this many seconds; silence beyond is a fault."),
    ] = None


_AT = datetime(2026, 1, 15, 18, 30, tzinfo=UTC)
EXAMPLE = CameraHealth(
    event_id=identity("camera_health", "camera_stream/canal", "canal", _AT.isoformat()),
    occurred_at=_AT,
    observed_at=_AT,
    source="camera_stream/canal",
    camera_id="canal",
    status="frozen",
    since=_AT,
    fps=0.0,
    detail="The picture has not changed for 10 s.",
    next_report_s=10.0,
)

CAMERA_HEALTH = EventType(
    name="camera_health",
    cls=CameraHealth,
    topic="rtcc.camera.health.v1",
    key="camera_id",
    table=Table(name="camera_health", order_by=("camera_id", "occurred_at", "event_id")),
    push=Push.LATEST,
    version_field="occurred_at",
    examples=(EXAMPLE,),
)
