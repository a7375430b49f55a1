"""The life of an alert: the one place that decides what an action does to it."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any
from uuid import UUID

from msgspec.structs import replace

from pipeline.outcome import DeadLetter, Drop, Emit, Outcome, Retry
from pipeline.processors.noise import NOISE_ACTIONS, said
from pipeline.state.recent import Recent
from pipeline.state.reference import Reference
from schemas.escalation import escalated
from schemas.event_type import EventType
from schemas.events.action import (
    ACTION,
    ALERT_ACTIONS,
    ALERT_ASSIGN,
    ALERT_CHECK,
    ALERT_ESCALATE,
    ALERT_JUDGE,
    ALERT_NOTE,
    ALERT_SHELVE,
    ALERT_UNDO,
    ALERT_UNSHELVE,
    OUTCOMES,
    RECORDS,
    Action,
)
from schemas.events.alert import ACTIVE_STATUSES, ALERT, Alert, AlertDeed
from schemas.events.incident import INCIDENT_ACTIONS
from schemas.events.incident_input import INCIDENT_INPUT, of_action
from schemas.events.plate_noise import PLATE_NOISE
from schemas.identity import identity
from schemas.noting import noted
from schemas.owning import assigned, owner_wanted
from schemas.shelving import off_the_shelf, shelved
from schemas.undoing import UNDOABLE, standing_of, undone
from schemas.verification import is_dispatchable, verified

#: What the processors do to an alert by themselves (pipeline/processors/recalling.py), beside what people do to it.
RECALL = "alert.recall"
STATUSES = {**ALERT_ACTIONS, RECALL: "recalled"}
#: What has rules of its own, beside those of the statuses.
MARKS: Mapping[str, Callable[[Alert, Action], Alert | str]] = {
    ALERT_CHECK: verified,
    ALERT_JUDGE: verified,
    ALERT_SHELVE: shelved,
    ALERT_UNSHELVE: shelved,
    ALERT_ESCALATE: escalated,
    ALERT_ASSIGN: assigned,
    ALERT_NOTE: noted,
    ALERT_UNDO: undone,
}
#: Deeds that an alert keeps besides its notes.
MOST_DEEDS = 100
#: Seconds to wait for an alert that an action names: the page may have seen it before this worker's reader did.
WAIT_FOR_ALERT_S = 10.0

#: From which statuses each action leads on. The first one wins; a later one that does not fit is dropped, and the
#: person sees who was quicker.
ALLOWED = {
    "acknowledged": frozenset({"open"}),
    "dispatched": frozenset({"open", "acknowledged"}),
    "closed": frozenset(ACTIVE_STATUSES),
    "open": frozenset({"closed"}),
    "recalled": frozenset(ACTIVE_STATUSES),
}


class Alerts:
    """Applies actions to alerts, one at a time for each alert, and publishes the new state.

    It is the one who reads actions: it takes in what people say of noise as well (pipeline/processors/noise.py), and
    hands what they do to incidents on to their one writer.
    """

    name = "alerts"
    consumes: tuple[EventType[Any], ...] = (ACTION,)
    emits: tuple[EventType[Any], ...] = (ALERT, PLATE_NOISE, INCIDENT_INPUT)

    def __init__(self, reference: Reference, clock: Callable[[], float] = time.monotonic) -> None:
        self._reference = reference
        self._clock = clock
        self._latest: Recent[UUID, Alert] = Recent()
        self._waiting: Recent[UUID, float] = Recent()

    def process(self, kind: EventType[Any], events: Sequence[Action], partition: int) -> Sequence[Outcome]:
        """Return the alert's next state for each action that changes it."""
        # Kept aside until the whole frame has gone through: if it is tried again, each action must say the same.
        changes: dict[UUID, Alert] = {}
        outcomes: list[Outcome] = []
        unknown: list[Retry] = []
        for action in events:
            # All of the frame is looked at before the line is held, so that its unknown alerts are waited for at once.
            try:
                outcomes.append(self._apply(action, changes))
            except Retry as wait:
                unknown.append(wait)
        if unknown:
            raise unknown[0]
        for alert_id, alert in changes.items():
            self._latest.keep(alert_id, alert)
        return outcomes

    def _apply(self, action: Action, changes: dict[UUID, Alert]) -> Outcome:
        if action.name in NOISE_ACTIONS:
            return said(action, self._reference.noise)
        if action.name in INCIDENT_ACTIONS:
            return Emit((of_action(action),))
        if action.name.startswith(RECORDS):
            return Drop("only_recorded")
        if action.name not in STATUSES and action.name not in MARKS:
            return DeadLetter("unknown_action", f"there is no action named {action.name}")
        try:
            alert_id = UUID(action.subject_id)
        except ValueError:
            return DeadLetter("invalid_field", "subject_id is not an alert's id")
        alert = changes.get(alert_id) or self._newest(alert_id)
        if alert is None:
            return self._wait(action)
        if action.event_id in alert.actions:
            return Drop("already_applied")
        alert_now = _changed(alert, action)
        if isinstance(alert_now, str):
            return Drop(alert_now)
        changed = replace(
            alert_now,
            event_id=identity("alert_state", alert_id, action.event_id),
            rev=alert.rev + 1,
            actions=(*alert.actions, action.event_id),
            changed_by=action.actor,
            changed_at=action.occurred_at,
            note=action.note,
            history=_with_deed(alert, action),
            standing_before=(standing_of(alert),) if action.name in UNDOABLE else (),
        )
        changes[alert_id] = changed
        return Emit((changed,))

    def _newest(self, alert_id: UUID) -> Alert | None:
        ours, logged = self._latest.get(alert_id), self._reference.alerts.get(alert_id)
        if ours is None or (logged is not None and logged.rev > ours.rev):
            return logged
        return ours

    def _wait(self, action: Action) -> Outcome:
        # Once waited for in vain is for good: a frame that is tried again must not begin to wait again.
        now = self._clock()
        since = self._waiting.get(action.event_id)
        if since is None:
            self._waiting.keep(action.event_id, since := now)
        if now - since < WAIT_FOR_ALERT_S:
            raise Retry("the alert that an action names has not been read yet")
        return DeadLetter("unknown_alert", f"there is no alert {action.subject_id}")


def _changed(alert: Alert, action: Action) -> Alert | str:
    """Return the alert after an action, or why it does not count, as a word."""
    mark = MARKS.get(action.name)
    if mark is not None:
        return mark(alert, action)
    status = STATUSES[action.name]
    if alert.status not in ALLOWED[status]:
        return f"already_{alert.status}"
    if status == "dispatched" and not is_dispatchable(alert):
        return "not_verified"
    outcome = action.details.get("outcome", "") if status == "closed" else ""
    if outcome and outcome not in OUTCOMES:
        return "unknown_outcome"
    # Whoever takes or closes what was put aside takes it off the shelf, and answers who wants a supervisor.
    now = replace(off_the_shelf(alert), status=status, outcome=outcome, escalated_by="")
    if status == "open":
        return replace(now, open_since=action.occurred_at, escalated_at=None, owner="")
    if status == "acknowledged" or (status == "dispatched" and not alert.owner):
        return replace(now, owner=action.actor)
    return now


def _with_deed(alert: Alert, action: Action) -> tuple[AlertDeed, ...]:
    """Return the history of an alert with one more deed; of too many, the oldest that is no note goes."""
    match action.name:
        case "alert.assign":
            about = owner_wanted(action)
        case "alert.undo":
            about = alert.history[-1].name if alert.history else ""
        case _:
            about = action.details.get("reason", "") or action.details.get("outcome", "")
    deed = AlertDeed(
        action_id=action.event_id, name=action.name, actor=action.actor, at=action.occurred_at, note=action.note,
        about=about,
    )  # fmt: skip
    history = (*alert.history, deed)
    others = [number for number, one in enumerate(history) if one.name != ALERT_NOTE]
    if len(others) <= MOST_DEEDS:
        return history
    return (*history[: others[0]], *history[others[0] + 1 :])
