"""A hotlist: the manifest that makes a complete set of entries take effect at once."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

from msgspec import Meta

from schemas.envelope import Event, Moment, Name, Positive, Word
from schemas.event_type import EventType, Push, Table
from schemas.identity import identity


class Hotlist(Event, frozen=True, kw_only=True, gc=False):
    """The manifest of one version of a list. Readers swap it in only when every chunk it names has arrived."""

    list_id: Annotated[Name, Meta(description="The list.")]
    version: Annotated[str, Meta(min_length=1, max_length=100, description="This version; greater text is newer.")]
    title: Annotated[str, Meta(max_length=200, description="What people call it.")] = ""
    owner: Annotated[Word, Meta(description="Who answers for it.")] = ""
    as_of: Annotated[Moment, Meta(description="How current the list is by its owner's clock (UTC).")]
    entry_count: Annotated[int, Meta(ge=0, description="Entries in it.")]
    chunk_count: Annotated[int, Meta(ge=0, description="Chunks the entries were sent in, numbered from 0.")]
    checksum: Annotated[
        str,
        Meta(description="SHA-256, hex, over the entries' JSON in order of their ids (schemas/hotlist_checksum.py)."),
    ]
    base_version: Annotated[
        str, Meta(max_length=100, description="The version that this one changes; empty: it is the whole list.")
    ] = ""
    tolerance: Annotated[
        Word,
        Meta(
            description="What counts as a match: exact, look_alike, or edit (one character lost, added or other); empty: look_alike."
        ),
    ] = "look_alike"
    max_age_s: Annotated[
        Positive | None, Meta(description="Age from which the list counts as stale, seconds; none: never.")
    ] = None
    time_zone: Annotated[str, Meta(max_length=60, description="IANA time zone of schedules; empty: UTC.")] = "UTC"
    audience: Annotated[
        Word,
        Meta(
            description="Who may know of the list, and see alerts of entries that name nobody: empty for all, else"
            " audiences, commas between."
        ),
    ] = ""


_AT = datetime(2026, 1, 15, 6, 0, tzinfo=UTC)
EXAMPLE = Hotlist(
    event_id=identity("hotlist", "stolen", "20260115T060000.000Z"),
    occurred_at=_AT,
    observed_at=_AT,
    source="hotlist/csv",
    list_id="stolen",
    version="20260115T060000.000Z",
    title="Stolen vehicles",
    owner="NOPD",
    as_of=_AT,
    entry_count=1,
    chunk_count=1,
    checksum="9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
)

HOTLIST = EventType(
    name="hotlist",
    cls=Hotlist,
    topic="rtcc.lpr.hotlist.v1",
    key="list_id",
    table=Table(name="hotlist_versions", order_by=("list_id", "version", "event_id"), current="hotlists"),
    push=Push.LATEST,
    version_field="version",
    compacted=True,
    examples=(EXAMPLE,),
)
