"""Taking back one's own last act on an alert, for a few seconds, while nobody has acted on it since.

What is undone was done: it was in the log and on every screen, and both stay in the history. Sending somebody, judging
a plate, escalating and writing are not undone: others may have acted on them, and the way back is another act.
"""

from __future__ import annotations

from datetime import timedelta

from msgspec.structs import asdict, replace

from schemas.events.action import ALERT_ASSIGN, ALERT_CLOSE, ALERT_SHELVE, Action
from schemas.events.alert import Alert, AlertStanding

#: What can be undone.
UNDOABLE = frozenset({"alert.acknowledge", ALERT_ASSIGN, ALERT_SHELVE, ALERT_CLOSE})
#: For so long, by the clock of the server that took both acts.
UNDO_WITHIN = timedelta(seconds=10)


def standing_of(alert: Alert) -> AlertStanding:
    """Return how an alert stands, for the way back."""
    return AlertStanding(**{name: getattr(alert, name) for name in AlertStanding.__struct_fields__})


def undone(alert: Alert, action: Action) -> Alert | str:
    """Return the alert after ``alert.undo``, or why it does not count, as a word.

    ``details``: ``of``, the event_id of the act: it must be the last one, by the same person, UNDO_WITHIN ago at most.
    """
    if not alert.actions or action.details.get("of") != str(alert.actions[-1]):
        return "acted_meanwhile"
    if not alert.standing_before or alert.changed_at is None:
        return "not_undoable"
    if alert.changed_by != action.actor:
        return "not_yours"
    if action.occurred_at - alert.changed_at > UNDO_WITHIN:
        return "undo_too_late"
    return replace(alert, **asdict(alert.standing_before[0]), outcome="")
