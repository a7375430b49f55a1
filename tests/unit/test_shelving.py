"""Putting an alert aside: with a reason, for a time, never a P1; the first one wins and the time ends it by itself."""

from __future__ import annotations

from datetime import timedelta

import pytest
from msgspec.structs import replace

from pipeline.outcome import Drop
from pipeline.processors.alerts import Alerts
from pipeline.state.reference import Reference
from schemas.events.action import ACTION, Action
from schemas.events.alert import EXAMPLE as AN_ALERT
from schemas.events.alert import Alert
from schemas.shelving import LONGEST, is_shelved
from schemas.verification import CHECKS
from tests.unit.test_alert_life import act, state

NOW = act("0", "alert.shelve").occurred_at
HALF_AN_HOUR = timedelta(minutes=30)


def shelve(
    key: str, actor: str = "r.diaz", after: timedelta = timedelta(0), lasting: timedelta = HALF_AN_HOUR, **told: str
) -> Action:
    details = {"reason": "the list is being mended", "until": (NOW + after + lasting).isoformat(), **told}
    return replace(act(key, "alert.shelve", actor), occurred_at=NOW + after, details=details)


def later(action: Action, after: timedelta) -> Action:
    return replace(action, occurred_at=NOW + after)


def knowing(alert: Alert = AN_ALERT) -> Alerts:
    facts = Reference()
    facts.apply_alert(alert)
    return Alerts(facts)


def test_a_shelved_alert_keeps_its_status_and_says_who_why_and_until_when() -> None:
    (outcome,) = knowing().process(ACTION, [shelve("1")], 0)
    changed = state(outcome)
    assert (changed.status, changed.rev, changed.changed_by) == ("open", 2, "r.diaz")
    assert (changed.shelved_by, changed.shelved_reason) == ("r.diaz", "the list is being mended")
    assert changed.shelved_until == NOW + HALF_AN_HOUR


def test_what_is_shelved_is_open_again_at_its_time_without_anything_being_written() -> None:
    (outcome,) = knowing().process(ACTION, [shelve("1")], 0)
    changed = state(outcome)
    assert is_shelved(changed, NOW + HALF_AN_HOUR - timedelta(milliseconds=1))
    assert not is_shelved(changed, NOW + HALF_AN_HOUR)


def test_of_two_who_shelve_at_once_the_first_wins() -> None:
    first, second = knowing().process(ACTION, [shelve("1", "first"), shelve("2", "second", lasting=LONGEST)], 0)
    assert state(first).shelved_by == "first"
    assert second == Drop("already_shelved")


def test_it_can_be_shelved_again_when_its_time_is_over() -> None:
    outcomes = knowing().process(ACTION, [shelve("1"), shelve("2", "second", after=HALF_AN_HOUR)], 0)
    assert state(outcomes[1]).shelved_by == "second"


@pytest.mark.parametrize(
    ("action", "why"),
    [
        (shelve("1", reason="  "), "no_reason"),
        (shelve("1", reason="x" * 201), "no_reason"),
        (shelve("1", until="soon"), "no_time"),
        (shelve("1", until="2126-01-01T00:00:00"), "no_time"),
        (shelve("1", lasting=timedelta(0)), "no_time"),
        (shelve("1", lasting=LONGEST + timedelta(seconds=1)), "shelved_too_long"),
    ],
    ids=["no reason", "too long a reason", "no time", "no offset", "not ahead", "longer than a shift"],
)
def test_without_a_reason_or_a_time_within_a_shift_nothing_is_shelved(action: Action, why: str) -> None:
    assert list(knowing().process(ACTION, [action], 0)) == [Drop(why)]


def test_twelve_hours_are_allowed() -> None:
    (outcome,) = knowing().process(ACTION, [shelve("1", lasting=LONGEST)], 0)
    assert state(outcome).shelved_until == NOW + LONGEST


def test_a_p1_cannot_be_shelved() -> None:
    assert list(knowing(replace(AN_ALERT, severity="P1")).process(ACTION, [shelve("1")], 0)) == [Drop("p1_not_shelved")]


@pytest.mark.parametrize("status", ["dispatched", "closed", "recalled"])
def test_what_somebody_is_on_the_way_to_or_is_over_cannot_be_shelved(status: str) -> None:
    alert = replace(AN_ALERT, status=status)
    assert list(knowing(alert).process(ACTION, [shelve("1")], 0)) == [Drop(f"already_{status}")]


def test_whoever_takes_it_back_makes_it_open_from_then_on() -> None:
    back = later(act("2", "alert.unshelve", "c.kim"), timedelta(minutes=5))
    _, outcome = knowing().process(ACTION, [shelve("1"), back], 0)
    changed = state(outcome)
    assert (changed.shelved_until, changed.shelved_by, changed.shelved_reason) == (None, "", "")
    assert (changed.status, changed.changed_by, changed.open_since) == ("open", "c.kim", back.occurred_at)


def test_what_is_not_shelved_cannot_be_taken_back() -> None:
    late = later(act("2", "alert.unshelve"), HALF_AN_HOUR)
    assert list(knowing().process(ACTION, [late], 0)) == [Drop("not_shelved")]
    assert list(knowing().process(ACTION, [shelve("1"), late], 0))[1] == Drop("not_shelved")


@pytest.mark.parametrize("name", ["alert.acknowledge", "alert.close"])
def test_whoever_takes_or_closes_a_shelved_alert_takes_it_off_the_shelf(name: str) -> None:
    _, outcome = knowing().process(ACTION, [shelve("1"), act("2", name)], 0)
    assert (state(outcome).shelved_until, state(outcome).shelved_by) == (None, "")


def test_a_check_leaves_a_shelved_alert_on_the_shelf() -> None:
    check = replace(act("2", "alert.check"), checks=(CHECKS[0],))
    _, outcome = knowing().process(ACTION, [shelve("1"), check], 0)
    assert is_shelved(state(outcome), NOW)


def test_shelving_that_comes_twice_changes_nothing_twice() -> None:
    alerts = knowing()
    assert list(alerts.process(ACTION, [shelve("1"), shelve("1")], 0))[1] == Drop("already_applied")
