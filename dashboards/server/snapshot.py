"""Snapshots: a channel's whole state at one moment, in parts, encoded once for all clients that take it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from dashboards.server.messages import snapshot_part
from dashboards.server.tail import BATCH_BYTES, BATCH_ROWS


class Snapshot:
    """The rows of a channel at ``pos``, cut into parts of at most 500 rows and about 256 KiB."""

    def __init__(self, channel: str, pos: int, rows: Sequence[bytes], taken_at: float) -> None:
        self.channel = channel
        self.pos = pos
        self.taken_at = taken_at
        self._parts = _cut(rows)
        self._texts: dict[int, str] | None = {}

    @property
    def of(self) -> int:
        """The number of parts, at least one."""
        return len(self._parts)

    def rows(self) -> Iterator[bytes]:
        """Yield all rows."""
        for part in self._parts:
            yield from part

    def part(self, number: int) -> str:
        """Return a part as a message; numbers from 1."""
        if self._texts is not None and number in self._texts:
            return self._texts[number]
        text = snapshot_part(self.channel, self.pos, number, self.of, self._parts[number - 1])
        if self._texts is not None:
            self._texts[number] = text
        return text

    def retire(self) -> None:
        """Keep no texts any more: a newer snapshot is handed out now, and slow takers must not hold memory."""
        self._texts = None


def _cut(rows: Sequence[bytes]) -> list[Sequence[bytes]]:
    parts: list[Sequence[bytes]] = []
    start = 0
    size = 0
    for index, row in enumerate(rows):
        if index > start and (index - start >= BATCH_ROWS or size + len(row) > BATCH_BYTES):
            parts.append(rows[start:index])
            start, size = index, 0
        size += len(row)
    parts.append(rows[start:])
    return parts
