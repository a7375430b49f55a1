"""Calls go to the one writer of incidents, and become alerts by the rules about single calls."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from pipeline.outcome import Emit, Outcome
from pipeline.rules import grave_call_near_zone, online_emergency
from pipeline.state.incident_state import incident_of
from pipeline.state.recent import Recent
from pipeline.state.reference import Reference
from schemas.event_type import EventType
from schemas.events.alert import ALERT, Alert
from schemas.events.emergency_call import EMERGENCY_CALL, EmergencyCall
from schemas.events.incident_input import INCIDENT_INPUT, of_call
from schemas.wire.frame import utc_now


class Calls:
    """Hands each call's state to the writer of incidents (pipeline/processors/incidents.py), keyed for it, and asks the
    rules that need nothing but the call: their alerts do not wait for the one line of all incidents.
    """

    name = "calls"
    consumes: tuple[EventType[Any], ...] = (EMERGENCY_CALL,)
    emits: tuple[EventType[Any], ...] = (
        INCIDENT_INPUT,
        ALERT,
    )

    def __init__(self, reference: Reference) -> None:
        self._reference = reference
        #: The state of a call that raised an alert, by rule and call.
        self._alerted: Recent[tuple[str, str], UUID] = Recent()

    def process(self, kind: EventType[Any], events: Sequence[EmergencyCall], partition: int) -> Sequence[Outcome]:
        """Return for each call state what it tells the incidents, followed by its alerts if there are any."""
        zones = self._reference.zones
        now = utc_now()
        outcomes: list[Outcome] = []
        for call in events:
            # What rules say of one call, whatever else becomes of its incident: this id stays its own, merged or not.
            incident_id = incident_of(call.call_id)
            alerts = list(online_emergency.evaluate(call, incident_id, now))
            if call.lat is not None and call.lon is not None:
                near = zones.near(call.lat, call.lon, grave_call_near_zone.NEAR_M)
                alerts += grave_call_near_zone.evaluate(call, near, incident_id, now)
            outcomes.append(Emit((of_call(call), *(alert for alert in alerts if self._is_due(alert, call)))))
        return outcomes

    def _is_due(self, alert: Alert, call: EmergencyCall) -> bool:
        """The state that raised an alert raises it again when it is sent again; later states of the call do not."""
        key = (alert.rule, call.call_id)
        first = self._alerted.get(key)
        if first is None:
            self._alerted.keep(key, call.event_id)
        return first in (None, call.event_id)
