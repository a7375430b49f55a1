"""Rule: a plate that comes by again and again in a zone that asks to be told."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from pipeline.rules.path_alert import History, alert, moment
from pipeline.rules.plate_alert import duration
from pipeline.state.paths import Seen
from schemas.events.alert import Alert, Evidence
from schemas.events.sighting import Sighting
from schemas.events.zone import Zone

RULE = "loitering"
VERSION = 1
#: So many passes within this time. Two are a way there and back, three a lost driver; a delivery round takes longer.
PASSES = 4
WITHIN_S = 1_800.0
#: The same camera again within this time is the same pass: a queue at a light, a car at the kerb. Seconds.
SAME_PASS_S = 120.0


def passes(path: Sequence[Seen], zone_id: str) -> list[Seen]:
    """Return the first sighting of each pass of a plate through a zone, in order.

    Sightings of one pass follow one another within ``SAME_PASS_S``, by whichever cameras of the zone.
    """
    begun: list[Seen] = []
    last = float("-inf")
    for one in path:
        if zone_id not in one.zones:
            last = float("-inf")  # it was elsewhere: what comes is another pass
            continue
        if one.at - last > SAME_PASS_S:
            begun.append(one)
        last = one.at
    return begun


def evaluate(
    sighting: Sighting, here: Seen, path: Sequence[Seen], zone: Zone, history: History, now: datetime
) -> tuple[Alert, ...]:
    """Return an alert (P3) for the sighting that begins a plate's ``PASSES``-th pass through a zone within the time.

    ``path``: the plate's sightings, in order. One alert until no pass was made for so long that it begins anew.
    """
    begun = [one for one in passes(path, zone.zone_id) if here.at - WITHIN_S <= one.at <= here.at]
    if len(begun) != PASSES or begun[-1].event_id != here.event_id:
        return ()
    cameras = sorted({one.camera_id for one in begun})
    span = moment(here.at) - moment(begun[0].at)
    return (
        alert(
            RULE,
            VERSION,
            (zone.zone_id, sighting.plate, here.event_id),
            sighting,
            severity="P3",
            title=f"{sighting.plate} passed {zone.name} {PASSES} times in {duration(span)}",
            why=[
                Evidence(
                    kind="zone",
                    text=f"{PASSES} passes of {zone.name} in {duration(span)}: "
                    + ", ".join(f"{moment(one.at):%H:%M:%S}" for one in begun)
                    + " UTC.",
                    facts={
                        "zone_id": zone.zone_id,
                        "passes": str(PASSES),
                        "within_s": f"{WITHIN_S:.0f}",
                        "cameras": ", ".join(cameras),
                    },
                ),
                *history.gap(begun[0].at),
            ],
            triggers=[one.event_id for one in begun],
            now=now,
        ),
    )
