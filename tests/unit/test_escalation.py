"""An alert that nobody takes in time is escalated once, also by a worker that starts anew."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta

import pytest
from msgspec.structs import replace

from compose.roles.clocked import escalation_limits
from compose.settings import Settings
from pipeline.outcome import Drop
from pipeline.ownership import Ownership
from pipeline.processors.alerts import Alerts
from pipeline.processors.escalating import MOST_AT_ONCE, Escalating
from pipeline.state.recent import AGAIN_AFTER_S
from pipeline.state.reference import Reference
from schemas.events.action import ACTION, Action
from schemas.events.alert import ALERT, Alert
from schemas.events.alert import EXAMPLE as AN_ALERT
from schemas.identity import identity
from schemas.wire.frame import FrameDecoder, encode_frame
from schemas.wire.partition import partition_of
from tests.unit.test_alert_life import act, state

PARTITIONS = 4
EVERYWHERE = frozenset((ACTION.topic, number) for number in range(PARTITIONS))
RAISED = AN_ALERT.raised_at
P1 = replace(AN_ALERT, severity="P1", subject_kind="call")
P1_DUE = timedelta(seconds=30)
P2_DUE = timedelta(minutes=2)


def escalating(facts: Reference, ours: Collection[tuple[str, int]] = EVERYWHERE) -> Escalating:
    return Escalating(facts, escalation_limits(Settings()), Ownership(lambda: ours, PARTITIONS))


def log_of(*alerts: Alert) -> Reference:
    """What a worker that starts anew reads of them in the log."""
    facts = Reference()
    facts.apply(ALERT, FrameDecoder(ALERT).decode(encode_frame(alerts)).events)
    return facts


def take(facts: Reference, action: Action) -> Alert:
    (outcome,) = Alerts(facts).process(ACTION, [action], 0)
    changed = state(outcome)
    facts.apply_alert(changed)
    return changed


@pytest.mark.parametrize(("alert", "limit"), [(P1, P1_DUE), (AN_ALERT, P2_DUE)], ids=["P1", "P2"])
def test_an_alert_nobody_takes_is_escalated_at_its_time_and_not_before(alert: Alert, limit: timedelta) -> None:
    facts = log_of(alert)
    watch = escalating(facts)
    assert watch.tick(RAISED + limit - timedelta(milliseconds=1)) == []
    (action,) = watch.tick(RAISED + limit)
    changed = take(facts, action)
    assert (changed.status, changed.escalated_at) == ("open", RAISED + limit)
    assert watch.tick(RAISED + timedelta(hours=1)) == []


@pytest.mark.parametrize("severity", ["P3", "P4"])
def test_what_is_only_to_know_is_never_escalated(severity: str) -> None:
    assert escalating(log_of(replace(AN_ALERT, severity=severity))).tick(RAISED + timedelta(days=1)) == []


@pytest.mark.parametrize("name", ["alert.acknowledge", "alert.close"])
def test_what_somebody_took_or_closed_is_not_escalated(name: str) -> None:
    facts = log_of(P1)
    take(facts, act("1", name))
    assert escalating(facts).tick(RAISED + timedelta(hours=1)) == []


def test_a_worker_that_starts_anew_says_the_same_and_it_counts_once() -> None:
    (before,) = escalating(log_of(P1)).tick(RAISED + P1_DUE)
    facts = log_of(P1)
    (after,) = escalating(facts).tick(RAISED + timedelta(minutes=9))
    assert (before.event_id, before.occurred_at, before.details) == (after.event_id, after.occurred_at, after.details)
    take(facts, before)
    assert list(Alerts(facts).process(ACTION, [after], 0)) == [Drop("already_applied")]
    assert escalating(facts).tick(RAISED + timedelta(minutes=10)) == []


def test_it_is_said_again_when_nobody_has_shown_it_in_the_log() -> None:
    watch = escalating(log_of(P1))
    (first,) = watch.tick(RAISED + P1_DUE)
    assert watch.tick(RAISED + P1_DUE + timedelta(seconds=1)) == []
    (again,) = watch.tick(RAISED + P1_DUE + timedelta(seconds=AGAIN_AFTER_S))
    assert again.event_id == first.event_id


def test_who_was_quicker_than_the_escalation_wins() -> None:
    facts = log_of(P1)
    (late,) = escalating(facts).tick(RAISED + P1_DUE)
    take(facts, act("1", "alert.acknowledge"))
    assert list(Alerts(facts).process(ACTION, [late], 0)) == [Drop("answered_meanwhile")]


def test_a_reopened_alert_waits_anew_and_is_escalated_anew() -> None:
    facts = log_of(P1)
    (first,) = escalating(facts).tick(RAISED + P1_DUE)
    take(facts, first)
    closed = act("1", "alert.close")
    take(facts, closed)
    reopened = replace(act("2", "alert.reopen"), occurred_at=RAISED + timedelta(minutes=5))
    assert take(facts, reopened).escalated_at is None
    watch = escalating(facts)
    assert watch.tick(reopened.occurred_at + timedelta(seconds=29)) == []
    (second,) = watch.tick(reopened.occurred_at + P1_DUE)
    assert second.event_id != first.event_id
    assert list(Alerts(facts).process(ACTION, [first], 0)) == [Drop("already_applied")]
    assert take(facts, second).escalated_at == reopened.occurred_at + P1_DUE


def shelve_of(key: str, at: datetime, until: datetime) -> Action:
    return replace(
        act(key, "alert.shelve"), occurred_at=at, details={"reason": "a test car", "until": until.isoformat()}
    )


def test_a_shelved_alert_waits_from_the_end_of_its_time_on() -> None:
    facts = log_of(AN_ALERT)
    until = RAISED + timedelta(minutes=30)
    take(facts, shelve_of("1", RAISED + timedelta(minutes=1), until))
    watch = escalating(facts)
    assert watch.tick(until + P2_DUE - timedelta(seconds=1)) == []
    (action,) = watch.tick(until + P2_DUE)
    assert take(facts, action).escalated_at == until + P2_DUE


def test_an_escalated_alert_that_is_shelved_is_escalated_anew_when_it_comes_back() -> None:
    facts = log_of(AN_ALERT)
    (first,) = escalating(facts).tick(RAISED + P2_DUE)
    take(facts, first)
    until = RAISED + timedelta(minutes=30)
    assert take(facts, shelve_of("1", RAISED + timedelta(minutes=3), until)).escalated_at is None
    (second,) = escalating(facts).tick(until + P2_DUE)
    assert second.event_id != first.event_id


def test_a_worker_says_nothing_of_alerts_that_another_one_owns() -> None:
    place = (ACTION.topic, partition_of(str(P1.alert_id), PARTITIONS))
    assert escalating(log_of(P1), EVERYWHERE - {place}).tick(RAISED + P1_DUE) == []
    assert len(escalating(log_of(P1), {place}).tick(RAISED + P1_DUE)) == 1


def test_after_an_outage_those_who_waited_longest_are_said_first_and_the_rest_at_the_next_ticks() -> None:
    many = [
        replace(
            P1, alert_id=identity("alert", n), event_id=identity("state", n), raised_at=RAISED - timedelta(seconds=n)
        )
        for n in range(MOST_AT_ONCE + 5)
    ]
    watch = escalating(log_of(*many))
    first = watch.tick(RAISED + P1_DUE)
    assert [one.subject_id for one in first[:2]] == [str(many[-1].alert_id), str(many[-2].alert_id)]
    second = watch.tick(RAISED + P1_DUE + timedelta(seconds=1))
    assert (len(first), len(second)) == (MOST_AT_ONCE, 5)
    assert {one.subject_id for one in (*first, *second)} == {str(one.alert_id) for one in many}
