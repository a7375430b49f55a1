"""Rule: a wanted plate was not seen where nearly all vehicles are seen next, in the time they take."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from pipeline.rules.expected_next import evidence as expected_evidence
from pipeline.rules.expected_next import name_of, span
from pipeline.rules.path_alert import History, alert
from pipeline.rules.plate_alert import evidence as hit_evidence
from pipeline.rules.plate_alert import wording
from pipeline.rules.stale_list import NO_LISTS, Lists
from pipeline.state.paths import WINDOW_S
from pipeline.state.transitions import Expected
from schemas.events.alert import Alert, Evidence
from schemas.events.camera import Camera
from schemas.events.sighting import Sighting

RULE = "did_not_arrive"
VERSION = 1
#: So many of those who pass must be seen next at that one camera. At 0.8 one ordinary vehicle in four still does not
#: arrive in the time told (0.8 x 0.95 do): so it is only to know.
LEAST_SHARE = 0.8
#: Reads may come so late, seconds.
LATE_S = 30.0


def is_due(expected: Expected) -> bool:
    """Return whether a vehicle that does not arrive there is worth telling of."""
    return expected.share >= LEAST_SHARE


def due_at(left_at: float, expected: Expected) -> float:
    """Return when it has not arrived, epoch seconds."""
    return left_at + expected.latest_s + LATE_S


def evaluate(
    sighting: Sighting,
    expected: Expected,
    cameras: Mapping[str, Camera],
    history: History,
    now: datetime,
    lists: Lists = NO_LISTS,
) -> tuple[Alert, ...]:
    """Return an alert (P4) for a wanted plate that was expected and not read anywhere since ``sighting``."""
    hits = [hit for hit in sighting.hits if hit.region_relation != "other"]
    if not hits:
        return ()
    hit = hits[0]
    there, here = name_of(expected.camera_id, cameras), name_of(sighting.camera_id, cameras)
    return (
        alert(
            RULE,
            VERSION,
            (sighting.event_id, hit.list_id, hit.entry_id),
            sighting,
            severity="P4",
            title=f"{wording(hit)} did not arrive at {there}",
            why=[
                Evidence(
                    kind="not_seen",
                    text=f"Last read at {here}. {expected.share:.0%} of vehicles are read next at {there}, most in "
                    f"{span(expected)}; this one was read nowhere. It may have stopped, turned off, or been missed.",
                    facts={"camera_id": expected.camera_id, "last_camera_id": sighting.camera_id},
                ),
                *expected_evidence((expected,), cameras),
                *hit_evidence(sighting, hit, now, lists),
                *history.gap(sighting.occurred_at.timestamp() - WINDOW_S),
            ],
            triggers=(sighting.event_id,),
            now=now,
            hit=hit,
        ),
    )
