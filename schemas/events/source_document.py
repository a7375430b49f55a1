"""A source's document, kept whole and as it came, in parts that fit the log."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from schemas.envelope import Count, Event, Name, Word
from schemas.event_type import EventType, Table
from schemas.events.emergency_call import EXAMPLE as CALL
from schemas.identity import identity

#: Characters of a document in one part: a part stays within a frame, whatever its characters take in UTF-8.
PART_CHARS = 50_000


class SourceDocument(Event, frozen=True, kw_only=True, gc=False):
    """One part of a document. What we do not understand of it must still be there when it is handed on
    (NENA-STA-021: support of a member means to preserve it), so it is kept beside the call made of it."""

    document_id: Annotated[Name, Meta(description="SHA-256 of the whole text in UTF-8, hexadecimal.")]
    part: Annotated[Count, Meta(description="Which part this is, from 0.")]
    parts: Annotated[int, Meta(ge=1, description="How many there are.")]
    media_type: Annotated[Word, Meta(description="Its media type: application/json ...")]
    about: Annotated[Name, Meta(description="The call it describes: a call_id.")]
    text: Annotated[str, Meta(max_length=PART_CHARS, description="The part's text.")]


EXAMPLE = SourceDocument(
    event_id=identity("source_document", "0" * 64, 0),
    occurred_at=CALL.occurred_at,
    observed_at=CALL.observed_at,
    source="eido/east",
    document_id="0" * 64,
    part=0,
    parts=1,
    media_type="application/json",
    about=CALL.call_id,
    text="{}",
)

SOURCE_DOCUMENT = EventType(
    name="source_document",
    cls=SourceDocument,
    topic="rtcc.call.source-document.v1",
    key="document_id",
    table=Table(name="source_documents", order_by=("document_id", "part", "event_id"), steady_time=False),
    retention_days=365,
    examples=(EXAMPLE,),
)
