"""The writer of incidents in a test: calls and actions in, what a reader of the log then knows out."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from msgspec.structs import replace

from pipeline.outcome import DeadLetter, Drop, Emit, Outcome
from pipeline.processors.incidents import Incidents
from pipeline.state.incident_state import incident_of
from pipeline.state.reference import Reference
from schemas.envelope import Event
from schemas.events.action import Action
from schemas.events.drawing import Drawing
from schemas.events.emergency_call import EmergencyCall
from schemas.events.incident import INCIDENT, Incident
from schemas.events.incident_input import INCIDENT_INPUT, IncidentInput, of_action, of_call
from schemas.identity import identity
from tests.unit.facts import NOW, call

NORTH = 100 / 111_195


def later(state: EmergencyCall, status: str, minutes: float, **changes: object) -> EmergencyCall:
    """The same call, so many minutes after it was received."""
    at = NOW + timedelta(minutes=minutes)
    return replace(
        state, event_id=identity("emergency_call", state.call_id, status, minutes), status=status, updated_at=at,
        occurred_at=at, observed_at=at, **changes,
    )  # fmt: skip


SHOTS = call(1, "shooting", 29.95, -90.07)
DOWN = call(2, "homicide", 29.95 + 2 * NORTH, -90.07, received_at=NOW + timedelta(minutes=2))
FAR = call(3, "shooting", 29.95 + 9 * NORTH, -90.07)


class Desk:
    """A worker, and the log it writes to. ``restart`` gives a new worker that knows the log only."""

    def __init__(self, reference: Reference | None = None) -> None:
        self.reference = reference or Reference()
        self.log: list[Event] = []
        self.incidents = Incidents(self.reference)
        self.outcomes: list[Outcome] = []

    def restart(self) -> None:
        """Kill the worker and start another."""
        self.incidents = Incidents(self.reference)

    def take(self, *things: EmergencyCall | Action) -> list[Event]:
        """Have these taken as one frame; return what it wrote."""
        inputs = [of_call(one) if isinstance(one, EmergencyCall) else of_action(one) for one in things]
        made = self.made(inputs)
        self.written(made)
        return made

    def made(self, inputs: Sequence[IncidentInput]) -> list[Event]:
        """Return what a frame leads to, without writing it."""
        self.outcomes = list(self.incidents.process(INCIDENT_INPUT, inputs, 0))
        assert len(self.outcomes) == len(inputs)
        return [event for outcome in self.outcomes if isinstance(outcome, Emit) for event in outcome.events]

    def written(self, events: Sequence[Event]) -> None:
        """Have events in the log."""
        self.log += events
        self.reference.apply(INCIDENT, [event for event in events if isinstance(event, Incident | Drawing)])

    def of(self, call: EmergencyCall) -> Incident:
        """The incident that a call opened, as a reader of the log knows it."""
        return self.by_id(incident_of(call.call_id))

    def by_id(self, incident_id: UUID) -> Incident:
        """An incident as a reader of the log knows it."""
        found = self.reference.case(incident_id)
        assert found is not None
        return found

    @property
    def reason(self) -> str:
        """Why the last input led to nothing."""
        outcome = self.outcomes[-1]
        assert isinstance(outcome, Drop | DeadLetter)
        return outcome.reason


def act(nth: int, name: str, incident: Event, actor: str = "r.diaz", /, **details: object) -> Action:
    """The nth action of a test, five minutes after its calls. ``note`` is what they wrote."""
    assert isinstance(incident, Incident)
    note = str(details.pop("note", ""))
    at: datetime = NOW + timedelta(minutes=5, seconds=nth)
    return Action(
        event_id=identity("action", nth),
        occurred_at=at,
        observed_at=at,
        source="server/web",
        name=f"incident.{name}",
        subject_id=str(incident.incident_id),
        actor=actor,
        note=note,
        details={key: str(value) for key, value in details.items()},
    )
