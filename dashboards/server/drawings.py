"""What is drawn on the map for an incident: drawing it, what was done to it, and all of it as GeoJSON."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any
from uuid import UUID

import msgspec
from fastapi import APIRouter, Request
from msgspec import Struct
from pydantic import BaseModel, ConfigDict, Field, StringConstraints
from starlette.exceptions import HTTPException
from starlette.responses import Response

from dashboards.server.access.gate import actor_of
from dashboards.server.actions import ActionAnswer, ActionRequest, Actions
from dashboards.server.audience import Audience, Audiences
from dashboards.server.errors import Problem
from dashboards.server.hub import Hub
from dashboards.server.incidents import incident_of, whole_incident
from dashboards.server.ports import Query, StoreUnavailableError
from schemas.drawing_geometry import MOST_LABEL, InvalidDrawingError, checked, geometry_of
from schemas.events.drawing import Drawing
from schemas.events.incident import OVER, Incident

#: UUIDs are put in, which can be nothing else. One event may be stored twice.
HISTORY = """
SELECT DISTINCT drawing_id, rev, kind, label, removed, drawn_at, changed_by, changed_at
FROM drawing_states WHERE incident_id IN ({incident_ids}) ORDER BY changed_at, drawing_id, rev LIMIT 2000
"""


class DrawingRequest(BaseModel):
    """Something drawn, or the next state of it: then ``drawing`` names it and ``expected_rev`` what was seen of it.
    ``geometry``: as GeoJSON has it, WGS 84."""

    model_config = ConfigDict(extra="forbid")

    key: UUID
    actor: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]
    kind: Annotated[str, StringConstraints(max_length=40)]
    label: Annotated[str, StringConstraints(strip_whitespace=True, max_length=MOST_LABEL)] = ""
    geometry: dict[str, Any]
    drawing: UUID | None = None
    expected_rev: Annotated[int, Field(ge=1)] | None = None


class _Of(Struct, frozen=True, gc=False):
    incident_id: UUID


_of_decoder = msgspec.json.Decoder(_Of)
_drawing_decoder = msgspec.json.Decoder(Drawing)


def drawings_router(hub: Hub, actions: Actions, query: Query | None, audiences: Audiences) -> APIRouter:
    """Return the routes under /api/incidents/ID that begin with "drawings"."""
    router = APIRouter(prefix="/api/incidents")

    def seen_parts(incident: Incident, who: Audience) -> set[UUID]:
        """Return the ids of an incident and of those parts of it that are shown to who asks."""
        parts = {call.incident_id for call in incident.calls} - {incident.incident_id}
        if who.is_limited:
            known = {one: incident_of(hub, one) for one in parts}
            parts = {one for one, part in known.items() if part is not None and audiences.shows(who, part)}
        return {incident.incident_id, *parts}

    def drawn(incident: Incident, who: Audience) -> Iterator[Drawing]:
        ids = seen_parts(incident, who)
        for row in hub.rows("drawings"):
            if _of_decoder.decode(row).incident_id in ids:
                drawing = _drawing_decoder.decode(row)
                if audiences.shows(who, drawing):
                    yield drawing

    @router.post(
        "/{incident_id}/drawings",
        responses={status: {"model": Problem} for status in (403, 404, 409, 413, 415, 422, 503)},
    )
    async def draw(incident_id: UUID, request: DrawingRequest, http: Request) -> ActionAnswer:
        """Draw something for an incident, or change what was drawn. The incident tells whether that was in time."""
        who = audiences.of(http.headers)
        incident = whole_incident(hub, audiences, incident_id, who)
        if incident.stage in OVER:
            raise HTTPException(409, "This incident is over: nothing is drawn for it any more. Reopen it first.")
        if (request.drawing is None) != (request.expected_rev is None):
            raise HTTPException(422, "expected_rev: goes with drawing, which needs it")
        geometry = msgspec.json.encode(request.geometry).decode()
        place = None if incident.lat is None or incident.lon is None else (incident.lat, incident.lon)
        try:
            checked(request.kind, request.label, geometry, place)
        except InvalidDrawingError as error:
            raise HTTPException(422, str(error)) from None
        details = {"kind": request.kind, "label": request.label, "geometry": geometry}
        if request.drawing is not None:
            details |= {"drawing": str(request.drawing), "expected_rev": str(request.expected_rev)}
        asked = ActionRequest.model_construct(
            key=request.key, name="incident.draw" if request.drawing is None else "incident.drawing_change",
            subject_id=incident.incident_id, actor=actor_of(http, request.actor), note="", check="", verdict="",
            details=details,
        )  # fmt: skip
        return ActionAnswer(event_id=await actions.do(asked, who))

    @router.get("/{incident_id}/drawings/history", responses={status: {"model": Problem} for status in (404, 503)})
    async def history(incident_id: UUID, request: Request) -> Response:
        """List what was done to drawings of an incident, oldest first: who, when, and what it was called then."""
        if query is None:
            raise StoreUnavailableError
        who = audiences.of(request.headers)
        incident = incident_of(hub, incident_id)
        ids = {incident_id}
        if incident is not None or who.is_limited:
            ids = seen_parts(whole_incident(hub, audiences, incident_id, who), who)
        listed = ", ".join(f"'{one}'" for one in sorted(ids))
        return Response(await query.foreign(HISTORY.format(incident_ids=listed), "JSON"), media_type="application/json")

    @router.get("/{incident_id}/drawings.geojson", responses={404: {"model": Problem}})
    async def geojson(incident_id: UUID, request: Request) -> Response:
        """Return what is drawn for an incident now, for any map that reads GeoJSON (RFC 7946)."""
        who = audiences.of(request.headers)
        features = [
            {
                "type": "Feature",
                "id": drawing.drawing_id,
                "geometry": geometry_of(drawing),
                "properties": {
                    "kind": drawing.kind,
                    "label": drawing.label,
                    "incident_id": drawing.incident_id,
                    "drawn_by": drawing.drawn_by,
                    "drawn_at": drawing.drawn_at,
                    "changed_by": drawing.changed_by,
                    "changed_at": drawing.changed_at,
                    "synthetic": drawing.synthetic,
                },
            }
            for drawing in drawn(whole_incident(hub, audiences, incident_id, who), who)
        ]
        return Response(
            msgspec.json.encode({"type": "FeatureCollection", "features": features}),
            media_type="application/geo+json",
        )

    return router
