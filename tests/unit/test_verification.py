"""Nobody is sent on the strength of a match before one person has looked (checks B17 of standards.md)."""

from __future__ import annotations

from itertools import permutations

import pytest
from msgspec.structs import replace

from pipeline.outcome import Drop
from pipeline.processors.alerts import Alerts
from pipeline.state.reference import Reference
from schemas.events.action import ACTION, CHECKS, VERDICTS, Action
from schemas.events.action import EXAMPLE as AN_ACTION
from schemas.events.alert import EXAMPLE as AN_ALERT
from schemas.events.alert import Alert
from schemas.identity import identity
from schemas.verification import is_dispatchable, verified


def check(what: str, actor: str = "r.diaz") -> Action:
    return replace(AN_ACTION, event_id=identity("action", what, actor), name="alert.check", checks=(what,), actor=actor)


def judge(verdict: str, actor: str = "r.diaz") -> Action:
    return replace(
        AN_ACTION, event_id=identity("action", verdict, actor), name="alert.judge", verdict=verdict, actor=actor
    )


def after(*actions: Action, alert: Alert = AN_ALERT) -> Alert:
    for action in actions:
        changed = verified(alert, action)
        assert isinstance(changed, Alert), changed
        alert = changed
    return alert


@pytest.mark.parametrize("order", list(permutations(CHECKS)))
def test_b17_an_alert_is_dispatchable_after_three_checks_and_a_verdict_of_one_person(order: tuple[str, ...]) -> None:
    checked = after(*(check(one) for one in order))
    assert not is_dispatchable(checked)
    done = after(judge("correct"), alert=checked)
    assert is_dispatchable(done)
    assert (done.checks, done.verdict, done.verified_by) == (CHECKS, "correct", "r.diaz")


def test_b17_checks_of_two_people_do_not_add_up() -> None:
    mixed = after(check("plate"), check("state"), check("record", actor="second"))
    assert mixed.checks == ("record",)
    assert verified(mixed, judge("correct", actor="second")) == "not_checked"
    assert verified(mixed, judge("correct")) == "not_checked"


def test_b17_there_is_no_way_to_check_everything_at_once() -> None:
    everything = replace(check("plate"), checks=CHECKS)
    assert verified(AN_ALERT, everything) == "not_one_check"
    assert verified(AN_ALERT, replace(check("plate"), checks=())) == "not_one_check"
    assert verified(AN_ALERT, replace(check("plate"), checks=("everything",))) == "not_one_check"


@pytest.mark.parametrize("verdict", [one for one in VERDICTS if one != "correct"])
def test_what_is_found_wrong_is_kept_without_any_check_and_nobody_is_sent(verdict: str) -> None:
    found = after(judge(verdict))
    assert (found.verdict, found.verified_by) == (verdict, "r.diaz")
    assert not is_dispatchable(found)
    assert not is_dispatchable(after(*(check(one) for one in CHECKS), judge("correct"), judge(verdict)))


def test_a_check_after_a_verdict_takes_the_verdict_back() -> None:
    assert after(judge("misread"), check("plate")).verdict == ""


def test_an_alert_about_no_plate_needs_no_verification() -> None:
    call = replace(AN_ALERT, subject_kind="call")
    assert is_dispatchable(call)
    assert verified(call, check("plate")) == "needs_no_verification"


def test_a_recalled_alert_is_verified_no_more() -> None:
    assert verified(replace(AN_ALERT, status="recalled"), check("plate")) == "already_recalled"


def test_b17_the_processor_dispatches_only_what_is_verified_and_each_step_is_a_revision() -> None:
    facts = Reference()
    facts.apply_alert(AN_ALERT)
    alerts = Alerts(facts)
    dispatch = replace(AN_ACTION, event_id=identity("action", "go"), name="alert.dispatch")
    (refused,) = alerts.process(ACTION, [dispatch], 0)
    assert refused == Drop("not_verified")
    outcomes = alerts.process(ACTION, [*(check(one) for one in CHECKS), judge("correct"), dispatch], 0)
    states = [event for outcome in outcomes for event in outcome.events]  # type: ignore[union-attr]
    assert [(one.rev, one.status, len(one.checks), one.verdict) for one in states if isinstance(one, Alert)] == [
        (2, "open", 1, ""),
        (3, "open", 2, ""),
        (4, "open", 3, ""),
        (5, "open", 3, "correct"),
        (6, "dispatched", 3, "correct"),
    ]
    assert alerts.process(ACTION, [dispatch], 0) == [Drop("already_applied")]


def test_a_misread_keeps_the_true_plate_and_when_it_was_said_until_somebody_checks_anew() -> None:
    said = replace(judge("misread"), true_plate="ABC128")
    found = after(said)
    assert (found.true_plate, found.verdict_at) == ("ABC128", said.occurred_at)
    begun = after(check("plate"), alert=found)
    assert (begun.true_plate, begun.verdict_at, begun.verdict) == ("", None, "")


def test_a_true_plate_that_cannot_be_is_not_taken() -> None:
    listed = replace(AN_ALERT.why[0], facts={"listed_plate": "A8C123"})
    alert = replace(AN_ALERT, why=(listed,))
    assert verified(alert, replace(judge("misread"), true_plate="A8C123")) == "true_plate_is_listed"
    assert verified(alert, replace(judge("misread"), true_plate="abc 1")) == "no_plate"
    assert verified(alert, replace(judge("other"), true_plate="ABC128")) == "no_misread"
