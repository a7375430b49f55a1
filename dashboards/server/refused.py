"""The dead letters: what was refused, why, and giving it back."""

from __future__ import annotations

import base64
from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import BaseModel
from starlette.exceptions import HTTPException

from dashboards.server.errors import Problem
from dashboards.server.ports import Before, DeadLetters, ReplayRefusedError, StoreUnavailableError
from schemas.events.dead_letter import DeadLetter

MAX_LISTED = 500


class DeadLetterSummary(BaseModel):
    """A dead letter without its bytes."""

    event_id: UUID
    occurred_at: datetime
    reason: str
    step: str
    error: str
    source: str
    topic: str
    partition: int
    offset: int
    index: int
    size: int
    code_version: str


class DeadLetterPage(BaseModel):
    """Dead letters, newest first; ``next``, if any, is to be given as ``before`` for the following ones."""

    rows: list[DeadLetterSummary]
    next: str | None


class DeadLetterDetail(DeadLetterSummary):
    """A dead letter with its bytes: base64, and as text when they are text."""

    key_base64: str
    original_base64: str
    original_text: str | None
    headers: dict[str, str]


class Replayed(BaseModel):
    """The original bytes are in their topic again."""

    event_id: UUID


def refused_router(dead_letters: DeadLetters | None) -> APIRouter:
    """Return the routes under /api/dead-letters."""
    router = APIRouter(prefix="/api/dead-letters")

    def the_letters() -> DeadLetters:
        if dead_letters is None:
            raise StoreUnavailableError
        return dead_letters

    @router.get("", responses={422: {"model": Problem}, 503: {"model": Problem}})
    async def page(
        limit: Annotated[int, Query(ge=1, le=MAX_LISTED)] = 100,
        before: Annotated[str | None, Query(max_length=100)] = None,
        reason: Annotated[str | None, Query(max_length=100)] = None,
    ) -> DeadLetterPage:
        """List what was refused."""
        rows = await the_letters().list(limit, _place(before), reason)
        following = f"{rows[-1].occurred_at.isoformat()}_{rows[-1].event_id}" if len(rows) == limit else None
        return DeadLetterPage(rows=[DeadLetterSummary.model_validate(_summary(row)) for row in rows], next=following)

    @router.get("/{event_id}", responses={404: {"model": Problem}, 503: {"model": Problem}})
    async def show(event_id: UUID) -> DeadLetterDetail:
        """Show one with its original bytes."""
        letter = await the_letters().get(event_id)
        if letter is None:
            raise HTTPException(404, "No dead letter of this id.")
        return DeadLetterDetail.model_validate(
            _summary(letter)
            | {
                "key_base64": base64.b64encode(letter.key).decode(),
                "original_base64": base64.b64encode(letter.original).decode(),
                "original_text": _as_text(letter.original),
                "headers": letter.headers,
            }
        )

    @router.post("/{event_id}/replay", responses={status: {"model": Problem} for status in (404, 409, 503)})
    async def replay(event_id: UUID) -> Replayed:
        """Give one back to its topic."""
        try:
            found = await the_letters().replay(event_id)
        except ReplayRefusedError as error:
            raise HTTPException(409, str(error)) from error
        if not found:
            raise HTTPException(404, "No dead letter of this id.")
        return Replayed(event_id=event_id)

    return router


def _place(before: str | None) -> Before | None:
    """Return the place that a page's ``next`` names. Raises HTTPException 422."""
    if before is None:
        return None
    moment, _, event_id = before.partition("_")
    try:
        # A plus sign in a query is a blank unless it was escaped; taken as it was meant.
        place = Before(datetime.fromisoformat(moment.replace(" ", "+")), UUID(event_id))
    except ValueError as error:
        raise HTTPException(422, "before: give the `next` of the page before.") from error
    if place.occurred_at.tzinfo is None:
        raise HTTPException(422, "before: the time needs a zone.")
    return place


def _summary(letter: DeadLetter) -> dict[str, object]:
    names = DeadLetterSummary.model_fields.keys() - {"size"}
    return {name: getattr(letter, name) for name in names} | {"size": len(letter.original)}


def _as_text(original: bytes) -> str | None:
    try:
        return original.decode()
    except UnicodeDecodeError:
        return None
