"""A person as one source names them in one record: never merged with another by a machine."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from schemas.envelope import Event, Latitude, Longitude, Moment, Name, Word
from schemas.event_type import EventType, KeyTable, Table
from schemas.events.emergency_call import EXAMPLE as CALL
from schemas.identity import identity

#: What a person has to do with the record.
ROLES = ("caller", "victim", "suspect", "witness", "missing", "resident", "patient", "reporter", "other")


class Person(Event, frozen=True, kw_only=True, gc=False):
    """A person in a record. Each event is the whole of what the source says; the newest ``updated_at`` wins."""

    person_id: Annotated[Name, Meta(description="The record's person at its source, as source:number.")]
    updated_at: Annotated[Moment, Meta(description="When the source last changed it (UTC): the newest wins.")]
    role: Annotated[Word, Meta(description="caller, victim, suspect, witness, missing, resident, patient ... other.")]
    full_name: Annotated[str, Meta(max_length=300, description="The name as the source writes it.")] = ""
    given_name: Annotated[str, Meta(max_length=100, description="First name, if it is told apart.")] = ""
    middle_name: Annotated[str, Meta(max_length=100, description="Other first names.")] = ""
    family_name: Annotated[str, Meta(max_length=100, description="Family name, if it is told apart.")] = ""
    aliases: Annotated[tuple[str, ...], Meta(description="Other names they go by.")] = ()
    birth_date: Annotated[
        str, Meta(max_length=10, description="YYYY-MM-DD, YYYY-MM or YYYY as far as it is known; empty: not.")
    ] = ""
    sex: Annotated[Word, Meta(description="In the source's words.")] = ""
    phones: Annotated[
        tuple[str, ...], Meta(description="Numbers: + and digits where they are one, else as given.")
    ] = ()
    address: Annotated[str, Meta(max_length=500, description="Where they live or were, in words.")] = ""
    lat: Annotated[Latitude | None, Meta(description="WGS 84 latitude of the address, degrees.")] = None
    lon: Annotated[Longitude | None, Meta(description="WGS 84 longitude, degrees.")] = None
    call_id: Annotated[str, Meta(max_length=200, description="The call that names them; empty: none.")] = ""
    is_removed: Annotated[bool, Meta(description="The source took the record back.")] = False


EXAMPLE = Person(
    event_id=identity("person", "eido/east", "P-1", CALL.updated_at.isoformat()),
    occurred_at=CALL.occurred_at,
    observed_at=CALL.observed_at,
    source="eido/east",
    person_id="east:P-1",
    updated_at=CALL.updated_at,
    role="caller",
    full_name="Katherine Example",
    given_name="Katherine",
    family_name="Example",
    birth_date="1990-02-11",
    phones=("+15045550123",),
    address="500 Bourbon St",
    call_id=CALL.call_id,
)

PERSON = EventType(
    name="person",
    cls=Person,
    topic="rtcc.call.person.v1",
    key="person_id",
    table=Table(
        name="person_states",
        order_by=("person_id", "updated_at", "event_id"),
        steady_time=False,
        current="persons",
        looked_up=True,
        keys=KeyTable(
            name="person_keys",
            columns=(
                ("key", "String CODEC(ZSTD(1))"),
                ("person_id", "String CODEC(ZSTD(1))"),
                ("of_event", "UUID"),
                ("names", "Array(String) CODEC(ZSTD(1))"),
                ("birth_date", "String CODEC(ZSTD(1))"),
                ("version", "UInt16 DEFAULT 1 CODEC(ZSTD(1))"),
            ),
            order_by=("key", "person_id", "of_event"),
        ),
    ),
    version_field="updated_at",
    retention_days=365,
    examples=(EXAMPLE,),
)
