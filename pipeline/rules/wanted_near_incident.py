"""Rule: a wanted plate was read near an incident that is going on."""

from __future__ import annotations

from datetime import datetime, timedelta

from pipeline.rules.plate_alert import alert_of, cause, duration, evidence, is_late, wording
from pipeline.rules.stale_list import NO_LISTS, Lists, lowered, overdue
from schemas.events.alert import Alert, Evidence
from schemas.events.sighting import Sighting
from schemas.identity import identity

RULE = "wanted_near_incident"
VERSION = 1


def evaluate(sighting: Sighting, place: str, now: datetime, lists: Lists = NO_LISTS) -> tuple[Alert, ...]:
    """Return one P1 alert for each entry matched by a final read made near open incidents, naming all of them.

    A plate of another state or a read that reached us late raises none: its plain hit says all there is. A list older
    than it may be (by ``lists``) makes it P2.
    """
    if sighting.is_preview or not sighting.incidents or is_late(sighting):
        return ()
    nearest = sighting.incidents[0]
    alerts = []
    for hit in sighting.hits:
        if hit.region_relation == "other":
            continue
        alert_id = identity("alert", RULE, VERSION, *cause(sighting), hit.list_id, hit.entry_id)
        around = tuple(
            Evidence(
                kind="incident",
                text=f"{one.kind} {one.distance_m:.0f} m away, "
                f"{duration(timedelta(seconds=one.age_s))} before the read.",
                facts={
                    "incident_id": str(one.incident_id),
                    "distance_m": f"{one.distance_m:.1f}",
                    "age_s": f"{one.age_s:.1f}",
                },
            )
            for one in sighting.incidents
        )
        reasons = evidence(sighting, hit, now, lists)
        alerts.append(
            alert_of(
                RULE,
                VERSION,
                alert_id,
                sighting,
                severity="P1" if overdue(hit, lists, now) is None else lowered("P1"),
                title=f"{wording(hit)} {nearest.distance_m:.0f} m from {nearest.kind} at {place}",
                why=(reasons[0], *around, *reasons[1:]),
                now=now,
                hit=hit,
                incident_id=nearest.incident_id,
            )
        )
    return tuple(alerts)
