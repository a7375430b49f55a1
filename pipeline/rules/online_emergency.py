"""Rule: a report made online has words of an emergency."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from pipeline.rules.call_alert import alert_of
from pipeline.rules.plate_alert import LATE_AFTER
from schemas.events.alert import Alert, Evidence
from schemas.events.emergency_call import EmergencyCall
from schemas.identity import identity
from schemas.online_report import EMERGENCY

RULE = "online_emergency"
VERSION = 1


def evaluate(call: EmergencyCall, incident_id: UUID, now: datetime) -> tuple[Alert, ...]:
    """Return the alert for an online report with words of an emergency: P1, also where its place is not known.

    A report that is over raises none. One alert a report, however often it is sent.
    """
    is_emergency = call.contact == "online" and call.priority_raw == EMERGENCY.word
    if not is_emergency or call.status in ("closed", "cancelled"):
        return ()
    alert_id = identity("alert", RULE, VERSION, call.call_id)
    late = call.observed_at - call.received_at > LATE_AFTER
    reasons = [
        Evidence(
            kind="call",
            text=f"An online report has words of an emergency (category {call.category}).",
            facts={"call_id": call.call_id, "category": call.category, "priority": str(call.priority or "")},
        )
    ]
    if call.lat is None:
        reasons.append(Evidence(kind="place", text="The report does not tell a place on the map."))
    if late:
        reasons.insert(
            0, Evidence(kind="late", text="The report reached us more than 5 minutes after it was submitted.")
        )
    return (
        alert_of(
            RULE,
            VERSION,
            alert_id,
            call,
            incident_id,
            at=call.received_at,
            # A late report of a life in danger is no less of one: nobody has looked at it yet.
            severity="P1",
            title=f"Online report with words of an emergency: {call.kind}",
            why=reasons,
            now=now,
        ),
    )
