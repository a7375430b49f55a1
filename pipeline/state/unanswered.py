"""Which open alerts wait for somebody to take them, and since when: a fold of the log, like the others."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from threading import Lock
from uuid import UUID

from schemas.escalation import unanswered_since
from schemas.events.alert import Alert
from schemas.shelving import is_shelved


class Unanswered:
    """Open alerts that are not escalated yet. For any thread."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._waiting: dict[UUID, Alert] = {}

    def note(self, alert: Alert) -> None:
        """Take note of an alert's newest state."""
        with self._lock:
            if unanswered_since(alert) is None:
                self._waiting.pop(alert.alert_id, None)
            else:
                self._waiting[alert.alert_id] = alert

    def due(self, now: datetime, limits: Mapping[str, timedelta]) -> list[tuple[Alert, datetime]]:
        """Return the alerts that have waited longer than the limit of their severity, with since when, oldest first.

        A severity without a limit is never due.
        """
        with self._lock:
            waiting = list(self._waiting.values())
        due: list[tuple[Alert, datetime]] = []
        for alert in waiting:
            limit = limits.get(alert.severity)
            since = unanswered_since(alert)
            if limit is not None and since is not None and now - since >= limit and not is_shelved(alert, now):
                due.append((alert, since))
        return sorted(due, key=lambda one: one[1])
