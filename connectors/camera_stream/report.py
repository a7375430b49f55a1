"""From judgements to events. Pure: the caller says what time it is."""

from __future__ import annotations

from collections import deque
from datetime import datetime, timedelta

from connectors.camera_stream.config import CameraStream
from connectors.camera_stream.watch import Judgement
from schemas.envelope import Event
from schemas.events.camera import Camera
from schemas.events.camera_health import CameraHealth
from schemas.events.camera_observation import CameraObservation
from schemas.identity import identity

#: Health is repeated this often while nothing changes, seconds.
REPORT_EVERY_S = 10.0
#: What is promised to whoever watches the watcher: later than this is a fault, seconds.
REPORT_PROMISED_S = 15.0
#: Events kept while the broker is away; the oldest go first, since the newest health is the one that counts.
MAX_WAITING = 1_000


class Reporter:
    """Makes the events of one camera, and keeps them until they are confirmed."""

    def __init__(self, config: CameraStream) -> None:
        self._config = config
        self._status = "unknown"
        self._since: datetime | None = None
        self._motion = False
        self._reported_at: float | None = None
        self._waiting: deque[Event] = deque(maxlen=MAX_WAITING)

    def announce(self, now: datetime) -> None:
        """Add the camera itself, if it is known where it stands."""
        config = self._config
        if config.lat is None or config.lon is None:
            return
        facts = (config.camera_id, config.lat, config.lon, config.name, config.heading_deg)
        self._waiting.append(
            Camera(
                event_id=identity("camera", config.source_name, *facts),
                occurred_at=now,
                observed_at=now,
                source=config.source_name,
                jurisdiction=config.jurisdiction,
                synthetic=config.is_synthetic,
                camera_id=config.camera_id,
                name=config.name or config.camera_id,
                lat=config.lat,
                lon=config.lon,
                kind="video",
                heading_deg=config.heading_deg,
            )
        )

    def take(self, judgement: Judgement, fps: float | None, at: float, now: datetime) -> None:
        """Add the events a judgement calls for. ``at`` is the judgement's clock, ``now`` the same moment in UTC."""
        if judgement.motion != self._motion:
            self._motion = judgement.motion
            self._waiting.append(
                self._observation(judgement, now - timedelta(seconds=at - judgement.motion_since), now)
            )
        if judgement.status == "unknown":
            return
        changed = judgement.status != self._status
        if changed or self._since is None:
            self._status = judgement.status
            self._since = now - timedelta(seconds=at - judgement.since)
        # While events wait for the broker, repeating what has not changed would only push the changes out.
        repeats = self._reported_at is not None and at - self._reported_at >= REPORT_EVERY_S and not self._waiting
        if changed or repeats:
            self._reported_at = at
            self._waiting.append(self._health(judgement, self._since, fps, now))

    def waiting(self) -> tuple[Event, ...]:
        """Return the events that are not confirmed yet, oldest first."""
        return tuple(self._waiting)

    def confirm(self, events: tuple[Event, ...]) -> None:
        """Forget events that the broker has confirmed."""
        confirmed = {event.event_id for event in events}
        kept = [event for event in self._waiting if event.event_id not in confirmed]
        self._waiting.clear()
        self._waiting.extend(kept)

    def _health(self, judgement: Judgement, since: datetime, fps: float | None, now: datetime) -> CameraHealth:
        config = self._config
        return CameraHealth(
            event_id=identity("camera_health", config.source_name, config.camera_id, now.isoformat()),
            occurred_at=now,
            observed_at=now,
            source=config.source_name,
            jurisdiction=config.jurisdiction,
            synthetic=config.is_synthetic,
            camera_id=config.camera_id,
            status=judgement.status,
            since=since,
            fps=0.0 if judgement.status == "no_signal" else fps,
            detail=judgement.detail,
            next_report_s=REPORT_PROMISED_S,
        )

    def _observation(self, judgement: Judgement, began: datetime, now: datetime) -> CameraObservation:
        config = self._config
        return CameraObservation(
            event_id=identity("camera_observation", config.source_name, "motion", judgement.motion, began.isoformat()),
            occurred_at=began,
            observed_at=now,
            source=config.source_name,
            jurisdiction=config.jurisdiction,
            synthetic=config.is_synthetic,
            camera_id=config.camera_id,
            kind="motion",
            active=judgement.motion,
            share=judgement.share if judgement.motion else None,
            lat=config.lat,
            lon=config.lon,
        )
