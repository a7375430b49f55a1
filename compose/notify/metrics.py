"""What the notifying role tells of itself, for Prometheus. Labels: the names of destinations, from their file."""

from __future__ import annotations

from prometheus_client import Counter, Gauge

TRIES = Counter(
    "watchfloor_notify_tries",
    "Tries to tell a destination something, by outcome: taken, away, unwanted, gone or moot.",
    ["destination", "outcome"],
)
SETTLED = Counter(
    "watchfloor_notify_messages",
    "Messages that are no longer tried, by outcome: delivered or given_up.",
    ["destination", "outcome"],
)
WAITING = Gauge("watchfloor_notify_waiting", "Messages that wait for a destination.", ["destination"])
OLDEST = Gauge(
    "watchfloor_notify_oldest_seconds", "For how long the oldest waiting message of a destination has waited.",
    ["destination"],
)  # fmt: skip
DISABLED = Gauge("watchfloor_notify_disabled", "1 while nothing is sent to a destination.", ["destination"])
