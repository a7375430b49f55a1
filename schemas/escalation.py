"""An alert that nobody took in time, or that a person wants a supervisor for, is escalated: marked, shown first, and
said again."""

from __future__ import annotations

from datetime import datetime

from msgspec.structs import replace

from schemas.events.action import Action
from schemas.events.alert import ACTIVE_STATUSES, Alert
from schemas.shelving import is_shelved


def unanswered_since(alert: Alert) -> datetime | None:
    """Return since when an open alert waits for somebody, or None when it does not wait, or is escalated already.

    The end of its time on the shelf counts as a beginning: until then nobody had to take it.
    """
    if alert.status != "open" or alert.escalated_at is not None:
        return None
    return max(moment for moment in (alert.raised_at, alert.open_since, alert.shelved_until) if moment is not None)


def is_escalated(alert: Alert) -> bool:
    """Return whether an alert is escalated and nobody has answered that yet."""
    return alert.escalated_at is not None and (alert.status == "open" or bool(alert.escalated_by))


def escalated(alert: Alert, action: Action) -> Alert | str:
    """Return the alert after ``alert.escalate``, or why it does not count, as a word.

    ``details`` of a rule: ``since``, as ``unanswered_since`` said it. Whoever was quicker has changed that. A person
    says nothing of it: they may escalate also what somebody has taken, until it is taken anew.
    """
    now = action.occurred_at
    if "since" in action.details:
        since = unanswered_since(alert)
        if since is None or is_shelved(alert, now) or action.details["since"] != since.isoformat():
            return "answered_meanwhile"
        return replace(alert, escalated_at=now)
    if alert.status not in ACTIVE_STATUSES:
        return f"already_{alert.status}"
    if is_shelved(alert, now):
        return "already_shelved"
    if alert.escalated_by:
        return "already_escalated"
    return replace(alert, escalated_at=now, escalated_by=action.actor)
