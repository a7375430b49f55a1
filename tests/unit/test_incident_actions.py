"""Incidents: what people do to them, who was first, and what a merge keeps."""

from __future__ import annotations

from uuid import UUID

import pytest
from msgspec.structs import replace

from pipeline.state.incident_state import incident_of
from schemas.identity import identity
from tests.unit.facts import call
from tests.unit.incident_desk import DOWN, FAR, SHOTS, Desk, act, later

#: A hundred metres north.


def test_every_change_by_a_person_says_who_when_and_why() -> None:
    desk = Desk()
    desk.take(SHOTS)
    desk.take(act(1, "assign", desk.of(SHOTS), note="mine"))
    taken = desk.of(SHOTS)
    assert (taken.stage, taken.owner, taken.changed_by, taken.note) == ("assigned", "r.diaz", "r.diaz", "mine")
    assert taken.changed_at == act(1, "assign", taken).occurred_at
    desk.take(act(2, "assign", taken, unit="801A"), act(3, "stage", taken, stage="on_scene"))
    assert (desk.of(SHOTS).units, desk.of(SHOTS).stage) == (("801A",), "on_scene")
    assert desk.of(SHOTS).actions == tuple(identity("action", number) for number in (1, 2, 3))


def test_of_two_who_change_an_incident_at_once_the_second_is_told_who_was_first() -> None:
    desk = Desk()
    desk.take(SHOTS)
    seen = desk.of(SHOTS)
    desk.take(
        act(1, "close", seen, "a.first", expected_rev=seen.rev),
        act(2, "assign", seen, "b.second", expected_rev=seen.rev),
    )
    told = desk.of(SHOTS)
    assert (told.stage, told.owner, told.changed_by) == ("closed", "", "a.first")
    (refused,) = told.refused
    assert (refused.action_id, refused.actor, refused.why, refused.first_by) == (
        identity("action", 2), "b.second", "changed_meanwhile", "a.first"
    )  # fmt: skip
    assert told.rev > seen.rev


def test_what_calls_changed_meanwhile_keeps_nobody_from_acting() -> None:
    desk = Desk()
    desk.take(SHOTS)
    seen = desk.of(SHOTS)
    desk.take(later(SHOTS, "dispatched", 1), act(1, "assign", seen, expected_rev=seen.rev))
    assert desk.of(SHOTS).owner == "r.diaz"
    assert desk.of(SHOTS).refused == ()


@pytest.mark.parametrize(
    ("name", "details", "why"),
    [
        ("reopen", {}, "already_open"),
        ("unmerge", {}, "not_merged"),
        ("stage", {"stage": "closed"}, "unknown_stage"),
        ("merge", {"into": "nonsense"}, "unknown_incident"),
        ("merge", {"into": str(UUID(int=5))}, "unknown_incident"),
        ("merge", {"into": str(incident_of(SHOTS.call_id))}, "already_together"),
        ("split", {"call_id": "test:9"}, "not_its_call"),
        ("split", {"call_id": SHOTS.call_id}, "opening_call"),
        ("unlink", {"other": str(incident_of(FAR.call_id))}, "not_linked"),
        ("note", {}, "empty_note"),
        ("record", {}, "no_number"),
        ("assess", {"version": "1"}, "invalid_assessment"),
        ("explode", {}, "unknown_action"),
        ("close", {"expected_rev": "soon"}, "invalid_expected_rev"),
    ],
)
def test_an_action_that_does_not_fit_is_refused_and_says_why(name: str, details: dict[str, str], why: str) -> None:
    desk = Desk()
    desk.take(SHOTS, FAR)
    before = desk.of(SHOTS)
    desk.take(act(1, name, before, **details))
    after = desk.of(SHOTS)
    assert [one.why for one in after.refused] == [why]
    same = {"event_id", "rev", "occurred_at", "observed_at", "refused", "actions"}
    assert {f: getattr(after, f) for f in after.__struct_fields__ if f not in same} == {
        f: getattr(before, f) for f in before.__struct_fields__ if f not in same
    }


def test_an_incident_that_a_person_closed_is_not_opened_by_its_call() -> None:
    desk = Desk()
    desk.take(SHOTS)
    desk.take(act(1, "close", desk.of(SHOTS)), later(SHOTS, "dispatched", 7))
    assert (desk.of(SHOTS).stage, desk.of(SHOTS).status) == ("closed", "closed")


def test_a6_an_incident_that_is_reopened_keeps_its_times() -> None:
    desk = Desk()
    desk.take(SHOTS, later(SHOTS, "closed", 4))
    closed = desk.of(SHOTS)
    desk.take(act(1, "reopen", closed, note="a witness came"))
    again = desk.of(SHOTS)
    assert (again.stage, again.status) == ("reopened", "open")
    assert (again.opened_at, again.closed_at) == (closed.opened_at, closed.closed_at)
    assert again.calls[0].received_at == SHOTS.received_at


def test_a6_after_a_merge_both_ids_are_one_incident_and_unmerging_gives_both_back_whole() -> None:
    desk = Desk()
    other = call(4, "traffic", 29.99, -90.0)
    third = call(5, "traffic", 29.99, -90.0)
    desk.take(SHOTS, other, third)
    desk.take(act(1, "assign", desk.of(other), "b.lee", note="crash on the bridge"))
    before = (desk.of(SHOTS), desk.of(other), desk.of(third))
    desk.take(act(2, "merge", desk.of(other), into=desk.of(SHOTS).incident_id))
    whole, part = desk.of(SHOTS), desk.of(other)
    assert whole.call_ids == (SHOTS.call_id, other.call_id, third.call_id)
    assert (part.stage, part.merged_into, part.owner) == ("merged", whole.incident_id, "b.lee")
    # What is done to the one is done to the whole.
    desk.take(act(3, "assign", part, "c.kim", unit="9"))
    assert desk.of(SHOTS).units == ("9",)
    desk.restart()
    desk.take(act(4, "unmerge", part, note="not the same"))
    kept = ("call_ids", "calls", "stage", "status", "owner", "kind", "category", "priority", "opened_at", "lat", "lon",
            "merged_into", "zones", "nearest_cameras")  # fmt: skip
    for then, now in zip(before[1:], (desk.of(other), desk.of(third)), strict=True):
        assert {name: getattr(now, name) for name in kept} == {name: getattr(then, name) for name in kept}
    assert desk.of(SHOTS).call_ids == (SHOTS.call_id,)
    assert (desk.of(SHOTS).kind, desk.of(SHOTS).opened_at) == (before[0].kind, before[0].opened_at)


@pytest.mark.parametrize("second", ["into another", "the other way round"])
def test_a6_of_two_who_merge_at_once_the_second_is_told_by_what_it_became_part_of(second: str) -> None:
    desk = Desk()
    other, third = call(4, "traffic", 29.99, -90.0), call(5, "fire", 29.97, -90.0)
    desk.take(SHOTS, other, third)
    seen, whole, into = desk.of(other), desk.of(SHOTS), desk.of(third)
    if second == "into another":
        late = act(2, "merge", seen, "b.second", into=into.incident_id, expected_rev=seen.rev)
    else:
        late = act(2, "merge", whole, "b.second", into=seen.incident_id, expected_rev=whole.rev)
    desk.take(act(1, "merge", seen, "a.first", into=whole.incident_id, expected_rev=seen.rev), late)
    part, told = desk.of(other), desk.of(SHOTS)
    assert (part.merged_into, told.merged_into, desk.of(third).stage) == (whole.incident_id, None, into.stage)
    # The page follows the part to what it is part of: there is the answer.
    assert identity("action", 2) not in part.actions
    assert identity("action", 2) in told.actions
    assert [(one.actor, one.why, one.first_by) for one in told.refused] == [
        ("b.second", "changed_meanwhile", "a.first")
    ]


def test_a6_of_two_who_unmerge_at_once_the_second_is_told() -> None:
    desk = Desk()
    other = call(4, "traffic", 29.99, -90.0)
    desk.take(SHOTS, other)
    desk.take(act(1, "merge", desk.of(other), into=desk.of(SHOTS).incident_id))
    part = desk.of(other)
    desk.take(
        act(2, "unmerge", part, "a.first", expected_rev=part.rev),
        act(3, "unmerge", part, "b.second", expected_rev=part.rev),
    )
    assert desk.of(other).merged_into is None
    assert [(one.actor, one.why) for one in desk.of(other).refused] == [("b.second", "changed_meanwhile")]


def test_a6_what_was_unmerged_is_not_joined_again_by_itself_and_knows_what_happened_meanwhile() -> None:
    desk = Desk()
    desk.take(replace(SHOTS, incident_ref="I"), replace(DOWN, incident_ref="I"))
    desk.take(later(DOWN, "on_scene", 3, incident_ref="I"))
    desk.take(act(1, "unmerge", desk.of(DOWN)))
    assert (desk.of(DOWN).stage, desk.of(DOWN).status) == ("on_scene", "open")
    desk.take(later(DOWN, "on_scene", 4, incident_ref="I", address="another place"))
    assert desk.of(DOWN).merged_into is None
    assert desk.of(DOWN).address == "another place"
    assert desk.of(SHOTS).call_ids == (SHOTS.call_id,)


def test_a6_one_call_is_split_off_with_its_own_incident_and_the_others_stay() -> None:
    desk = Desk()
    third = call(6, "shooting", 29.95, -90.07)
    desk.take(SHOTS, DOWN, third)
    desk.take(act(1, "split", desk.of(SHOTS), call_id=DOWN.call_id, note="across the river"))
    off = desk.of(DOWN)
    assert (off.stage, off.status, off.split_from) == ("split", "open", desk.of(SHOTS).incident_id)
    assert off.call_ids == (DOWN.call_id,)
    assert desk.of(SHOTS).call_ids == (SHOTS.call_id, third.call_id)


def test_a6_linked_incidents_name_each_other() -> None:
    desk = Desk()
    desk.take(SHOTS, FAR)
    desk.take(act(1, "link", desk.of(SHOTS), other=desk.of(FAR).incident_id))
    assert desk.of(SHOTS).linked == (desk.of(FAR).incident_id,)
    assert desk.of(FAR).linked == (desk.of(SHOTS).incident_id,)
    desk.take(act(2, "unlink", desk.of(FAR), other=desk.of(SHOTS).incident_id))
    assert desk.of(SHOTS).linked == desk.of(FAR).linked == ()
