"""What may change an incident, on its way to the one writer that decides."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from schemas.envelope import Event, Name
from schemas.event_type import EventType
from schemas.events.action import Action
from schemas.events.emergency_call import EXAMPLE as CALL
from schemas.events.emergency_call import EmergencyCall
from schemas.identity import identity


class IncidentInput(Event, frozen=True, kw_only=True, gc=False):
    """A call's state or a person's action. All of one jurisdiction come in one order to one writer (ADR 14)."""

    desk: Annotated[Name, Meta(description="The jurisdiction: all that has this key goes to one writer.")]
    call: Annotated[EmergencyCall | None, Meta(description="A call's state; none for an action.")] = None
    action: Annotated[Action | None, Meta(description="What a person did; none for a call.")] = None


def of_call(call: EmergencyCall) -> IncidentInput:
    """Return the input that a call's state is."""
    return IncidentInput(
        event_id=identity("incident_input", call.event_id),
        occurred_at=call.occurred_at,
        observed_at=call.observed_at,
        source="processor/calls",
        jurisdiction=call.jurisdiction,
        synthetic=call.synthetic,
        desk=call.jurisdiction or "default",
        call=call,
    )


def of_action(action: Action) -> IncidentInput:
    """Return the input that a person's action is."""
    return IncidentInput(
        event_id=identity("incident_input", action.event_id),
        occurred_at=action.occurred_at,
        observed_at=action.observed_at,
        source="processor/alerts",
        jurisdiction=action.jurisdiction,
        synthetic=action.synthetic,
        desk=action.jurisdiction or "default",
        action=action,
    )


EXAMPLE = of_call(CALL)

INCIDENT_INPUT = EventType(
    name="incident_input",
    cls=IncidentInput,
    topic="rtcc.incident.input.v1",
    key="desk",
    table=None,  # calls and actions have tables of their own
    retention_days=7,
    examples=(EXAMPLE,),
)
