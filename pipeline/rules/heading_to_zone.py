"""Rule: a wanted plate is on the way to a zone that asks to be told, as far as other vehicles' ways can tell."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from pipeline.rules.expected_next import evidence as expected_evidence
from pipeline.rules.path_alert import History, alert
from pipeline.rules.plate_alert import evidence as hit_evidence
from pipeline.rules.plate_alert import severity_of, wording
from pipeline.rules.stale_list import NO_LISTS, Lists, lowered
from pipeline.state.paths import WINDOW_S
from pipeline.state.transitions import Expected
from schemas.events.alert import Alert, Evidence
from schemas.events.camera import Camera
from schemas.events.sighting import Sighting
from schemas.events.zone import Zone

RULE = "heading_to_zone"
VERSION = 1
#: Of the vehicles that passed here, so many were seen in the zone at one of the next two cameras.
LEAST_SHARE = 0.5


def evaluate(
    sighting: Sighting,
    zone: Zone,
    share: float,
    via: Sequence[Expected],
    cameras: Mapping[str, Camera],
    history: History,
    now: datetime,
    lists: Lists = NO_LISTS,
) -> tuple[Alert, ...]:
    """Return an alert for a wanted plate of which a zone lies ahead, one step less severe than its hit.

    ``share``: of the vehicles that passed this camera, those seen in the zone at one of the next two; ``via``: the next
    cameras that lead there. A plate that is in the zone, and one of another state, raise none.
    """
    hits = [hit for hit in sighting.hits if hit.region_relation != "other"]
    if not hits or share < LEAST_SHARE or zone.zone_id in sighting.zones:
        return ()
    hit = hits[0]
    return (
        alert(
            RULE,
            VERSION,
            (zone.zone_id, sighting.event_id, hit.list_id, hit.entry_id),
            sighting,
            severity=lowered(severity_of(hit, sighting, lists, now)),
            title=f"{wording(hit)} may be heading to {zone.name}",
            why=[
                Evidence(
                    kind="zone",
                    text=f"Of the vehicles that passed here, {share:.0%} were in {zone.name} within two cameras.",
                    facts={"zone_id": zone.zone_id, "share": f"{share:.3f}", "least_share": str(LEAST_SHARE)},
                ),
                *expected_evidence(tuple(via)[:3], cameras),
                *hit_evidence(sighting, hit, now, lists),
                *history.gap(sighting.occurred_at.timestamp() - WINDOW_S),
            ],
            triggers=(sighting.event_id,),
            now=now,
            hit=hit,
        ),
    )
