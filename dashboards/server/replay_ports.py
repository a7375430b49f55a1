"""What the server needs of the store to replay a past period (see ports.py)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

from msgspec import Struct

from schemas.envelope import Event
from schemas.event_type import EventType


class Recorded(Struct, frozen=True, gc=False):
    """An event, and when the control room could know of it, seconds since 1970."""

    at: float
    event: Event


class Portion(Struct, frozen=True, kw_only=True):
    """What became known in a stretch of time, oldest first. ``left_out``: how much more there was."""

    rows: Sequence[Recorded]
    left_out: int = 0


class Mark(Struct, frozen=True, kw_only=True):
    """An alert of a period: where it stands on a time line. ``audience``: who may see it (schemas/audience.py),
    of those of its ``jurisdiction``. ``place``: latitude and longitude, degrees; None: not known."""

    at: datetime
    alert_id: UUID
    severity: str
    title: str
    audience: str = ""
    jurisdiction: str = "default"
    place: tuple[float, float] | None = None


class Marks(Struct, frozen=True, kw_only=True):
    """The gravest alerts raised in a period, oldest first. ``is_cut``: there were more.

    ``oldest``: when the first event that the store has became known; None: it has none, or that took too long to find.
    """

    rows: Sequence[Mark]
    is_cut: bool
    oldest: datetime | None


class Recording(Protocol):
    """The past as the store has it. Methods may raise ports.TooSlowError or ports.StoreUnavailableError.

    An event counts from when it became known here, not from when it happened: a replay shows what could be seen then.
    """

    async def state(self, kind: EventType[Any], at: datetime) -> Sequence[Recorded]:
        """Return what a screen that was opened at this moment was given: the newest state of each key; of a flow, its
        newest events."""
        ...

    async def stretch(self, kind: EventType[Any], begin: datetime, end: datetime, apart_s: float, most: int) -> Portion:
        """Return what became known after ``begin`` up to and with ``end``, at most ``most``, the newest.

        Where only the newest of a key counts, one in ``apart_s`` seconds; of a flow, all with a hit, and of the rest a
        fair sample.
        """
        ...

    async def marks(self, begin: datetime, end: datetime, most: int) -> Marks:
        """Return at most ``most`` of the P1 and P2 of a period, the gravest."""
        ...
