"""The envelope every event carries, and the annotated types its fields are made of.

Times are aware UTC datetimes only; on the wire RFC 3339 with at least milliseconds.
Angles are degrees, lengths metres, speeds km/h, confidences 0..1, coordinates WGS 84 degrees.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

from msgspec import Meta, Struct

Moment = Annotated[datetime, Meta(tz=True)]
Latitude = Annotated[float, Meta(ge=-90, le=90)]
Longitude = Annotated[float, Meta(ge=-180, le=180)]
Fraction = Annotated[float, Meta(ge=0, le=1)]
Heading = Annotated[float, Meta(ge=0, lt=360)]
Metres = Annotated[float, Meta(ge=0)]
SpeedKmh = Annotated[float, Meta(ge=0, le=500)]
#: A priority: 0..10, 10 highest, as in NENA-STA-021 (EIDO).
Priority = Annotated[int, Meta(ge=0, le=10)]
Count = Annotated[int, Meta(ge=0)]
NonNegative = Annotated[float, Meta(ge=0)]
Positive = Annotated[float, Meta(gt=0)]
#: A short identifier given by a source or a person. Bounded, so that no key can fill a partition's index.
Name = Annotated[str, Meta(min_length=1, max_length=200)]
#: A value of a small vocabulary; the store keeps it dictionary-coded.
Word = Annotated[str, Meta(max_length=100, extra={"clickhouse": "LowCardinality(String)"})]


class Event(Struct, frozen=True, kw_only=True, gc=False):
    """An immutable fact. Fields of the envelope (DESIGN §4)."""

    event_id: Annotated[UUID, Meta(description="UUIDv5 of the source's own identity: a replay makes the same id.")]
    occurred_at: Annotated[Moment, Meta(description="When it happened, by the source's clock (UTC).")]
    observed_at: Annotated[Moment, Meta(description="When our edge received it, by our clock (UTC).")]
    source: Annotated[Word, Meta(description="Connector and instance that made the event, as connector/instance.")]
    jurisdiction: Annotated[Word, Meta(description="Agency whose retention rules apply.")] = "default"
    synthetic: Annotated[
        bool, Meta(description="True when a simulator or a probe made the event; never counted in statistics.")
    ] = False
