"""A case that people manage, opened by a call and grouping what belongs to it."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from msgspec import Meta, Struct

from schemas.envelope import Event, Latitude, Longitude, Metres, Moment, Name, Priority, Word
from schemas.event_type import EventType, Push, Table
from schemas.events.emergency_call import EXAMPLE as CALL
from schemas.identity import identity


class NearCamera(Struct, frozen=True, kw_only=True, gc=False):
    """A camera near an incident."""

    camera_id: Annotated[Name, Meta(description="The camera.")]
    distance_m: Annotated[Metres, Meta(description="Straight line, metres.")]


class IncidentCall(Struct, frozen=True, kw_only=True, gc=False):
    """What an incident keeps of one of its calls: enough to carry on from the log alone. No number and no name."""

    call_id: Annotated[Name, Meta(description="The call.")]
    incident_id: Annotated[UUID, Meta(description="The incident that this call opened by itself; it may be merged.")]
    state_id: Annotated[UUID, Meta(description="event_id of the newest state of the call.")]
    told_id: Annotated[UUID, Meta(description="event_id of the newest state that told something new.")]
    digest: Annotated[str, Meta(max_length=16, description="Of what the call tells: another one is new information.")]
    source: Annotated[Word, Meta(description="Who sent it.")]
    received_at: Annotated[Moment, Meta(description="When the call was received (UTC).")]
    updated_at: Annotated[Moment, Meta(description="The newest time in its state (UTC).")]
    observed_at: Annotated[Moment, Meta(description="When its first state reached our edge (UTC).")]
    status: Annotated[Word, Meta(description="The call's status.")]
    kind: Annotated[str, Meta(max_length=200, description="What it is about, in the source's words.")]
    category: Annotated[Word, Meta(description="In the common vocabulary.")] = "other"
    priority: Annotated[Priority | None, Meta(description="0..10, 10 highest.")] = None
    priorities: Annotated[
        tuple[str, ...], Meta(description="Each priority it had, oldest first: time, priority and the source's word.")
    ] = ()
    address: Annotated[str, Meta(max_length=500, description="Where, in words.")] = ""
    lat: Annotated[Latitude | None, Meta(description="WGS 84 latitude, degrees.")] = None
    lon: Annotated[Longitude | None, Meta(description="WGS 84 longitude, degrees.")] = None
    uncertainty_m: Annotated[Metres | None, Meta(description="Radius the place may be off by, metres.")] = None
    incident_ref: Annotated[str, Meta(max_length=200, description="The source's incident; empty: not told.")] = ""
    contact: Annotated[Word, Meta(description="voice, text, online ... test.")] = ""
    owner: Annotated[str, Meta(max_length=200, description="Who has the call in hand; empty: nobody.")] = ""
    handed_over_at: Annotated[Moment | None, Meta(description="When it was given to another position (UTC).")] = None
    disposition: Annotated[str, Meta(max_length=200, description="How it ended, in the source's words.")] = ""
    units: Annotated[tuple[str, ...], Meta(description="Ids of the units on it that are not clear again.")] = ()
    why: Annotated[str, Meta(max_length=300, description="Why it is in this incident; empty: it opened it.")] = ""


class RefusedAction(Struct, frozen=True, kw_only=True, gc=False):
    """An action that came too late or did not fit: whoever did it is told by the incident itself."""

    action_id: Annotated[UUID, Meta(description="event_id of the action.")]
    name: Annotated[Word, Meta(description="What was to be done.")]
    actor: Annotated[str, Meta(max_length=200, description="Who wanted it.")]
    why: Annotated[Word, Meta(description="Why it was not done, as a word.")]
    first_by: Annotated[str, Meta(max_length=200, description="Who was first, where that is why.")] = ""
    at: Annotated[Moment, Meta(description="When it was wanted (UTC).")]


#: How a task stands: it is to be done, somebody did it, or somebody says why it need not be.
TASK_STATES = ("open", "done", "not_needed")


class IncidentTask(Struct, frozen=True, kw_only=True, gc=False):
    """Something to do at an incident: of a checklist for its kind, or somebody's own."""

    task_id: Annotated[Name, Meta(description="CHECKLIST/KEY of an entry of a checklist, else the id of the action.")]
    text: Annotated[str, Meta(max_length=200, description="What is to be done.")]
    source: Annotated[str, Meta(max_length=200, description="Who asks for it; empty: whoever added it.")] = ""
    added_by: Annotated[str, Meta(max_length=200, description="Who put it there.")]
    added_at: Annotated[Moment, Meta(description="When (UTC).")]
    assignee: Annotated[str, Meta(max_length=200, description="Whose it is; empty: nobody's.")] = ""
    state: Annotated[Word, Meta(description="open, done or not_needed.")] = "open"
    note: Annotated[str, Meta(max_length=2000, description="Why it is not needed, or what whoever did it wrote.")] = ""
    changed_by: Annotated[str, Meta(max_length=200, description="Who changed it last.")]
    changed_at: Annotated[Moment, Meta(description="When (UTC).")]
    rev: Annotated[int, Meta(ge=0, description="The incident's revision in which it was changed last.")]


#: The stages of an incident. ``status`` says only whether somebody still has it in hand: closed for the last three.
STAGES = ("opened", "assigned", "en_route", "on_scene", "reopened", "split", "closed", "cancelled", "merged")
#: Stages in which nobody has to act any more.
OVER = frozenset({"closed", "cancelled", "merged"})
#: What people may do to an incident.
INCIDENT_ACTIONS = (
    "incident.assign", "incident.stage", "incident.close", "incident.reopen", "incident.merge", "incident.unmerge",
    "incident.split", "incident.link", "incident.unlink", "incident.note", "incident.record", "incident.assess",
    "incident.checklist", "incident.task_add", "incident.task_assign", "incident.task_state",
    "incident.draw", "incident.drawing_change", "incident.drawing_remove", "incident.drawing_restore",
)  # fmt: skip


class Incident(Event, frozen=True, kw_only=True, gc=False):
    """A human-managed case. Each event is its whole state; the highest ``rev`` is newest.

    Every call opens one. One that is merged (by a person, or by itself as it is about the same event) keeps its own
    state, calls and id, and names the one it is part of; so a merge can be undone with everything intact.
    """

    incident_id: Annotated[UUID, Meta(description="Its id: UUIDv5 of the call that opened it.")]
    rev: Annotated[int, Meta(ge=1, description="Greater is newer.")]
    status: Annotated[Word, Meta(description="open or closed.")]
    kind: Annotated[str, Meta(max_length=200, description="What it is about, in the source's words.")]
    category: Annotated[Word, Meta(description="In the common vocabulary.")] = "other"
    priority: Annotated[Priority | None, Meta(description="0..10, 10 highest.")] = None
    opened_at: Annotated[Moment, Meta(description="When its first call was received (UTC). Never changes.")]
    closed_at: Annotated[Moment | None, Meta(description="When it was closed (UTC).")] = None
    address: Annotated[str, Meta(max_length=500, description="Where, in words.")] = ""
    lat: Annotated[Latitude | None, Meta(description="WGS 84 latitude, degrees.")] = None
    lon: Annotated[Longitude | None, Meta(description="WGS 84 longitude, degrees.")] = None
    call_ids: Annotated[tuple[str, ...], Meta(description="The calls in it.")] = ()
    zones: Annotated[tuple[str, ...], Meta(description="Ids of the zones it lies in.")] = ()
    nearest_cameras: Annotated[tuple[NearCamera, ...], Meta(description="Up to five, nearest first.")] = ()
    stage: Annotated[
        Word,
        Meta(
            description="opened, assigned, en_route, on_scene, reopened, split, closed, cancelled or merged; empty: only"
            " its status is known."
        ),
    ] = ""
    owner: Annotated[str, Meta(max_length=200, description="Who has it in hand; empty: nobody.")] = ""
    units: Annotated[tuple[str, ...], Meta(description="Ids of the units on it.")] = ()
    merged_into: Annotated[UUID | None, Meta(description="The incident it is part of since a merge.")] = None
    split_from: Annotated[UUID | None, Meta(description="The incident it was taken out of.")] = None
    linked: Annotated[tuple[UUID, ...], Meta(description="Incidents that have to do with it.")] = ()
    grade: Annotated[Word, Meta(description="Its grade by the newest assessment; empty: not assessed.")] = ""
    actions: Annotated[
        tuple[UUID, ...],
        Meta(description="event_ids of the actions done or refused so far, oldest first; the last 500."),
    ] = ()
    changed_by: Annotated[str, Meta(max_length=200, description="Who changed it last; empty: only its calls did.")] = ""
    changed_at: Annotated[Moment | None, Meta(description="When a person changed it last (UTC).")] = None
    note: Annotated[str, Meta(max_length=2000, description="What they wrote, or why it was joined.")] = ""
    calls: Annotated[
        tuple[IncidentCall, ...],
        Meta(description="Its calls: first the one that opened it, then the newest, up to 50."),
    ] = ()
    stage_by: Annotated[str, Meta(max_length=200, description="Who set the stage; empty: its calls did.")] = ""
    stage_before: Annotated[Word, Meta(description="Its stage when it was merged, for the way back.")] = ""
    person_rev: Annotated[int, Meta(ge=0, description="The revision a person made last; 0: none.")] = 0
    assigned_units: Annotated[tuple[str, ...], Meta(description="Ids of the units that people sent from here.")] = ()
    is_apart: Annotated[bool, Meta(description="A person took it out: it is never joined by itself again.")] = False
    refused: Annotated[tuple[RefusedAction, ...], Meta(description="The last ten actions that were refused.")] = ()
    record_number: Annotated[
        str, Meta(max_length=200, description="Number of its crime record or missing-person entry; empty: none.")
    ] = ""
    assessment_version: Annotated[int, Meta(ge=0, description="Version of the newest assessment; 0: none.")] = 0
    assessed: Annotated[
        tuple[UUID, ...], Meta(description="told_ids of the call states that the newest assessment knew.")
    ] = ()
    needs_assessment: Annotated[bool, Meta(description="Something was told since the newest assessment.")] = False
    tasks: Annotated[tuple[IncidentTask, ...], Meta(description="What is to be done, in the order it was added.")] = ()


_ID = identity("incident", CALL.call_id)
EXAMPLE = Incident(
    event_id=identity("incident_state", _ID, CALL.event_id),
    occurred_at=CALL.occurred_at,
    observed_at=CALL.observed_at,
    source="processor/calls",
    incident_id=_ID,
    rev=int(CALL.updated_at.timestamp() * 1000),
    status="open",
    kind=CALL.kind,
    category=CALL.category,
    priority=CALL.priority,
    opened_at=CALL.received_at,
    address=CALL.address,
    lat=CALL.lat,
    lon=CALL.lon,
    call_ids=(CALL.call_id,),
    zones=("district-8",),
    nearest_cameras=(NearCamera(camera_id="1000", distance_m=52.0),),
)

INCIDENT = EventType(
    name="incident",
    cls=Incident,
    topic="rtcc.incident.incident.v1",
    key="incident_id",
    table=Table(
        name="incident_states",
        order_by=("incident_id", "rev", "event_id"),
        month_of="opened_at",
        current="incidents",
    ),
    push=Push.LOSSLESS,
    version_field="rev",
    examples=(EXAMPLE,),
)
