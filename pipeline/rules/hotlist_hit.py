"""Rule: a wanted plate was read."""

from __future__ import annotations

from datetime import datetime

from pipeline.rules.plate_alert import cause, evidence, severity_of, wording
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
            Alert(
                event_id=identity("alert_state", alert_id, 1),
                occurred_at=sighting.occurred_at,
                observed_at=sighting.observed_at,
                source=f"rule/{RULE}",
                jurisdiction=sighting.jurisdiction,
                synthetic=sighting.synthetic,
                alert_id=alert_id,
                rule=RULE,
                rule_version=VERSION,
                severity=severity_of(hit, sighting, lists, now),
                title=f"{wording(hit)} at {place}",
                subject_kind="plate",
                subject=sighting.plate,
                camera_id=sighting.camera_id,
                lat=sighting.lat,
                lon=sighting.lon,
                zones=sighting.zones,
                raised_at=now,
                why=evidence(sighting, hit, now, lists),
                triggers=(sighting.event_id,),
            )
        )
    return tuple(alerts)
