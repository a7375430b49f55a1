"""Closes alerts that nobody has done anything about for days, as actions: whoever owns an alert decides, as for people.

An alert that is a week old asks nobody for anything any more. It would stand among those that do, and each worker would
keep it, and look at it every second, for ever.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from pipeline.ownership import Ownership
from pipeline.state.reference import Reference
from schemas.events.action import ACTION, ALERT_CLOSE, Action
from schemas.events.alert import ACTIVE_STATUSES, Alert
from schemas.identity import identity

#: All alerts are looked at so often.
LOOK_EVERY = timedelta(minutes=1)
#: So many are closed at one look, the oldest first.
MOST_AT_ONCE = 1_000


class Expiring:
    """Needs no memory of its own: what is due follows from the log. Said twice, it is one action by its id.

    ``limit``: how long after the last that anybody did about it an alert is closed; None: never.
    """

    def __init__(self, reference: Reference, limit: timedelta | None, ours: Ownership) -> None:
        self._reference = reference
        self._limit = limit
        self._ours = ours
        self._looked_at: datetime | None = None

    def tick(self, now: datetime) -> list[Action]:
        """Return the actions that close what is due."""
        if self._limit is None or (self._looked_at is not None and now - self._looked_at < LOOK_EVERY):
            return []
        self._looked_at = now
        before, is_ours = now - self._limit, self._ours.of(ACTION)
        due = [
            one
            for one in list(self._reference.alerts.values())
            if one.status in ACTIVE_STATUSES and _last_touched(one) <= before and is_ours(str(one.alert_id))
        ]
        due.sort(key=_last_touched)
        return [_close(one, self._limit, now) for one in due[:MOST_AT_ONCE]]


def _last_touched(alert: Alert) -> datetime:
    """Return when somebody last did something about an alert, or a rule did."""
    return alert.raised_at if alert.changed_at is None else max(alert.raised_at, alert.changed_at)


def _close(alert: Alert, limit: timedelta, now: datetime) -> Action:
    hours = limit.total_seconds() / 3600
    return Action(
        event_id=identity("action", "alert.expire", alert.alert_id, alert.rev),
        occurred_at=now,
        observed_at=now,
        source="processor/expiring",
        jurisdiction=alert.jurisdiction,
        synthetic=alert.synthetic,
        name=ALERT_CLOSE,
        subject_id=str(alert.alert_id),
        actor="rule:expiry",
        note=f"Nobody did anything about it for {hours:g} hours.",
    )
