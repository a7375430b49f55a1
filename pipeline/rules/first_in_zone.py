"""Rule: a plate is read in a zone that asks to be told of plates it has not seen before."""

from __future__ import annotations

from datetime import datetime, timedelta

from pipeline.rules.path_alert import alert
from schemas.events.alert import Alert, Evidence
from schemas.events.sighting import Sighting
from schemas.events.zone import Zone

RULE = "first_in_zone"
VERSION = 1
#: A plate that was read in the zone within this time is no stranger. The store is asked, so a month costs no memory.
STRANGER_AFTER = timedelta(days=30)


def evaluate(
    sighting: Sighting, zone: Zone, *, stored_since: datetime | None, why_not: str, now: datetime
) -> tuple[Alert, ...]:
    """Return an alert (P4) for a plate that was not read in a zone within ``STRANGER_AFTER``.

    ``stored_since``: when the store's own history of the zone begins; None when it could not be asked, for the reason
    ``why_not``. Then, and when it begins later than ``STRANGER_AFTER`` ago, the alert says that history is incomplete.
    """
    since = sighting.occurred_at - STRANGER_AFTER
    why = [
        Evidence(
            kind="zone",
            text=f"Not read in {zone.name} in the {STRANGER_AFTER.days} days before.",
            facts={"zone_id": zone.zone_id, "days": str(STRANGER_AFTER.days)},
        )
    ]
    if stored_since is None:
        why.append(Evidence(kind="history", text=f"History incomplete: {why_not}"))
    elif stored_since > since:
        why.append(
            Evidence(
                kind="history",
                text=f"History incomplete: reads in the zone are kept since {stored_since:%Y-%m-%d %H:%M} UTC only.",
                facts={"known_since": stored_since.isoformat(), "asked_since": since.isoformat()},
            )
        )
    return (
        alert(
            RULE,
            VERSION,
            (zone.zone_id, sighting.plate, sighting.event_id),
            sighting,
            severity="P4",
            title=f"{sighting.plate} read in {zone.name} for the first time",
            why=why,
            triggers=(sighting.event_id,),
            now=now,
        ),
    )
