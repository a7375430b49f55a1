"""What the ledger counts: events of one type, source and minute, at one hop."""

from __future__ import annotations

from datetime import UTC, datetime

from msgspec import Struct

from schemas.event_type import EventType
from schemas.events.canary import CANARY
from schemas.events.ledger_count import LEDGER_COUNT
from schemas.id_digest import MASK
from schemas.registry import EVENT_TYPES

#: What is reconciled: every event type but the ledger's own counts, which would have to be counted again for ever, and
#: canaries, which are watched one by one (compose/canary.py).
RECONCILED: tuple[EventType, ...] = tuple(  # type: ignore[type-arg]
    kind for kind in EVENT_TYPES if kind not in (LEDGER_COUNT, CANARY) and kind.table is not None
)

#: Sources inside the system: what they make comes from other events, so no edge has accepted it.
INSIDE = ("processor/", "store/", "rule/")
#: Types that processors make; a sighting carries its read's source.
DERIVED = frozenset({"sighting", "incident", "alert"})


class Bucket(Struct, frozen=True, order=True):
    """Events of one type and source, observed in one minute (minutes since 1970, UTC)."""

    event_type: str
    source: str
    minute: int

    @property
    def begins(self) -> datetime:
        """The beginning of its minute."""
        return minute_begins(self.minute)

    @property
    def is_accepted_at_an_edge(self) -> bool:
        """False for what processors, rules and the store make of other events."""
        return self.event_type not in DERIVED and not self.source.startswith(INSIDE)


class Tally(Struct, frozen=True):
    """How many events, and the digest of their ids; an event that comes twice counts twice. Tallies add up."""

    count: int = 0
    digest: int = 0

    def plus(self, other: Tally) -> Tally:
        """Return the tally of both together."""
        return Tally(self.count + other.count, (self.digest + other.digest) & MASK)


def minute_of(moment: datetime) -> int:
    """Return the minute of an aware moment, in minutes since 1970."""
    return int(moment.timestamp() // 60)


def minute_begins(minute: int) -> datetime:
    """Return the moment at which a minute begins (UTC)."""
    return datetime.fromtimestamp(minute * 60, UTC)
