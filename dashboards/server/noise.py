"""Texts that cameras read and that are no plates: what is known, and a person's word on it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Request
from pydantic import BaseModel, ConfigDict, StringConstraints
from starlette.exceptions import HTTPException

from dashboards.server.access.gate import actor_of
from dashboards.server.errors import Problem
from dashboards.server.ports import NoiseTexts, StoreUnavailableError
from schemas.events.action import NOISE_DECLARE, NOISE_UNDO, Action
from schemas.events.plate_noise import noise_id
from schemas.identity import identity
from schemas.plate import normalise
from schemas.wire.publisher import Publisher

MAX_NAME = 200


class NoiseRow(BaseModel):
    """What holds of a text at a camera, and the counts it was learnt from."""

    noise_id: str
    camera_id: str
    plate: str
    is_noise: bool
    is_learnt: bool
    changed_at: datetime
    changed_by: str
    reason: str
    hours: int
    reads: int
    fewest_in_an_hour: int
    most_in_an_hour: int
    doubts: tuple[str, ...]
    synthetic: bool


class NoisePage(BaseModel):
    """What is noise, and what a person or time made a plate again; the latest word first."""

    rows: list[NoiseRow]


class NoiseWord(BaseModel):
    """What a person says of a text at a camera. ``key`` is made by the client, once per deed, and kept on a retry."""

    model_config = ConfigDict(extra="forbid")

    key: UUID
    camera_id: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=190)]
    plate: Annotated[str, StringConstraints(min_length=1, max_length=40)]
    is_noise: bool
    actor: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]
    note: Annotated[str, StringConstraints(strip_whitespace=True, max_length=2000)] = ""


class NoiseSaid(BaseModel):
    """The word is in the log under this id; the processors make it a fact."""

    event_id: UUID
    noise_id: str


def noise_router(noise: NoiseTexts | None, publisher: Publisher) -> APIRouter:
    """Return the routes under /api/noise."""
    router = APIRouter(prefix="/api/noise")

    @router.get("", responses={503: {"model": Problem}})
    async def page() -> NoisePage:
        """List what is known."""
        if noise is None:
            raise StoreUnavailableError
        rows = await noise.list()
        return NoisePage(
            rows=[NoiseRow.model_validate({name: getattr(row, name) for name in NoiseRow.model_fields}) for row in rows]
        )

    @router.post("", responses={status: {"model": Problem} for status in (403, 413, 415, 422, 503)})
    async def say(word: NoiseWord, asked: Request) -> NoiseSaid:
        """Say that a text is no plate at a camera, or that it is one."""
        plate = normalise(word.plate)
        name = noise_id(word.camera_id, plate)
        if not 0 < len(plate) <= 20 or len(name) > MAX_NAME:
            raise HTTPException(422, "plate: give what the camera reads, letters and digits, at most 20.")
        now = datetime.now(UTC)
        action = Action(
            event_id=identity("action", word.key),
            occurred_at=now,
            observed_at=now,
            source="server/web",
            name=NOISE_DECLARE if word.is_noise else NOISE_UNDO,
            subject_id=name,
            actor=actor_of(asked, word.actor),
            note=word.note,
        )
        await publisher.publish([action])
        return NoiseSaid(event_id=action.event_id, noise_id=name)

    return router
