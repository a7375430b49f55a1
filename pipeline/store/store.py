"""What a store does, whichever engine is behind it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Literal, Protocol

from msgspec import Struct

from pipeline.store.errors import Limits
from pipeline.store.parameters import Parameter
from schemas.envelope import Event
from schemas.event_type import EventType

#: How an answer can be written. Pretty is a table for terminals; CSV has a line of names and is safe for spreadsheets.
Format = Literal["JSON", "JSONCompact", "JSONEachRow", "CSV", "Pretty"]
FORMATS: tuple[Format, ...] = ("JSON", "JSONCompact", "JSONEachRow", "CSV", "Pretty")


class Placed(Struct, frozen=True, gc=False):
    """An event with its place in the log: topic, partition and the offset of its frame."""

    event: Event
    topic: str
    partition: int
    offset: int


class StoreHealth(Struct, frozen=True):
    """How the store is doing.

    ``detached_parts`` counts data that the engine set aside as broken: more than none means rows are missing.
    ``disk_free`` and ``disk_total`` are bytes. ``newest_stored_at`` is by table; None for an empty one.
    """

    reachable: bool
    detail: str = ""
    detached_parts: int = 0
    disk_free: int = 0
    disk_total: int = 0
    newest_stored_at: Mapping[str, datetime | None] = {}


class Store(Protocol):
    """Rows in, answers out. All methods block and may be called from any thread."""

    def insert(self, kind: EventType[Any], rows: Sequence[Placed]) -> int:
        """Store rows durably and return how many were new; rows whose ``event_id`` is stored already are left out.

        Either all new rows are stored or none is. Raises StoreUnavailableError (try again), BadRowsError (a row cannot
        be stored) or StoreError.
        """
        ...

    def add_keys(self, kind: EventType[Any], events: Sequence[Event]) -> int:
        """Store the search keys of events whose rows are stored; return how many. The same ones may be added again.

        Raises StoreUnavailableError or StoreError.
        """
        ...

    def drop_keys(self, kind: EventType[Any], where: str) -> None:
        """Take away the search keys for which a condition of our own, in SQL, holds.

        Raises StoreUnavailableError or StoreError.
        """
        ...

    def query(
        self, sql: str, params: Mapping[str, Parameter] | None = None, fmt: Format = "JSON", *, limits: Limits = ...
    ) -> bytes:
        """Run one query of our own, with ``{name:Type}`` parameters, and return the answer in a format.

        Raises QueryFailedError when it goes over a limit, StoreUnavailableError or StoreError.
        """
        ...

    def foreign_query(self, sql: str, fmt: Format = "Pretty", *, spreadsheet_safe: bool = True) -> bytes:
        """Run one query that a person wrote, read-only over our tables, after the gate has passed it.

        ``spreadsheet_safe``: in CSV, text that a spreadsheet would run as a formula gets a leading apostrophe.
        Raises QueryRefusedError, QueryFailedError or StoreUnavailableError.
        """
        ...

    def migrate(self) -> list[str]:
        """Apply the migrations that are not yet applied, in order, and return their names."""
        ...

    def health(self) -> StoreHealth:
        """Return how the store is doing. Never raises for a store that is away: it says so."""
        ...

    def close(self) -> None:
        """Let go of the store. Calling it twice is harmless."""
        ...
