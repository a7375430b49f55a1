"""GET /api/incidents/{id}/eido: an incident as it stands now, for another agency."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Literal
from uuid import UUID

import msgspec
from fastapi import APIRouter, Query
from starlette.exceptions import HTTPException
from starlette.responses import Response

from dashboards.server.eido_document import eido_of
from dashboards.server.errors import Problem
from dashboards.server.ports import Incidents, StoreUnavailableError

Right = Literal["person", "medical", "notes", "location", "vehicle", "caution", "media", "extension"]


def eido_router(incidents: Incidents | None, element: str) -> APIRouter:
    """Return the route. ``element``: the name by which the documents say who made them."""
    router = APIRouter()

    @router.get("/api/incidents/{incident_id}/eido", responses={code: {"model": Problem} for code in (404, 422, 503)})
    async def eido(incident_id: UUID, right: Annotated[list[Right], Query()] = []) -> Response:  # noqa: B006
        """Return an EIDO with what a recipient of these rights may see; without rights the least there is."""
        if incidents is None:
            raise StoreUnavailableError
        facts = await incidents.facts(incident_id)
        if facts is None:
            raise HTTPException(404, "There is no incident of this id.")
        made = eido_of(facts, frozenset(right), element, datetime.now(UTC))
        return Response(msgspec.json.encode(made), media_type="application/json", headers={"Cache-Control": "no-store"})

    return router
