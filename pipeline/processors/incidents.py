"""The one writer of incidents: what calls tell and what people do becomes each incident's next state (ADR 14)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from msgspec import Struct
from msgspec.structs import replace

from pipeline.outcome import DeadLetter, Drop, Emit, Outcome, Retry
from pipeline.processors import incident_actions, incident_drawings, incident_tasks
from pipeline.rules import priority_lowered
from pipeline.state import incident_state
from pipeline.state.cases import Cases
from pipeline.state.reference import Reference
from schemas.envelope import Event
from schemas.event_type import EventType
from schemas.events.action import Action
from schemas.events.alert import ALERT
from schemas.events.assessment import ASSESSMENT
from schemas.events.drawing import DRAWING
from schemas.events.emergency_call import EmergencyCall
from schemas.events.incident import INCIDENT, Incident
from schemas.events.incident_input import INCIDENT_INPUT, IncidentInput
from schemas.identity import identity
from schemas.wire.frame import utc_now

#: Action ids an incident keeps, so that an action that comes twice is known.
MOST_ACTIONS = 500
FORGET_EVERY = timedelta(minutes=1)


class Writing(Struct, frozen=True):
    """Who may write. ``generation``: another number whenever partitions were given out anew. ``fresh_as_of``: a moment
    of ``clock``; all that was in the log then is in the reference facts. None: not known yet."""

    generation: Callable[[], int]
    fresh_as_of: Callable[[], float | None]
    clock: Callable[[], float]


class Incidents:
    """Folds calls and actions into incidents, one after the other.

    It remembers every incident. When partitions were given out anew it reads them from the log before it takes up its
    work, and waits until the log has been read as far as it went at that moment: another worker may have written last.
    """

    name = "incidents"
    consumes: tuple[EventType[Any], ...] = (INCIDENT_INPUT,)
    emits: tuple[EventType[Any], ...] = (INCIDENT, DRAWING, ASSESSMENT, ALERT)

    def __init__(self, reference: Reference, writing: Writing | None = None) -> None:
        self._reference = reference
        self._writing = writing
        self._generation: int | None = None
        self._asked_at = 0.0
        self._is_ours = False
        self._forgot_at: datetime | None = None
        self.cases = Cases()

    def process(self, kind: EventType[Any], events: Sequence[IncidentInput], partition: int) -> Sequence[Outcome]:
        """Return for each input the incidents it changes, with what follows from them. Raises Retry while the log has
        not been read so far that it is known how they stand."""
        self._take_over()
        with self.cases.together():
            return [self._outcome(event) for event in events]

    def forget(self, now: datetime) -> None:
        """Let go of what is over for long. Asked every second, and done once a minute: all incidents are looked at."""
        if self._forgot_at is None or now - self._forgot_at >= FORGET_EVERY:
            self._forgot_at = now
            self.cases.forget(now)

    def _take_over(self) -> None:
        if self._writing is None:
            if not self._is_ours:
                self._begin()
            return
        generation = self._writing.generation()
        if generation != self._generation:
            self._generation, self._asked_at, self._is_ours = generation, self._writing.clock(), False
        if self._is_ours:
            return
        fresh = self._writing.fresh_as_of()
        if fresh is None or fresh < self._asked_at:
            raise Retry("the incidents that another worker wrote last have not been read yet")
        self._begin()

    def _begin(self) -> None:
        self.cases = Cases(self._reference.cases(), self._reference.drawings())
        self._is_ours = True

    def _outcome(self, event: IncidentInput) -> Outcome:
        if event.call is not None:
            return self._with_drawings(self._of_call(event.call))
        if event.action is not None:
            return self._with_drawings(self._of_action(event.action))
        return DeadLetter("invalid_field", "an input is a call or an action")

    def _with_drawings(self, outcome: Outcome) -> Outcome:
        """Return an outcome with the drawings that have to follow their incident to another place."""
        if not isinstance(outcome, Emit):
            return outcome
        touched = dict.fromkeys(event.incident_id for event in outcome.events if isinstance(event, Incident))
        followed = [one for name in touched for one in incident_drawings.moved(self.cases, self._known(name))]
        for drawing in followed:
            self.cases.draw(drawing)
        return Emit((*outcome.events, *followed)) if followed else outcome

    # Calls.

    def _of_call(self, call: EmergencyCall) -> Outcome:
        incident_id = incident_state.incident_of(call.call_id)
        event_id = identity("incident_state", incident_id, call.event_id)
        known = self.cases.get(incident_id)
        facts = self.cases.own_call(incident_id)
        if known is not None and facts is not None and self._is_old(call, facts):
            # The ledger looks for one state for each state of a call. This one says what is known, as no newer one.
            made: list[Event] = [replace(known, event_id=event_id)]
        else:
            before, facts = facts, incident_state.call_facts(call, facts)
            own = incident_state.opened_by(call, facts) if known is None else known
            # In the memory first, so that its calls are gathered with this one; its state is made of them next.
            incident = self._joined(call, own, before, facts)
            rev = max(0 if known is None else known.rev, int(call.updated_at.timestamp() * 1000) - 1, 0)
            if incident.merged_into is not None and not facts.why:
                facts = replace(facts, why=incident.note)
            made = [self._made(incident, rev, event_id, call, facts)]
            made += self._drawn_in(call, incident_id)
        made += self._settled([incident_id], call)
        made += priority_lowered.evaluate(self._known(incident_id), call, utc_now())
        return Emit(tuple(made))

    def _is_old(self, call: EmergencyCall, facts: Any) -> bool:
        return bool(facts.state_id == call.event_id or call.updated_at < facts.updated_at)

    def _joined(self, call: EmergencyCall, own: Incident, before: Any, facts: Any) -> Incident:
        """Return the call's incident, as part of another one when the call is about the same event."""
        other = next((link for link in call.links if link.relation == "split_from"), None)
        if other is not None and not own.person_rev and not own.is_apart:
            told = self.cases.named(other, call)
            return self._split_off(own, told.incident_id if told is not None else None)
        is_worked_on = (
            own.person_rev or own.tasks or self.cases.drawings.of(own.incident_id) or self.cases.parts(own.incident_id)
        )
        if own.merged_into is not None or own.is_apart or is_worked_on:
            return own
        found = self._by_its_word(call, own, facts)
        # By its place once only, when the place comes: an incident that stood alone is not joined later by surprise.
        is_new_place = before is None or (before.lat, before.lon) != (facts.lat, facts.lon)
        if found is None and is_new_place and own.stage in ("", "opened"):
            found = self.cases.of_same_event(facts, own)
        if found is None:
            return own
        root = self.cases.root(found[0])
        if root is None or root.incident_id == own.incident_id:
            return own
        before_it = own.stage or incident_state.STAGE_OF.get(call.status, "opened")
        return replace(own, merged_into=root.incident_id, stage="merged", stage_before=before_it, note=found[1])

    def _split_off(self, own: Incident, other_id: UUID | None) -> Incident:
        """Return the call's incident as its source split it from another one."""
        if own.merged_into is not None:
            own = replace(own, merged_into=None, stage=own.stage_before, stage_before="", status="open", calls=())
        return replace(own, is_apart=True, split_from=other_id, note="Split by its source.")

    def _drawn_in(self, call: EmergencyCall, incident_id: UUID) -> list[Incident]:
        """Return incidents that the call's source says were merged into this one, as parts of it."""
        made = []
        for link in call.links:
            other = self.cases.named(link, call)
            root = self.cases.root(incident_id)
            if (
                link.relation != "merged_from"
                or other is None
                or root is None
                or other.merged_into is not None
                or other.is_apart
                or other.incident_id == root.incident_id
                or not self._fit(root, other)
            ):
                continue
            part = replace(other, merged_into=incident_id, stage="merged", stage_before=other.stage,
                           note="Joined by its source: merged.")  # fmt: skip
            event_id = identity("incident_state", other.incident_id, call.event_id)
            made.append(self._made(part, other.rev, event_id, call))
            self.cases.put(incident_tasks.joined(root, part))  # its next state is made below, of all its calls
        return made

    def _by_its_word(self, call: EmergencyCall, own: Incident, facts: Any) -> tuple[UUID, str] | None:
        """Return the incident that the call's source says it belongs to."""
        if call.contact == "test":
            return None
        for link in call.links:
            other = self.cases.named(link, call)
            if link.relation == "merged_into" and other is not None and self._fit(own, other):
                return other.incident_id, "Joined by its source: merged."
        ref = self.cases.of_reference(facts, own.jurisdiction)
        if ref is not None and ref != own.incident_id and self._fit(own, self.cases.get(ref)):
            return ref, "Joined by its source: the same incident."
        return None

    def _fit(self, one: Incident, other: Incident | None) -> bool:
        return other is not None and (one.jurisdiction, one.synthetic) == (other.jurisdiction, other.synthetic)

    # Actions.

    def _of_action(self, action: Action) -> Outcome:
        try:
            incident_id = UUID(action.subject_id)
        except ValueError:
            return DeadLetter("invalid_field", "subject_id is not an incident's id")
        subject = self.cases.get(incident_id)
        if subject is None:
            return DeadLetter("unknown_incident", f"there is no incident {action.subject_id}")
        if subject.jurisdiction != action.jurisdiction:
            return DeadLetter("invalid_field", "the incident is another jurisdiction's")
        change = incident_actions.decided(self.cases, subject, action)
        made: list[Event] = []
        for incident in change.incidents:
            made.append(self._by_person(incident, action, change.is_refused or change.is_aside))
        touched = [incident.incident_id for incident in change.incidents]
        if not touched:
            touched = [incident_id, *([subject.split_from] if subject.split_from is not None else [])]
        made += self._settled(touched, action)
        if change.drawing is not None:
            self.cases.draw(change.drawing)
            made.append(change.drawing)
        if change.assessment is not None:
            made.append(change.assessment)
        return Emit(tuple(made)) if made else Drop("already_applied")

    def _by_person(self, incident: Incident, action: Action, is_aside: bool) -> Incident:
        """Return an incident's next state by an action. ``is_aside``: what is said of the incident itself stays."""
        known = self._known(incident.incident_id)
        done = tuple(one for one in known.actions if one != action.event_id)
        changed = replace(incident, actions=(*done, action.event_id)[-MOST_ACTIONS:])
        if not is_aside:
            changed = replace(changed, changed_by=action.actor, changed_at=action.occurred_at, note=action.note,
                              person_rev=known.rev + 1)  # fmt: skip
        event_id = identity("incident_state", incident.incident_id, action.event_id)
        return self._made(changed, known.rev, event_id, action)

    # Both.

    def _made(self, incident: Incident, rev: int, event_id: UUID, cause: Event, own: Any = None) -> Incident:
        """Return an incident's next state, as its calls make it, and remember it. ``own``: its own call, if new."""
        calls = self.cases.calls(incident.incident_id)
        if own is not None:
            calls = [own, *calls[1:]] if incident.calls else [own, *calls]
        made = incident_state.made_of(incident, calls, self._reference.zones, self._reference.cameras)
        return self._kept(made, rev, event_id, cause)

    def _kept(self, made: Incident, rev: int, event_id: UUID, cause: Event) -> Incident:
        """Return a state as the next one, and remember it."""
        made = replace(made, event_id=event_id, rev=rev + 1, occurred_at=cause.occurred_at,
                       observed_at=cause.observed_at)  # fmt: skip
        self.cases.put(made)
        return made

    def _settled(self, touched: Sequence[UUID], cause: Event) -> list[Incident]:
        """Return the new states of these incidents and of all that they are part of, where their calls make them say
        something else than they do. So what a killed worker left half done is made whole when its input comes again."""
        made: list[Incident] = []
        waiting, seen = list(touched), set[UUID]()
        while waiting:
            incident = self.cases.get(waiting.pop(0))
            if incident is None or incident.incident_id in seen:
                continue
            seen.add(incident.incident_id)
            calls = self.cases.calls(incident.incident_id)
            now = incident_state.made_of(incident, calls, self._reference.zones, self._reference.cameras)
            if not incident_state.same_but_for_when(incident, now):
                event_id = identity("incident_state", incident.incident_id, cause.event_id)
                made.append(self._kept(now, incident.rev, event_id, cause))
            if incident.merged_into is not None:
                waiting.append(incident.merged_into)
        return made

    def _known(self, incident_id: UUID) -> Incident:
        known = self.cases.get(incident_id)
        assert known is not None
        return known
