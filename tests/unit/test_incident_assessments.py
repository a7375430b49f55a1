"""Assessments of incidents: versions that only grow (THRIVE)."""

from __future__ import annotations

from schemas.events.action import Action
from schemas.events.assessment import Assessment
from schemas.events.incident import Incident
from tests.unit.incident_desk import DOWN, SHOTS, Desk, act, later

#: A hundred metres north.


def assessed(number: int, incident: Incident, version: int, grade: str = "immediate", **more: object) -> Action:
    return act(number, "assess", incident, version=version, grade=grade, why="armed", **more)


def test_h1_assessments_are_versions_that_only_grow_and_carry_the_grade() -> None:
    desk = Desk()
    desk.take(SHOTS)
    (made,) = [one for one in desk.take(assessed(1, desk.of(SHOTS), 1)) if isinstance(one, Assessment)]
    assert (made.version, made.grade, made.made_by) == (1, "immediate", "r.diaz")
    assert (desk.of(SHOTS).grade, desk.of(SHOTS).assessment_version) == ("immediate", 1)
    for number, version in ((2, 1), (3, 3)):
        desk.take(assessed(number, desk.of(SHOTS), version, "scheduled"))
    assert [one.why for one in desk.of(SHOTS).refused] == ["not_next_version"] * 2
    assert desk.of(SHOTS).grade == "immediate"
    desk.take(assessed(4, desk.of(SHOTS), 2, "scheduled"))
    assert (desk.of(SHOTS).grade, desk.of(SHOTS).assessment_version) == ("scheduled", 2)
    versions = [one for one in desk.log if isinstance(one, Assessment)]
    assert [one.version for one in versions] == [1, 2]


def test_h1_no_other_action_changes_a_grade() -> None:
    desk = Desk()
    desk.take(SHOTS)
    for number, name in enumerate(("assign", "stage", "note", "record", "close")):
        desk.take(act(number, name, desk.of(SHOTS), note="x", grade="scheduled", stage="on_scene", number="R1"))
    assert desk.of(SHOTS).grade == ""
    assert desk.of(SHOTS).refused == ()


def test_h1_new_information_asks_for_an_assessment_and_a_mere_change_of_status_does_not() -> None:
    desk = Desk()
    desk.take(SHOTS)
    desk.take(assessed(1, desk.of(SHOTS), 1, known=SHOTS.event_id))
    assert not desk.of(SHOTS).needs_assessment
    desk.take(later(SHOTS, "dispatched", 1))
    assert not desk.of(SHOTS).needs_assessment
    desk.take(later(SHOTS, "on_scene", 6, category="homicide"))
    assert desk.of(SHOTS).needs_assessment
    newest = desk.of(SHOTS).calls[0].told_id
    desk.take(assessed(2, desk.of(SHOTS), 2, known=newest))
    assert not desk.of(SHOTS).needs_assessment
    desk.take(DOWN)
    assert desk.of(DOWN).merged_into is not None
    assert desk.of(SHOTS).needs_assessment
