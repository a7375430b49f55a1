"""Escalates alerts that nobody takes, as actions: whoever owns the alert decides, as for people."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from uuid import UUID

from pipeline.ownership import Ownership
from pipeline.state.recent import SaidLately
from pipeline.state.reference import Reference
from schemas.events.action import ACTION, ALERT_ESCALATE, Action
from schemas.events.alert import Alert
from schemas.identity import identity

#: So many are said in one tick, the longest waiting first: after an outage the line must not be held by them.
MOST_AT_ONCE = 200


class Escalating:
    """Looks at the open alerts once a second, in the worker that owns them.

    It needs no memory of its own: what is due follows from the log, also after a restart. Said twice, or by two workers
    amid a rebalance, it is one action by its id. ``limits``: how long an alert of a severity may wait.
    """

    def __init__(self, reference: Reference, limits: Mapping[str, timedelta], ours: Ownership) -> None:
        self._reference = reference
        self._limits = limits
        self._ours = ours
        self._said: SaidLately[UUID] = SaidLately()

    def tick(self, now: datetime) -> list[Action]:
        """Return the actions that escalate what is due."""
        due = self._reference.unanswered.due(now, self._limits)
        if not due:
            return []
        is_ours = self._ours.of(ACTION)
        made: list[Action] = []
        for alert, since in due:
            if len(made) >= MOST_AT_ONCE:
                break
            if not is_ours(str(alert.alert_id)):
                continue
            action = _escalate(alert, since, self._limits[alert.severity], now)
            if self._said.may_say(action.event_id, now.timestamp()):
                made.append(action)
        return made


def _escalate(alert: Alert, since: datetime, limit: timedelta, now: datetime) -> Action:
    return Action(
        event_id=identity("action", ALERT_ESCALATE, alert.alert_id, since.isoformat()),
        occurred_at=since + limit,
        observed_at=now,
        source="processor/escalating",
        jurisdiction=alert.jurisdiction,
        synthetic=alert.synthetic,
        name=ALERT_ESCALATE,
        subject_id=str(alert.alert_id),
        actor="rule:escalation",
        details={"since": since.isoformat()},
    )
