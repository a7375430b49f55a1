"""What processors, the engine and the store's reader tell of themselves, for Prometheus."""

from __future__ import annotations

from prometheus_client import Counter, Gauge

PROCESSED_EVENTS = Counter(
    "watchfloor_processed_events",
    "Events that a processor's guard decided on, by outcome: emit, drop, dead_letter. reason: why, for the last two.",
    ["processor", "outcome", "reason"],
)
EMITTED_EVENTS = Counter("watchfloor_emitted_events", "Events that a processor made.", ["processor"])
RETRIES = Counter("watchfloor_retried_frames", "Times a guard held the line and tried a frame again.", ["processor"])
STORED_EVENTS = Counter("watchfloor_stored_events", "Events that the store confirmed.", ["type"])
NOT_STORABLE = Counter(
    "watchfloor_not_storable_events", "Events that the store cannot hold; they are kept as dead letters.", ["type"]
)
STORE_FAILURES = Counter(
    "watchfloor_store_failures", "Inserts that failed because the store was away; the batch is tried again."
)
STORE_AWAY = Gauge("watchfloor_store_away", "1 while the store does not take what is to be stored.")
LAG_MESSAGES = Gauge(
    "watchfloor_lag_messages",
    "Messages of the partitions assigned to this worker that it has not acknowledged, as of its last fetch.",
    ["group", "type"],
)
LAG_SECONDS = Gauge(
    "watchfloor_lag_seconds",
    "How far back in time this worker is: age of the oldest message it holds; when it holds none and is behind, age of "
    "the last one it acknowledged; else 0.",
    ["group", "type"],
)
ASSIGNED = Gauge("watchfloor_assigned_partitions", "Partitions that this worker has.", ["group"])
HELD_SECONDS = Gauge(
    "watchfloor_held_seconds", "For how long the oldest unacknowledged message is held by this worker.", ["group"]
)
STALE_HITS = Counter(
    "watchfloor_stale_list_hits",
    "Hits on lists older than they may be, by what became of their alerts: lowered (in severity) or blocked.",
    ["outcome"],
)
STALE_LISTS = Gauge(
    "watchfloor_stale_lists", "Hotlists in force that are older than they may be, as this worker knows them."
)
REFERENCE_AGE = Gauge(
    "watchfloor_reference_age_seconds", "Time since the topics of cameras, zones and hotlists were last read."
)
REFERENCE_AGE.set(float("nan"))  # told by processors only
