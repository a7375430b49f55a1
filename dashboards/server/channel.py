"""The channels a page can subscribe to: which event type each carries, and how much of it the hub keeps."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from msgspec import Struct

from schemas.envelope import Event
from schemas.event_type import EventType, Push
from schemas.events.alert import ALERT, Alert
from schemas.events.attachment import ATTACHMENT, Attachment
from schemas.events.camera import CAMERA
from schemas.events.camera_health import CAMERA_HEALTH
from schemas.events.canary import CANARY
from schemas.events.drawing import DRAWING, Drawing
from schemas.events.emergency_call import EMERGENCY_CALL, EmergencyCall
from schemas.events.hotlist import HOTLIST
from schemas.events.incident import INCIDENT, Incident
from schemas.events.map_layer import MAP_LAYER
from schemas.events.sighting import SIGHTING
from schemas.events.unit_position import UNIT_POSITION
from schemas.events.zone import ZONE


class Channel(Struct, frozen=True, kw_only=True):
    """One channel.

    ``ended_at``: for a thing that is over, the time it ended; None while it goes on.
    ``keep_ended``: so many ended things are kept, the last to end; older than ``keep_ended_s`` seconds none.
    ``keep_going``: a ceiling on things that go on, so that no source can fill the memory; passing it is counted.
    ``hidden``: true for a state that says "there is no such thing any more": pushed once, absent from snapshots.
    ``urgent``: pushed at once rather than with the next batch.
    """

    name: str
    kind: EventType[Any]
    ended_at: Callable[[Any], datetime | None]
    hidden: Callable[[Any], bool]
    keep_ended: int = 0
    keep_ended_s: float | None = None
    keep_going: int = 100_000
    urgent: bool = False

    @property
    def push(self) -> Push:
        """How the channel's event type is pushed: lossless, latest or flow."""
        return self.kind.push


def _alert_ended(alert: Alert) -> datetime | None:
    return (alert.changed_at or alert.raised_at) if alert.status in ("closed", "recalled") else None


def _call_ended(call: EmergencyCall) -> datetime | None:
    # "unknown" comes from archives that never say how a call went on: shown, but not kept for ever.
    return call.updated_at if call.status in ("closed", "cancelled", "unknown") else None


def _drawing_ended(drawing: Drawing) -> datetime | None:
    return drawing.changed_at if drawing.removed else None


def _attachment_ended(attachment: Attachment) -> datetime | None:
    return attachment.withdrawn_at


def _incident_ended(incident: Incident) -> datetime | None:
    return (incident.closed_at or incident.occurred_at) if incident.status == "closed" else None


def _never_ends(event: Event) -> datetime | None:
    return None


def _always_shown(event: Event) -> bool:
    return False


def _removed(event: Any) -> bool:
    return bool(event.removed)


_ALL = (
    Channel(
        name="alerts", kind=ALERT, ended_at=_alert_ended, hidden=_always_shown,
        keep_ended=5_000, keep_ended_s=24 * 3600, urgent=True,
    ),
    Channel(
        name="incidents", kind=INCIDENT, ended_at=_incident_ended, hidden=_always_shown,
        keep_ended=2_000, keep_going=20_000,
    ),
    Channel(
        name="drawings", kind=DRAWING, ended_at=_drawing_ended, hidden=_removed, keep_ended=500, keep_going=5_000,
    ),
    # A withdrawn one is told as such, with who did it and why.
    Channel(
        name="attachments", kind=ATTACHMENT, ended_at=_attachment_ended, hidden=_always_shown,
        keep_ended=500, keep_going=5_000,
    ),
    Channel(
        name="calls", kind=EMERGENCY_CALL, ended_at=_call_ended, hidden=_always_shown,
        keep_ended=2_000, keep_going=20_000,
    ),
    Channel(name="cameras", kind=CAMERA, ended_at=_never_ends, hidden=_removed),
    Channel(name="zones", kind=ZONE, ended_at=_never_ends, hidden=_removed),
    Channel(name="layers", kind=MAP_LAYER, ended_at=_never_ends, hidden=_removed, keep_going=1_000),
    Channel(name="hotlists", kind=HOTLIST, ended_at=_never_ends, hidden=_always_shown),
    Channel(name="health", kind=CAMERA_HEALTH, ended_at=_never_ends, hidden=_always_shown),
    Channel(name="units", kind=UNIT_POSITION, ended_at=_never_ends, hidden=_always_shown, keep_going=20_000),
    Channel(name="canaries", kind=CANARY, ended_at=_never_ends, hidden=_always_shown),
    Channel(name="sightings", kind=SIGHTING, ended_at=_never_ends, hidden=_always_shown),
)  # fmt: skip

#: By name, in the order snapshots are sent: what needs a person first.
CHANNELS: dict[str, Channel] = {channel.name: channel for channel in _ALL}
#: By the name of the event type.
BY_KIND: dict[str, Channel] = {channel.kind.name: channel for channel in _ALL}
