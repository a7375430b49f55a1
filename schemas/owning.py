"""Who has an alert in hand: whoever acknowledged it, took it, or was given it.

Taking an open alert acknowledges it. Giving it to somebody does not: until they take it, nobody has seen it.
"""

from __future__ import annotations

from msgspec.structs import replace

from schemas.events.action import ALERT_ACTIONS, ALERT_ASSIGN, ALERT_UNDO, Action
from schemas.events.alert import ACTIVE_STATUSES, Alert, AlertDeed
from schemas.shelving import is_shelved, off_the_shelf

#: What changes whose an alert is, or what somebody decided who took it.
TAKING = frozenset({*ALERT_ACTIONS, ALERT_ASSIGN, ALERT_UNDO})


def owner_wanted(action: Action) -> str:
    """Return to whom ``alert.assign`` gives an alert: ``details.owner``; without it, whoever does it takes it."""
    return action.details.get("owner", "").strip() or action.actor


def assigned(alert: Alert, action: Action) -> Alert | str:
    """Return the alert after ``alert.assign``, or why it does not count, as a word.

    ``details``: ``owner``, and ``expected_rev``, the revision it was decided by.
    """
    if alert.status not in ACTIVE_STATUSES:
        return f"already_{alert.status}"
    owner, expected = owner_wanted(action), action.details.get("expected_rev", "")
    if len(owner) > 200:
        return "no_owner"
    if expected and not (expected.isascii() and expected.isdigit()):
        return "invalid_expected_rev"
    if expected and taken_since(alert, int(expected), action.actor) is not None:
        return "taken_meanwhile"
    if owner != action.actor:
        return "already_owned" if owner == alert.owner else replace(alert, owner=owner)
    is_waiting = alert.status == "open" or alert.escalated_by or is_shelved(alert, action.occurred_at)
    if owner == alert.owner and not is_waiting:
        return "already_owned"
    status = "acknowledged" if alert.status == "open" else alert.status
    return replace(off_the_shelf(alert), status=status, owner=owner, escalated_by="")


def taken_since(alert: Alert, rev: int, actor: str) -> AlertDeed | None:
    """Return what somebody else did since a revision that changed whose the alert is, or None. What else was done
    (a note, a check, an escalation) is in nobody's way."""
    since = alert.history[-(alert.rev - rev) :] if alert.rev > rev else ()
    return next((deed for deed in reversed(since) if deed.name in TAKING and deed.actor != actor), None)
