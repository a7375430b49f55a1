"""A 911 or CAD call for service, as its source last described it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

from msgspec import Meta, Struct

from schemas.envelope import Event, Fraction, Latitude, Longitude, Metres, Moment, Name, Priority, Word
from schemas.event_type import EventType, KeyTable, Push, Table
from schemas.identity import identity

#: The common vocabulary that sources' own kinds are mapped to.
CATEGORIES = (
    "shooting", "stabbing", "homicide", "robbery", "carjacking", "sexual_assault", "kidnapping", "assault", "weapon",
    "domestic", "burglary", "theft", "vehicle_theft", "traffic", "medical", "fire", "missing_person", "disturbance",
    "suspicious", "alarm", "drugs", "property_damage", "welfare", "other",
)  # fmt: skip
#: Categories in which a life is in danger now; rules about grave calls use them.
GRAVE = frozenset(
    {"shooting", "stabbing", "homicide", "robbery", "carjacking", "sexual_assault", "kidnapping", "weapon"}
)
#: Statuses of a call, in the order of its life.
STATUSES = ("received", "dispatched", "en_route", "on_scene", "closed", "cancelled", "unknown")
#: Of these: it is over.
CALL_OVER = frozenset({"closed", "cancelled"})
#: How somebody reached us. Silent and abandoned calls are counted apart (NENA-STA-019).
CONTACTS = ("voice", "text", "online", "alarm", "silent", "abandoned", "test", "other", "")
#: What a location says: where the caller is, where the incident is, or only which tower the call came through.
LOCATION_ROLES = ("caller", "incident", "initial_incident", "tower", "routing", "staging", "unit", "other")
#: What one call has to do with another (NENA-STA-021: merge, link, split).
LINKS = ("merged_into", "merged_from", "split_into", "split_from", "linked")


class CallLocation(Struct, frozen=True, kw_only=True, gc=False):
    """One place that a source told of a call. All are kept, each with its source and time; none replaces another."""

    role: Annotated[Word, Meta(description="caller, incident, initial_incident, tower, routing, staging, unit, other.")]
    lat: Annotated[Latitude | None, Meta(description="WGS 84 latitude of a point that lies in it; none for areas.")] = (
        None
    )
    lon: Annotated[Longitude | None, Meta(description="WGS 84 longitude of that point.")] = None
    uncertainty_m: Annotated[Metres | None, Meta(description="Radius of a circle, metres.")] = None
    confidence: Annotated[Fraction | None, Meta(description="How sure it lies within, 0..1 (RFC 7459).")] = None
    shape: Annotated[str, Meta(max_length=20_000, description="Its area as a GeoJSON geometry; empty: a point.")] = ""
    address: Annotated[str, Meta(max_length=500, description="Where, in words.")] = ""
    method: Annotated[Word, Meta(description="How it was found, in the source's words: GPS, Cell, Wireless ...")] = ""
    at: Annotated[Moment | None, Meta(description="When it was found (UTC).")] = None
    keep_until: Annotated[Moment | None, Meta(description="Its owner lets it be kept until then (UTC; RFC 4119).")] = (
        None
    )
    may_share: Annotated[bool, Meta(description="Whether its owner lets it be handed on (RFC 4119).")] = True


class CallNote(Struct, frozen=True, kw_only=True, gc=False):
    """What somebody wrote about a call. Text, never markup."""

    text: Annotated[str, Meta(max_length=20_000, description="Plain text; a longer one is cut, its document is whole.")]
    at: Annotated[Moment | None, Meta(description="When (UTC).")] = None
    author: Annotated[str, Meta(max_length=200, description="Who.")] = ""


class CallUnit(Struct, frozen=True, kw_only=True, gc=False):
    """A unit that was sent to a call."""

    unit_id: Annotated[Name, Meta(description="The unit.")]
    status: Annotated[Word, Meta(description="In the source's words.")] = ""
    dispatched_at: Annotated[Moment | None, Meta(description="When it was sent (UTC).")] = None
    en_route_at: Annotated[Moment | None, Meta(description="When it set out (UTC).")] = None
    arrived_at: Annotated[Moment | None, Meta(description="When it arrived (UTC).")] = None
    cleared_at: Annotated[Moment | None, Meta(description="When it was free again (UTC).")] = None


class CallVehicle(Struct, frozen=True, kw_only=True, gc=False):
    """A vehicle that a call speaks of."""

    relation: Annotated[Word, Meta(description="suspect, victim, involved, accident, witness, response or other.")]
    plate: Annotated[str, Meta(max_length=20, description="Normalised plate; empty: not known.")] = ""
    plate_region: Annotated[Word | None, Meta(description="State or country of the plate (us-la).")] = None
    description: Annotated[str, Meta(max_length=300, description="Make, model, colour and what else was said.")] = ""


class CallLink(Struct, frozen=True, kw_only=True, gc=False):
    """What a call has to do with another, or its incident with another of its source."""

    relation: Annotated[Word, Meta(description="merged_into, merged_from, split_into, split_from or linked.")]
    call_id: Annotated[str, Meta(max_length=200, description="The other call; empty: an incident is named.")] = ""
    incident_ref: Annotated[
        str, Meta(max_length=200, description="The other incident, as its source names it; empty: a call is named.")
    ] = ""


class EmergencyCall(Event, frozen=True, kw_only=True, gc=False):
    """A 911 or CAD call. Each event is the call's whole state as its source last described it."""

    call_id: Annotated[Name, Meta(description="The call's id at its source, as source:number.")]
    number: Annotated[Name, Meta(description="The number people quote (item or incident number).")]
    received_at: Annotated[Moment, Meta(description="When the call was received (UTC). Never changes.")]
    updated_at: Annotated[Moment, Meta(description="The newest time in this state (UTC): the newest state wins.")]
    kind: Annotated[str, Meta(max_length=200, description="What it is about, in the source's words.")]
    kind_code: Annotated[Word, Meta(description="The source's code for it.")] = ""
    category: Annotated[Word, Meta(description="What it is about, in the common vocabulary.")] = "other"
    priority: Annotated[Priority | None, Meta(description="0..10, 10 highest (as in NENA EIDO).")] = None
    priority_raw: Annotated[Word, Meta(description="The source's own priority.")] = ""
    status: Annotated[Word, Meta(description="received, dispatched, on_scene, closed, cancelled or unknown.")] = (
        "received"
    )
    dispatched_at: Annotated[Moment | None, Meta(description="When a unit was sent (UTC).")] = None
    arrived_at: Annotated[Moment | None, Meta(description="When the first unit arrived (UTC).")] = None
    closed_at: Annotated[Moment | None, Meta(description="When the call was closed (UTC).")] = None
    address: Annotated[str, Meta(max_length=500, description="Where, in words.")] = ""
    lat: Annotated[Latitude | None, Meta(description="WGS 84 latitude, degrees; none when the place is not known.")] = (
        None
    )
    lon: Annotated[Longitude | None, Meta(description="WGS 84 longitude, degrees.")] = None
    uncertainty_m: Annotated[Metres | None, Meta(description="Radius the place may be off by, metres.")] = None
    district: Annotated[Word, Meta(description="Police district.")] = ""
    beat: Annotated[Word, Meta(description="Beat or patrol area.")] = ""
    disposition: Annotated[str, Meta(max_length=200, description="How it ended, in the source's words.")] = ""
    contact: Annotated[Word, Meta(description="voice, text, online, alarm, silent, abandoned, test or other.")] = ""
    incident_ref: Annotated[
        str, Meta(max_length=200, description="The source's incident: calls that share it are one. Empty: not told.")
    ] = ""
    callback_number: Annotated[
        str, Meta(max_length=40, description="Number to call back: + and digits where it is one, else as given.")
    ] = ""
    is_number_withheld: Annotated[bool, Meta(description="The caller's number was not shown to us.")] = False
    service_class: Annotated[Word, Meta(description="Class of service as ALI tells it: RESD, WPH2, VOIP ...")] = ""
    presented_at: Annotated[Moment | None, Meta(description="When it rang at the centre (UTC).")] = None
    answered_at: Annotated[Moment | None, Meta(description="When somebody answered (UTC).")] = None
    ended_at: Annotated[Moment | None, Meta(description="When the line was closed (UTC).")] = None
    owner: Annotated[str, Meta(max_length=200, description="Who has it in hand now; empty: nobody.")] = ""
    handed_over_at: Annotated[Moment | None, Meta(description="When it was given to another position (UTC).")] = None
    locations: Annotated[tuple[CallLocation, ...], Meta(description="All places told of it, newest first.")] = ()
    notes: Annotated[tuple[CallNote, ...], Meta(description="What was written about it, oldest first.")] = ()
    units: Annotated[tuple[CallUnit, ...], Meta(description="Units sent to it.")] = ()
    vehicles: Annotated[tuple[CallVehicle, ...], Meta(description="Vehicles it speaks of.")] = ()
    links: Annotated[tuple[CallLink, ...], Meta(description="Other calls it was merged or linked with.")] = ()
    document_id: Annotated[
        str, Meta(max_length=64, description="The source's whole document (source_document), if it is kept.")
    ] = ""


_AT = datetime(2026, 1, 15, 18, 28, 40, tzinfo=UTC)
EXAMPLE = EmergencyCall(
    event_id=identity("emergency_call", "calls_csv/nopd", "A0001", "received"),
    occurred_at=_AT,
    observed_at=_AT.replace(second=41),
    source="calls_csv/nopd",
    call_id="nopd:A0001",
    number="A0001",
    received_at=_AT,
    updated_at=_AT,
    kind="ARMED ROBBERY WITH GUN",
    kind_code="64G",
    category="robbery",
    priority=8,
    priority_raw="2C",
    address="005XX Bourbon St",
    lat=29.9569,
    lon=-90.0671,
    district="8",
)

#: What is shown of an earlier call: kept once more under each key that it is looked for by.
HISTORY = (
    "call_id", "number", "received_at", "updated_at", "kind", "category", "priority", "status", "disposition", "address",
    "lat", "lon", "callback_number", "is_number_withheld",
)  # fmt: skip

EMERGENCY_CALL = EventType(
    name="emergency_call",
    cls=EmergencyCall,
    topic="rtcc.call.emergency-call.v1",
    key="call_id",
    table=Table(
        name="call_states",
        order_by=("call_id", "updated_at", "event_id"),
        month_of="received_at",
        projection=("district", "received_at"),
        current="calls",
        keys=KeyTable(
            name="call_keys",
            columns=(("key", "String CODEC(ZSTD(1))"),),
            copied=HISTORY,
            order_by=("key", "received_at"),
        ),
    ),
    push=Push.LOSSLESS,
    version_field="updated_at",
    examples=(EXAMPLE,),
)
