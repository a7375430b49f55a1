"""What every alert about a plate's path says: where and when it was read before, and whether more was known."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from uuid import UUID

from msgspec import Struct

from pipeline.rules.plate_alert import alert_of, is_late, lateness
from pipeline.state.paths import Seen
from schemas.events.alert import SEVERITIES, Alert, Evidence
from schemas.events.sighting import Hit, Sighting
from schemas.identity import identity


class History(Struct, frozen=True):
    """How far back a worker knows: ``known_since`` is epoch seconds, infinite while it does not know."""

    known_since: float

    def gap(self, since: float) -> tuple[Evidence, ...]:
        """Return what an alert must say when not all since a moment (epoch seconds) is known; nothing when it is."""
        if self.known_since <= since:
            return ()
        known = self.known_since < float("inf")
        begin = f"before {moment(self.known_since):%H:%M:%S} UTC" if known else "of before this worker began"
        return (
            Evidence(
                kind="history",
                text=f"History incomplete: sightings {begin} may be missing.",
                facts={
                    "known_since": moment(self.known_since).isoformat() if known else "",
                    "asked_since": moment(since).isoformat(),
                },
            ),
        )


def moment(at: float) -> datetime:
    """Return epoch seconds as a moment."""
    return datetime.fromtimestamp(at, UTC)


def alert(
    rule: str,
    version: int,
    key: Sequence[object],
    sighting: Sighting,
    *,
    severity: str,
    title: str,
    why: Sequence[Evidence],
    triggers: Sequence[UUID],
    now: datetime,
    hit: Hit | None = None,
) -> Alert:
    """Return an alert about the plate of a sighting; ``key`` makes its id. A late read is only to know (P4).

    ``hit``: the entry that makes the plate a wanted one; who may see that may see the alert.
    """
    alert_id = identity("alert", rule, version, *key)
    reasons = list(why)
    if is_late(sighting):
        severity = SEVERITIES[-1]
        reasons.insert(0, lateness(sighting))
    return alert_of(
        rule,
        version,
        alert_id,
        sighting,
        severity=severity,
        title=title,
        why=reasons,
        now=now,
        triggers=triggers,
        hit=hit,
    )


def read_at(one: Seen, place: str, *, kind: str = "path") -> Evidence:
    """Return a sighting of a path as a reason."""
    return Evidence(
        kind=kind,
        text=f"Read at {place} at {moment(one.at):%H:%M:%S} UTC, the reader {one.confidence:.0%} sure.",
        facts={
            "camera_id": one.camera_id,
            "read_at": moment(one.at).isoformat(),
            "confidence": f"{one.confidence:.3f}",
            "event_id": str(one.event_id),
        },
    )
