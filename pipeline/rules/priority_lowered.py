"""Rule: a call's priority was lowered, which a supervisor must see, with every priority it had."""

from __future__ import annotations

from datetime import datetime

from pipeline.rules.call_alert import alert_of
from pipeline.rules.plate_alert import LATE_AFTER
from schemas.events.alert import Alert, Evidence
from schemas.events.emergency_call import EmergencyCall
from schemas.events.incident import Incident
from schemas.identity import identity

RULE = "priority_lowered"
VERSION = 1
#: From here on somebody may die (0..10, 10 highest); lowering it is more than to know.
GRAVE_FROM = 7


def evaluate(incident: Incident, call: EmergencyCall, now: datetime) -> tuple[Alert, ...]:
    """Return an alert if this state of the call lowered its priority. ``incident``: the one the call opened."""
    facts = incident.calls[0] if incident.calls else None
    if facts is None or facts.state_id != call.event_id or len(facts.priorities) < 2:
        return ()
    (_, before), (at, after) = (_read(told) for told in facts.priorities[-2:])
    if at != call.updated_at.isoformat() or before is None or after is None or after >= before:
        return ()
    late = call.observed_at - call.updated_at > LATE_AFTER
    alert_id = identity("alert", RULE, VERSION, call.call_id, call.event_id)
    return (
        alert_of(
            RULE,
            VERSION,
            alert_id,
            call,
            incident.incident_id,
            at=call.updated_at,
            severity="P4" if late else "P2" if before >= GRAVE_FROM else "P3",
            title=f"Priority lowered from {before} to {after}: {call.kind}",
            why=(
                Evidence(
                    kind="call",
                    text=f"Was {before} of 10 and is {after} of 10 since {call.updated_at:%H:%M:%S} UTC.",
                    facts={"call_id": call.call_id, "before": str(before), "after": str(after)},
                ),
                Evidence(kind="history", text="All its priorities: " + "; ".join(facts.priorities) + "."),
            ),
            now=now,
            zones=incident.zones,
        ),
    )


def _read(told: str) -> tuple[str, int | None]:
    at, word = told.split()[:2]
    return at, int(word) if word.isdigit() else None
