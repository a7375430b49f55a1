"""Recalls alerts whose list entry is no longer in force, as actions: whoever owns the alert decides, as for people."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection
from datetime import datetime
from uuid import UUID

from pipeline.processors.alerts import RECALL
from pipeline.progress import Place
from pipeline.state.recalls import Recall
from pipeline.state.recent import SaidLately
from pipeline.state.reference import Reference
from schemas.events.action import ACTION, Action
from schemas.events.alert import Alert
from schemas.identity import identity
from schemas.wire.partition import partition_of


class Recalling:
    """Says each recall that is due, in the worker that owns its alert.

    ``assigned``: this worker's partitions. Said twice, or by two workers amid a rebalance, it is one action by its id.
    """

    def __init__(
        self,
        reference: Reference,
        *,
        partitions: int,
        assigned: Callable[[], Collection[Place]],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._reference = reference
        self._partitions = partitions
        self._assigned = assigned
        self._clock = clock
        self._said: SaidLately[UUID] = SaidLately()

    def tick(self, now: datetime) -> list[Action]:
        """Return the actions that recall what is due. Asked every second."""
        due = self._reference.recalls.due()
        if not due:
            return []
        ours = self._assigned()
        return [self._action(recall, alert, now) for recall in due if (alert := self._to_say(recall, ours)) is not None]

    def _to_say(self, recall: Recall, ours: Collection[Place]) -> Alert | None:
        """Return the alert, if it is ours to recall and that was not said just now."""
        alert = self._reference.alerts.get(recall.alert_id)
        if alert is None or (ACTION.topic, partition_of(str(recall.alert_id), self._partitions)) not in ours:
            return None
        return alert if self._said.may_say(recall.alert_id, self._clock()) else None

    def _action(self, recall: Recall, alert: Alert, now: datetime) -> Action:
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
