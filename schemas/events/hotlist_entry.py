"""One wanted plate on a list."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from schemas.envelope import Event, Moment, Name, Word
from schemas.event_type import EventType, Table
from schemas.events.hotlist import EXAMPLE as LIST
from schemas.events.plate_read import Plate
from schemas.identity import identity

#: The audience that there is where no others are set: those who are told of its entries, and nobody else.
RESTRICTED = "restricted"


class HotlistEntry(Event, frozen=True, kw_only=True, gc=False):
    """One wanted plate on one version of a list. In force only while that version is the list's newest complete one."""

    list_id: Annotated[Name, Meta(description="The list.")]
    list_version: Annotated[str, Meta(min_length=1, max_length=100, description="The version it belongs to.")]
    chunk: Annotated[int, Meta(ge=0, description="The chunk it was sent in, from 0.")] = 0
    entry_id: Annotated[Name, Meta(description="Its id on the list.")]
    plate: Annotated[
        Plate, Meta(description="Normalised plate; in a pattern ? stands for one character and * for any number.")
    ]
    plate_region: Annotated[
        Word | None, Meta(description="State or country, lower case (us-la); none matches any.")
    ] = None
    kind: Annotated[Word, Meta(description="stolen_vehicle, stolen_plate, wanted_person, missing_person, ...")] = (
        "other"
    )
    severity: Annotated[Word, Meta(description="P1..P4 of the alerts it raises.")] = "P3"
    reason: Annotated[str, Meta(max_length=500, description="Why it is listed.")] = ""
    case_number: Annotated[str, Meta(max_length=100, description="The case it belongs to.")] = ""
    vehicle_make: Annotated[Word | None, Meta(description="Make, lower case.")] = None
    vehicle_model: Annotated[Word | None, Meta(description="Model, lower case.")] = None
    vehicle_colour: Annotated[Word | None, Meta(description="Colour, lower case.")] = None
    expires_at: Annotated[Moment | None, Meta(description="No alert from then on (UTC).")] = None
    vehicle_body: Annotated[Word | None, Meta(description="Body type, lower case.")] = None
    schedule: Annotated[
        str,
        Meta(max_length=200, description="When it alerts, as mon-fri 07:00-19:00; sat 22:00-04:00; empty: always."),
    ] = ""
    audience: Annotated[
        Word, Meta(description="Who may see its alerts: empty for all, else audiences, commas between.")
    ] = ""
    is_removed: Annotated[bool, Meta(description="In a delta: the entry of this id is no longer on the list.")] = False


EXAMPLE = HotlistEntry(
    event_id=identity("hotlist_entry", LIST.list_id, LIST.version, "S-1"),
    occurred_at=LIST.as_of,
    observed_at=LIST.observed_at,
    source=LIST.source,
    list_id=LIST.list_id,
    list_version=LIST.version,
    entry_id="S-1",
    plate="A8C123",
    plate_region="us-la",
    kind="stolen_vehicle",
    severity="P2",
    reason="Stolen 14 January, case 26-0114",
    case_number="26-0114",
)

HOTLIST_ENTRY = EventType(
    name="hotlist_entry",
    cls=HotlistEntry,
    topic="rtcc.lpr.hotlist-entry.v1",
    key="list_id",
    table=Table(name="hotlist_entries", order_by=("plate", "list_id", "event_id")),
    # Lists stay in force until their next version, so the log must keep them; compaction would keep one chunk only.
    retention_days=3650,
    examples=(EXAMPLE,),
)
