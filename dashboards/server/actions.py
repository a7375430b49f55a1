"""POST /api/actions: what a person does becomes an event in the log; the answer waits for the broker."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import Annotated, Literal, Self
from uuid import UUID

import msgspec
from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, StringConstraints, model_validator
from starlette.exceptions import HTTPException

from dashboards.server.errors import Problem
from dashboards.server.hub import Hub
from schemas.events.action import ALERT_CHECK, ALERT_JUDGE, Action
from schemas.events.alert import Alert
from schemas.identity import identity
from schemas.verification import is_dispatchable, verified
from schemas.wire.publisher import Publisher

#: So many actions are remembered, so that a key sent again is the same event and not a second one.
REMEMBERED = 10_000

#: What is said where ``schemas.verification.verified`` does not count a check or a verdict.
REFUSALS = {
    "needs_no_verification": "This alert is not about a plate: there is nothing to verify.",
    "already_recalled": "This alert was recalled: do not act on it.",
    "not_one_check": "Check one thing at a time: plate, state or record.",
    "already_checked": "You have checked this already.",
    "no_verdict": "Say what you found: correct, wrong_state, misread, list_wrong or other.",
    "not_checked": "Check plate, state and record yourself before you call it correct.",
}

_alert_decoder = msgspec.json.Decoder(Alert)


class ActionRequest(BaseModel):
    """Something a person wants done. ``key`` is made by the client, once per deed, and kept when it tries again."""

    model_config = ConfigDict(extra="forbid")

    key: UUID
    name: Literal["alert.acknowledge", "alert.dispatch", "alert.close", "alert.reopen", "alert.check", "alert.judge"]
    subject_id: UUID
    actor: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]
    note: Annotated[str, StringConstraints(max_length=2000)] = ""
    check: Literal["", "plate", "state", "record"] = ""
    verdict: Literal["", "correct", "wrong_state", "misread", "list_wrong", "other"] = ""

    @model_validator(mode="after")
    def _says_what_it_needs(self) -> Self:
        if (self.name == ALERT_CHECK) != bool(self.check):
            raise ValueError("check: goes with alert.check, which needs it: plate, state or record")
        if (self.name == ALERT_JUDGE) != bool(self.verdict):
            raise ValueError("verdict: goes with alert.judge, which needs it")
        return self


class ActionAnswer(BaseModel):
    """The action is in the log under this id."""

    event_id: UUID


class Actions:
    """Publishes actions, each key once."""

    def __init__(self, hub: Hub, publisher: Publisher) -> None:
        self._hub = hub
        self._publisher = publisher
        self._done: dict[UUID, tuple[ActionRequest, asyncio.Task[UUID]]] = {}

    async def do(self, request: ActionRequest) -> UUID:
        """Return the event's id after the broker has confirmed it.

        Raises BrokerUnavailableError when it did not, HTTPException 404 for an alert that is not known and 409 for a
        key that was used for something else.
        """
        known = self._done.get(request.key)
        if known is not None:
            if known[0] != request:
                raise HTTPException(409, "This key was used for another action.")
            return await asyncio.shield(known[1])
        row = self._hub.row("alerts", str(request.subject_id))
        if row is None and self._hub.is_caught_up:
            raise HTTPException(404, "No alert of this id is known, or it was closed long ago.")
        task = asyncio.create_task(self._publish(request, row), name="publish-action")
        task.add_done_callback(_retrieve)  # whoever asked may have hung up
        self._done[request.key] = (request, task)
        while len(self._done) > REMEMBERED:
            del self._done[next(iter(self._done))]
        # Shielded: a browser that hangs up does not undo what the log may have taken already.
        return await asyncio.shield(task)

    async def _publish(self, request: ActionRequest, row: bytes | None) -> UUID:
        alert = None if row is None else _alert_decoder.decode(row)
        now = datetime.now(UTC)
        action = Action(
            event_id=identity("action", request.key),
            occurred_at=now,
            observed_at=now,
            source="server/web",
            jurisdiction="default" if alert is None else alert.jurisdiction,
            synthetic=alert is not None and alert.synthetic,
            name=request.name,
            subject_id=str(request.subject_id),
            actor=request.actor,
            note=request.note,
            checks=(request.check,) if request.check else (),
            verdict=request.verdict,
        )
        if alert is not None and (refused := _refusal(alert, action)):
            raise HTTPException(409, refused)
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
    if action.name in (ALERT_CHECK, ALERT_JUDGE) and isinstance(told := verified(alert, action), str):
        return REFUSALS[told]
    return ""


def _retrieve(task: asyncio.Task[UUID]) -> None:
    if not task.cancelled():
        task.exception()


def actions_router(hub: Hub, publisher: Publisher) -> APIRouter:
    """Return the route."""
    router = APIRouter()
    actions = Actions(hub, publisher)

    @router.post("/api/actions", responses={status: {"model": Problem} for status in (403, 404, 409, 413, 415, 503)})
    async def act(request: ActionRequest) -> ActionAnswer:
        """Acknowledge, dispatch, close or reopen an alert, check one thing of it, or say what you found."""
        return ActionAnswer(event_id=await actions.do(request))

    return router
