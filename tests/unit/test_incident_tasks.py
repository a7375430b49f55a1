"""Tasks of an incident: a list for its kind, people's own, who was first, and what a merge keeps."""

from __future__ import annotations

import pytest

from pipeline.processors.incident_tasks import MOST_TASKS
from schemas.checklists import checklists
from schemas.events.action import Action
from schemas.events.emergency_call import CATEGORIES, CallLink, EmergencyCall
from schemas.events.incident import Incident, IncidentTask
from schemas.events.incident_input import of_action
from tests.unit.facts import call
from tests.unit.incident_desk import SHOTS, Desk, act, later

OTHER = call(4, "traffic", 29.99, -90.0)


@pytest.fixture
def desk() -> Desk:
    desk = Desk()
    desk.take(SHOTS, OTHER)
    desk.take(act(1, "task_add", desk.of(SHOTS), text=" Call the school "))
    return desk


def own(desk: Desk, of: EmergencyCall = SHOTS) -> IncidentTask:
    return desk.of(of).tasks[0]


def ticked(nth: int, incident: Incident, actor: str = "r.diaz", state: str = "done", **details: object) -> Action:
    return act(nth, "task_state", incident, actor, task=incident.tasks[0].task_id, state=state, **details)


def refusals(desk: Desk) -> list[tuple[str, str, str]]:
    return [(one.actor, one.why, one.first_by) for one in desk.of(SHOTS).refused]


def test_a_task_says_who_put_it_there_whose_it_is_and_who_did_it_when(desk: Desk) -> None:
    task = own(desk)
    assert (task.text, task.added_by, task.state, task.source) == ("Call the school", "r.diaz", "open", "")
    desk.take(act(2, "task_assign", desk.of(SHOTS), task=task.task_id, assignee="b.lee"))
    done = ticked(3, desk.of(SHOTS), "b.lee", note="nobody answers")
    desk.take(done)
    task = own(desk)
    assert (task.assignee, task.state, task.note, task.changed_by, task.changed_at) == (
        "b.lee", "done", "nobody answers", "b.lee", done.occurred_at
    )  # fmt: skip
    assert (task.added_by, task.rev) == ("r.diaz", desk.of(SHOTS).rev)
    desk.take(ticked(4, desk.of(SHOTS), state="open"))
    assert own(desk).state == "open"


def test_a_task_leaves_what_is_said_of_the_incident_as_it_is(desk: Desk) -> None:
    desk.take(act(2, "note", desk.of(SHOTS), "b.lee", note="NEED HELP: two more cars"))
    before = desk.of(SHOTS)
    desk.take(ticked(3, before))
    after = desk.of(SHOTS)
    assert (after.note, after.changed_by, after.changed_at) == (before.note, "b.lee", before.changed_at)
    desk.take(act(4, "close", after, expected_rev=before.rev))
    assert desk.of(SHOTS).stage == "closed"


def test_of_two_who_tick_one_task_at_once_the_second_is_told_who_was_first(desk: Desk) -> None:
    seen = desk.of(SHOTS)
    desk.take(ticked(2, seen, "a.first", expected_rev=seen.rev), ticked(3, seen, "b.second", expected_rev=seen.rev))
    assert own(desk).changed_by == "a.first"
    assert refusals(desk) == [("b.second", "task_already_done", "a.first")]


def test_who_ticks_what_another_one_found_not_needed_meanwhile_is_told(desk: Desk) -> None:
    seen = desk.of(SHOTS)
    desk.take(ticked(2, seen, "a.first", "not_needed", note="found", expected_rev=seen.rev))
    desk.take(ticked(3, seen, "b.second", expected_rev=seen.rev))
    assert (own(desk).state, own(desk).note) == ("not_needed", "found")
    assert refusals(desk) == [("b.second", "changed_meanwhile", "a.first")]


def test_two_people_see_to_two_tasks_at_once(desk: Desk) -> None:
    desk.take(act(2, "task_add", desk.of(SHOTS), "b.lee", text="Second", assignee="c.kim"))
    seen = desk.of(SHOTS)
    desk.take(
        ticked(3, seen, expected_rev=seen.rev),
        act(4, "task_state", seen, "b.lee", task=seen.tasks[1].task_id, state="done", expected_rev=seen.rev),
    )
    assert [(task.state, task.assignee) for task in desk.of(SHOTS).tasks] == [("done", ""), ("done", "c.kim")]
    assert refusals(desk) == []


@pytest.mark.parametrize(
    ("name", "details", "why"),
    [
        ("task_state", {"state": "done", "task": "nonsense"}, "unknown_task"),
        ("task_state", {"state": "perhaps"}, "unknown_task_state"),
        ("task_state", {"state": "not_needed"}, "no_reason"),
        ("task_state", {"state": "done", "expected_rev": "soon"}, "invalid_expected_rev"),
        ("task_assign", {"assignee": ""}, "task_already_assigned"),
        ("task_add", {"text": " "}, "empty_task"),
        ("checklist", {"checklist": "nonsense"}, "unknown_checklist"),
    ],
)
def test_what_does_not_fit_a_task_is_refused_and_says_why(
    desk: Desk, name: str, details: dict[str, str], why: str
) -> None:
    before = desk.of(SHOTS)
    desk.take(act(2, name, before, **{"task": before.tasks[0].task_id, **details}))
    assert [said for _, said, _ in refusals(desk)] == [why]
    assert desk.of(SHOTS).tasks == before.tasks


def test_a_list_for_the_kind_is_added_once_with_the_source_of_each_entry(desk: Desk) -> None:
    seen = desk.of(SHOTS)
    desk.take(
        act(2, "checklist", seen, "a.first", checklist="shots_fired"),
        act(3, "checklist", seen, "b.second", checklist="shots_fired"),
    )
    entries = checklists()["shots_fired"].tasks
    told = desk.of(SHOTS).tasks
    assert [(task.text, task.source) for task in told[1:]] == [(entry.text, entry.source) for entry in entries]
    assert refusals(desk) == [("b.second", "already_listed", "a.first")]


def test_nothing_is_ticked_in_an_incident_that_is_over(desk: Desk) -> None:
    seen = desk.of(SHOTS)
    desk.take(act(2, "close", seen, "a.first"), ticked(3, seen, "b.second"))
    assert own(desk).state == "open"
    assert refusals(desk) == [("b.second", "already_closed", "a.first")]


def test_tasks_have_a_bound(desk: Desk) -> None:
    for nth in range(2, MOST_TASKS + 3):
        desk.take(act(nth, "task_add", desk.of(SHOTS), text="One more"))
    assert len(desk.of(SHOTS).tasks) == MOST_TASKS
    assert [why for _, why, _ in refusals(desk)] == ["too_many_tasks"] * 2


def test_what_a_killed_worker_had_of_tasks_the_next_one_has_and_an_action_that_comes_again_is_one(desk: Desk) -> None:
    tick = ticked(2, desk.of(SHOTS))
    desk.take(tick)
    before = desk.of(SHOTS)
    desk.restart()
    desk.take(tick)
    assert desk.reason == "already_applied"
    assert desk.of(SHOTS) == before
    desk.take(ticked(3, before, state="open"))
    assert own(desk).state == "open"


@pytest.mark.parametrize("is_killed", [False, True])
def test_a_merge_takes_the_tasks_of_the_part_along(desk: Desk, is_killed: bool) -> None:
    for nth, one in ((2, SHOTS), (3, OTHER)):
        desk.take(act(nth, "checklist", desk.of(one), checklist="crash"))
    part = desk.of(OTHER)
    desk.take(act(4, "task_state", part, "b.lee", task="crash/extent", state="done"))
    desk.take(act(5, "task_add", part, "b.lee", text="Tow truck"))
    merge = act(6, "merge", desk.of(OTHER), into=desk.of(SHOTS).incident_id)
    if is_killed:
        # The worker had written the part, and not the whole.
        made = desk.made([of_action(merge)])
        desk.written(made[:1])
        desk.restart()
    desk.take(merge)
    whole = desk.of(SHOTS)
    assert {task.text: (task.state, task.changed_by) for task in whole.tasks}["Tow truck"] == ("open", "b.lee")
    assert {task.task_id: task.state for task in whole.tasks}["crash/extent"] == "done"
    assert len(whole.tasks) == 1 + len(checklists()["crash"].tasks) + 1
    # The page goes on from the whole's revision.
    tow = whole.tasks[-1]
    desk.take(act(7, "task_state", desk.of(OTHER), task=tow.task_id, state="done", expected_rev=whole.rev))
    assert desk.of(SHOTS).tasks[-1].state == "done"


def test_an_incident_with_tasks_is_not_joined_to_another_by_itself() -> None:
    desk = Desk()
    nowhere = call(6, "shooting", None, None)
    desk.take(SHOTS, nowhere)
    desk.take(act(1, "task_add", desk.of(nowhere), text="Where is it?"))
    desk.take(later(nowhere, "received", 1, lat=SHOTS.lat, lon=SHOTS.lon))
    assert desk.of(nowhere).merged_into is None


def test_what_a_source_merges_keeps_the_tasks_of_both(desk: Desk) -> None:
    link = CallLink(relation="merged_from", call_id=SHOTS.call_id)
    desk.take(later(OTHER, "dispatched", 9, links=(link,)))
    assert desk.of(SHOTS).merged_into == desk.of(OTHER).incident_id
    assert own(desk, OTHER).text == "Call the school"


def test_every_list_is_sound() -> None:
    known = checklists()
    named = [category for one in known.values() for category in one.categories]
    assert set(named) <= set(CATEGORIES)
    assert len(named) == len(set(named)), "two lists for one category"
    assert [one.name for one in known.values() if not one.categories] == [list(known)[-1]]
    for one in known.values():
        assert len({entry.key for entry in one.tasks}) == len(one.tasks)
        assert all(0 < len(entry.text) <= 200 and 0 < len(entry.source) <= 200 for entry in one.tasks)
