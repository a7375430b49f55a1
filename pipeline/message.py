"""Kafka messages as the pipeline hands them around, free of any engine."""

from __future__ import annotations

from msgspec import Struct

from schemas.wire.frame import Headers


class Message(Struct, frozen=True):
    """A Kafka message as it came in."""

    topic: str
    partition: int
    offset: int
    key: bytes | None
    value: bytes | None
    headers: Headers


class Outgoing(Struct, frozen=True):
    """A Kafka message that must be confirmed by the broker before its cause is acknowledged."""

    topic: str
    partition: int
    key: bytes
    value: bytes
    headers: Headers
