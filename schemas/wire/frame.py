"""Frames: batches of events of one type in one Kafka message (DESIGN §3).

A frame is a JSON array of 1..512 events of one partition. A lone JSON object, as a foreign producer may send it,
is read as a frame of one. An event that cannot be decoded is set aside alone; the rest of its frame goes on. An array
longer than a frame is read too, if all of it can be; else it is set aside whole.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Generic

import msgspec

from schemas.envelope import Event
from schemas.event_type import E, EventType

MAX_EVENTS = 512
MAX_BYTES = 256 * 1024
#: One event larger than this is refused: Kafka's and aiokafka's default request limit is about 1 MB.
MAX_EVENT_BYTES = 900_000

_encoder = msgspec.json.Encoder()
_raw_list = msgspec.json.Decoder(list[msgspec.Raw])
#: What msgspec raises for bytes it cannot read: broken JSON, a wrong shape, text that is no UTF-8, too deep a nesting.
_UNREADABLE = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)

Headers = list[tuple[str, bytes]]


class Rejected(msgspec.Struct, frozen=True):
    """A part of a frame that could not be decoded: its bytes, its place (-1: the whole frame), and why."""

    original: bytes
    index: int
    reason: str
    error: str


class Frame(msgspec.Struct, Generic[E], frozen=True):
    """A decoded frame. ``events[i]`` stood at place ``places[i]`` of the message; ``rejected`` is the rest."""

    events: list[E]
    places: Sequence[int]
    rejected: list[Rejected]


class FrameDecoder(Generic[E]):
    """Decodes the frames of one event type."""

    def __init__(self, kind: EventType[E]) -> None:
        self._list: msgspec.json.Decoder[list[E]] = msgspec.json.Decoder(list[kind.cls])  # type: ignore[name-defined]
        self._one: msgspec.json.Decoder[E] = msgspec.json.Decoder(kind.cls)

    def decode(self, value: bytes | None) -> Frame[E]:
        """Return the events of a message's value. Never raises: what cannot be read is in ``rejected``."""
        if value is None:
            return Frame([], (), [])
        try:
            if value[:1] == b"{":
                return Frame([self._one.decode(value)], (0,), [])
            events = self._list.decode(value)
        except _UNREADABLE:
            return self._decode_apart(value)
        return Frame(events, range(len(events)), [])

    def _decode_apart(self, value: bytes) -> Frame[E]:
        """Decode element by element after one of them failed, so that only the bad ones are set aside."""
        try:
            elements = _elements(value)
        except _UNREADABLE as error:
            # Broken or nested too deeply: where one event ends and the next begins cannot be told.
            return Frame([], (), [Rejected(value, -1, "not_json", str(error))])
        if len(elements) > MAX_EVENTS:
            # No frame is that long: set apart one by one, a few hundred kilobytes would become 300,000 dead letters.
            why = f"some of its {len(elements)} elements cannot be read, and a frame has {MAX_EVENTS} at most"
            return Frame([], (), [Rejected(value, -1, "too_many_events", why)])
        events: list[E] = []
        places: list[int] = []
        rejected: list[Rejected] = []
        for place, raw in enumerate(elements):
            try:
                events.append(self._one.decode(raw))
                places.append(place)
            except _UNREADABLE as error:
                reason = "invalid_field" if isinstance(error, msgspec.ValidationError) else "not_json"
                rejected.append(Rejected(bytes(raw), place, reason, str(error)))
        return Frame(events, places, rejected)


def original_at(value: bytes, place: int) -> bytes:
    """Return the bytes of the event that stands at this place of a message that was decoded."""
    return bytes(_elements(value)[place])


def _elements(value: bytes) -> list[msgspec.Raw]:
    try:
        return _raw_list.decode(value)
    except msgspec.ValidationError:
        return [msgspec.Raw(value)]  # not an array: a lone object, or something that is no event


def encode_event(event: Event) -> bytes:
    """Return one event as JSON bytes."""
    return _encoder.encode(event)


def join_frame(encoded: Sequence[bytes]) -> bytes:
    """Return the frame made of events that are already encoded."""
    return b"[" + b",".join(encoded) + b"]"


def encode_frame(events: Sequence[Event]) -> bytes:
    """Return the frame made of these events."""
    return _encoder.encode(events)


def events_in(headers: Headers) -> int:
    """Return how many events a frame's headers say it has; 1 when they do not say."""
    told = dict(headers).get("count", b"")
    return int(told) if told.isdigit() else 1


def frame_headers(kind: EventType[E], first: Event, count: int, traceparent: str | None = None) -> Headers:
    """Return a frame's headers: CloudEvents 1.0 Kafka binding (§3.2.3, ``ce_`` prefix), plus ``count``.

    ``ce_id``, ``ce_source`` and ``ce_time`` are those of the first event; a frame can be routed without parsing.
    """
    headers = [
        ("content-type", b"application/json"),
        ("ce_specversion", b"1.0"),
        ("ce_type", kind.topic.encode()),
        ("ce_id", str(first.event_id).encode()),
        ("ce_source", first.source.encode()),
        ("ce_time", first.occurred_at.astimezone(UTC).isoformat(timespec="milliseconds").encode()),
        ("count", str(count).encode()),
    ]
    if traceparent is not None:
        headers.append(("traceparent", traceparent.encode()))
    return headers


def utc_now() -> datetime:
    """Return the present by our clock, aware, UTC."""
    return datetime.now(UTC)
