"""What a processor says of each event it was given. One outcome for each event; nothing may be silent."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

from msgspec import Struct

from schemas.envelope import Event
from schemas.event_type import EventType


class Emit(Struct, frozen=True, gc=False):
    """The event led to these events (in this order)."""

    events: tuple[Event, ...]


class Drop(Struct, frozen=True):
    """The event leads to nothing, for a named reason that is counted."""

    reason: str


class DeadLetter(Struct, frozen=True):
    """The event cannot be used: it is kept whole with the reason, and can be given back."""

    reason: str
    error: str


Outcome = Emit | Drop | DeadLetter


class Retry(Exception):  # noqa: N818 - a control word, not an error: the frame is tried again until it goes through
    """Something outside is not ready; the line is held and the frame tried again."""


class Processor(Protocol):
    """Consumes frames of some event types. ``process`` is called with the events of one frame, in order.

    It must be idempotent: after a crash a frame comes again. It may raise ``Retry``; anything else it raises is
    taken to be the fault of an event, which is found and dead-lettered alone.
    """

    name: str
    consumes: tuple[EventType[Any], ...]
    #: What it may emit: rights on Kafka are given by it.
    emits: tuple[EventType[Any], ...]

    def process(self, kind: EventType[Any], events: Sequence[Any], partition: int) -> Sequence[Outcome]:
        """Return one outcome for each event, in the same order."""
        ...
