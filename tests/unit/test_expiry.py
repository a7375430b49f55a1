"""An alert that nobody does anything about is closed after a week, once, also by a worker that starts anew."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta

import pytest
from msgspec.structs import replace

from compose.roles.clocked import alert_limit
from compose.settings import Settings
from pipeline.outcome import Drop
from pipeline.ownership import Ownership
from pipeline.processors.alerts import Alerts
from pipeline.processors.expiring import LOOK_EVERY, MOST_AT_ONCE, Expiring
from pipeline.state.reference import Reference
from schemas.events.action import ACTION
from schemas.events.alert import ACTIVE_STATUSES, STATUSES, Alert
from schemas.events.alert import EXAMPLE as AN_ALERT
from schemas.identity import identity
from schemas.wire.partition import partition_of
from tests.unit.test_alert_life import state
from tests.unit.test_escalation import EVERYWHERE, PARTITIONS, RAISED, log_of, take

WEEK = timedelta(days=7)
A_MOMENT = timedelta(milliseconds=1)


def expiring(
    facts: Reference, ours: Collection[tuple[str, int]] = EVERYWHERE, limit: timedelta | None = WEEK
) -> Expiring:
    return Expiring(facts, limit, Ownership(lambda: ours, PARTITIONS))


def touched(at: datetime, status: str = "acknowledged") -> Alert:
    return replace(AN_ALERT, status=status, changed_by="r.diaz", changed_at=at)


@pytest.mark.parametrize("severity", ["P1", "P4"])
def test_an_alert_that_nobody_touched_is_closed_after_a_week_and_not_before(severity: str) -> None:
    facts = log_of(replace(AN_ALERT, severity=severity))
    assert expiring(facts).tick(RAISED + WEEK - A_MOMENT) == []
    (action,) = expiring(facts).tick(RAISED + WEEK)
    closed = take(facts, action)
    assert (closed.status, closed.changed_by, closed.outcome) == ("closed", "rule:expiry", "")
    assert closed.note == "Nobody did anything about it for 168 hours."
    assert expiring(facts).tick(RAISED + 2 * WEEK) == []


def test_the_week_begins_anew_with_whatever_somebody_does() -> None:
    facts = log_of(touched(RAISED + timedelta(days=3)))
    assert expiring(facts).tick(RAISED + WEEK) == []
    assert len(expiring(facts).tick(RAISED + timedelta(days=10))) == 1


@pytest.mark.parametrize("status", STATUSES)
def test_only_what_may_still_be_acted_on_is_closed(status: str) -> None:
    due = expiring(log_of(touched(RAISED, status))).tick(RAISED + WEEK)
    assert bool(due) == (status in ACTIVE_STATUSES)


def test_two_workers_say_the_same_and_it_counts_once() -> None:
    facts = log_of(AN_ALERT)
    (first,) = expiring(facts).tick(RAISED + WEEK)
    (second,) = expiring(log_of(AN_ALERT)).tick(RAISED + 2 * WEEK)
    assert first.event_id == second.event_id
    take(facts, first)
    assert list(Alerts(facts).process(ACTION, [second], 0)) == [Drop("already_applied")]


def test_of_one_who_reopens_it_the_week_begins_then() -> None:
    facts = log_of(AN_ALERT)
    (action,) = expiring(facts).tick(RAISED + WEEK)
    take(facts, action)
    reopened = replace(action, event_id=identity("action", "again"), name="alert.reopen", occurred_at=RAISED + 2 * WEEK)
    opened = state(Alerts(facts).process(ACTION, [reopened], 0)[0])
    facts.apply_alert(opened)
    assert expiring(facts).tick(RAISED + 3 * WEEK - A_MOMENT) == []
    (again,) = expiring(facts).tick(RAISED + 3 * WEEK)
    assert again.event_id != action.event_id


def test_only_the_worker_that_owns_an_alert_closes_it() -> None:
    place = (ACTION.topic, partition_of(str(AN_ALERT.alert_id), PARTITIONS))
    assert expiring(log_of(AN_ALERT), EVERYWHERE - {place}).tick(RAISED + WEEK) == []
    assert len(expiring(log_of(AN_ALERT), {place}).tick(RAISED + WEEK)) == 1


def test_of_very_many_the_oldest_go_first_and_the_rest_at_the_next_look() -> None:
    many = [
        replace(AN_ALERT, alert_id=identity("alert", "old", number), raised_at=RAISED + timedelta(seconds=number))
        for number in range(MOST_AT_ONCE + 3)
    ]
    facts = log_of(*reversed(many))
    watch = expiring(facts)
    due = watch.tick(RAISED + 2 * WEEK)
    assert [one.subject_id for one in due] == [str(one.alert_id) for one in many[:MOST_AT_ONCE]]
    for action in due:
        take(facts, action)
    assert watch.tick(RAISED + 2 * WEEK + LOOK_EVERY - A_MOMENT) == []
    assert len(watch.tick(RAISED + 2 * WEEK + LOOK_EVERY)) == 3


def test_a_site_may_keep_alerts_open_for_ever() -> None:
    assert alert_limit(Settings()) == WEEK
    assert alert_limit(Settings(alert_expires_h=0)) is None
    assert expiring(log_of(AN_ALERT), limit=None).tick(RAISED + 100 * WEEK) == []
