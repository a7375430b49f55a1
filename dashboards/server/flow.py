"""Choosing which events of a flow are shown when there are more than a person can see."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from typing import Any

from dashboards.server.fold import Memory
from schemas.wire.frame import encode_event

#: Ordinary events shown per second at most; those with a hit come on top, always.
RATE = 200.0
#: As many may come in one batch of 100 ms.
BURST = 20.0
#: Snapshots of a flow hold this many, the newest.
KEPT = 300


class Flow:
    """The newest events of a flow, thinned to RATE; events with a hit are never thinned."""

    def __init__(self, *, rate: float = RATE, burst: float = BURST, kept: int = KEPT) -> None:
        self._rate = rate
        self._burst = burst
        self._tokens = burst
        self._refilled_at: float | None = None
        self._memory = Memory()
        self._pending: list[Any] = []
        self._recent: deque[bytes] = deque(maxlen=kept)
        self.duplicates = 0
        self._passed_over = 0
        self.dropped = 0
        self.shown = 0

    def offer(self, event: Any) -> bool:
        """Take in an event; return False for one that was seen already."""
        if not self._memory.first_time(event):
            self.duplicates += 1
            return False
        self._pending.append(event)
        return True

    def pass_over(self, count: int) -> None:
        """Count events that came but were never looked at."""
        self._passed_over += count

    def seed(self, events: Any) -> None:
        """Take in events of the past: they are part of snapshots, nobody is told of them."""
        for event in events[-(self._recent.maxlen or 0) :]:
            if self._memory.first_time(event):
                self._recent.append(encode_event(event))

    def seen_by(self, as_seen: Callable[[Sequence[Any]], Sequence[Any]], decode: Callable[[bytes], Any]) -> Flow:
        """Return a flow of its own of the same events, as they may be seen."""
        flow = Flow(rate=self._rate, burst=self._burst, kept=self._recent.maxlen or 0)
        flow._memory = self._memory.copy()
        flow._recent.extend(encode_event(event) for event in as_seen([decode(row) for row in self._recent]))
        flow._pending.extend(as_seen(self._pending))
        return flow

    def take(self, mono: float) -> tuple[list[bytes], int]:
        """Return the rows to show of what came since the last call, in order, and how many were left out."""
        passed_over, self._passed_over = self._passed_over, 0
        self.dropped += passed_over
        if not self._pending:
            return [], passed_over
        pending, self._pending = self._pending, []
        since = 0.0 if self._refilled_at is None else mono - self._refilled_at
        self._tokens = min(self._burst, self._tokens + since * self._rate)
        self._refilled_at = mono
        plain = sum(1 for event in pending if not event.hits)
        allowed = min(plain, int(self._tokens))
        self._tokens -= allowed
        rows: list[bytes] = []
        seen = 0
        for event in pending:
            if not event.hits:
                seen += 1
                # Evenly over the batch, so that no camera is favoured for being first in a frame.
                if seen * allowed // plain == (seen - 1) * allowed // plain:
                    continue
            rows.append(encode_event(event))
        dropped = plain - allowed
        self._recent.extend(rows)
        self.dropped += dropped
        self.shown += len(rows)
        return rows, dropped + passed_over

    def rows(self) -> list[bytes]:
        """Return the newest events shown, oldest first."""
        return list(self._recent)
