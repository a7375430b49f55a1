"""What every way to a destination can do, and what can come of a try."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from msgspec import Struct

from compose.notify.messages import Message

#: What can come of a try: it was taken; the destination does not work now; it does not want this message; it is gone;
#: or there was none, as this message is for nobody there any more.
TAKEN, AWAY, UNWANTED, GONE, MOOT = "taken", "away", "unwanted", "gone", "moot"


class Outcome(Struct, frozen=True):
    """What came of a try. ``reason``: a word for the record. ``retry_after_s``: when it said to come back."""

    kind: str
    reason: str
    retry_after_s: float | None = None


class Room(Struct, frozen=True):
    """How many messages may go in one try now. ``gravest``: how many of the first gravity, where ``any`` is 0.
    ``wait_s``: where there is room for none, in how many seconds to ask again."""

    any: int
    gravest: int = 0
    wait_s: float = 0.0


class Channel(Protocol):
    """A way to a destination."""

    def room(self, now: float) -> Room:
        """Return how much may go now."""
        ...

    async def send(self, messages: Sequence[Message], now: float) -> Outcome:
        """Try once. Never raises for what the other side does."""
        ...

    async def close(self) -> None:
        """Close connections."""
        ...
