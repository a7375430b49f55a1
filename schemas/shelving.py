"""Putting an alert aside for a time, with a reason: never a P1, never for good, and never out of the counts.

The numbers are those of alarm management (docs/explanation/alarms.md). An alert comes back by itself: nothing is
written when its time has passed, everybody compares ``shelved_until`` with the clock.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from msgspec.structs import replace

from schemas.events.action import ALERT_SHELVE, Action
from schemas.events.alert import ACTIVE_STATUSES, Alert

#: An alert may be put aside for so long at most: one shift.
LONGEST = timedelta(hours=12)
#: The statuses from which one may be put aside. Of a dispatched one somebody is on the way.
SHELVABLE_STATUSES = ("open", "acknowledged")
#: The severity that may not be put aside.
NEVER_SHELVED = "P1"


def is_shelved(alert: Alert, now: datetime) -> bool:
    """Return whether an alert is put aside at a moment."""
    return alert.shelved_until is not None and now < alert.shelved_until and alert.status in ACTIVE_STATUSES


def off_the_shelf(alert: Alert) -> Alert:
    """Return the alert put aside no more."""
    return replace(alert, shelved_until=None, shelved_by="", shelved_reason="")


def shelved(alert: Alert, action: Action) -> Alert | str:
    """Return the alert after ``alert.shelve`` or ``alert.unshelve``, or why it does not count, as a word.

    ``details`` of a shelve: ``until``, an RFC 3339 time with its offset, and ``reason``.
    """
    now = action.occurred_at
    if action.name != ALERT_SHELVE:
        if not is_shelved(alert, now):
            return "not_shelved"
        return replace(off_the_shelf(alert), open_since=now if alert.status == "open" else alert.open_since)
    if alert.severity == NEVER_SHELVED:
        return "p1_not_shelved"
    if alert.status not in SHELVABLE_STATUSES:
        return f"already_{alert.status}"
    if is_shelved(alert, now):
        return "already_shelved"
    reason = action.details.get("reason", "").strip()
    if not reason or len(reason) > 200:
        return "no_reason"
    until = moment_of(action.details.get("until", ""))
    if until is None or until <= now:
        return "no_time"
    if until - now > LONGEST:
        return "shelved_too_long"
    # Somebody looked at it: what was escalated begins anew when it comes back.
    aside = replace(alert, shelved_until=until, shelved_by=action.actor, shelved_reason=reason)
    return replace(aside, escalated_at=None, escalated_by="")


def moment_of(text: str) -> datetime | None:
    """Return the moment that a text names, or None when it names none or leaves its offset out."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return None if moment.utcoffset() is None else moment
