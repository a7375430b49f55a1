"""/api/markers: warnings and vulnerabilities of places, numbers and people, made and taken back by people."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Annotated, Literal, Self
from uuid import UUID

import msgspec
from fastapi import APIRouter, Request
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints, model_validator
from starlette.exceptions import HTTPException
from starlette.responses import Response

from dashboards.server.access.gate import actor_of
from dashboards.server.errors import Problem
from dashboards.server.ports import ContactHistory, StoreUnavailableError, TooSlowError
from schemas.events.marker import Marker
from schemas.identity import identity
from schemas.wire.publisher import Publisher

#: A marker that nobody has said an end for ends so long after its review was due.
GRACE = timedelta(days=30)
#: Nobody may leave a marker unlooked at for longer.
LONGEST_REVIEW = timedelta(days=731)

Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=2000)]
Short = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]


class MarkerRequest(BaseModel):
    """A marker to be made. ``key``: made by the client, once per marker, and kept when it tries again."""

    model_config = ConfigDict(extra="forbid")

    key: UUID
    category: Literal["warning", "vulnerability"]
    kind: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=100)]
    subject_kind: Literal["place", "phone", "person"]
    subject: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=500)]
    lat: Annotated[float | None, Field(ge=-90, le=90)] = None
    lon: Annotated[float | None, Field(ge=-180, le=180)] = None
    text: Text
    origin: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=300)]
    review_at: AwareDatetime
    expires_at: AwareDatetime | None = None
    actor: Short

    @model_validator(mode="after")
    def _ends(self) -> Self:
        now = datetime.now(UTC)
        if self.review_at <= now:
            raise ValueError("review_at: it must lie ahead")
        if self.review_at > now + LONGEST_REVIEW:
            raise ValueError("review_at: at most two years ahead")
        if self.expires_at is not None and self.expires_at < self.review_at:
            raise ValueError("expires_at: not before review_at")
        if (self.lat is None) != (self.lon is None):
            raise ValueError("lat and lon go together")
        return self


class MarkerRemoval(BaseModel):
    """Who takes a marker back, and why."""

    model_config = ConfigDict(extra="forbid")

    marker_id: Short
    actor: Short
    why: Text


class MarkerAnswer(BaseModel):
    """The marker is in the log."""

    marker_id: str
    expires_at: datetime


def markers_router(history: ContactHistory | None, publisher: Publisher) -> APIRouter:
    """Return the routes."""
    router = APIRouter()

    def known() -> ContactHistory:
        if history is None:
            raise StoreUnavailableError
        return history

    @router.post("/api/markers", responses={status: {"model": Problem} for status in (422, 503)})
    async def add(request: MarkerRequest, asked: Request) -> MarkerAnswer:
        """Make a marker. There is none without its origin and without the time when somebody must look again."""
        subject = request.subject
        if request.subject_kind == "phone":
            subject = known().number(subject)
            if not subject:
                raise HTTPException(422, "The subject is no phone number.")
        now = datetime.now(UTC)
        expires_at = request.expires_at or request.review_at + GRACE
        marker_id = f"desk:{request.key}"
        marker = Marker(
            event_id=identity("marker", marker_id),
            occurred_at=now,
            observed_at=now,
            source="server/web",
            marker_id=marker_id,
            changed_at=now,
            changed_by=actor_of(asked, request.actor),
            category=request.category,
            kind=request.kind,
            subject_kind=request.subject_kind,
            subject=subject,
            lat=request.lat,
            lon=request.lon,
            text=request.text,
            origin=request.origin,
            review_at=request.review_at.astimezone(UTC),
            expires_at=expires_at.astimezone(UTC),
        )
        await publisher.publish([marker])
        return MarkerAnswer(marker_id=marker_id, expires_at=expires_at)

    @router.post("/api/markers/remove", responses={status: {"model": Problem} for status in (404, 422, 503)})
    async def remove(request: MarkerRemoval, asked: Request) -> MarkerAnswer:
        """Take a marker back. It stays in the history, with who did it and why."""
        marker = await known().marker(request.marker_id)
        if marker is None:
            raise HTTPException(404, "No marker of this id is stored (yet), or it was taken back.")
        now = datetime.now(UTC)
        gone = msgspec.structs.replace(
            marker,
            event_id=identity("marker_removed", marker.marker_id, marker.event_id),
            occurred_at=now,
            observed_at=now,
            source="server/web",
            changed_at=max(now, marker.changed_at + timedelta(milliseconds=1)),
            changed_by=actor_of(asked, request.actor),
            text=f"{marker.text}\nTaken back: {request.why}"[:2000],
            is_removed=True,
        )
        await publisher.publish([gone])
        return MarkerAnswer(marker_id=marker.marker_id, expires_at=marker.expires_at)

    @router.get("/api/markers", responses={status: {"model": Problem} for status in (503, 504)})
    async def listed() -> Response:
        """Return the markers that hold now, newest first; expired ones are only counted."""
        try:
            found = await known().markers()
        except TooSlowError as error:
            raise HTTPException(504, "The store took too long.") from error
        return Response(msgspec.json.encode(found), media_type="application/json")

    return router
