"""Something that needs a person, made by a rule, with the reasons for it."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated
from uuid import UUID

from msgspec import Meta, Struct

from schemas.envelope import Event, Latitude, Longitude, Moment, Name, Word
from schemas.event_type import EventType, Push, Table
from schemas.events.sighting import EXAMPLE as SIGHTING
from schemas.identity import identity

SEVERITIES = ("P1", "P2", "P3", "P4")
STATUSES = ("open", "acknowledged", "dispatched", "closed", "recalled")
#: Of these: somebody may still have to act on it.
ACTIVE_STATUSES = ("open", "acknowledged", "dispatched")


class Evidence(Struct, frozen=True, kw_only=True, gc=False):
    """One reason for an alert: a sentence for people, and the facts behind it for machines."""

    kind: Annotated[Word, Meta(description="list_entry, match, region, read, incident, zone, call, camera ...")]
    text: Annotated[str, Meta(description="The reason in a plain sentence.")]
    facts: Annotated[dict[str, str], Meta(description="The values behind the sentence, as text.")] = {}


class AlertDeed(Struct, frozen=True, kw_only=True, gc=False):
    """Something that was done to an alert."""

    action_id: Annotated[UUID, Meta(description="event_id of the action.")]
    name: Annotated[Word, Meta(description="What was done, as the action says it.")]
    actor: Annotated[str, Meta(max_length=200, description="Who did it.")]
    at: Annotated[Moment, Meta(description="When (UTC).")]
    note: Annotated[str, Meta(max_length=2000, description="What they wrote.")] = ""
    about: Annotated[
        str, Meta(max_length=200, description="To whom it was given, what was undone, why it was shelved, its outcome.")
    ] = ""


class AlertStanding(Struct, frozen=True, kw_only=True, gc=False):
    """How an alert stands, as far as an act that can be undone changes it."""

    status: Annotated[Word, Meta(description="open, acknowledged or dispatched.")]
    owner: Annotated[str, Meta(max_length=200, description="Who has it in hand; empty: nobody.")] = ""
    shelved_until: Annotated[Moment | None, Meta(description="Put aside until then (UTC).")] = None
    shelved_by: Annotated[str, Meta(max_length=200, description="Who put it aside; empty: nobody.")] = ""
    shelved_reason: Annotated[str, Meta(max_length=200, description="Why it was put aside.")] = ""
    escalated_at: Annotated[Moment | None, Meta(description="When it was escalated (UTC).")] = None
    escalated_by: Annotated[str, Meta(max_length=200, description="Who wants a supervisor; empty: nobody.")] = ""


class Alert(Event, frozen=True, kw_only=True, gc=False):
    """Something that needs a person. Each event is its whole state; the highest ``rev`` is newest.

    ``occurred_at`` is the camera's or caller's clock, ``observed_at`` our edge's, ``raised_at`` the rule's:
    the differences are the latencies shown beside the alert.
    """

    alert_id: Annotated[
        UUID, Meta(description="UUIDv5 of rule, version and what triggered it: the same cause, the same id.")
    ]
    rev: Annotated[int, Meta(ge=1, description="Revision, from 1.")] = 1
    rule: Annotated[Word, Meta(description="The rule that raised it.")]
    rule_version: Annotated[int, Meta(ge=1, description="That rule's version.")] = 1
    severity: Annotated[Word, Meta(description="P1 (a life, now) .. P4 (to know).")]
    status: Annotated[Word, Meta(description="open, acknowledged, dispatched, closed or recalled.")] = "open"
    title: Annotated[str, Meta(max_length=300, description="What it says, in one line.")]
    subject_kind: Annotated[Word, Meta(description="plate, call or camera.")]
    subject: Annotated[str, Meta(max_length=200, description="The plate, call id or camera id it is about.")]
    camera_id: Annotated[Name | None, Meta(description="The camera concerned.")] = None
    incident_id: Annotated[UUID | None, Meta(description="The incident concerned.")] = None
    lat: Annotated[Latitude | None, Meta(description="WGS 84 latitude, degrees.")] = None
    lon: Annotated[Longitude | None, Meta(description="WGS 84 longitude, degrees.")] = None
    zones: Annotated[tuple[str, ...], Meta(description="Ids of the zones it lies in.")] = ()
    raised_at: Annotated[Moment, Meta(description="When the rule raised it, by the processor's clock (UTC).")]
    why: Annotated[tuple[Evidence, ...], Meta(description="The reasons, most important first. Never empty.")]
    triggers: Annotated[tuple[UUID, ...], Meta(description="event_ids of the events that caused it.")] = ()
    actions: Annotated[
        tuple[UUID, ...], Meta(description="event_ids of the actions that led to this revision, in order.")
    ] = ()
    changed_by: Annotated[str, Meta(max_length=200, description="Who made this revision; empty for the rule.")] = ""
    changed_at: Annotated[Moment | None, Meta(description="When this revision was made (UTC).")] = None
    note: Annotated[str, Meta(max_length=2000, description="What the person wrote.")] = ""
    checks: Annotated[
        tuple[str, ...], Meta(description="What one person looked at and found right: plate, state, record.")
    ] = ()
    verdict: Annotated[Word, Meta(description="What a person found: correct, misread ...; empty: not said yet.")] = ""
    verified_by: Annotated[str, Meta(max_length=200, description="Who said so.")] = ""
    verdict_at: Annotated[Moment | None, Meta(description="When the verdict was said (UTC).")] = None
    true_plate: Annotated[
        str, Meta(max_length=20, description="Of a misread: the plate that the picture shows; empty: not said.")
    ] = ""
    audience: Annotated[Word, Meta(description="Who may see it: empty for all, else audiences, commas between.")] = ""
    shelved_until: Annotated[
        Moment | None, Meta(description="Put aside until then (UTC); when that has passed it is open as before.")
    ] = None
    shelved_by: Annotated[str, Meta(max_length=200, description="Who put it aside; empty: nobody.")] = ""
    shelved_reason: Annotated[str, Meta(max_length=200, description="Why it was put aside.")] = ""
    open_since: Annotated[
        Moment | None,
        Meta(description="When it was reopened or taken off the shelf (UTC); empty: open since it was raised."),
    ] = None
    escalated_at: Annotated[
        Moment | None, Meta(description="When it should have been taken and was not, or a person escalated it (UTC).")
    ] = None
    outcome: Annotated[
        Word, Meta(description="What came of it, said when it was closed: useful, false, duplicate or test.")
    ] = ""
    owner: Annotated[str, Meta(max_length=200, description="Who has it in hand, or was given it; empty: nobody.")] = ""
    escalated_by: Annotated[
        str, Meta(max_length=200, description="Who wants a supervisor, until somebody takes it; empty: nobody.")
    ] = ""
    history: Annotated[
        tuple[AlertDeed, ...],
        Meta(description="What was done to it, oldest first: every note, and the last 100 of all else."),
    ] = ()
    standing_before: Annotated[
        tuple[AlertStanding, ...],
        Meta(description="How it stood before its last act, where that can be undone; else empty."),
    ] = ()


_ID = identity("alert", "hotlist_hit", 1, SIGHTING.event_id, "stolen", "S-1")
EXAMPLE = Alert(
    event_id=identity("alert_state", _ID, 1),
    occurred_at=SIGHTING.occurred_at,
    observed_at=SIGHTING.observed_at,
    source="processor/sightings",
    alert_id=_ID,
    rule="hotlist_hit",
    severity="P2",
    title="Possible stolen vehicle A8C123 (read ABC123) at Bourbon / St Louis",
    subject_kind="plate",
    subject="ABC123",
    camera_id="1000",
    lat=29.9573,
    lon=-90.0667,
    zones=("district-8",),
    raised_at=SIGHTING.observed_at + timedelta(milliseconds=18),
    why=(
        Evidence(
            kind="match",
            text="Read ABC123, listed A8C123: 1 look-alike character (position 2: B for 8).",
            facts={"match": "look_alike", "substitutions": "1"},
        ),
    ),
    triggers=(SIGHTING.event_id,),
)

ALERT = EventType(
    name="alert",
    cls=Alert,
    topic="rtcc.alert.alert.v1",
    key="alert_id",
    table=Table(
        name="alert_states",
        order_by=("rule", "alert_id", "rev", "event_id"),
        month_of="raised_at",
        steady_time=False,
        current="alerts",
    ),
    push=Push.LOSSLESS,
    version_field="rev",
    compacted=True,
    retention_days=365,
    examples=(EXAMPLE,),
)
