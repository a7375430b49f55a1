"""What the outbox holds: what is to be told, how a destination does, and what is put on record."""

from __future__ import annotations

from msgspec import Struct

from schemas.identity import identity

#: What becomes of a message.
WAITING, DELIVERED, GIVEN_UP = "waiting", "delivered", "given_up"
#: Gravities, as the numbers of severities are.
GRAVEST, LEAST = 1, 4


def message_id(destination: str, key: str) -> str:
    """Return the id by which a receiver knows a message again, however often it is sent."""
    return f"msg_{identity('notification', destination, key).hex}"


class Draft(Struct, frozen=True, kw_only=True):
    """Something to tell a destination. ``key``: with the destination it is told once. ``at``: when it came up.
    ``gravity``: 1 to 4, as severities are; of what waits the gravest is told first.

    ``if_told``: only if the destination was told of the subject before, or is going to be.
    """

    destination: str
    key: str
    kind: str
    subject_id: str
    at: float
    gravity: int
    synthetic: bool
    content: bytes
    if_told: bool = False


class Message(Struct, frozen=True, kw_only=True):
    """Something that waits to be told. ``message_id`` is the same however often it is sent."""

    number: int
    destination: str
    key: str
    message_id: str
    kind: str
    subject_id: str
    at: float
    queued_at: float
    due_at: float
    tries: int
    synthetic: bool
    content: bytes


class State(Struct, frozen=True, kw_only=True):
    """How a destination does. Times are Unix seconds; None: not so."""

    name: str
    waiting: int
    delivered: int
    given_up: int
    oldest_at: float | None
    disabled: str
    paused_until: float
    failing_since: float | None
    last_error: str
    delivered_at: float | None


class Record(Struct, frozen=True, kw_only=True):
    """Something that was done. ``number`` counts up within ``box``."""

    box: str
    number: int
    at: float
    name: str
    subject_id: str
    actor: str
    synthetic: bool
    details: dict[str, str]
