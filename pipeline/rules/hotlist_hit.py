"""Rule: a wanted plate was read."""

from __future__ import annotations

from datetime import datetime

from pipeline.rules.plate_alert import alert_of, cause, evidence, severity_of, wording
from pipeline.rules.stale_list import NO_LISTS, Lists
from schemas.events.alert import Alert
from schemas.events.sighting import Sighting
from schemas.identity import identity

RULE = "hotlist_hit"
VERSION = 1


def evaluate(sighting: Sighting, place: str, now: datetime, lists: Lists = NO_LISTS) -> tuple[Alert, ...]:
    """Return an alert for each list entry that a final read matches.

    ``place`` names the camera for people. A plate of another state, or one that reached us late, is only to know
    (P4); each reason to doubt a hit, such as a list older than it may be (by ``lists``), makes it one step less severe;
    a preview raises nothing.
    """
    if sighting.is_preview:
        return ()
    alerts = []
    for hit in sighting.hits:
        alert_id = identity("alert", RULE, VERSION, *cause(sighting), hit.list_id, hit.entry_id)
        alerts.append(
            alert_of(
                RULE,
                VERSION,
                alert_id,
                sighting,
                severity=severity_of(hit, sighting, lists, now),
                title=f"{wording(hit)} at {place}",
                why=evidence(sighting, hit, now, lists),
                now=now,
                hit=hit,
            )
        )
    return tuple(alerts)
