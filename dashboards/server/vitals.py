"""GET /api/health and /api/status: whether the server can do its job, and what it is doing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec
from fastapi import APIRouter, Request
from starlette.responses import JSONResponse, Response

from dashboards.server.audience import Audiences
from dashboards.server.hub import Hub
from dashboards.server.ports import Vitals

#: A log reader that has not heard from the broker for so long is not reading.
MAX_POLL_AGE_S = 10.0
#: A hub that has not done its round for so long is stuck.
MAX_ROUND_AGE_S = 2.0


def what_is_wrong(hub: Hub, vitals: Vitals) -> dict[str, str]:
    """Return what is wrong, in plain words, by part; empty when all is well."""
    wrong: dict[str, str] = {}
    if not vitals.log_alive:
        wrong["log"] = "The log reader has stopped."
    elif vitals.log_polled_ago_s is None:
        wrong["log"] = "The log has not been read yet."
    elif vitals.log_polled_ago_s > MAX_POLL_AGE_S:
        wrong["log"] = f"The broker has not answered the log reader for {vitals.log_polled_ago_s:.0f} s."
    elif not hub.is_caught_up:
        wrong["log"] = "The log is still being read; screens are not complete yet."
    round_age = hub.ticked_ago_s()
    if round_age is None or round_age > MAX_ROUND_AGE_S:
        wrong["hub"] = "The hub is not sending."
    if vitals.publisher:
        wrong["publisher"] = vitals.publisher
    if vitals.store:
        wrong["store"] = vitals.store
    return wrong


def what_does_not_come(vitals: Vitals) -> dict[str, str]:
    """Return by connector why its made-up read did not come the whole way; empty when all did.

    It is not counted to what is wrong with this server: starting it anew would not help an edge or a worker.
    """
    return {f"connector {flight.connector}": flight.fault for flight in vitals.canaries if flight.fault}


def vitals_router(hub: Hub, vitals: Callable[[], Vitals], audiences: Audiences) -> APIRouter:
    """Return the routes."""
    router = APIRouter()

    @router.get("/api/health", response_model=None)
    async def health() -> Response:
        """Answer 200 only when screens are true and actions can be taken; else 503 and what is wrong."""
        now = vitals()
        wrong = what_is_wrong(hub, now)
        body = {
            "ok": not wrong,
            "wrong": wrong,
            "not_coming": what_does_not_come(now),
            "behind_s": now.behind_s,
            "canaries": [msgspec.to_builtins(flight) for flight in now.canaries],
        }
        return JSONResponse(body, status_code=503 if wrong else 200)

    @router.get("/api/status")
    async def status(request: Request) -> dict[str, Any]:
        """Return what the server is doing, in figures; those of channels only to who may see everything in them."""
        now = vitals()
        figures = hub.figures()
        if not audiences.of(request.headers).sees_everything:
            del figures["channels"]
        return {
            "version": hub.version,
            "now": hub.now_ms(),
            "wrong": what_is_wrong(hub, now) | what_does_not_come(now),
            "log": {"alive": now.log_alive, "polled_ago_s": now.log_polled_ago_s},
            "store": now.store is not None,
            "behind_s": now.behind_s,
            "hub": figures,
            "details": now.details,
        }

    return router
