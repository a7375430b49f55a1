"""Comparing the alerts that must have arisen with those that arrived."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import UTC, datetime

from msgspec import Struct

from connectors.simulator.ground_truth import (
    CAMERA_STOPPED,
    GRAVE_CALL_NEAR_ZONE,
    HOTLIST_HIT,
    WANTED_NEAR_INCIDENT,
    ExpectedAlert,
)
from schemas.events.alert import Alert

_Name = tuple[str, ...]


class Reconciliation(Struct, frozen=True, kw_only=True):
    """The comparison. ``expected`` counts what was required by then; ``received`` counts alerts, not deliveries.

    ``missing``: required and not arrived. ``duplicated``: alert ids that came as the same event more than once, or
    as a second alert for the same cause. ``unexpected``: alert ids nobody can explain. ``wrong_severity``: alert ids
    of another severity than planned. ``tolerated``: alerts that might arise and did.
    ``pending``: required, not arrived, and still in time.
    """

    expected: int
    received: int
    missing: tuple[ExpectedAlert, ...]
    duplicated: tuple[str, ...]
    unexpected: tuple[str, ...]
    wrong_severity: tuple[str, ...]
    tolerated: int
    pending: int

    @property
    def ok(self) -> bool:
        """Whether every required alert arrived exactly once, as planned, and no other."""
        return not (self.missing or self.duplicated or self.unexpected or self.wrong_severity)


def matches(expected: ExpectedAlert, alert: Alert) -> bool:
    """Return whether an alert is the expected one."""
    return _expected_name(expected) in _names(alert)


def reconcile(
    expected: Iterable[ExpectedAlert], received: Iterable[Alert], *, until_s: float | None = None
) -> Reconciliation:
    """Compare what was expected with what was received, in any order, all revisions welcome.

    ``until_s``: seconds after the start at which receiving ended; alerts whose deadline is later are not missing
    yet. An alert's later revisions are not alerts of their own; the same event twice is a duplicate.
    """
    plan: dict[_Name, ExpectedAlert] = {}
    for one in expected:
        name = _expected_name(one)
        if name not in plan or one.required:
            plan[name] = one
    deliveries: Counter[str] = Counter()
    alert_of: dict[str, str] = {}
    alerts: dict[str, Alert] = {}
    for alert in received:
        event_id, alert_id = str(alert.event_id), str(alert.alert_id)
        deliveries[event_id] += 1
        alert_of[event_id] = alert_id
        if alert_id not in alerts or alert.rev < alerts[alert_id].rev:
            alerts[alert_id] = alert
    doubled = {alert_of[event_id] for event_id, count in deliveries.items() if count > 1}
    unexpected, wrong = [], []
    met: dict[_Name, str] = {}
    for alert_id, alert in alerts.items():
        known = [name for name in _names(alert) if name in plan]
        if not known:
            unexpected.append(alert_id)
            continue
        name = known[0]
        if name in met:
            doubled.add(alert_id)
        met[name] = alert_id
        if plan[name].severity not in ("", alert.severity):
            wrong.append(alert_id)
    unmet = [one for name, one in plan.items() if one.required and name not in met]
    missing = [one for one in unmet if until_s is None or one.deadline_s <= until_s]
    return Reconciliation(
        expected=sum(one.required for one in plan.values()) - (len(unmet) - len(missing)),
        received=len(alerts),
        missing=tuple(missing),
        duplicated=tuple(sorted(doubled)),
        unexpected=tuple(unexpected),
        wrong_severity=tuple(wrong),
        tolerated=sum(not plan[name].required for name in met),
        pending=len(unmet) - len(missing),
    )


def _expected_name(expected: ExpectedAlert) -> _Name:
    key = expected.key
    if expected.rule in (HOTLIST_HIT, WANTED_NEAR_INCIDENT):
        return (expected.rule, key["read_id"], key["entry_id"])
    if expected.rule == GRAVE_CALL_NEAR_ZONE:
        return (expected.rule, key["call_id"])
    kind = "since" if "since" in key else "last_report"
    return (expected.rule, key["camera_id"], kind, _moment(key[kind]))


def _names(alert: Alert) -> list[_Name]:
    """Return the names under which an alert may be expected."""
    if alert.rule in (HOTLIST_HIT, WANTED_NEAR_INCIDENT):
        entries = {why.facts["entry_id"] for why in alert.why if "entry_id" in why.facts}
        return [(alert.rule, str(read_id), entry_id) for read_id in alert.triggers for entry_id in entries]
    if alert.rule == GRAVE_CALL_NEAR_ZONE:
        return [(alert.rule, alert.subject)]
    if alert.rule == CAMERA_STOPPED:
        return [
            (alert.rule, alert.camera_id or "", kind, _moment(why.facts[kind]))
            for why in alert.why
            for kind in ("since", "last_report")
            if kind in why.facts
        ]
    return []


def _moment(text: str) -> str:
    return datetime.fromisoformat(text).astimezone(UTC).isoformat(timespec="microseconds")
