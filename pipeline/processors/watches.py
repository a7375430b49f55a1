"""The watches over calls and incidents: what falls due by time alone, and closing it when it is done."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Collection, Iterable
from datetime import datetime, timedelta
from uuid import UUID

from pipeline.progress import Place
from pipeline.rules import call_watches
from pipeline.rules.call_watches import WATCHES, Limits
from pipeline.state.recent import SaidLately
from pipeline.state.reference import Reference
from schemas.envelope import Event
from schemas.events.action import Action
from schemas.events.alert import ACTIVE_STATUSES, Alert
from schemas.events.incident import Incident
from schemas.events.incident_input import INCIDENT_INPUT
from schemas.identity import identity
from schemas.wire.partition import partition_of

#: All incidents are looked at so often: alerts are let go of in time, and what was due is due again.
LOOK_AT_ALL_EVERY = timedelta(minutes=1)
#: What was said is looked at again so soon, until the log has it.
LOOK_AGAIN_AFTER = timedelta(seconds=1)


class Watches:
    """Looks once a second at the incidents that changed or whose time has come, in the worker that writes their
    jurisdiction's incidents. Looking at all of them each time stopped the line for 54 ms a second with 15,000.

    What is due follows from the log, also after a restart. Said twice, or by two workers amid a rebalance, it is one
    alert by its id.
    """

    def __init__(
        self,
        reference: Reference,
        limits: Limits,
        *,
        partitions: int,
        assigned: Callable[[], Collection[Place]],
    ) -> None:
        self._reference = reference
        self._limits = limits
        self._partitions = partitions
        self._assigned = assigned
        self._said: SaidLately[UUID] = SaidLately()
        self._homes: dict[str, int] = {}
        #: When an incident is to be looked at again, though nothing of it changes: a heap.
        self._looks: list[tuple[datetime, UUID]] = []
        self._look_at_all_at: datetime | None = None
        self._ours: frozenset[Place] = frozenset()

    def tick(self, now: datetime) -> list[Event]:
        """Return alerts that have fallen due, and actions that close those whose reason is gone."""
        ours = frozenset(self._assigned())
        due: list[Event] = []
        for incident in self._to_look_at(now, ours):
            if not incident.calls or not self._is_ours(incident, ours):
                continue
            next_look = call_watches.next_look(incident, now, self._limits)
            whole = self._whole(incident)
            for watch in WATCHES.values():
                alert = watch(incident, whole, now, self._limits)
                if alert is None or alert.alert_id in self._reference.alerts:
                    continue
                next_look = now + LOOK_AGAIN_AFTER
                if self._said.may_say(alert.alert_id, now.timestamp()):
                    due.append(alert)
            if next_look is not None:
                heapq.heappush(self._looks, (next_look, incident.incident_id))
        return due + self._closing(now, ours)

    def _to_look_at(self, now: datetime, ours: frozenset[Place]) -> Iterable[Incident]:
        changed = self._reference.changed_cases.take()
        if self._look_at_all_at is None or now >= self._look_at_all_at or ours != self._ours:
            self._look_at_all_at, self._ours = now + LOOK_AT_ALL_EVERY, ours
            self._looks.clear()
            return self._reference.cases()
        while self._looks and self._looks[0][0] <= now:
            changed.add(heapq.heappop(self._looks)[1])
        return [incident for one in changed if (incident := self._reference.case(one)) is not None]

    def _closing(self, now: datetime, ours: Collection[Place]) -> list[Event]:
        made: list[Event] = []
        for alert in list(self._reference.alerts.values()):
            if alert.rule not in WATCHES or alert.status not in ACTIVE_STATUSES or alert.incident_id is None:
                continue
            incident = self._reference.case(alert.incident_id)
            if incident is None or not incident.calls or not self._is_ours(incident, ours):
                continue
            if call_watches.is_settled(alert, incident, self._whole(incident)):
                action = _close(alert, incident, now)
                if self._said.may_say(action.event_id, now.timestamp()):
                    made.append(action)
        return made

    def _whole(self, incident: Incident) -> Incident:
        whole = incident
        for _ in range(20):  # merges of merges; more would be a circle
            above = None if whole.merged_into is None else self._reference.case(whole.merged_into)
            if above is None:
                break
            whole = above
        return whole

    def _is_ours(self, incident: Incident, ours: Collection[Place]) -> bool:
        desk = incident.jurisdiction or "default"
        # A few jurisdictions and thousands of incidents a second: the hash of each is worked out once.
        partition = self._homes.get(desk)
        if partition is None:
            partition = self._homes[desk] = partition_of(desk, self._partitions)
        return (INCIDENT_INPUT.topic, partition) in ours


def _close(alert: Alert, incident: Incident, now: datetime) -> Action:
    return Action(
        event_id=identity("action", "watch_settled", alert.alert_id, incident.event_id),
        occurred_at=now,
        observed_at=now,
        source="processor/watches",
        jurisdiction=alert.jurisdiction,
        synthetic=alert.synthetic,
        name="alert.close",
        subject_id=str(alert.alert_id),
        actor=f"rule:{alert.rule}",
        note="What it asked for is done.",
    )
