"""What the registry knows of an event type besides its fields: topic, key, table, and who is told."""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum
from typing import Generic, TypeVar

from msgspec import Struct

from schemas.envelope import Event

E = TypeVar("E", bound=Event)


class Push(Enum):
    """How the hub treats an event type (reference/interface: classes of data)."""

    LOSSLESS = "lossless"  # ordered, never dropped: alerts, incidents, calls
    LATEST = "latest"  # coalesced per key, newest wins: cameras, health, zones
    FLOW = "flow"  # best effort, sampled when too fast: sightings
    NONE = "none"  # never pushed live


class KeyTable(Struct, frozen=True):
    """A table of search keys beside a table: several rows for each of its rows, found by ``order_by``.

    ``columns``: name and ClickHouse type; ``copied``: columns of the table itself that follow them. The store's writer
    fills it before it stores the rows themselves (docs/adr/0015-finding-people.md).
    """

    name: str
    columns: tuple[tuple[str, str], ...]
    order_by: tuple[str, ...]
    copied: tuple[str, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """The names of all columns, in order."""
        return (*(name for name, _ in self.columns), *self.copied)


class Table(Struct, frozen=True, kw_only=True):
    """The ClickHouse table of an event type (intended state; migrations reach it).

    ``order_by``: the columns of its sorting key, chosen for the question asked most.
    ``month_of``: the time column it is partitioned by month on.
    ``steady_time``: False where the same event may come again with another time in that column, because it is made
    anew when its cause comes again; the store then looks for its id at all times.
    ``projection``: columns of a second sort order kept as an index projection, for the second question.
    ``current``: for states, the name of the view that shows only the newest state of each key.
    ``looked_up``: True where single things are read whole, by their key: all fields are kept a second time, by the
    hash of the key and in small granules.
    ``keys``: the table of search keys that goes with it.
    """

    name: str
    order_by: tuple[str, ...]
    month_of: str = "occurred_at"
    steady_time: bool = True
    projection: tuple[str, ...] = ()
    current: str | None = None
    looked_up: bool = False
    keys: KeyTable | None = None


class EventType(Struct, Generic[E], frozen=True, kw_only=True):
    """One event type: its class and its stream descriptor.

    ``key``: the field that keys the topic; events of one key stay in order in one partition.
    ``version_field``: for states (several events describe one thing), the field whose greatest value is newest.
    ``compacted``: the topic keeps the newest frame of each key for ever, so it can be read whole.
    ``examples``: valid events used by docs, tests and generators.
    """

    name: str
    cls: type[E]
    topic: str
    key: str
    table: Table | None
    push: Push = Push.NONE
    version_field: str | None = None
    compacted: bool = False
    retention_days: int = 30
    examples: Sequence[E] = ()

    def key_of(self, event: E) -> str:
        """Return the partition key of an event, as text."""
        return str(getattr(event, self.key))
