"""Rule: a listed plate is read where a camera is known to read a sign. Told once a day, as it is silent otherwise."""

from __future__ import annotations

from datetime import datetime

from msgspec.structs import replace

from pipeline.rules import hotlist_hit
from pipeline.rules.stale_list import NO_LISTS, Lists
from schemas.events.alert import SEVERITIES, Alert, Evidence
from schemas.events.plate_noise import PlateNoise
from schemas.events.sighting import Sighting
from schemas.identity import identity

RULE = "noise_hit"
VERSION = 1


def evaluate(
    sighting: Sighting, noise: PlateNoise | None, place: str, now: datetime, lists: Lists = NO_LISTS
) -> tuple[Alert, ...]:
    """Return an alert (P4, to know) for each list entry, the same one all day (UTC, of the read).

    ``noise`` says why the text is taken for no plate; ``place`` names the camera for people.
    """
    day = sighting.occurred_at.date().isoformat()
    alerts = []
    for hit, made in zip(sighting.hits, hotlist_hit.evaluate(sighting, place, now, lists), strict=False):
        alert_id = identity("alert", RULE, VERSION, sighting.camera_id, hit.list_id, hit.entry_id, day)
        alerts.append(
            replace(
                made,
                event_id=identity("alert_state", alert_id, 1),
                source=f"rule/{RULE}",
                alert_id=alert_id,
                rule=RULE,
                rule_version=VERSION,
                severity=SEVERITIES[-1],
                title=f"Looks like a sign, not a car: {made.title}"[:300],
                why=(_evidence(sighting, noise), *made.why),
            )
        )
    return tuple(alerts)


def _evidence(sighting: Sighting, noise: PlateNoise | None) -> Evidence:
    why, facts = "", {"noise_id": f"{sighting.camera_id}/{sighting.plate}"}
    if noise is not None:
        who = f"{noise.changed_by} said so" if noise.changed_by else "Learnt"
        why = f" {who} {noise.changed_at:%Y-%m-%d %H:%M} UTC: {noise.reason}" if noise.reason else f" {who}."
        facts |= {"hours": str(noise.hours), "reads": str(noise.reads), "changed_at": noise.changed_at.isoformat()}
    return Evidence(
        kind="noise",
        text=f"This camera reads {sighting.plate} all day: it looks like a sign.{why} "
        "The entry is told once a day here; say that it is not noise to be told of every pass.",
        facts=facts,
    )
