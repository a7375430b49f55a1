"""Camera health becomes alerts when a camera stops, and ends them when it is back."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from pipeline.outcome import Drop, Emit, Outcome
from pipeline.rules import camera_stopped
from pipeline.state.recent import Recent
from pipeline.state.reference import Reference
from schemas.envelope import Event
from schemas.event_type import EventType
from schemas.events.action import ACTION, Action
from schemas.events.alert import ALERT, Alert
from schemas.events.camera_health import CAMERA_HEALTH, STOPPED, CameraHealth
from schemas.identity import identity
from schemas.wire.frame import utc_now

ACTOR = "rule:camera_stopped"


class Cameras:
    """Raises an alert for each stop or silence of a camera once, and closes it when the camera reports well again."""

    name = "cameras"
    consumes: tuple[EventType[Any], ...] = (CAMERA_HEALTH,)
    emits: tuple[EventType[Any], ...] = (
        ALERT,
        ACTION,
    )

    def __init__(self, reference: Reference, heard_until: Callable[[], datetime | None] | None = None) -> None:
        """``heard_until``: every report that was in the log at this moment is in the reference facts; None: not known
        yet. Reports that wait in a log we cannot read, as its leader hangs, are no silence of a camera. Without it,
        the facts are taken for complete."""
        self._reference = reference
        self._heard_until = heard_until
        self._said: Recent[UUID, UUID] = Recent()
        self._open: dict[str, tuple[UUID, ...]] = {}

    def process(self, kind: EventType[Any], events: Sequence[CameraHealth], partition: int) -> Sequence[Outcome]:
        """Return alerts for reports of a stop; for a good report, what ends the alerts that are open."""
        now = utc_now()
        return [self._outcome(health, now) for health in events]

    def _outcome(self, health: CameraHealth, now: datetime) -> Outcome:
        if health.status in STOPPED:
            alerts = camera_stopped.evaluate(health, self._reference.cameras.by_id.get(health.camera_id), now)
            due = [alert for alert in alerts if self._said.get(alert.alert_id) in (None, health.event_id)]
            if not due:
                return Drop("already_alerted")
            for alert in due:
                self._remember(alert, health.event_id)
            return Emit(tuple(due))
        closing = self._closing(health, now)
        return Emit(closing) if closing else Drop("nothing_to_say")

    def tick(self, now: datetime) -> list[Event]:
        """Return alerts for cameras that have fallen silent. Asked every second; says each silence once."""
        due: list[Event] = []
        # Asked before the reports are looked at: what is folded in meanwhile only makes a silence shorter.
        heard = now if self._heard_until is None else self._heard_until()
        if heard is None:
            return due
        for health in list(self._reference.health.values()):
            if not camera_stopped.is_silent(health, heard):
                continue
            alert_id = camera_stopped.silent_alert_id(health)
            if self._said.get(alert_id) is not None or alert_id in self._reference.alerts:
                continue
            for alert in camera_stopped.evaluate_silence(
                health, self._reference.cameras.by_id.get(health.camera_id), heard, now
            ):
                self._remember(alert, health.event_id)
                due.append(alert)
        return due

    def _remember(self, alert: Alert, cause: UUID) -> None:
        self._said.keep(alert.alert_id, cause)
        known = self._open.get(alert.subject, ())
        if alert.alert_id not in known:
            self._open[alert.subject] = (*known, alert.alert_id)

    def _closing(self, health: CameraHealth, now: datetime) -> tuple[Event, ...]:
        """Return actions that close this camera's alerts: those raised here, and those known from the log."""
        ours = self._open.pop(health.camera_id, ())
        logged = self._reference.open_alerts_about(health.camera_id, camera_stopped.RULE)
        return tuple(
            Action(
                event_id=identity("action", "camera_back", alert_id, health.event_id),
                occurred_at=health.occurred_at,
                observed_at=now,
                source="processor/cameras",
                jurisdiction=health.jurisdiction,
                synthetic=health.synthetic,
                name="alert.close",
                subject_id=str(alert_id),
                actor=ACTOR,
                note=f"The camera reports {health.status.replace('_', ' ')} again.",
            )
            for alert_id in dict.fromkeys((*ours, *logged))
        )
