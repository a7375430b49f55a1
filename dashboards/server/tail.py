"""The tail of a lossless channel: its last rows, numbered, so that every page can be given exactly what it missed."""

from __future__ import annotations

from msgspec import Struct

from dashboards.server.messages import numbered_delta

#: At least so many rows and so long a time are kept (interface reference §6) ...
MIN_ROWS = 20_000
MIN_AGE_S = 600.0
#: ... unless they would take more memory than this.
MAX_BYTES = 64 * 1024 * 1024
#: Bounds of one message.
BATCH_ROWS = 500
BATCH_BYTES = 256 * 1024
#: A batch is handed to further clients for this long; later its ``now`` would mislead their clocks.
SHARED_S = 0.1
_SHARED_BATCHES = 16
#: Traces remembered until their rows are encoded.
_TRACES = 64


class Batch(Struct, frozen=True, gc=False):
    """Rows ``first`` .. ``last`` as one message. ``since``: monotonic time its oldest row came in."""

    last: int
    text: str
    since: float
    encoded_at: float


class _Row(Struct, frozen=True, gc=False):
    row: bytes
    since: float
    hub_at: int
    total: int


class Tail:
    """Numbered rows of one channel. Rows up to ``flushed`` may be sent; the rest waits for the next flush."""

    def __init__(
        self, name: str, *, min_rows: int = MIN_ROWS, min_age_s: float = MIN_AGE_S, max_bytes: int = MAX_BYTES
    ) -> None:
        self._name = name
        self._min_rows = min_rows
        self._min_age_s = min_age_s
        self._max_bytes = max_bytes
        self._rows: dict[int, _Row] = {}
        self._shared: dict[int, Batch] = {}
        self._dropped_total = 0
        self._total = 0
        self.first = 1
        self.pos = 0
        self.flushed = 0
        self.encoded = 0
        #: Traces by the row that each ends with; few, and only while something is traced.
        self._traces: dict[int, str] = {}

    def skip(self) -> None:
        """Count a row that nobody can have missed, as nobody has been told a position yet."""
        self.pos += 1
        self.first = self.pos + 1
        self.flushed = self.pos

    def append(self, row: bytes, hub_at: int, mono: float) -> None:
        """Add a row. ``hub_at``: milliseconds since 1970 when the hub got it; ``mono``: the same, monotonic seconds."""
        self.pos += 1
        self._total += len(row)
        self._rows[self.pos] = _Row(row, mono, hub_at, self._total)
        while len(self._rows) > 1:
            oldest = self._rows[self.first]
            within_age = mono - oldest.since <= self._min_age_s
            within_bytes = self._total - self._dropped_total <= self._max_bytes
            if within_bytes and (within_age or len(self._rows) <= self._min_rows):
                break
            del self._rows[self.first]
            self._dropped_total = oldest.total
            self.first += 1

    def mark(self, trace: str) -> None:
        """Note that the row added last belongs to a trace."""
        self._traces[self.pos] = trace
        while len(self._traces) > _TRACES:
            del self._traces[next(iter(self._traces))]

    def flush(self) -> bool:
        """Let everything be sent; return whether there was anything new."""
        if self.flushed == self.pos:
            return False
        self.flushed = self.pos
        return True

    def covers(self, cursor: int) -> bool:
        """Return whether a page that has everything up to ``cursor`` can be given the rest."""
        return self.first - 1 <= cursor <= self.pos

    def bytes_after(self, cursor: int) -> int:
        """Return how many bytes of rows follow ``cursor``."""
        row = self._rows.get(cursor)
        return self._total - (self._dropped_total if row is None else row.total)

    def waiting_since(self, cursor: int) -> float | None:
        """Return since when (monotonic) the first row after ``cursor`` has been waiting; None when none waits."""
        row = self._rows.get(cursor + 1)
        return row.since if row is not None and cursor < self.flushed else None

    def batch(self, cursor: int, now_ms: int, mono: float) -> Batch | None:
        """Return the next message after ``cursor``, None when there is nothing to send.

        Encoded once: all clients that stand at the same place get the very same text.
        The caller has checked ``covers(cursor)``.
        """
        if cursor >= self.flushed:
            return None
        shared = self._shared.get(cursor)
        if shared is not None and mono - shared.encoded_at <= SHARED_S:
            return shared
        rows: list[bytes] = []
        size = 0
        last = cursor
        hub_at = self._rows[cursor + 1].hub_at
        while last < self.flushed and len(rows) < BATCH_ROWS:
            row = self._rows[last + 1]
            size += len(row.row)
            if rows and size > BATCH_BYTES:
                break
            rows.append(row.row)
            last += 1
        trace = next((one for pos, one in self._traces.items() if cursor < pos <= last), "")
        text = numbered_delta(self._name, cursor + 1, last, rows, now_ms=now_ms, hub_at=hub_at, trace=trace)
        batch = Batch(last, text, self._rows[cursor + 1].since, mono)
        self.encoded += 1
        self._shared[cursor] = batch
        while len(self._shared) > _SHARED_BATCHES:
            del self._shared[next(iter(self._shared))]
        return batch
