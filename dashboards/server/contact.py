"""GET /api/contact: what is known of who calls, in two seconds at the most; what did not come says so."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Coroutine
from datetime import UTC, datetime
from typing import Annotated, Any
from uuid import UUID

import msgspec
import structlog
from fastapi import APIRouter, Query, Request
from starlette.exceptions import HTTPException
from starlette.responses import Response

from dashboards.server.access.gate import actor_of
from dashboards.server.errors import Problem
from dashboards.server.hub import Hub
from dashboards.server.names import BORN
from dashboards.server.nearby import near_cameras, near_incidents
from dashboards.server.ports import ContactHistory, StoreUnavailableError, TooSlowError
from dashboards.server.purpose import Code
from dashboards.server.searches import record_search
from schemas.contact import Contact
from schemas.events.action import SEARCH_CONTACT
from schemas.purpose import CALL_HANDLING, MAX_REFERENCE, MAX_TEXT, Purpose, what_is_missing
from schemas.wire.publisher import BrokerUnavailableError, Publisher

#: The hard stop is two seconds on the screen (reference/standards H2); the rest is for the way there.
STOP_S = 1.9
#: Views that are put together at once; each asks the store several things.
AT_ONCE = 16
UNAVAILABLE = {"state": "unavailable", "text": "history unavailable"}

_log = structlog.get_logger(__name__)


def contact_router(
    hub: Hub, history: ContactHistory | None, publisher: Publisher, *, stop_s: float = STOP_S
) -> APIRouter:
    """Return the route. ``stop_s``: seconds after which the view goes out with what is there."""
    router = APIRouter()
    working = 0

    @router.get("/api/contact", responses={status: {"model": Problem} for status in (422, 429)})
    async def contact(
        http: Request,
        number: Annotated[str, Query(max_length=40)] = "",
        address: Annotated[str, Query(max_length=500)] = "",
        lat: Annotated[float | None, Query(ge=-90, le=90)] = None,
        lon: Annotated[float | None, Query(ge=-180, le=180)] = None,
        name: Annotated[str, Query(max_length=300)] = "",
        born: Annotated[str, Query(pattern=BORN)] = "",
        actor: Annotated[str, Query(max_length=200)] = "",
        purpose_code: Annotated[Code, Query()] = CALL_HANDLING,
        reference: Annotated[str, Query(max_length=MAX_REFERENCE)] = "",
        purpose: Annotated[str, Query(max_length=MAX_TEXT)] = "",
    ) -> Response:
        """Return what is known of a caller's number, place and person, and of what is around the place.

        Every part that was asked for is there: ``state`` is "ready", or "unavailable" with "history unavailable". The
        parts are asked for at once, and none holds up another. ``recorded``: whether the log has confirmed that it was
        looked at; who calls in need does not wait for it. ``purpose_code`` is call_handling unless told, and then the
        call itself is the reason: ``reference`` (its incident) and ``purpose`` may be left out. Any other needs both.
        """
        nonlocal working
        why = Purpose(code=purpose_code, reference=reference.strip(), text=purpose.strip())
        if purpose_code != CALL_HANDLING and (missing := what_is_missing(why)):
            raise HTTPException(422, missing)
        if (lat is None) != (lon is None):
            raise HTTPException(422, "lat and lon go together.")
        if not (number or address or name or lat is not None):
            raise HTTPException(422, "Say what is known of the caller: number, address, lat and lon, or name.")
        if working >= AT_ONCE:
            raise HTTPException(429, "Too many contact views at once.", {"retry-after": "1"})
        asked = Contact(number=number, address=address, lat=lat, lon=lon, name=name, born=born)
        parts: dict[str, Coroutine[Any, Any, object]] = {} if history is None else dict(history.parts(asked))
        if lat is not None and lon is not None:
            parts["incidents"] = _live(hub, "incidents", near_incidents, lat, lon)
            parts["cameras"] = _live(hub, "cameras", near_cameras, lat, lon)
        told = {
            "number": number,
            "address": address,
            "place": "" if lat is None else f"{lat},{lon}",
            "name": name,
            "born": born,
        }
        who = actor_of(http, actor) or "unknown"
        recording = record_search(publisher, SEARCH_CONTACT, actor=who, purpose=why, asked=told)
        working += 1
        try:
            answers, recorded = await _at_once(parts, recording, stop_s)
        finally:
            working -= 1
        if history is None:
            answers |= dict.fromkeys(("number", "markers"), UNAVAILABLE)
        body = {"at": datetime.now(UTC), "parts": answers, "recorded": recorded}
        return Response(msgspec.json.encode(body), media_type="application/json")

    return router


async def _at_once(
    parts: dict[str, Coroutine[Any, Any, object]], recording: Coroutine[Any, Any, UUID], stop_s: float
) -> tuple[dict[str, object], bool]:
    """Run the parts side by side until all are there or the time is over; say of each what became of it."""
    tasks = {name: asyncio.create_task(part, name=f"contact-{name}") for name, part in parts.items()}
    record = asyncio.create_task(recording, name="contact-record")
    await asyncio.wait({*tasks.values(), record}, timeout=stop_s)
    answers: dict[str, object] = {}
    for name, task in tasks.items():
        if not task.done():
            task.cancel()
            task.add_done_callback(_retrieve)
            answers[name] = UNAVAILABLE
        elif isinstance(task.exception(), (StoreUnavailableError, TooSlowError)):
            answers[name] = UNAVAILABLE
        elif (error := task.exception()) is not None:
            # One part that is broken must not take the others from who is on the telephone.
            _log.error("contact_part_failed", part=name, error=type(error).__name__)
            answers[name] = UNAVAILABLE
        else:
            answers[name] = {"state": "ready", "found": task.result()}
    # A record that the log has not confirmed yet goes on: what was looked at stays looked at.
    record.add_done_callback(_retrieve)
    return answers, record.done() and record.exception() is None


async def _live(hub: Hub, channel: str, near: Any, lat: float, lon: float) -> object:
    if not hub.is_caught_up:
        raise StoreUnavailableError
    # Many thousands of rows: read beside the loop that all screens wait for.
    return await asyncio.to_thread(near, hub.rows(channel), lat, lon)


def _retrieve(task: asyncio.Task[Any]) -> None:
    with contextlib.suppress(asyncio.CancelledError):
        if (error := task.exception()) is not None and not isinstance(error, BrokerUnavailableError):
            _log.warning("contact_view_left_behind", task=task.get_name(), error=type(error).__name__)
