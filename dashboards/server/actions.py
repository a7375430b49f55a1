"""POST /api/actions: what a person does becomes an event in the log; the answer waits for the broker."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import Annotated, Literal
from uuid import UUID

import msgspec
from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, StringConstraints
from starlette.exceptions import HTTPException

from dashboards.server.errors import Problem
from dashboards.server.hub import Hub
from schemas.events.action import Action
from schemas.events.alert import Alert
from schemas.identity import identity
from schemas.wire.publisher import Publisher

#: So many actions are remembered, so that a key sent again is the same event and not a second one.
REMEMBERED = 10_000

_alert_decoder = msgspec.json.Decoder(Alert)


class ActionRequest(BaseModel):
    """Something a person wants done. ``key`` is made by the client, once per deed, and kept when it tries again."""

    model_config = ConfigDict(extra="forbid")

    key: UUID
    name: Literal["alert.acknowledge", "alert.close", "alert.reopen"]
    subject_id: UUID
    actor: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]
    note: Annotated[str, StringConstraints(max_length=2000)] = ""


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
        )
        try:
            await self._publisher.publish([action])
        except BaseException:
            self._done.pop(request.key, None)  # not in the log as far as we know: the same key may try again
            raise
        return action.event_id


def _retrieve(task: asyncio.Task[UUID]) -> None:
    if not task.cancelled():
        task.exception()


def actions_router(hub: Hub, publisher: Publisher) -> APIRouter:
    """Return the route."""
    router = APIRouter()
    actions = Actions(hub, publisher)

    @router.post("/api/actions", responses={status: {"model": Problem} for status in (403, 404, 409, 413, 415, 503)})
    async def act(request: ActionRequest) -> ActionAnswer:
        """Acknowledge, close or reopen an alert."""
        return ActionAnswer(event_id=await actions.do(request))

    return router
