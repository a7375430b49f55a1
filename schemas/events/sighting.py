"""A plate read with what it means: zones, list matches, incidents near it."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from msgspec import Meta, Struct, field
from msgspec.structs import replace

from schemas.envelope import Event, Fraction, Latitude, Longitude, Metres, Moment, Name, Word
from schemas.event_type import EventType, Push, Table
from schemas.events.plate_read import EXAMPLE as READ
from schemas.events.plate_read import Plate, PlateCandidate
from schemas.identity import identity


class Substitution(Struct, frozen=True, gc=False):
    """One character that the reader may have taken for another, lost (``read`` is empty) or added (``listed`` is)."""

    position: Annotated[int, Meta(ge=0, description="Index in the plate, from 0.")]
    read: Annotated[str, Meta(description="The character as read.")]
    listed: Annotated[str, Meta(description="The character on the list.")]
    cost: Annotated[float, Meta(ge=0, description="Cost of the substitution; 1 within a look-alike class.")] = 1.0


class Hit(Struct, frozen=True, kw_only=True, gc=False):
    """A match between a plate and a list entry, with all it takes to judge it."""

    list_id: Annotated[Name, Meta(description="The hotlist.")]
    entry_id: Annotated[Name, Meta(description="The entry on it.")]
    listed_plate: Annotated[Plate, Meta(description="The plate as listed.")]
    match: Annotated[Word, Meta(description="exact, look_alike, candidate, pattern, vote or edit.")]
    matched_plate: Annotated[Plate, Meta(description="The reading that matched: the plate, a candidate, or the vote.")]
    candidate_rank: Annotated[int, Meta(ge=0, description="0 for the plate itself, 1 for the first candidate ...")] = 0
    substitutions: Annotated[
        tuple[Substitution, ...], Meta(description="Characters that differ, each with its cost.")
    ] = ()
    region_relation: Annotated[
        Word, Meta(description="same, other or unknown: plate's region against the entry's.")
    ] = "unknown"
    attributes: Annotated[
        Word, Meta(description="agree, differ or unknown: make, colour and body read against the entry's.")
    ] = "unknown"
    kind: Annotated[Word, Meta(description="What the entry is about: stolen_vehicle, wanted_person ...")] = "other"
    reason: Annotated[str, Meta(description="Why the plate is listed.")] = ""
    severity: Annotated[Word, Meta(description="P1..P4 as the entry asks.")] = "P3"
    list_as_of: Annotated[Moment | None, Meta(description="How current the list was (UTC).")] = None


class AttributeCheck(Struct, frozen=True, kw_only=True, gc=False):
    """What the reader said of the vehicle beside what a matching entry says."""

    list_id: Annotated[Name, Meta(description="The hotlist.")]
    entry_id: Annotated[Name, Meta(description="The entry on it.")]
    attribute: Annotated[Word, Meta(description="make, colour or body.")]
    read: Annotated[Word, Meta(description="As the reader saw it.")]
    listed: Annotated[Word, Meta(description="As the entry has it.")]
    agrees: Annotated[bool, Meta(description="Whether the two are alike.")]


class NearIncident(Struct, frozen=True, kw_only=True, gc=False):
    """An active incident near a sighting in space and time."""

    incident_id: Annotated[UUID, Meta(description="The incident.")]
    kind: Annotated[str, Meta(description="Its kind, as the source words it.")]
    priority: Annotated[int | None, Meta(description="0..10, 10 highest.")] = None
    distance_m: Annotated[Metres, Meta(description="From the camera, metres.")]
    age_s: Annotated[float, Meta(description="Time from the incident's opening to the read, seconds.")]


class Sighting(Event, frozen=True, kw_only=True, gc=False):
    """A plate read with its context. One for each read, with the read's own ``event_id``."""

    camera_id: Annotated[Name, Meta(description="The camera.")]
    plate: Annotated[Plate, Meta(description="Normalised plate.")]
    plate_region: Annotated[Word | None, Meta(description="State or country of the plate.")] = None
    confidence: Annotated[Fraction, Meta(description="The reader's confidence, 0..1.")]
    lat: Annotated[Latitude | None, Meta(description="WGS 84 latitude: the read's, else the camera's.")] = None
    lon: Annotated[Longitude | None, Meta(description="WGS 84 longitude.")] = None
    heading_deg: Annotated[float | None, Meta(description="Direction of travel, degrees from north.")] = None
    zones: Annotated[tuple[str, ...], Meta(description="Ids of the zones it lies in.")] = ()
    hits: Annotated[tuple[Hit, ...], Meta(description="List entries it matches, best first.")] = ()
    attributes: Annotated[
        tuple[AttributeCheck, ...], Meta(description="Make, colour and body read against those of the entries hit.")
    ] = ()
    incidents: Annotated[tuple[NearIncident, ...], Meta(description="Active incidents near it, nearest first.")] = ()
    is_preview: Annotated[bool, Meta(description="From a read that was not final.")] = False
    track_id: Annotated[Name | None, Meta(description="The reader's id of the vehicle while it is in view.")] = None
    clock_skew_s: Annotated[
        float | None,
        Meta(
            description="How far the camera's clock seems to be ahead of ours, seconds; none: not known, or within 2 s."
        ),
    ] = None
    is_parked: Annotated[bool, Meta(description="The reader says that the vehicle stands still.")] = False
    is_noise: Annotated[
        bool, Meta(description="What this camera reads there is known to be no plate: kept, raises no ordinary alert.")
    ] = False
    variants: Annotated[
        tuple[PlateCandidate, ...],
        Meta(description="Readings of this vehicle while in view that led to a hit by vote, in the order they came."),
    ] = ()
    audiences: Annotated[
        tuple[str, ...],
        Meta(
            description="Who may see each hit, in the order of hits: empty for all, else audiences, commas between. None: all may."
        ),
    ] = ()


def audience_of(sighting: Sighting, hit: Hit) -> str:
    """Return who may see a sighting's hit: "" for all, else names of audiences (schemas/audience.py)."""
    return sighting.audiences[sighting.hits.index(hit)] if sighting.audiences else ""


EXAMPLE = Sighting(
    event_id=READ.event_id,
    occurred_at=READ.occurred_at,
    observed_at=READ.observed_at,
    source=READ.source,
    camera_id=READ.camera_id,
    plate=READ.plate,
    plate_region=READ.plate_region,
    confidence=READ.confidence,
    lat=READ.lat,
    lon=READ.lon,
    zones=("district-8",),
    hits=(
        Hit(
            list_id="stolen",
            entry_id="S-1",
            listed_plate="A8C123",
            match="look_alike",
            matched_plate="ABC123",
            substitutions=(Substitution(1, "B", "8"),),
            region_relation="same",
            kind="stolen_vehicle",
            reason="Stolen 14 January, case 26-0114",
            severity="P2",
            list_as_of=READ.occurred_at,
        ),
    ),
    incidents=(
        NearIncident(
            incident_id=identity("incident", "calls_csv/nopd", "A0001"),
            kind="ARMED ROBBERY",
            priority=8,
            distance_m=140.0,
            age_s=85.0,
        ),
    ),
)

SIGHTING = EventType(
    name="sighting",
    cls=Sighting,
    topic="rtcc.lpr.sighting.v1",
    key="plate",
    table=Table(
        name="sightings", order_by=("plate", "occurred_at", "event_id"), projection=("camera_id", "occurred_at")
    ),
    push=Push.FLOW,
    retention_days=7,
    examples=(EXAMPLE,),
)


class PassingSighting(Sighting, frozen=True, kw_only=True, gc=False):
    """A sighting as it is read by those who ask only where a plate was, and when: what is near is left unread.

    The incidents near it are most of a sighting's bytes, and of the time that reading it takes.
    """

    incidents: tuple[NearIncident, ...] = field(default=(), name="(unread)")


PASSING: EventType[Sighting] = replace(SIGHTING, cls=PassingSighting, examples=())
