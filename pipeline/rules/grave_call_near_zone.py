"""Rule: a call of a grave kind in or near a school or another watched zone."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from pipeline.rules.call_alert import alert_of
from pipeline.rules.plate_alert import LATE_AFTER
from schemas.events.alert import Alert, Evidence
from schemas.events.emergency_call import GRAVE, EmergencyCall
from schemas.events.zone import Zone
from schemas.identity import identity

RULE = "grave_call_near_zone"
VERSION = 1
#: How far from a watched zone a call still concerns it, metres.
NEAR_M = 200.0
SCHOOL = "school"


def is_watched(zone: Zone) -> bool:
    """Return whether grave calls near a zone raise an alert: schools always, others when so marked."""
    return zone.kind == SCHOOL or zone.watched


def evaluate(
    call: EmergencyCall, near: Sequence[tuple[Zone, float]], incident_id: UUID, now: datetime
) -> tuple[Alert, ...]:
    """Return one alert for a live grave call near watched zones: P1 at a school, else P2.

    ``near``: the zones within ``NEAR_M`` with their distance in metres, nearest first. A call that is over raises
    none. One alert a call, however often its state is sent.
    """
    watched = [(zone, metres) for zone, metres in near if is_watched(zone)]
    if call.category not in GRAVE or call.status in ("closed", "cancelled") or not watched:
        return ()
    school = any(zone.kind == SCHOOL for zone, _ in watched)
    # A school decides the severity, so it is named even if another zone is nearer.
    first, metres = next(item for item in watched if not school or item[0].kind == SCHOOL)
    where = f"in {first.name}" if metres == 0 else f"{metres:.0f} m from {first.name}"
    alert_id = identity("alert", RULE, VERSION, call.call_id)
    late = call.observed_at - call.received_at > LATE_AFTER
    reasons = [
        Evidence(
            kind="call",
            text=f"{call.kind} (category {call.category}{_priority(call)}).",
            facts={"call_id": call.call_id, "category": call.category, "priority": str(call.priority or "")},
        ),
        *(
            Evidence(
                kind="zone",
                text=f"{'Inside' if at == 0 else f'{at:.0f} m from'} {zone.name} ({zone.kind.replace('_', ' ')}).",
                facts={"zone_id": zone.zone_id, "distance_m": f"{at:.1f}", "kind": zone.kind},
            )
            for zone, at in watched
        ),
    ]
    if late:
        reasons.insert(0, Evidence(kind="late", text="The call reached us more than 5 minutes after it was received."))
    return (
        alert_of(
            RULE,
            VERSION,
            alert_id,
            call,
            incident_id,
            at=call.received_at,
            severity="P4" if late else "P1" if school else "P2",
            title=f"{call.kind} {where}",
            why=reasons,
            now=now,
            zones=tuple(zone.zone_id for zone, at in near if at == 0),
        ),
    )


def _priority(call: EmergencyCall) -> str:
    return "" if call.priority is None else f", priority {call.priority} of 10"
