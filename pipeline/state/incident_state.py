"""An incident as its calls make it: pure. What people decided stays; what calls tell is taken from them anew."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from hashlib import sha256
from uuid import UUID

import msgspec
from msgspec.structs import replace

from pipeline.state.cameras import CameraIndex
from pipeline.state.zones import ZoneIndex
from schemas.events.emergency_call import CALL_OVER, EmergencyCall
from schemas.events.incident import OVER, Incident, IncidentCall
from schemas.identity import identity
from schemas.incident_kind import highest_priority, kind_call

#: Calls of one incident that its state has in full; ``call_ids`` has all.
MOST_CALLS = 50
#: Priorities of a call that are kept.
MOST_PRIORITIES = 20
#: The stage each status of a call leads to, and how far on it is.
STAGE_OF = {"dispatched": "assigned", "en_route": "en_route", "on_scene": "on_scene"}
RANK = {"assigned": 1, "en_route": 2, "on_scene": 3}


def incident_of(call_id: str) -> UUID:
    """Return the id of the incident that a call opens."""
    return identity("incident", call_id)


def call_facts(call: EmergencyCall, known: IncidentCall | None) -> IncidentCall:
    """Return what an incident keeps of a call's new state. ``known``: what it kept of the state before."""
    digest = sha256(
        msgspec.json.encode(
            (call.kind, call.category, call.priority, call.address, call.lat, call.lon, call.notes, call.vehicles,
             call.callback_number)
        )
    ).hexdigest()[:16]  # fmt: skip
    told = known is None or known.digest != digest
    priorities = known.priorities if known is not None else ()
    if known is None or known.priority != call.priority:
        word = "none" if call.priority is None else str(call.priority)
        raw = f" ({call.priority_raw})" if call.priority_raw else ""
        priorities = (*priorities, f"{call.updated_at.isoformat()} {word}{raw}")[-MOST_PRIORITIES:]
    return IncidentCall(
        call_id=call.call_id,
        incident_id=incident_of(call.call_id),
        state_id=call.event_id,
        told_id=call.event_id if known is None or told else known.told_id,
        digest=digest,
        source=call.source,
        received_at=call.received_at,
        updated_at=call.updated_at,
        observed_at=call.observed_at if known is None else known.observed_at,
        status=call.status,
        kind=call.kind,
        category=call.category,
        priority=call.priority,
        priorities=priorities,
        address=call.address,
        lat=call.lat,
        lon=call.lon,
        uncertainty_m=call.uncertainty_m,
        incident_ref=call.incident_ref,
        contact=call.contact,
        owner=call.owner,
        handed_over_at=call.handed_over_at,
        disposition=call.disposition,
        units=tuple(unit.unit_id for unit in call.units if unit.cleared_at is None),
        why="" if known is None else known.why,
    )


def opened_by(call: EmergencyCall, facts: IncidentCall) -> Incident:
    """Return the incident that a call opens, before ``made_of`` fills in what follows from its calls."""
    return Incident(
        event_id=call.event_id,
        occurred_at=call.occurred_at,
        observed_at=call.observed_at,
        source="processor/incidents",
        jurisdiction=call.jurisdiction,
        synthetic=call.synthetic,
        incident_id=facts.incident_id,
        rev=1,
        status="open",
        kind=call.kind,
        opened_at=call.received_at,
    )


def made_of(incident: Incident, calls: Sequence[IncidentCall], zones: ZoneIndex, cameras: CameraIndex) -> Incident:
    """Return an incident as these calls make it; the first is the one that opened it. Never touches rev and ids.

    Its stage follows a call whose status has changed since ``incident`` was made, and goes on only: an incident that a
    person closed is not opened by a call, and one that calls closed is reopened by one that goes on.
    """
    if not calls:
        return incident
    lead = kind_call(calls)
    kept = _kept(calls, lead)
    before = {call.call_id: call.status for call in incident.calls}
    placed = next((call for call in calls if call.lat is not None and call.lon is not None), None)
    lat, lon = (None, None) if placed is None else (placed.lat, placed.lon)
    made = replace(
        incident,
        kind=lead.kind,
        category=lead.category,
        priority=highest_priority(calls),
        address=next((call.address for call in (placed or lead, *calls) if call.address), ""),
        lat=lat,
        lon=lon,
        call_ids=tuple(call.call_id for call in calls),
        calls=kept,
        units=tuple(sorted({unit for call in calls for unit in call.units} | set(incident.assigned_units))),
        needs_assessment=incident.assessment_version > 0
        and not {call.told_id for call in kept} <= set(incident.assessed),
    )
    if any(before.get(call.call_id) != call.status for call in kept):
        made = _on_its_way(made, calls)
    if made.stage == "merged":
        made = replace(made, status="closed")
    if (lat, lon) != (incident.lat, incident.lon) or not incident.calls:
        inside = zones.containing([lat], [lon])[0] if lat is not None and lon is not None else ()
        made = replace(made, zones=inside)
    if made.status != "open" or lat is None or lon is None:
        return replace(made, nearest_cameras=())
    if (lat, lon) != (incident.lat, incident.lon) or incident.status != "open" or not incident.calls:
        return replace(made, nearest_cameras=cameras.nearest(lat, lon))
    return made


def _kept(calls: Sequence[IncidentCall], lead: IncidentCall) -> tuple[IncidentCall, ...]:
    """Return the calls that the state has in full: the first, the newest, and the one that says what it is about."""
    kept = (calls[0], *calls[1:][-(MOST_CALLS - 1) :])
    return kept if lead in kept else (calls[0], lead, *kept[2:])


def _on_its_way(incident: Incident, calls: Sequence[IncidentCall]) -> Incident:
    if incident.stage == "merged":
        return incident
    if all(call.status in CALL_OVER for call in calls):
        stage = "cancelled" if all(call.status == "cancelled" for call in calls) else "closed"
        if incident.stage in OVER:
            return incident
        return over(incident, stage, max(call.updated_at for call in calls), "")
    going = max(
        (STAGE_OF.get(call.status, "opened") for call in calls if call.status not in CALL_OVER),
        key=lambda stage: RANK.get(stage, 0),
    )
    if incident.stage in OVER:
        if incident.stage_by:
            return incident
        return replace(incident, stage="reopened", status="open", stage_by="")
    if RANK.get(going, 0) > RANK.get(incident.stage, 0) or not incident.stage:
        return replace(incident, stage=going, status="open", stage_by="")
    return incident


def over(incident: Incident, stage: str, at: datetime, by: str) -> Incident:
    """Return an incident that is closed or cancelled now."""
    return replace(incident, stage=stage, status="closed", closed_at=at, stage_by=by)


def same_but_for_when(one: Incident, other: Incident) -> bool:
    """Return whether two states of an incident say the same."""
    return replace(one, event_id=other.event_id, rev=other.rev, occurred_at=other.occurred_at,
                   observed_at=other.observed_at) == other  # fmt: skip
