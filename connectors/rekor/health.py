"""A camera of a Rekor agent's heartbeat to camera health."""

from __future__ import annotations

from datetime import datetime, timedelta

import msgspec

from connectors.lpr import moment_of_epoch_ms
from connectors.payload import decode, join_path
from connectors.rekor.payload import VideoStream
from connectors.translation import Context
from schemas.events.camera_health import CameraHealth
from schemas.identity import identity

#: The agent sends a heartbeat every minute (Rekor Scout documentation, JSON Heartbeat); one may be lost on the way.
NEXT_REPORT_S = 120.0
#: An open stream whose last picture is older than this shows nothing that is true now.
STALE_AFTER = timedelta(seconds=60)

_stream = msgspec.json.Decoder(VideoStream)


def camera_health(raw: msgspec.Raw, at: str, moment: datetime, agent: str, context: Context) -> CameraHealth:
    """Return the state of one camera at the heartbeat's moment. Raises PayloadError naming the field below ``at``.

    The stream's address is not kept: it may hold a password.
    """
    stream = decode(_stream, raw, at)
    # 0 is what an agent sends for a camera that has not given a picture yet.
    seen = moment_of_epoch_ms(stream.last_update, join_path(at, "last_update")) if stream.last_update else None
    status, since, detail = _status(stream.is_streaming, seen, moment)
    return CameraHealth(
        event_id=identity("camera_health", context.source, agent, stream.camera_id, moment.isoformat()),
        occurred_at=moment,
        observed_at=context.observed_at,
        source=context.source,
        jurisdiction=context.jurisdiction,
        camera_id=str(stream.camera_id),
        status=status,
        since=since,
        fps=stream.fps,
        detail=f"{stream.camera_name}: {detail}" if stream.camera_name else detail,
        next_report_s=NEXT_REPORT_S,
    )


def _status(is_streaming: bool, seen: datetime | None, moment: datetime) -> tuple[str, datetime, str]:
    """Status, when it began as far as the heartbeat tells, and what to say of it."""
    if not is_streaming:
        return "no_signal", min(seen or moment, moment), "The agent gets no stream from this camera."
    if seen is not None and moment - seen > STALE_AFTER:
        age = int((moment - seen).total_seconds())
        return "frozen", seen, f"The stream is open, but its last picture is {age} s old."
    return "ok", moment, "The agent is streaming from this camera."
