"""POST /api/actions: what a person does becomes an event in the log; the answer waits for the broker."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Annotated, Literal, Self
from uuid import UUID

import msgspec
from fastapi import APIRouter, Request
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator
from starlette.exceptions import HTTPException

from dashboards.server.access.gate import actor_of, is_deed_of
from dashboards.server.audience import EVERYBODY, Audience, Audiences
from dashboards.server.errors import Problem
from dashboards.server.hub import Hub
from dashboards.server.room import Room
from schemas.escalation import escalated
from schemas.events.action import (
    ALERT_ASSIGN,
    ALERT_CHECK,
    ALERT_CLOSE,
    ALERT_ESCALATE,
    ALERT_JUDGE,
    ALERT_NOTE,
    ALERT_SHELVE,
    ALERT_UNDO,
    ALERT_UNSHELVE,
    OUTCOMES,
    Action,
)
from schemas.events.alert import Alert
from schemas.events.incident import TASK_STATES, Incident
from schemas.identity import identity
from schemas.noting import LONGEST_NOTE, MOST_NOTES, noted, why_no_note
from schemas.owning import assigned, owner_wanted, taken_since
from schemas.plate import normalise
from schemas.shelving import shelved
from schemas.undoing import UNDO_WITHIN, undone
from schemas.verification import is_dispatchable, verified
from schemas.wire.publisher import Publisher

#: So many actions are remembered, so that a key sent again is the same event and not a second one.
REMEMBERED = 10_000

#: The processors' own rules of what is done to an alert: they decide, and here a person hears at once.
RULES: Mapping[str, Callable[[Alert, Action], Alert | str]] = {
    ALERT_CHECK: verified, ALERT_JUDGE: verified, ALERT_SHELVE: shelved, ALERT_UNSHELVE: shelved,
    ALERT_ASSIGN: assigned, ALERT_ESCALATE: escalated, ALERT_NOTE: noted, ALERT_UNDO: undone,
}  # fmt: skip
#: What is said where one of them does not count an act.
REFUSALS = {
    "needs_no_verification": "This alert is not about a plate: there is nothing to verify.",
    "already_recalled": "This alert was recalled: do not act on it.",
    "not_one_check": "Check one thing at a time: plate, state or record.",
    "already_checked": "You have checked this already.",
    "no_verdict": "Say what you found: correct, wrong_state, misread, list_wrong or other.",
    "no_misread": "Only of a misread can you say what the plate is.",
    "no_plate": "That is no plate: letters and digits, please.",
    "true_plate_is_listed": "That is the listed plate: if the picture shows it, the match is right.",
    "p1_not_shelved": "A P1 cannot be shelved: acknowledge it, or close it and say why.",
    "no_reason": "Say why it is shelved.",
    "no_time": "Say until when it is shelved: a time ahead, with its offset.",
    "shelved_too_long": "An alert can be shelved for 12 hours at most.",
    "not_shelved": "It is not shelved, or no longer.",
    "not_checked": "Check plate, state and record yourself before you call it correct.",
    "no_owner": "Say to whom: a name of up to 200 characters.",
    "invalid_expected_rev": "expected_rev is a number: the revision that was looked at.",
    "not_undoable": "That cannot be undone.",
    "not_yours": "Only whoever did it can undo it.",
    "undo_too_late": f"It is too late to undo it: it was done more than {UNDO_WITHIN.seconds} s ago.",
    "empty_note": "Write something.",
    "note_too_long": f"A note has {LONGEST_NOTE} characters at most.",
    "note_not_plain": "A note is plain text: it has a character that cannot be seen.",
    "too_many_notes": f"It has {MOST_NOTES} notes, which is as many as it can have.",
}

#: What the details of an action may say.
#: ``expected_rev``: the revision it was decided by.
Detail = Literal[
    "owner", "unit", "stage", "into", "call_id", "other", "number", "expected_rev", "reason", "until", "outcome",
    "checklist", "task", "text", "assignee", "state", "drawing", "of",
]  # fmt: skip
#: What they must say. ``until``: an RFC 3339 time with its offset.
NEEDS: dict[str, tuple[Detail, ...]] = {
    "incident.stage": ("stage",), "incident.merge": ("into",), "incident.split": ("call_id",),
    "incident.link": ("other",), "incident.unlink": ("other",), "incident.record": ("number",),
    "incident.checklist": ("checklist",), "incident.task_add": ("text",), "incident.task_assign": ("task",),
    "incident.task_state": ("task", "state"), "incident.drawing_remove": ("drawing", "expected_rev"),
    "incident.drawing_restore": ("drawing", "expected_rev"), ALERT_SHELVE: ("reason", "until"), ALERT_UNDO: ("of",),
}  # fmt: skip
#: All that they may say of what is done to an alert; of any other nothing. ``of``: the event_id of the act to undo.
ALERT_DETAILS: Mapping[str, frozenset[str]] = {
    ALERT_CLOSE: frozenset({"outcome"}),
    ALERT_SHELVE: frozenset({"reason", "until"}),
    ALERT_ASSIGN: frozenset({"owner", "expected_rev"}),
    ALERT_UNDO: frozenset({"of"}),
}

#: Of these details: other incidents that something is done to.
OTHERS: tuple[Detail, ...] = ("into", "other")

_incident_decoder = msgspec.json.Decoder(Incident)
_alert_decoder = msgspec.json.Decoder(Alert)


class ActionRequest(BaseModel):
    """Something a person wants done. ``key`` is made by the client, once per deed, and kept when it tries again."""

    model_config = ConfigDict(extra="forbid")

    key: UUID
    name: Literal[
        "alert.acknowledge", "alert.dispatch", "alert.close", "alert.reopen", "alert.check", "alert.judge",
        "alert.shelve", "alert.unshelve", "alert.assign", "alert.escalate", "alert.note", "alert.undo",
        "incident.assign", "incident.stage", "incident.close", "incident.reopen", "incident.merge", "incident.unmerge",
        "incident.split", "incident.link", "incident.unlink", "incident.note", "incident.record",
        "incident.checklist", "incident.task_add", "incident.task_assign", "incident.task_state",
        "incident.drawing_remove", "incident.drawing_restore",
    ]  # fmt: skip
    subject_id: UUID
    actor: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]
    #: Whose deed it is, where a device kept it until now: it is taken from nobody else. Empty: whoever is signed in.
    account: Annotated[str, StringConstraints(max_length=200)] = ""
    note: Annotated[str, StringConstraints(max_length=2000)] = ""
    check: Literal["", "plate", "state", "record"] = ""
    verdict: Literal["", "correct", "wrong_state", "misread", "list_wrong", "other"] = ""
    #: Of a misread: the plate that the picture shows, as the person writes it.
    true_plate: Annotated[str, StringConstraints(strip_whitespace=True, max_length=20)] = ""
    details: Annotated[dict[Detail, Annotated[str, StringConstraints(max_length=200)]], Field(max_length=10)] = {}

    @model_validator(mode="after")
    def _says_what_it_needs(self) -> Self:
        if self.actor.startswith("rule:"):
            # With sign-in off a page says who it is; what a rule did is counted, shown and told of differently.
            raise ValueError("actor: a name that begins with rule: is a rule's, not a person's")
        if (self.name == ALERT_CHECK) != bool(self.check):
            raise ValueError("check: goes with alert.check, which needs it: plate, state or record")
        if (self.name == ALERT_JUDGE) != bool(self.verdict):
            raise ValueError("verdict: goes with alert.judge, which needs it")
        if self.true_plate and self.verdict != "misread":
            raise ValueError("true_plate: goes with the verdict misread")
        if self.true_plate and not 1 <= len(normalise(self.true_plate)) <= 20:
            raise ValueError("true_plate: letters and digits are expected")
        if self.name == ALERT_CLOSE and self.details.get("outcome", OUTCOMES[0]) not in OUTCOMES:
            raise ValueError(f"details: alert.close may say an outcome: {', '.join(OUTCOMES)}")
        if self.name.startswith("alert.") and (odd := self.details.keys() - ALERT_DETAILS.get(self.name, frozenset())):
            raise ValueError(f"details: {self.name} says nothing of {', '.join(sorted(odd))}")
        if self.name == ALERT_NOTE and (why := why_no_note(self.note)):
            raise ValueError(f"note: {REFUSALS[why]}")
        if self.name == "incident.task_state":
            if self.details.get("state") not in TASK_STATES:
                raise ValueError(f"details: incident.task_state needs a state: {', '.join(TASK_STATES)}")
            if self.details["state"] == "not_needed" and not self.note.strip():
                raise ValueError("note: say why it is not needed")
        for needed in NEEDS.get(self.name, ()):
            if not self.details.get(needed, "").strip():
                raise ValueError(f"details: {self.name} needs {needed}")
        return self


class ActionAnswer(BaseModel):
    """The action is in the log under this id."""

    event_id: UUID


class PeopleHere(BaseModel):
    """Accounts to whom an alert may be given: those with a page open that may see it and act. None: any name may be
    given, as nobody is asked who they are."""

    people: list[str] | None


class Actions:
    """Publishes actions, each key once."""

    def __init__(self, hub: Hub, publisher: Publisher, audiences: Audiences, room: Room | None = None) -> None:
        self._hub = hub
        self._room = room or Room(audiences)
        self._publisher = publisher
        self._audiences = audiences
        self._done: OrderedDict[UUID, tuple[ActionRequest, asyncio.Task[UUID]]] = OrderedDict()

    async def do(self, request: ActionRequest, audience: Audience = EVERYBODY) -> UUID:
        """Return the event's id after the broker has confirmed it.

        Raises BrokerUnavailableError when it did not, HTTPException 404 for an alert that is not known or not for this
        audience, and 409 for a key that was used for something else.
        """
        known = self._done.get(request.key)
        if known is not None:
            if known[0] != request:
                raise HTTPException(409, "This key was used for another action.")
            return await asyncio.shield(known[1])
        is_alert = request.name.startswith("alert.")
        row = self._hub.row("alerts" if is_alert else "incidents", str(request.subject_id))
        # Who may not see all must be shown to be allowed: what is not known yet may be restricted.
        hidden = not audience.sees_everything and (
            is_alert if row is None else not self._is_for(audience, row, is_alert)
        )
        if audience.is_limited and not is_alert:
            # What would be merged or linked is worked on, too.
            others = [self._hub.row("incidents", request.details[name]) for name in OTHERS if name in request.details]
            hidden = hidden or not all(other and self._is_for(audience, other, is_alert) for other in others)
        if hidden or (row is None and self._hub.is_caught_up):
            thing = "alert" if is_alert else "incident"
            raise HTTPException(404, f"No {thing} of this id is known, or it was closed long ago.")
        if row is None and (not is_alert or request.name == ALERT_ASSIGN):
            # Whose it is decides who takes it: without its state that is not known.
            raise HTTPException(503, "The server is still reading its log. Try again in a moment.")
        task = asyncio.create_task(self._publish(request, row), name="publish-action")
        task.add_done_callback(_retrieve)  # whoever asked may have hung up
        self._done[request.key] = (request, task)
        while len(self._done) > REMEMBERED:
            self._done.popitem(last=False)
        # Shielded: a browser that hangs up does not undo what the log may have taken already.
        return await asyncio.shield(task)

    def may_take(self, alert_id: UUID, audience: Audience) -> list[str] | None:
        """Return to whom an alert may be given. Raises HTTPException 404 for one that is not known to who asks."""
        row = self._hub.row("alerts", str(alert_id))
        if row is None or not self._is_for(audience, row, True):
            raise HTTPException(404, "No alert of this id is known.")
        return self._room.may_take(_alert_decoder.decode(row))

    def _is_for(self, audience: Audience, row: bytes, is_alert: bool) -> bool:
        if not is_alert:
            return self._audiences.shows(audience, _incident_decoder.decode(row))
        alert = _alert_decoder.decode(row)
        return audience.may_see(alert.audience) and self._audiences.shows(audience, alert)

    def _require_in_room(self, alert: Alert, action: Action) -> None:
        owner, people = owner_wanted(action), self._room.may_take(alert)
        if owner != action.actor and people is not None and owner not in people:
            raise HTTPException(409, "It can be given only to somebody who is here now and may see it and act on it.")

    async def _publish(self, request: ActionRequest, row: bytes | None) -> UUID:
        subject: Alert | Incident | None = None
        if row is not None:
            subject = (_alert_decoder if request.name.startswith("alert.") else _incident_decoder).decode(row)
        now = datetime.now(UTC)
        action = Action(
            event_id=identity("action", request.key),
            occurred_at=now,
            observed_at=now,
            source="server/web",
            jurisdiction="default" if subject is None else subject.jurisdiction,
            synthetic=subject is not None and subject.synthetic,
            name=request.name,
            subject_id=str(request.subject_id),
            actor=request.actor,
            note=request.note,
            checks=(request.check,) if request.check else (),
            verdict=request.verdict,
            true_plate=normalise(request.true_plate),
            details={str(name): text for name, text in request.details.items()},
        )
        if isinstance(subject, Alert) and (refused := _refusal(subject, action)):
            raise HTTPException(409, refused)
        if isinstance(subject, Alert) and action.name == ALERT_ASSIGN:
            self._require_in_room(subject, action)
        try:
            await self._publisher.publish([action])
        except BaseException:
            self._done.pop(request.key, None)  # not in the log as far as we know: the same key may try again
            raise
        return action.event_id


def _refusal(alert: Alert, action: Action) -> str:
    """Say what the processors would refuse, as far as is known here: they decide, but a person should hear at once."""
    if action.name == "alert.dispatch" and not is_dispatchable(alert):
        return "Nobody may be sent yet: one person must check plate, state and record, and find them correct."
    rule = RULES.get(action.name)
    told = None if rule is None else rule(alert, action)
    if not isinstance(told, str):
        return ""
    match told:
        case "already_shelved" if action.name == ALERT_ESCALATE:
            return "It is shelved: take it back first."
        case "already_shelved" if alert.shelved_until is not None:
            return f"{alert.shelved_by} was first: it is shelved until {alert.shelved_until:%H:%M} UTC."
        case "already_escalated":
            return f"{alert.escalated_by} was first: it is escalated, and nobody has taken it yet."
        case "already_owned":
            return f"{alert.owner} has it already."
        case "taken_meanwhile":
            deed = taken_since(alert, int(action.details["expected_rev"]), action.actor)
            return f"{deed.actor if deed else 'Somebody'} was first. Look at it as it is now."
        case "acted_meanwhile":
            # What is not known here at all may just not have been read yet: the processors know.
            is_known = action.details["of"] in map(str, alert.actions)
            who = "you have" if alert.changed_by == action.actor else f"{alert.changed_by} has"
            return f"It cannot be undone: {who} done something to it since." if is_known else ""
    return REFUSALS.get(told, f"It is {alert.status} already.")


def _retrieve(task: asyncio.Task[UUID]) -> None:
    if not task.cancelled():
        task.exception()


def actions_router(actions: Actions, audiences: Audiences) -> APIRouter:
    """Return the route."""
    router = APIRouter()

    @router.post(
        "/api/actions", responses={status: {"model": Problem} for status in (401, 403, 404, 409, 413, 415, 503)}
    )
    async def act(request: ActionRequest, asked: Request) -> ActionAnswer:
        """Acknowledge, dispatch, close, reopen, shelve, take, give or escalate an alert, write to it, check one thing
        of it, say what you found, or undo what you did last; or work on an incident. Whether that was in time is told
        by the alert and the incident: their ``actions``, and the incident's ``refused``."""
        if request.account and not is_deed_of(asked, request.account):
            raise HTTPException(401, "Somebody else did this. They must sign in to send it.")
        return ActionAnswer(
            event_id=await actions.do(
                request.model_copy(update={"actor": actor_of(asked, request.actor)}), audiences.of(asked.headers)
            )
        )

    @router.get("/api/alerts/{alert_id}/people", responses={404: {"model": Problem}})
    async def people(alert_id: UUID, asked: Request) -> PeopleHere:
        """Return to whom an alert may be given: ``alert.assign`` takes nobody else."""
        return PeopleHere(people=actions.may_take(alert_id, audiences.of(asked.headers)))

    return router
