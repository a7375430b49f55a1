"""The routes about one incident: what its callers add, units near it, its history and its assessments."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Annotated, Literal
from uuid import UUID

import msgspec
from fastapi import APIRouter, Request
from fastapi import Query as Parameter
from pydantic import AwareDatetime, BaseModel, ConfigDict, StringConstraints
from starlette.exceptions import HTTPException
from starlette.responses import Response

from dashboards.server.access.gate import actor_of
from dashboards.server.actions import ActionAnswer, ActionRequest, Actions
from dashboards.server.audience import Audience, Audiences
from dashboards.server.errors import Problem
from dashboards.server.hub import Hub
from dashboards.server.near_units import AVAILABLE, Candidate, NearUnit, nearest
from dashboards.server.ports import Query, Roads, StoreUnavailableError
from schemas.call_additions import added
from schemas.events.emergency_call import EmergencyCall
from schemas.events.incident import Incident
from schemas.events.unit_position import UnitPosition
from schemas.incident_kind import kind_call

_incident_decoder = msgspec.json.Decoder(Incident)
_call_decoder = msgspec.json.Decoder(EmergencyCall)
_unit_decoder = msgspec.json.Decoder(UnitPosition)

MOST_UNITS = 50

#: A UUID is put in, which can be nothing else. Of its tasks each state tells those that were changed in it.
HISTORY = """
SELECT rev, stage, status, owner, units, call_ids, merged_into, split_from, grade, changed_by, changed_at, note,
  observed_at, arrayFilter(task -> task.rev = rev, tasks) AS tasks
FROM incident_states WHERE incident_id = '{incident_id}' ORDER BY rev, event_id LIMIT 1000
"""
ASSESSMENTS = "SELECT * FROM assessments WHERE incident_id = '{incident_id}' ORDER BY version LIMIT 1000"

_Text = Annotated[str, StringConstraints(max_length=2000)]


class AssessmentRequest(BaseModel):
    """A new version of an incident's assessment. ``known``: told_ids (or event_ids) of the call states that were seen;
    left out: those that the server shows now. Times say when each measure was taken; left out: it was not."""

    model_config = ConfigDict(extra="forbid")

    key: UUID
    actor: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]
    version: int
    grade: Literal["immediate", "priority", "scheduled", "resolution", "no_attendance"]
    why: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=2000)]
    threat: _Text = ""
    harm: _Text = ""
    risk: _Text = ""
    investigation: _Text = ""
    vulnerability: _Text = ""
    engagement: _Text = ""
    repeat_checked_at: AwareDatetime | None = None
    vulnerability_checked_at: AwareDatetime | None = None
    prevention_advised_at: AwareDatetime | None = None
    evidence_advised_at: AwareDatetime | None = None
    known: list[UUID] | None = None


class Told(BaseModel):
    """One thing that a caller told first."""

    fact: str
    text: str


class CallerAdds(BaseModel):
    """What one call adds to those before it. ``kind``: what it is about by this call, in its source's words.
    ``gives_kind``: the incident's kind is this call's."""

    call_id: str
    received_at: datetime
    why: str
    kind: str
    gives_kind: bool
    told: list[Told]


def incidents_router(
    hub: Hub,
    actions: Actions,
    query: Query | None,
    unit_stale_s: float,
    roads: Roads | None = None,
    now: Callable[[], datetime] | None = None,
    audiences: Audiences | None = None,
) -> APIRouter:
    """Return the routes under /api/incidents. ``unit_stale_s``: older positions are not offered, seconds.
    ``audiences``: who may see whose; all see everything unless told.
    ``roads``: None measures units by a straight line, and says so."""
    router = APIRouter(prefix="/api/incidents")
    clock = now or (lambda: datetime.now(UTC))

    seen_by = audiences or Audiences()

    def whole(incident_id: UUID, who: Audience) -> Incident:
        return whole_incident(hub, seen_by, incident_id, who)

    @router.get("/{incident_id}/calls", responses={404: {"model": Problem}})
    async def calls(incident_id: UUID, request: Request) -> list[CallerAdds]:
        """List the calls of an incident, oldest first, with what each adds to those before it."""
        who = seen_by.of(request.headers)
        incident = whole(incident_id, who)
        told = [_call_decoder.decode(row) for one in incident.call_ids if (row := hub.row("calls", one)) is not None]
        # They are of its own agency (pipeline/processors/incidents.py), but may have come from beyond an area.
        known = [call for call in told if seen_by.shows(who, call)]
        why = {call.call_id: call.why for call in incident.calls}
        kinds = {call.call_id: call.kind for call in known}
        leading = kind_call(incident.calls).call_id if incident.calls else ""
        return [
            CallerAdds(
                call_id=one.call_id,
                received_at=one.received_at,
                why=why.get(one.call_id, ""),
                kind=kinds[one.call_id],
                gives_kind=one.call_id == leading,
                told=[Told(fact=thing.fact, text=thing.text) for thing in one.told],
            )
            for one in added(known)
        ]

    @router.get("/{incident_id}/units", responses={status: {"model": Problem} for status in (404, 409)})
    async def units(
        incident_id: UUID,
        request: Request,
        limit: Annotated[int, Parameter(ge=1, le=MOST_UNITS)] = 5,
        kind: Annotated[str | None, Parameter(max_length=100)] = None,
    ) -> list[NearUnit]:
        """List the units that may be sent, the quickest first, each with how its way was measured: by road, or by a
        straight line and why. None whose position is stale."""
        who = seen_by.of(request.headers)
        incident = whole(incident_id, who)
        if incident.lat is None or incident.lon is None:
            raise HTTPException(409, "The place of this incident is not known.")
        at = clock()
        found = []
        for row in hub.rows("units"):
            unit = _unit_decoder.decode(row)
            age = at - unit.occurred_at
            if unit.status not in AVAILABLE or (kind is not None and unit.kind != kind) or not seen_by.shows(who, unit):
                continue
            # A simulated unit is sent to a simulated incident only, and the other way round.
            if age > timedelta(seconds=unit_stale_s) or unit.synthetic != incident.synthetic:
                continue
            found.append(Candidate(unit, age.total_seconds()))
        return await nearest(roads, incident.lat, incident.lon, found, limit)

    @router.get("/{incident_id}/history", responses={status: {"model": Problem} for status in (404, 503)})
    async def history(incident_id: UUID, request: Request) -> Response:
        """Return every state of an incident, oldest first: who, when, why."""
        return await _asked(HISTORY, incident_id, seen_by.of(request.headers))

    @router.get("/{incident_id}/assessments", responses={status: {"model": Problem} for status in (404, 503)})
    async def assessments(incident_id: UUID, request: Request) -> Response:
        """Return every version of an incident's assessment, oldest first."""
        return await _asked(ASSESSMENTS, incident_id, seen_by.of(request.headers))

    async def _asked(question: str, incident_id: UUID, who: Audience) -> Response:
        if query is None:
            raise StoreUnavailableError
        # Whose it is and where is known of those that are not over for long only.
        known = incident_of(hub, incident_id) if who.is_limited else None
        if who.is_limited and (known is None or not seen_by.shows(who, known)):
            raise HTTPException(404, "No incident of this id is known, or it was closed long ago.")
        return Response(
            await query.foreign(question.format(incident_id=incident_id), "JSON"), media_type="application/json"
        )

    @router.post(
        "/{incident_id}/assessments",
        responses={status: {"model": Problem} for status in (403, 404, 409, 413, 415, 503)},
    )
    async def assess(incident_id: UUID, request: AssessmentRequest, http: Request) -> ActionAnswer:
        """Add the next version of an assessment. Nothing else changes a grade, and no version is ever changed."""
        who = seen_by.of(http.headers)
        incident = whole(incident_id, who)
        if request.version != incident.assessment_version + 1:
            raise HTTPException(
                409, f"Version {incident.assessment_version} is the newest: look at it, and make {_next(incident)}."
            )
        details: dict[str, str] = {}
        for name, value in request.model_dump(exclude={"key", "actor", "known"}, exclude_none=True).items():
            details[name] = value.isoformat() if isinstance(value, datetime) else str(value)
        known = request.known if request.known is not None else [call.told_id for call in incident.calls]
        details["known"] = ",".join(map(str, known))
        actor = actor_of(http, request.actor)
        asked = ActionRequest.model_construct(
            key=request.key, name="incident.assess", subject_id=incident.incident_id, actor=actor, note="",
            check="", verdict="", details=details,
        )  # fmt: skip
        return ActionAnswer(event_id=await actions.do(asked, who))

    return router


def whole_incident(hub: Hub, audiences: Audiences, incident_id: UUID, who: Audience) -> Incident:
    """Return an incident, or the one it is part of. Raises HTTPException 404, also for one kept from who asks."""
    incident = incident_of(hub, incident_id)
    for _ in range(20):  # merges of merges; more would be a circle
        above = None if incident is None or incident.merged_into is None else incident_of(hub, incident.merged_into)
        if above is None:
            break
        incident = above
    if incident is None or not audiences.shows(who, incident):
        raise HTTPException(404, "No incident of this id is known, or it was closed long ago.")
    return incident


def incident_of(hub: Hub, incident_id: UUID) -> Incident | None:
    """Return an incident as the server knows it."""
    row = hub.row("incidents", str(incident_id))
    return None if row is None else _incident_decoder.decode(row)


def _next(incident: Incident) -> str:
    return f"version {incident.assessment_version + 1}"
