"""An alert that nobody took in time is escalated: marked, shown first, and said again."""

from __future__ import annotations

from datetime import datetime

from msgspec.structs import replace

from schemas.events.action import Action
from schemas.events.alert import Alert
from schemas.shelving import is_shelved


def unanswered_since(alert: Alert) -> datetime | None:
    """Return since when an open alert waits for somebody, or None when it does not wait, or is escalated already.

    The end of its time on the shelf counts as a beginning: until then nobody had to take it.
    """
    if alert.status != "open" or alert.escalated_at is not None:
        return None
    return max(moment for moment in (alert.raised_at, alert.open_since, alert.shelved_until) if moment is not None)


def escalated(alert: Alert, action: Action) -> Alert | str:
    """Return the alert after ``alert.escalate``, or why it does not count, as a word.

    ``details``: ``since``, as ``unanswered_since`` said it. Whoever was quicker has changed that.
    """
    since = unanswered_since(alert)
    if since is None or is_shelved(alert, action.occurred_at) or action.details.get("since") != since.isoformat():
        return "answered_meanwhile"
    return replace(alert, escalated_at=action.occurred_at)
