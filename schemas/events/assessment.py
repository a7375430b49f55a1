"""A THRIVE assessment of a call: one version of it, never changed afterwards."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from msgspec import Meta

from schemas.envelope import Event, Moment, Name, Word
from schemas.event_type import EventType, Table
from schemas.events.emergency_call import EXAMPLE as CALL
from schemas.events.incident import EXAMPLE as INCIDENT
from schemas.identity import identity

#: How fast somebody goes there, gravest first. In words that are used in England and Wales.
GRADES = ("immediate", "priority", "scheduled", "resolution", "no_attendance")


class Assessment(Event, frozen=True, kw_only=True, gc=False):
    """One version of threat, harm, risk, investigation, vulnerability and engagement (THRIVE), with the grade it leads
    to. A grade is changed by a new version only, which says why; nothing is written over."""

    incident_id: Annotated[UUID, Meta(description="The incident it is about.")]
    version: Annotated[int, Meta(ge=1, description="From 1, without gaps.")]
    made_at: Annotated[Moment, Meta(description="When (UTC).")]
    made_by: Annotated[Name, Meta(description="Who.")]
    grade: Annotated[Word, Meta(description="immediate, priority, scheduled, resolution or no_attendance.")]
    why: Annotated[str, Meta(min_length=1, max_length=2000, description="What leads to the grade.")]
    threat: Annotated[str, Meta(max_length=2000, description="Threat.")] = ""
    harm: Annotated[str, Meta(max_length=2000, description="Harm.")] = ""
    risk: Annotated[str, Meta(max_length=2000, description="Risk.")] = ""
    investigation: Annotated[str, Meta(max_length=2000, description="Investigation.")] = ""
    vulnerability: Annotated[str, Meta(max_length=2000, description="Vulnerability.")] = ""
    engagement: Annotated[str, Meta(max_length=2000, description="Engagement.")] = ""
    repeat_checked_at: Annotated[Moment | None, Meta(description="When repeat calling was looked at (UTC).")] = None
    vulnerability_checked_at: Annotated[Moment | None, Meta(description="When vulnerability was looked at (UTC).")] = (
        None
    )
    prevention_advised_at: Annotated[Moment | None, Meta(description="When crime prevention was advised (UTC).")] = None
    evidence_advised_at: Annotated[Moment | None, Meta(description="When keeping evidence was advised (UTC).")] = None
    known: Annotated[
        tuple[UUID, ...], Meta(description="event_ids of the call states known then: later ones ask for a new version.")
    ] = ()


EXAMPLE = Assessment(
    event_id=identity("assessment", INCIDENT.incident_id, 1),
    occurred_at=CALL.received_at,
    observed_at=CALL.received_at,
    source="server/web",
    incident_id=INCIDENT.incident_id,
    version=1,
    made_at=CALL.received_at,
    made_by="r.diaz",
    grade="immediate",
    why="The robber is armed and still there.",
    threat="A gun was seen.",
    repeat_checked_at=CALL.received_at,
    known=(CALL.event_id,),
)

ASSESSMENT = EventType(
    name="assessment",
    cls=Assessment,
    topic="rtcc.incident.assessment.v1",
    key="incident_id",
    table=Table(name="assessments", order_by=("incident_id", "version", "event_id"), steady_time=False),
    retention_days=365,
    examples=(EXAMPLE,),
)
