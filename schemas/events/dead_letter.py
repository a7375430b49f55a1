"""Something that was accepted and could not be used, kept whole with the reason."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

from msgspec import Meta

from schemas.envelope import Event, Word
from schemas.event_type import EventType, Table
from schemas.identity import identity


class DeadLetter(Event, frozen=True, kw_only=True, gc=False):
    """Refused with a reason; the original bytes are here, so that it can be given back."""

    reason: Annotated[Word, Meta(description="Short code: not_json, invalid_field, rule_failed, unknown_alert ...")]
    step: Annotated[Word, Meta(description="Where: decode, translate, or a processor's name.")]
    error: Annotated[
        str, Meta(max_length=2000, description="What was wrong, naming the field; never a plate or a name.")
    ]
    topic: Annotated[
        Word, Meta(description="Topic it came from and is replayed to; for the edge, the topic it was meant for.")
    ]
    partition: Annotated[int, Meta(ge=-1, description="Partition, -1 at the edge.")] = -1
    offset: Annotated[int, Meta(ge=-1, description="Offset of the frame, -1 at the edge.")] = -1
    index: Annotated[int, Meta(ge=-1, description="Place in the frame, -1 when the whole frame is meant.")] = -1
    key: Annotated[bytes, Meta(description="The message's key, base64.")] = b""
    original: Annotated[bytes, Meta(description="The original bytes, base64.")]
    headers: Annotated[dict[str, str], Meta(description="The message's headers.")] = {}  # noqa: RUF012 - msgspec copies it
    code_version: Annotated[str, Meta(max_length=100, description="Version of Watchfloor that refused it.")] = ""


_AT = datetime(2026, 1, 15, 18, 31, tzinfo=UTC)
EXAMPLE = DeadLetter(
    event_id=identity("dead_letter", "rtcc.lpr.plate-read.v1", 2, 1041, 3),
    occurred_at=_AT,
    observed_at=_AT,
    source="processor/sightings",
    reason="invalid_field",
    step="decode",
    error="Expected `float` <= 1.0 - at `$.confidence`",
    topic="rtcc.lpr.plate-read.v1",
    partition=2,
    offset=1041,
    index=3,
    original=b'{"confidence": 94}',
)

DEAD_LETTER = EventType(
    name="dead_letter",
    cls=DeadLetter,
    topic="rtcc.stream.dead-letter.v1",
    key="event_id",
    table=Table(name="dead_letters", order_by=("occurred_at", "event_id"), steady_time=False),
    retention_days=365,
    examples=(EXAMPLE,),
)
