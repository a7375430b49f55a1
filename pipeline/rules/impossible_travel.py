"""Rule: one plate at two places that no car could have driven between: a cloned plate, or a misread.

The way is taken as the straight line, which is shorter than any road, so the speed told is the least it was.
"""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct

from pipeline.rules.path_alert import History, alert, read_at
from pipeline.state.clocks import TOLD_S
from pipeline.state.paths import WINDOW_S, Seen
from schemas.events.alert import Alert, Evidence
from schemas.events.sighting import Sighting
from schemas.look_alikes import LookAlikes
from schemas.place import distance_m

RULE = "impossible_travel"
VERSION = 1
#: No car keeps this up between two readers of a city, measured along a straight line. km/h.
MOST_KMH = 250.0
#: Nearer places say nothing: cameras see each other's lanes, and places on the map are rough. Metres.
LEAST_M = 2_000.0
#: A reader that moves tells where it was some moments ago; it may have driven on so far. Metres.
MOVED_M = 500.0
#: Both reads must be as sure as that. Misreads that happen to be another's plate are what this rule mostly meets.
SURE = 0.85
#: Below it a plate with characters that look like others is doubted.
VERY_SURE = 0.95


class Place(Struct, frozen=True):
    """Where a sighting was made: what people call it, and whether its reader moves."""

    name: str
    moves: bool = False


def evaluate(
    sighting: Sighting,
    here: Seen,
    other: Seen,
    places: tuple[Place, Place],
    look_alikes: LookAlikes,
    history: History,
    now: datetime,
) -> tuple[Alert, ...]:
    """Return an alert (P3) if a plate cannot have come from one sighting to the other; at most P4 where it is in doubt.

    ``other``: the sighting before or after ``here`` on the plate's path. ``places``: of here and of the other. Reads
    less sure than ``SURE``, of two states, less than ``LEAST_M`` apart or without a place raise none.
    """
    if here.confidence < SURE or other.confidence < SURE or here.camera_id == other.camera_id:
        return ()
    if here.region and other.region and here.region != other.region:
        return ()
    if here.lat is None or here.lon is None or other.lat is None or other.lon is None:
        return ()
    apart_m = distance_m(here.lat, here.lon, other.lat, other.lon)
    surely_m = apart_m - sum(MOVED_M for place in places if place.moves)
    if surely_m < LEAST_M:
        return ()
    # Clocks may be off by what is not told, and by what is: all of it is given to the driver.
    slack_s = sum(abs(one.clock_skew_s) if one.clock_skew_s is not None else TOLD_S for one in (here, other))
    gap_s = abs(here.at - other.at)
    kmh = surely_m / (gap_s + slack_s) * 3.6
    if gap_s > WINDOW_S or kmh <= MOST_KMH:
        return ()
    first, last = sorted((here, other), key=lambda one: (one.at, one.event_id))
    names = {here.event_id: places[0].name, other.event_id: places[1].name}
    why = [
        Evidence(
            kind="travel",
            text=f"{apart_m / 1000:.1f} km in {gap_s:.0f} s: at least {kmh:.0f} km/h in a straight line.",
            facts={
                "distance_m": f"{apart_m:.0f}",
                "gap_s": f"{gap_s:.1f}",
                "clock_slack_s": f"{slack_s:.1f}",
                "least_kmh": f"{kmh:.0f}",
                "limit_kmh": f"{MOST_KMH:.0f}",
            },
        ),
        *(read_at(one, names[one.event_id]) for one in (first, last)),
    ]
    doubts = _doubts(sighting, here, other, look_alikes)
    return (
        alert(
            RULE,
            VERSION,
            (sighting.plate, first.event_id, last.event_id),
            sighting,
            severity="P4" if doubts else "P3",
            title=f"{sighting.plate} in two places at once: {names[first.event_id]} and {names[last.event_id]}",
            why=[*why, *doubts, *history.gap(first.at)],
            triggers=(first.event_id, last.event_id),
            now=now,
        ),
    )


def _doubts(sighting: Sighting, here: Seen, other: Seen, look_alikes: LookAlikes) -> list[Evidence]:
    doubts = []
    unsure = min(here.confidence, other.confidence)
    alike = [char for char in sighting.plate if look_alikes.alike(char, char, sighting.plate_region)]
    if alike and unsure < VERY_SURE:
        doubts.append(
            Evidence(
                kind="look_alike",
                text=f"{len(alike)} of its characters look like others: it may be two plates. Verify both pictures.",
                facts={"characters": "".join(alike), "least_confidence": f"{unsure:.3f}"},
            )
        )
    skews = [one.clock_skew_s for one in (here, other) if one.clock_skew_s is not None]
    if skews:
        doubts.append(
            Evidence(
                kind="clock",
                text="The clock of a camera is off; that much was given to the driver.",
                facts={"clock_skew_s": ", ".join(f"{one:.1f}" for one in skews)},
            )
        )
    return doubts
