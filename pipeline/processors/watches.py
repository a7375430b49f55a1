"""The watches over calls and incidents: what falls due by time alone, and closing it when it is done."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from functools import cache
from uuid import UUID

from pipeline.ownership import Ownership
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

    def __init__(self, reference: Reference, limits: Limits, ours: Ownership) -> None:
        self._reference = reference
        self._limits = limits
        self._ours = ours
        self._said: SaidLately[UUID] = SaidLately()
        #: When an incident is to be looked at again, though nothing of it changes: a heap.
        self._looks: list[tuple[datetime, UUID]] = []
        self._look_at_all_at: datetime | None = None
        self._homes: frozenset[int] = frozenset()

    def tick(self, now: datetime) -> list[Event]:
        """Return alerts that have fallen due, and actions that close those whose reason is gone."""
        is_ours = self._ours_now()
        due: list[Event] = []
        for incident in self._to_look_at(now):
            if not incident.calls or not is_ours(incident):
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
        return due + self._closing(now, is_ours)

    def _to_look_at(self, now: datetime) -> Iterable[Incident]:
        changed, homes = self._reference.changed_cases.take(), self._ours.partitions(INCIDENT_INPUT)
        if self._look_at_all_at is None or now >= self._look_at_all_at or homes != self._homes:
            self._look_at_all_at, self._homes = now + LOOK_AT_ALL_EVERY, homes
            self._looks.clear()
            return self._reference.cases()
        while self._looks and self._looks[0][0] <= now:
            changed.add(heapq.heappop(self._looks)[1])
        return [incident for one in changed if (incident := self._reference.case(one)) is not None]

    def _closing(self, now: datetime, is_ours: Callable[[Incident], bool]) -> list[Event]:
        made: list[Event] = []
        for alert in list(self._reference.alerts.values()):
            if alert.rule not in WATCHES or alert.status not in ACTIVE_STATUSES or alert.incident_id is None:
                continue
            incident = self._reference.case(alert.incident_id)
            if incident is None or not incident.calls or not is_ours(incident):
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

    def _ours_now(self) -> Callable[[Incident], bool]:
        # A few jurisdictions and thousands of incidents a second: the hash of each is worked out once.
        writes = cache(self._ours.of(INCIDENT_INPUT))
        return lambda incident: writes(incident.jurisdiction or "default")


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
