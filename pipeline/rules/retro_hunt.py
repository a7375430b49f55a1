"""Rule: a plate that is wanted now was read in the past. History for whoever looks for it, never a live alarm."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from msgspec.structs import replace

from pipeline.rules import hotlist_hit
from pipeline.rules.plate_alert import duration
from schemas.events.alert import Alert, Evidence
from schemas.events.sighting import Hit, Sighting
from schemas.identity import identity

RULE = "retro_hunt"
VERSION = 1


def alert_id(sighting: UUID, hit: Hit) -> UUID:
    """Return the id of the finding: the same read and entry, the same finding."""
    return identity("alert", RULE, VERSION, sighting, hit.list_id, hit.entry_id)


def evaluate(sighting: Sighting, hit: Hit, now: datetime) -> Alert:
    """Return a finding: an alert that is closed as it is made, of the lowest severity, and says that it is history."""
    (alert,) = hotlist_hit.evaluate(
        replace(sighting, hits=(hit,), is_preview=False), f"camera {sighting.camera_id}", now
    )
    age = duration(now - sighting.occurred_at)
    found = alert_id(sighting.event_id, hit)
    return replace(
        alert,
        event_id=identity("alert_state", found, 1),
        source=f"rule/{RULE}",
        alert_id=found,
        rule=RULE,
        rule_version=VERSION,
        severity="P4",
        status="closed",
        title=f"History: {alert.title}",
        why=(
            Evidence(
                kind="history",
                text=f"HISTORY: read {age} before it was looked for. Nothing says that the vehicle is there now.",
                facts={"read_at": sighting.occurred_at.isoformat(), "looked_for_at": now.isoformat()},
            ),
            *alert.why,
        ),
        changed_by=f"rule:{RULE}",
        changed_at=now,
        note="Found in past reads.",
    )
