"""Figures that every part of the stream tells in the same words, for Prometheus.

Counts only, nothing of what events say.

Counters and histograms move once a frame or a request, never once an event. Gauges are asked when they are scraped.
Labels have few values, all from our own code: event types, names of queues, hops.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime

from prometheus_client import Counter, Gauge, Histogram

#: 1 ms to 60 s, with the bounds that objectives are stated in (1 s, 5 s) among them.
LATENCY_BUCKETS_S = (
    0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0, 60.0,
)  # fmt: skip

STAGE_SECONDS = Histogram(
    "watchfloor_stage_seconds",
    "Time a stage took. edge: taken in to confirmed; process: in the log to all it led to confirmed; store: in the log "
    "to stored; push: in the log to handed to the pages; whole: received at the edge to handed to the pages. "
    "For push and whole one figure a batch, that of its oldest event.",
    ["stage", "type"],
    buckets=LATENCY_BUCKETS_S,
)
NEWEST_AGE = Gauge(
    "watchfloor_newest_event_age_seconds",
    "Age of the newest event that a hop has seen since it started, by the time the edge received it. It grows while "
    "nothing comes in.",
    ["hop", "type"],
)
QUEUE_ITEMS = Gauge(
    "watchfloor_queue_items",
    "What waits in a bounded queue now, in the unit of its name.",
    ["queue"],
)
QUEUE_LIMIT = Gauge(
    "watchfloor_queue_limit",
    "The most that may wait in it.",
    ["queue"],
)
PRODUCED_EVENTS = Counter(
    "watchfloor_produced_events",
    "Events of frames that the broker confirmed to the edge's or the server's producer.",
    ["type"],
)
PRODUCED_FRAMES = Counter(
    "watchfloor_produced_frames",
    "Frames by what became of them: confirmed or failed.",
    ["outcome"],
)
CONNECTIONS = Counter(
    "watchfloor_connections",
    "Connections to the broker that were made, the first included.",
    ["part"],
)


def watch_queue(name: str, items: Callable[[], float], limit: float) -> None:
    """Tell of a queue by this name; a queue of the same name that was told of before is replaced."""
    QUEUE_ITEMS.labels(name).set_function(items)
    QUEUE_LIMIT.labels(name).set(limit)


class Newest:
    """The newest event that one hop has seen, by type. Not thread-safe for one type."""

    def __init__(self, hop: str, wall: Callable[[], float] = time.time) -> None:
        self._hop = hop
        self._wall = wall
        self._at: dict[str, float] = {}

    def note(self, event_type: str, observed_at: datetime) -> None:
        """Note the last event of a frame."""
        at = observed_at.timestamp()
        known = self._at.get(event_type)
        if known is None:
            NEWEST_AGE.labels(self._hop, event_type).set_function(lambda: self._wall() - self._at[event_type])
        elif at <= known:
            return
        self._at[event_type] = at
