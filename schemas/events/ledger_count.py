"""How many events a process was told are durable: one line of the ledger."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

from msgspec import Meta

from schemas.envelope import Count, Event, Moment, Name, Word
from schemas.event_type import EventType, Table
from schemas.identity import identity


class LedgerCount(Event, frozen=True, kw_only=True, gc=False):
    """Events of one type, source and minute that a process was told are durable, since it last said so.

    Increments: the sum over all of a bucket's counts is the bucket. The id comes from the run of the process and a
    running number, so that a report sent twice counts once.
    """

    process: Annotated[Name, Meta(description="The run of the process that counts: its name and a random part.")]
    number: Annotated[int, Meta(ge=0, description="Running number of this count in that run, from 0.")]
    hop: Annotated[Word, Meta(description="Where it was counted: accepted.")]
    counted_type: Annotated[Word, Meta(description="Type of the events counted.")]
    counted_source: Annotated[Word, Meta(description="Their source.")]
    minute: Annotated[Moment, Meta(description="Beginning of the minute of their observed_at (UTC).")]
    count: Annotated[Count, Meta(description="How many; an event that was sent twice counts twice.")]
    digest: Annotated[
        str,
        Meta(pattern="^[0-9a-f]{16}$", description="Sum modulo 2^64 of the low 64 bits of their ids, hexadecimal."),
    ]
    device: Annotated[
        Name | None, Meta(description="The device that numbers its events, where the vendor's events have a number.")
    ] = None
    first_sequence: Annotated[Count | None, Meta(description="Lowest of the device's numbers among them.")] = None
    last_sequence: Annotated[Count | None, Meta(description="Highest of the device's numbers among them.")] = None


_AT = datetime(2026, 1, 15, 18, 30, 10, tzinfo=UTC)
EXAMPLE = LedgerCount(
    event_id=identity("ledger_count", "watchfloor-edge/5f2c9a", 0),
    occurred_at=_AT,
    observed_at=_AT,
    source="ledger/watchfloor-edge",
    process="watchfloor-edge/5f2c9a",
    number=0,
    hop="accepted",
    counted_type="plate_read",
    counted_source="rekor/east",
    minute=_AT.replace(second=0),
    count=118,
    digest="8c5fe1b06a2d9347",
)

LEDGER_COUNT = EventType(
    name="ledger_count",
    cls=LedgerCount,
    topic="rtcc.ledger.count.v1",
    key="process",
    table=Table(name="ledger_counts", order_by=("minute", "counted_type", "counted_source", "event_id")),
    retention_days=30,
    examples=(EXAMPLE,),
)
