"""What an edge tells of itself, for Prometheus."""

from __future__ import annotations

from typing import TYPE_CHECKING

from prometheus_client import Counter, Gauge

from schemas.metrics import watch_queue

if TYPE_CHECKING:
    from connectors.edge.spool import Spool

ACCEPTED_EVENTS = Counter(
    "watchfloor_edge_accepted_events",
    "Events that an edge (or the server, for what people do) took in for good: confirmed by the broker or spooled.",
    ["type"],
)
REFUSED_REQUESTS = Counter(
    "watchfloor_edge_refused_requests",
    "Webhook requests that were not taken, by the status they were answered with.",
    ["status"],
)
REFUSED_SENDERS = Counter(
    "watchfloor_edge_refused_senders",
    "Webhook requests turned away for who sent them, by reason: wrong_token, wrong_digest, replayed_id ...",
    ["reason"],
)
REFUSED_PARTS = Counter(
    "watchfloor_edge_refused_parts",
    "Parts of webhook bodies that could not be translated; they are kept as dead letters.",
    ["connector"],
)
NOTICES = Counter(
    "watchfloor_edge_notices",
    "Things in what was taken that somebody should see to, such as a priority that no map tells.",
    ["connector"],
)
HELD_SNAPSHOTS = Counter(
    "watchfloor_edge_held_snapshots",
    "Snapshots of active calls that would have closed more than the allowed share, and closed none.",
    ["connector"],
)
SPOOL_EVENTS = Gauge("watchfloor_spool_events", "Events that wait in an edge's spool for the broker.", ["edge"])
SPOOL_OLDEST = Gauge("watchfloor_spool_oldest_seconds", "Age of the oldest of them; 0 when none waits.", ["edge"])
SPOOL_FILL = Gauge(
    "watchfloor_spool_fill_ratio", "How full the spool is, 0 to 1: of its bound, or of the disk's room.", ["edge"]
)
SPOOL_DRAINED = Counter("watchfloor_spool_drained_events", "Events that went from the spool to the log.", ["edge"])
SPOOL_REFUSING = Gauge("watchfloor_spool_refusing", "1 while the spool takes nothing more.", ["edge"])
BROKER_AWAY = Gauge("watchfloor_broker_away", "1 while the broker does not confirm to an edge.", ["edge"])


def watch_spool(edge: str, spool: Spool, unwritten_limit_bytes: int) -> None:
    """Tell of the spool of this edge from now on."""
    SPOOL_EVENTS.labels(edge).set_function(lambda: spool.events)
    SPOOL_OLDEST.labels(edge).set_function(lambda: spool.oldest_s or 0.0)
    SPOOL_FILL.labels(edge).set_function(lambda: spool.share)
    SPOOL_DRAINED.labels(edge).inc(0)
    SPOOL_REFUSING.labels(edge).set_function(lambda: float(bool(spool.refusing)))
    BROKER_AWAY.labels(edge).set_function(lambda: float(spool.broker_away))
    watch_queue("spool_unwritten_bytes", lambda: spool.unwritten_bytes, unwritten_limit_bytes)
