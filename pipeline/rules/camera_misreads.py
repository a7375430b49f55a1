"""Rule: people found many reads of one camera wrong, so somebody should look at the camera (check B18)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from pipeline.state.confusions import CAMERA_MISREADS, LastTold, Misread
from schemas.events.alert import Alert, Evidence
from schemas.events.camera import Camera
from schemas.identity import identity

RULE = CAMERA_MISREADS
VERSION = 1
#: So many misreads of a camera within the window are told. Older ones say little of how it stands today.
MISREADS = 20
WINDOW = timedelta(days=30)


def due(misreads: Sequence[Misread], told: LastTold | None, now: datetime) -> tuple[Misread, ...]:
    """Return the misreads to tell of, or none. ``misreads`` by time; ``told``: the newest alert about this camera.

    An alert that is open says it already; closing it is the reset, and only what was found after it counts again.
    """
    if told is not None and told.closed_at is None:
        return ()
    since = now - WINDOW if told is None or told.closed_at is None else max(now - WINDOW, told.closed_at)
    counted = tuple(one for one in misreads if one.at > since)
    return counted if len(counted) >= MISREADS else ()


def evaluate(
    camera_id: str,
    misreads: Sequence[Misread],
    told: LastTold | None,
    judged: int,
    camera: Camera | None,
    now: datetime,
    *,
    synthetic: bool = False,
) -> Alert:
    """Return the alert about a camera's misreads (as ``due`` gives them). ``judged``: verdicts of it in the window.

    Its id is made of the alert before it, so that all workers, whatever they have read so far, make the same one. The
    first is made of its day: the store may know others of a log that is gone (the embedded one).
    """
    before = str(told.alert_id) if told is not None else misreads[MISREADS - 1].at.date().isoformat()
    alert_id = identity("alert", RULE, VERSION, camera_id, before, *(["synthetic"] if synthetic else []))
    newest = misreads[-1]
    name = camera.name if camera is not None and camera.name else f"Camera {camera_id}"
    return Alert(
        event_id=identity("alert_state", alert_id, 1),
        occurred_at=newest.at,
        observed_at=now,
        source=f"rule/{RULE}",
        jurisdiction=camera.jurisdiction if camera is not None else "default",
        synthetic=synthetic,
        alert_id=alert_id,
        rule=RULE,
        rule_version=VERSION,
        severity="P3",
        title=f"{name} misreads plates: look at it"[:300],
        subject_kind="camera",
        subject=camera_id,
        camera_id=camera_id,
        lat=camera.lat if camera is not None else None,
        lon=camera.lon if camera is not None else None,
        raised_at=now,
        why=(
            Evidence(
                kind="camera",
                text=f"People found {len(misreads)} reads of this camera wrong in {WINDOW.days} days, of {judged} that "
                "they judged. Close this when it has been seen to: counting begins anew then.",
                facts={
                    "misreads": str(len(misreads)),
                    "judged": str(judged),
                    "window_days": str(WINDOW.days),
                    "first": misreads[0].at.isoformat(),
                    "last": newest.at.isoformat(),
                },
            ),
        ),
        triggers=tuple(one.read_id for one in misreads[-MISREADS:]),
    )
