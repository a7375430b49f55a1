"""Calls become incidents, and alerts where a grave call lies near a watched zone."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pipeline.outcome import Emit, Outcome
from pipeline.rules import grave_call_near_zone
from pipeline.state.recent import Recent
from pipeline.state.reference import Reference
from schemas.envelope import Event
from schemas.event_type import EventType
from schemas.events.alert import ALERT
from schemas.events.emergency_call import EMERGENCY_CALL, EmergencyCall
from schemas.events.incident import INCIDENT, Incident
from schemas.identity import identity
from schemas.wire.frame import utc_now


class Calls:
    """Opens an incident for each call and keeps it in step with the call's state.

    An incident's revision is the newest time in the call's state, so it needs no memory: a state that comes twice
    makes the same revision, and one that comes late a lower one, which every reader ignores.
    """

    name = "calls"
    consumes: tuple[EventType[Any], ...] = (EMERGENCY_CALL,)
    emits: tuple[EventType[Any], ...] = (
        INCIDENT,
        ALERT,
    )

    def __init__(self, reference: Reference) -> None:
        self._reference = reference
        self._alerted: Recent[str, Any] = Recent()

    def process(self, kind: EventType[Any], events: Sequence[EmergencyCall], partition: int) -> Sequence[Outcome]:
        """Return for each call state its incident, followed by its alert if there is one."""
        zones, cameras = self._reference.zones, self._reference.cameras
        located = [call for call in events if call.lat is not None and call.lon is not None]
        held = zones.containing([call.lat or 0.0 for call in located], [call.lon or 0.0 for call in located])
        inside = {call.event_id: ids for call, ids in zip(located, held, strict=True)}
        now = utc_now()
        outcomes: list[Outcome] = []
        for call in events:
            incident_id = identity("incident", call.call_id)
            over = call.status in ("closed", "cancelled")
            incident = Incident(
                event_id=identity("incident_state", incident_id, call.event_id),
                occurred_at=call.occurred_at,
                observed_at=call.observed_at,
                source="processor/calls",
                jurisdiction=call.jurisdiction,
                synthetic=call.synthetic,
                incident_id=incident_id,
                rev=max(1, int(call.updated_at.timestamp() * 1000)),
                status="closed" if over else "open",
                kind=call.kind,
                category=call.category,
                priority=call.priority,
                opened_at=call.received_at,
                closed_at=(call.closed_at or call.updated_at) if over else None,
                address=call.address,
                lat=call.lat,
                lon=call.lon,
                call_ids=(call.call_id,),
                zones=inside.get(call.event_id, ()),
                nearest_cameras=()
                if over or call.lat is None or call.lon is None
                else cameras.nearest(call.lat, call.lon),
            )
            made: list[Event] = [incident]
            if call.lat is not None and call.lon is not None:
                near = zones.near(call.lat, call.lon, grave_call_near_zone.NEAR_M)
                # The state that raised the alert raises it again when it is sent again; later states do not.
                if self._alerted.get(call.call_id) in (None, call.event_id):
                    alerts = grave_call_near_zone.evaluate(call, near, incident_id, now)
                    if alerts:
                        self._alerted.keep(call.call_id, call.event_id)
                        made.extend(alerts)
            outcomes.append(Emit(tuple(made)))
        return outcomes
