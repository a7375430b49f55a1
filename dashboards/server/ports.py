"""What the server needs from others, as small promises; whoever puts the parts together gives the real ones.

The server knows the event types only. It reaches neither the log nor the store itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol
from uuid import UUID

from msgspec import Struct

from schemas.events.dead_letter import DeadLetter

#: Formats a question's answer can be asked in.
FORMATS = ("Pretty", "JSON", "CSV", "JSONEachRow")


class QueryRefusedError(Exception):
    """The question may not be asked (it writes, reads files, opens addresses ...). The text says why."""


class QueryFailedError(Exception):
    """The question was allowed but could not be answered (a typing error, a limit). The text says why."""


class ReplayRefusedError(Exception):
    """A dead letter cannot be given back as it is. The text says why and what to do instead."""


class StoreUnavailableError(Exception):
    """The store cannot be reached now; asking again later may help."""


class Query(Protocol):
    """Answers SQL written by people."""

    async def foreign(self, sql: str, fmt: str, raw: bool = False) -> bytes:
        """Return the answer as bytes in ``fmt`` (one of FORMATS); ``raw`` asks for the store's own numbers and ids.

        Raises QueryRefusedError, QueryFailedError or StoreUnavailableError.
        """
        ...


class Before(Struct, frozen=True):
    """A place in the list of dead letters: those older than it follow."""

    occurred_at: datetime
    event_id: UUID


class DeadLetters(Protocol):
    """The refused events, newest first. Every method may raise StoreUnavailableError."""

    async def list(self, limit: int, before: Before | None, reason: str | None) -> Sequence[DeadLetter]:
        """Return up to ``limit`` dead letters, ordered by (occurred_at, event_id) descending, older than ``before``."""
        ...

    async def get(self, event_id: UUID) -> DeadLetter | None:
        """Return one dead letter, or None when there is none of this id."""
        ...

    async def replay(self, event_id: UUID) -> bool:
        """Give the original bytes back to their topic; False when there is none of this id.

        Returns after the broker has confirmed; raises schemas.wire.publisher.BrokerUnavailableError when it did not,
        and ReplayRefusedError when it would be refused again.
        """
        ...


class LedgerGap(Struct, frozen=True, kw_only=True):
    """Events that one hop had and the next has not. ``event_ids``: some of them, where ids are known."""

    hop: str
    count: int
    event_ids: tuple[str, ...]
    why: str


class LedgerRow(Struct, frozen=True, kw_only=True):
    """One bucket of the ledger: events of a type and source, observed in one minute.

    Counts by hop; None where nobody counts or it cannot be checked. ``state``: balanced, resends, open,
    not_reported, not_comparable or gap; ``why`` says it in words.
    """

    event_type: str
    source: str
    minute: datetime
    accepted: int | None
    logged: int
    stored: int
    processed: int | None
    alerts_due: int | None
    alerts_raised: int | None
    state: str
    why: str
    gaps: tuple[LedgerGap, ...] = ()


class SequenceHole(Struct, frozen=True, kw_only=True):
    """Numbers ``first`` to ``last`` that a device gave its events; ``missing`` of them never came."""

    source: str
    device: str
    first: int
    last: int
    missing: int


class LedgerReport(Struct, frozen=True, kw_only=True):
    """The ledger of a period, worst rows first. ``begin``, ``end``: whole minutes; ``judged_at``: when (UTC)."""

    begin: datetime
    end: datetime
    judged_at: datetime | None
    rows: tuple[LedgerRow, ...]
    holes: tuple[SequenceHole, ...] = ()


class LedgerFigures(Struct, frozen=True, kw_only=True):
    """What the metrics say: buckets by state over the ledger's window, events missing by hop, lag by hop in messages.

    ``judged_ago_s``: seconds since the last judgement, None before the first.
    """

    states: dict[str, int]
    missing: dict[str, int]
    lag: dict[str, int]
    judged_ago_s: float | None


class LedgerBusyError(Exception):
    """A period is being verified; one at a time."""


class Ledger(Protocol):
    """Counts at each hop, and what they say. Methods may raise StoreUnavailableError or BrokerUnavailableError."""

    async def recent(self, begin: datetime, end: datetime) -> LedgerReport:
        """Return the verdicts kept of a period; they reach back two hours."""
        ...

    async def verify(self, begin: datetime, end: datetime) -> LedgerReport:
        """Read log and store anew and judge a period. Raises LedgerBusyError."""
        ...

    def figures(self) -> LedgerFigures:
        """Return the figures for the metrics."""
        ...


class Flight(Struct, frozen=True, kw_only=True):
    """The last canary of a connector: a made-up read posted through its door.

    ``fault``: "" when it came the whole way in time, else what did not happen, in plain words; ``stage``: where (door,
    processing, screen, store). ``door_ms``, ``screen_ms``, ``stored_ms``: from the post to its answer, to a websocket,
    to a row in the store; None when it did not come so far in time.
    """

    connector: str
    at: datetime
    fault: str = ""
    stage: str = ""
    door_ms: float | None = None
    screen_ms: float | None = None
    stored_ms: float | None = None


class CopyRefusedError(Exception):
    """A table cannot be copied as asked. The text says why."""


class CopyableStore(Struct, frozen=True, kw_only=True):
    """The tables of a store that can be copied, and the migrations that made them."""

    tables: tuple[str, ...]
    migrations: tuple[str, ...]


class StoreCopies(Protocol):
    """Copies whole tables into files. Methods may raise StoreUnavailableError."""

    async def about(self) -> CopyableStore:
        """Return what there is."""
        ...

    async def copy(self, folder: str, table: str) -> object:
        """Write a table into a folder that the asker made, and return counts and digests, which encode as JSON.

        Raises CopyRefusedError.
        """
        ...


class Vitals(Struct, frozen=True, kw_only=True):
    """How the parts around the server are doing, as seen by whoever put them together.

    ``log_polled_ago_s``: seconds since the log reader last asked the broker and got an answer (None: never).
    ``publisher``, ``store``: "" when well, else what is wrong in plain words; ``store`` is None when there is no store.
    ``behind_s``: seconds that the oldest event which waits for a stage (process, store) has waited; None: not known.
    ``canaries``: the last made-up read of each connector that is watched.
    ``details``: anything else worth showing on /api/status.
    """

    log_alive: bool
    log_polled_ago_s: float | None
    publisher: str = ""
    store: str | None = None
    behind_s: dict[str, float] | None = None
    canaries: Sequence[Flight] = ()
    details: dict[str, object] = {}
