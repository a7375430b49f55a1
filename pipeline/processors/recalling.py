"""Recalls alerts whose list entry is no longer in force, as actions: whoever owns the alert decides, as for people."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime
from uuid import UUID

from pipeline.ownership import Ownership
from pipeline.processors.alerts import RECALL
from pipeline.state.recalls import Recall
from pipeline.state.recent import SaidLately
from pipeline.state.reference import Reference
from schemas.events.action import ACTION, Action
from schemas.events.alert import Alert
from schemas.identity import identity


class Recalling:
    """Says each recall that is due, in the worker that owns its alert. Said twice it is one action by its id."""

    def __init__(
        self,
        reference: Reference,
        ours: Ownership,
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._reference = reference
        self._ours = ours
        self._clock = clock
        self._said: SaidLately[UUID] = SaidLately()

    def tick(self, now: datetime) -> list[Action]:
        """Return the actions that recall what is due. Asked every second."""
        due = self._reference.recalls.due()
        if not due:
            return []
        is_ours = self._ours.of(ACTION)
        made = []
        for recall in due:
            alert = self._reference.alerts.get(recall.alert_id)
            if alert is None or not is_ours(str(recall.alert_id)):
                continue
            if self._said.may_say(recall.alert_id, self._clock()):
                made.append(_action(recall, alert, now))
        return made


def _action(recall: Recall, alert: Alert, now: datetime) -> Action:
    return Action(
        event_id=identity("action", RECALL, recall.alert_id, recall.cause),
        occurred_at=recall.at,
        observed_at=now,
        source="processor/recalling",
        jurisdiction=alert.jurisdiction,
        synthetic=alert.synthetic,
        name=RECALL,
        subject_id=str(recall.alert_id),
        actor=recall.by,
        note=recall.why,
    )
