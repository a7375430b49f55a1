"""What every alert about one call is made of."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from schemas.events.alert import Alert, Evidence
from schemas.events.emergency_call import EmergencyCall
from schemas.identity import identity


def alert_of(
    rule: str,
    version: int,
    alert_id: UUID,
    call: EmergencyCall,
    incident_id: UUID,
    *,
    at: datetime,
    severity: str,
    title: str,
    why: Sequence[Evidence],
    now: datetime,
    zones: tuple[str, ...] = (),
) -> Alert:
    """Return an alert about a call. ``at``: when what it is about happened, by the caller's or the source's clock."""
    return Alert(
        event_id=identity("alert_state", alert_id, 1),
        occurred_at=at,
        observed_at=call.observed_at,
        source=f"rule/{rule}",
        jurisdiction=call.jurisdiction,
        synthetic=call.synthetic,
        alert_id=alert_id,
        rule=rule,
        rule_version=version,
        severity=severity,
        title=title[:300],
        subject_kind="call",
        subject=call.call_id,
        incident_id=incident_id,
        lat=call.lat,
        lon=call.lon,
        zones=zones,
        raised_at=now,
        why=tuple(why),
        triggers=(call.event_id,),
    )
