"""What people do to alerts: the first one wins, nothing happens twice, nothing is forgotten."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from msgspec.structs import replace

from pipeline.outcome import DeadLetter, Drop, Emit, Outcome, Retry
from pipeline.processors.alerts import WAIT_FOR_ALERT_S, Alerts
from pipeline.state.reference import Reference
from schemas.events.action import ACTION, OUTCOMES, RECORDS, Action
from schemas.events.action import EXAMPLE as AN_ACTION
from schemas.events.alert import EXAMPLE as AN_ALERT
from schemas.events.alert import Alert
from schemas.identity import identity


def act(key: str, name: str, actor: str = "r.diaz") -> Action:
    return replace(AN_ACTION, event_id=identity("action", key), name=name, actor=actor)


def state(outcome: Outcome) -> Alert:
    assert isinstance(outcome, Emit)
    (alert,) = outcome.events
    assert isinstance(alert, Alert)
    return alert


@pytest.fixture
def facts() -> Reference:
    known = Reference()
    known.apply_alert(AN_ALERT)
    return known


def test_an_acknowledgement_makes_the_next_revision_with_who_and_when(facts: Reference) -> None:
    (outcome,) = Alerts(facts).process(ACTION, [act("1", "alert.acknowledge")], 0)
    changed = state(outcome)
    assert (changed.rev, changed.status, changed.changed_by) == (2, "acknowledged", "r.diaz")
    assert changed.changed_at == AN_ACTION.occurred_at
    assert changed.why == AN_ALERT.why


def test_of_two_who_acknowledge_the_first_wins(facts: Reference) -> None:
    first, second = Alerts(facts).process(
        ACTION, [act("1", "alert.acknowledge", "first"), act("2", "alert.acknowledge", "second")], 0
    )
    assert state(first).changed_by == "first"
    assert second == Drop("already_acknowledged")


def test_an_action_that_comes_twice_changes_nothing_twice(facts: Reference) -> None:
    alerts = Alerts(facts)
    (first,) = alerts.process(ACTION, [act("1", "alert.acknowledge")], 0)
    facts.apply_alert(state(first))
    assert alerts.process(ACTION, [act("1", "alert.acknowledge")], 0) == [Drop("already_applied")]
    assert Alerts(facts).process(ACTION, [act("1", "alert.acknowledge")], 0) == [Drop("already_applied")]


def test_an_alert_can_be_closed_and_reopened(facts: Reference) -> None:
    outcomes = Alerts(facts).process(
        ACTION, [act("1", "alert.close"), act("2", "alert.acknowledge"), act("3", "alert.reopen")], 0
    )
    assert state(outcomes[0]).status == "closed"
    assert outcomes[1] == Drop("already_closed")
    assert (state(outcomes[2]).status, state(outcomes[2]).rev) == ("open", 3)


def test_a_frame_that_is_tried_again_says_the_same_again(facts: Reference) -> None:
    clock: Callable[[], float] = lambda: 0.0  # noqa: E731
    alerts = Alerts(facts, clock)
    unknown = replace(act("9", "alert.close"), subject_id=str(identity("alert", "unknown")))
    for _ in range(2):
        with pytest.raises(Retry):
            alerts.process(ACTION, [act("1", "alert.acknowledge"), unknown], 0)
    (outcome,) = alerts.process(ACTION, [act("1", "alert.acknowledge")], 0)
    assert state(outcome).rev == 2


def test_an_action_on_an_alert_nobody_knows_is_waited_for_and_then_dead_lettered() -> None:
    now = [0.0]
    alerts = Alerts(Reference(), lambda: now[0])
    with pytest.raises(Retry):
        alerts.process(ACTION, [act("1", "alert.close")], 0)
    now[0] = WAIT_FOR_ALERT_S
    (outcome,) = alerts.process(ACTION, [act("1", "alert.close")], 0)
    assert isinstance(outcome, DeadLetter)
    assert outcome.reason == "unknown_alert"


def test_an_action_of_no_known_name_is_dead_lettered(facts: Reference) -> None:
    (outcome,) = Alerts(facts).process(ACTION, [act("1", "alert.explode")], 0)
    assert isinstance(outcome, DeadLetter)


def test_the_record_of_a_search_changes_nothing_and_is_no_fault(facts: Reference) -> None:
    searches = [act(str(number), f"{name}anything") for number, name in enumerate(RECORDS)]
    assert list(Alerts(facts).process(ACTION, searches, 0)) == [Drop("only_recorded")] * len(RECORDS)


def test_the_unknown_alerts_of_a_frame_are_waited_for_together(facts: Reference) -> None:
    # Waited for one after the other, a dozen of them would hold the line until the watchdog ends the worker.
    now = 0.0

    def clock() -> float:
        nonlocal now
        now += 0.001
        return now

    alerts = Alerts(facts, clock)
    unknown = [replace(act(str(n), "alert.close"), subject_id=str(identity("alert", n))) for n in range(20)]
    frame = [*unknown, act("good", "alert.acknowledge")]
    with pytest.raises(Retry):
        alerts.process(ACTION, frame, 0)
    now += WAIT_FOR_ALERT_S
    *letters, good = alerts.process(ACTION, frame, 0)
    assert {letter.reason for letter in letters if isinstance(letter, DeadLetter)} == {"unknown_alert"}
    assert len(letters) == 20
    assert state(good).status == "acknowledged"


def test_an_action_waited_for_in_vain_is_not_waited_for_again(facts: Reference) -> None:
    now = 0.0
    alerts = Alerts(facts, lambda: now)
    late = replace(act("1", "alert.close"), subject_id=str(identity("alert", "nowhere")))
    with pytest.raises(Retry):
        alerts.process(ACTION, [late], 0)
    now = WAIT_FOR_ALERT_S
    for _ in range(2):
        (outcome,) = alerts.process(ACTION, [late], 0)
        assert isinstance(outcome, DeadLetter)


def closing(key: str, outcome: str) -> Action:
    return replace(act(key, "alert.close"), details={"outcome": outcome} if outcome else {})


@pytest.mark.parametrize("outcome", [*OUTCOMES, ""])
def test_whoever_closes_an_alert_may_say_what_came_of_it_and_reopening_takes_it_back(
    facts: Reference, outcome: str
) -> None:
    closed, opened = Alerts(facts).process(ACTION, [closing("1", outcome), act("2", "alert.reopen")], 0)
    assert (state(closed).status, state(closed).outcome) == ("closed", outcome)
    assert (state(opened).status, state(opened).outcome) == ("open", "")


def test_an_alert_is_not_closed_with_an_outcome_that_nobody_knows(facts: Reference) -> None:
    assert Alerts(facts).process(ACTION, [closing("1", "splendid")], 0) == [Drop("unknown_outcome")]
