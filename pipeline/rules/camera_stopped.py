"""Rule: a camera shows nothing of use any more, or has fallen silent."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from pipeline.rules.plate_alert import duration
from schemas.events.alert import Alert, Evidence
from schemas.events.camera import Camera
from schemas.events.camera_health import STOPPED, CameraHealth
from schemas.identity import identity

RULE = "camera_stopped"
VERSION = 1
#: A camera that promised a report is silent once this many of its intervals have passed without one.
SILENT_INTERVALS = 3.0


def stopped_alert_id(health: CameraHealth) -> UUID:
    """Return the id of the alert for this stop: one for each camera and beginning."""
    return identity("alert", RULE, VERSION, health.camera_id, health.since.isoformat())


def silent_alert_id(health: CameraHealth) -> UUID:
    """Return the id of the alert for the silence that began after this report."""
    return identity("alert", RULE, VERSION, health.camera_id, "silent", health.occurred_at.isoformat())


def evaluate(health: CameraHealth, camera: Camera | None, now: datetime) -> tuple[Alert, ...]:
    """Return an alert if the report says that the camera has stopped."""
    if health.status not in STOPPED:
        return ()
    what = health.status.replace("_", " ")
    why = (
        Evidence(
            kind="camera",
            text=f"Reported {what} since {health.since:%H:%M:%S} UTC. {health.detail}".strip(),
            facts={"status": health.status, "since": health.since.isoformat()},
        ),
    )
    return (_alert(stopped_alert_id(health), health, camera, f"{_name(health, camera)} is {what}", why, now),)


def is_silent(health: CameraHealth, heard: datetime) -> bool:
    """Return whether the reports promised with this one have failed to come until ``heard``."""
    if health.next_report_s is None or health.status in STOPPED:
        return False
    return heard - health.observed_at > timedelta(seconds=SILENT_INTERVALS * health.next_report_s)


def evaluate_silence(health: CameraHealth, camera: Camera | None, heard: datetime, now: datetime) -> tuple[Alert, ...]:
    """Return an alert if the camera's last report promised others that have failed to come until ``heard``."""
    if not is_silent(health, heard):
        return ()
    silence = duration(heard - health.observed_at)
    why = (
        Evidence(
            kind="camera",
            text=f"No report for {silence}; one was promised every {health.next_report_s:.0f} s.",
            facts={"last_report": health.occurred_at.isoformat(), "next_report_s": str(health.next_report_s)},
        ),
    )
    return (_alert(silent_alert_id(health), health, camera, f"{_name(health, camera)} has fallen silent", why, now),)


def _alert(
    alert_id: UUID, health: CameraHealth, camera: Camera | None, title: str, why: tuple[Evidence, ...], now: datetime
) -> Alert:
    return Alert(
        event_id=identity("alert_state", alert_id, 1),
        occurred_at=health.occurred_at,
        observed_at=health.observed_at,
        source=f"rule/{RULE}",
        jurisdiction=health.jurisdiction,
        synthetic=health.synthetic,
        alert_id=alert_id,
        rule=RULE,
        rule_version=VERSION,
        severity="P3",
        title=title[:300],
        subject_kind="camera",
        subject=health.camera_id,
        camera_id=health.camera_id,
        lat=camera.lat if camera else None,
        lon=camera.lon if camera else None,
        raised_at=now,
        why=why,
        triggers=(health.event_id,),
    )


def _name(health: CameraHealth, camera: Camera | None) -> str:
    return camera.name if camera and camera.name else f"Camera {health.camera_id}"
