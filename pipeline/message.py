"""Kafka messages as the pipeline hands them around, free of any engine."""

from __future__ import annotations

from msgspec import Struct

from schemas.wire.frame import Headers


class Message(Struct, frozen=True):
    """A Kafka message as it came in. ``timestamp_ms``: when its producer sent it, epoch milliseconds; 0: not known."""

    topic: str
    partition: int
    offset: int
    key: bytes | None
    value: bytes | None
    headers: Headers
    timestamp_ms: int = 0


class Outgoing(Struct, frozen=True):
    """A Kafka message that must be confirmed by the broker before its cause is acknowledged."""

    topic: str
    partition: int
    key: bytes
    value: bytes
    headers: Headers
