"""The one writer of incidents is killed, takes over and forgets, and nothing is lost by it."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import pytest
from msgspec.structs import replace

from pipeline.outcome import Retry
from pipeline.processors.incidents import Incidents, Writing
from pipeline.state.cases import KEEP_OPEN, KEEP_OVER, Cases
from pipeline.state.incident_state import incident_of
from schemas.events.emergency_call import EmergencyCall
from schemas.events.incident_input import INCIDENT_INPUT, of_action, of_call
from tests.unit.facts import NOW
from tests.unit.incident_desk import DOWN, FAR, SHOTS, Desk, act, later

STORY = [
    SHOTS, DOWN, FAR, act(1, "assign", Desk().take(SHOTS)[0]),
    later(DOWN, "dispatched", 3), act(2, "merge", Desk().take(FAR)[0], into=incident_of(SHOTS.call_id)),
    act(3, "close", Desk().take(SHOTS)[0], "b.late", expected_rev=1),
    act(4, "unmerge", Desk().take(DOWN)[0]), later(SHOTS, "closed", 9), later(FAR, "on_scene", 10),
    act(5, "reopen", Desk().take(SHOTS)[0]), act(6, "split", Desk().take(SHOTS)[0], call_id=FAR.call_id),
    act(7, "link", Desk().take(SHOTS)[0], other=incident_of(FAR.call_id)),
    act(8, "assess", Desk().take(FAR)[0], version=1, grade="priority", why="seen"),
]  # fmt: skip


def told(desk: Desk) -> dict[UUID, dict[str, object]]:
    """What readers know, without the numbers of revisions: a state that was lost on the way takes none."""
    left = {"rev", "person_rev", "event_id", "occurred_at", "observed_at"}
    return {
        one.incident_id: {name: getattr(one, name) for name in one.__struct_fields__ if name not in left}
        for one in desk.reference.cases()
    }


@pytest.mark.parametrize("killed_at", range(len(STORY)))
@pytest.mark.parametrize("written", [slice(0), slice(1), slice(1, 2), slice(2), slice(None)], ids=str)
def test_a_worker_killed_between_its_outputs_and_started_again_comes_to_the_same(
    killed_at: int, written: slice
) -> None:
    whole = Desk()
    for one in STORY:
        whole.take(one)
    killed = Desk()
    for number, one in enumerate(STORY):
        if number == killed_at:
            made = killed.made([of_call(one) if isinstance(one, EmergencyCall) else of_action(one)])
            killed.written(made[written])
            killed.restart()
        killed.take(one)
    assert told(killed) == told(whole)
    # What was written twice has one id, so readers take it for one.
    assert {one.event_id for one in killed.log} == {one.event_id for one in whole.log}


def test_a_frame_that_fails_in_the_middle_leaves_no_trace() -> None:
    desk = Desk()
    desk.take(SHOTS)
    before = desk.incidents.cases.get(incident_of(SHOTS.call_id))
    bad = replace(of_call(DOWN), call=replace(DOWN, updated_at="soon"))
    with pytest.raises((TypeError, AttributeError)):
        desk.incidents.process(INCIDENT_INPUT, [of_call(later(SHOTS, "closed", 3)), bad], 0)
    assert desk.incidents.cases.get(incident_of(SHOTS.call_id)) == before
    assert desk.incidents.cases.get(incident_of(DOWN.call_id)) is None


def test_a_worker_that_takes_over_waits_until_it_has_read_what_the_other_wrote() -> None:
    log = Desk()
    log.take(SHOTS, act(1, "assign", Desk().take(SHOTS)[0]))
    generation, fresh, now = [1], [5.0], [10.0]
    taking = Incidents(log.reference, Writing(lambda: generation[0], lambda: fresh[0], lambda: now[0]))
    with pytest.raises(Retry):
        taking.process(INCIDENT_INPUT, [of_call(DOWN)], 0)
    fresh[0] = 10.1
    taking.process(INCIDENT_INPUT, [of_call(DOWN)], 0)
    owned = taking.cases.get(incident_of(SHOTS.call_id))
    assert owned is not None
    assert owned.owner == "r.diaz"
    generation[0], now[0] = 2, 20.0
    with pytest.raises(Retry):
        taking.process(INCIDENT_INPUT, [of_call(DOWN)], 0)


def test_what_is_over_is_forgotten_after_a_day_and_what_goes_on_after_a_week() -> None:
    desk = Desk()
    desk.take(SHOTS, DOWN, later(FAR, "closed", 1))
    cases = Cases(desk.reference.cases())
    cases.forget(NOW + KEEP_OVER + timedelta(minutes=2))
    assert cases.get(incident_of(FAR.call_id)) is None
    assert len(cases) == 2
    cases.forget(NOW + KEEP_OPEN + timedelta(minutes=2))
    assert len(cases) == 0


def test_the_writer_is_asked_each_second_what_to_forget_and_looks_once_a_minute() -> None:
    desk = Desk()
    desk.take(later(FAR, "closed", 1))
    desk.incidents.forget(NOW)
    due = NOW + KEEP_OVER + timedelta(minutes=2)
    desk.incidents.forget(due)
    assert len(desk.incidents.cases) == 0
    desk.take(later(SHOTS, "closed", 1))
    desk.incidents.forget(due + timedelta(seconds=59))
    assert len(desk.incidents.cases) == 1
    desk.incidents.forget(due + timedelta(seconds=60))
    assert len(desk.incidents.cases) == 0


def test_an_action_on_an_incident_that_is_not_known_is_a_dead_letter() -> None:
    desk = Desk()
    desk.take(SHOTS)
    desk.take(replace(act(1, "close", desk.of(SHOTS)), subject_id=str(UUID(int=1))))
    assert desk.reason == "unknown_incident"
    desk.take(replace(act(1, "close", desk.of(SHOTS)), jurisdiction="elsewhere"))
    assert desk.reason == "invalid_field"
