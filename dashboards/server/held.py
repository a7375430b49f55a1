"""What a channel holds between two rounds: since when, for the figures of latency, and which traces it ends."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from schemas.envelope import Event
from schemas.event_type import EventType
from schemas.events.alert import Alert
from schemas.metrics import STAGE_SECONDS, Newest
from schemas.tracing import Span, trace_id

#: Spans that wait for a round; further ones are ended at once.
MAX_SPANS = 64


class Held:
    """Of one channel: when the oldest of what waits was received by the edge and came into the log."""

    def __init__(self, kind: EventType[Any]) -> None:
        self._kind = kind.name
        self._push = STAGE_SECONDS.labels("push", kind.name)
        self._whole = STAGE_SECONDS.labels("whole", kind.name)
        self._newest = Newest("hub")
        self._logged_at: float | None = None
        self._observed_at: float | None = None
        self._spans: list[Span] = []

    def note(self, events: Sequence[Event], logged_at: float | None, span: Span | None) -> None:
        """Take note of a frame. ``logged_at``: when it came into the log, None when that is not to be measured."""
        self._newest.note(self._kind, events[-1].observed_at)
        if logged_at is not None and self._logged_at is None:
            self._logged_at = logged_at
            first = events[0]
            # Later states of an alert keep the time of the read that it began with: that is no latency.
            if not isinstance(first, Alert) or first.rev == 1:
                self._observed_at = first.observed_at.timestamp()
        if span is not None:
            if len(self._spans) < MAX_SPANS:
                self._spans.append(span)
            else:
                span.end()

    def handed_over(self, now: float, clients: int) -> str:
        """All that was held is with the clients, as far as they keep up; returns the id of a trace in it, or ""."""
        if self._logged_at is not None:
            self._push.observe(max(now - self._logged_at, 0.0))
            self._logged_at = None
        if self._observed_at is not None:
            self._whole.observe(max(now - self._observed_at, 0.0))
            self._observed_at = None
        if not self._spans:
            return ""
        trace = trace_id(self._spans[-1].traceparent)
        for span in self._spans:
            span.end()
        self._spans.clear()
        return trace
