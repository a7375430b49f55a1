"""Incidents over HTTP: what callers add, units near, assessments, and actions that say what they need."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from msgspec.structs import replace

from dashboards.server.incidents import HISTORY
from pipeline.store.chdb_store import ChdbStore
from pipeline.store.store import Placed
from schemas.events.action import Action
from schemas.events.emergency_call import EMERGENCY_CALL, CallNote
from schemas.events.incident import INCIDENT, Incident
from schemas.events.unit_position import EXAMPLE as UNIT
from schemas.events.unit_position import UNIT_POSITION
from schemas.identity import identity
from tests.component.server_fixtures import KEY, World
from tests.unit.facts import call
from tests.unit.incident_desk import SHOTS, Desk, act

CALL = call(1, "shooting", 29.95, -90.07, notes=(CallNote(text="shots"),), jurisdiction="nola")
OTHER = call(2, "shooting", 29.95, -90.07, notes=(CallNote(text="shots"), CallNote(text="he ran")), jurisdiction="nola")


@pytest.fixture
def desk() -> Desk:
    desk = Desk()
    desk.take(CALL, OTHER)
    return desk


@pytest.fixture
def world(desk: Desk) -> World:
    world = World()
    world.hub.offer(EMERGENCY_CALL, [CALL, OTHER], 1.0)
    world.hub.offer(INCIDENT, desk.reference.cases(), 1.0)
    world.hub.caught_up()
    return world


def body(**changes: Any) -> dict[str, Any]:
    return {"key": KEY, "actor": "r.diaz", "version": 1, "grade": "immediate", "why": "armed", **changes}


def test_a_part_of_an_incident_shows_the_whole_with_what_each_caller_adds(world: World, desk: Desk) -> None:
    told = world.browser().get(f"/api/incidents/{desk.of(OTHER).incident_id}/calls").json()
    assert [one["call_id"] for one in told] == [CALL.call_id, OTHER.call_id]
    assert [one["text"] for one in told[1]["told"] if one["fact"] == "note"] == ["he ran"]
    assert "0 m" in told[1]["why"]
    assert [(one["kind"], one["gives_kind"]) for one in told] == [(CALL.kind, True), (OTHER.kind, False)]
    assert world.browser().get(f"/api/incidents/{UUID(int=1)}/calls").status_code == 404


def test_the_nearest_units_that_may_be_sent_come_first_and_stale_ones_never(world: World, desk: Desk) -> None:
    now = datetime.now(UTC)

    def unit(name: str, north_m: float, age_s: float = 5.0, **changes: Any) -> Any:
        return replace(
            UNIT, event_id=identity("unit", name), unit_id=name, lat=29.95 + north_m / 111_195, lon=-90.07,
            occurred_at=now - timedelta(seconds=age_s), **changes,
        )  # fmt: skip

    units = [
        unit("far", 900), unit("near", 100), unit("old", 10, 121.0), unit("busy", 20, status="not_available"),
        unit("made-up", 30, synthetic=True), unit("perhaps", 5, status="conditionally_available"),
    ]  # fmt: skip
    world.hub.offer(UNIT_POSITION, units, 1.0)
    found = world.browser().get(f"/api/incidents/{desk.of(CALL).incident_id}/units").json()
    assert [one["unit_id"] for one in found] == ["near", "far", "perhaps"]
    assert found[0]["distance_m"] == pytest.approx(100, abs=1)
    assert 5 <= found[0]["age_s"] < 60
    assert {(one["measured"], one["road_s"], one["why_not_by_road"]) for one in found} == {
        ("straight_line", None, "no road graph is loaded")
    }


def test_h1_an_assessment_is_the_next_version_or_is_refused(world: World, desk: Desk) -> None:
    path = f"/api/incidents/{desk.of(OTHER).incident_id}/assessments"
    for version in (0, 2):
        answer = world.browser().post(path, json=body(version=version))
        assert answer.status_code == 409
        assert "make version 1" in answer.json()["error"]
    answer = world.browser().post(path, json=body(repeat_checked_at="2026-01-15T12:00:00Z", threat="a gun"))
    assert answer.status_code == 200
    (action,) = world.log.events
    assert isinstance(action, Action)
    assert (action.name, action.subject_id) == ("incident.assess", str(desk.of(CALL).incident_id))
    desk.take(action)
    assessed = desk.of(CALL)
    assert (assessed.grade, assessed.assessment_version, assessed.needs_assessment) == ("immediate", 1, False)
    assert set(assessed.assessed) == {CALL.event_id, OTHER.event_id}


def test_h1_a_version_can_be_neither_changed_nor_left_out_of_its_route(world: World, desk: Desk) -> None:
    path = f"/api/incidents/{desk.of(CALL).incident_id}/assessments"
    for method in ("put", "patch", "delete"):
        assert world.browser().request(method, path, json=body()).status_code == 405
    wanted = {"key": KEY, "name": "incident.assess", "subject_id": str(desk.of(CALL).incident_id), "actor": "r.diaz"}
    assert world.browser().post("/api/actions", json=wanted).status_code == 422
    assert world.log.events == []


def test_an_action_on_an_incident_carries_its_details_and_jurisdiction(world: World, desk: Desk) -> None:
    incident = desk.of(CALL)
    wanted = {
        "key": KEY, "name": "incident.stage", "subject_id": str(incident.incident_id), "actor": "r.diaz",
        "details": {"stage": "on_scene", "expected_rev": str(incident.rev)},
    }  # fmt: skip
    answer = world.browser().post("/api/actions", json=wanted)
    assert answer.status_code == 200
    (action,) = world.log.events
    assert isinstance(action, Action)
    assert action.jurisdiction == "nola"
    desk.take(action)
    assert desk.of(CALL).stage == "on_scene"


def test_the_history_tells_of_each_state_the_tasks_that_were_changed_in_it(tmp_path: Path) -> None:
    desk = Desk()
    desk.take(SHOTS)
    desk.take(act(1, "task_add", desk.of(SHOTS), text="Call the school"))
    desk.take(act(2, "task_add", desk.of(SHOTS), text="Tow truck"))
    (first, _) = desk.of(SHOTS).tasks
    desk.take(act(3, "task_state", desk.of(SHOTS), "b.lee", task=first.task_id, state="done"))
    store = ChdbStore(tmp_path, readers=1)
    try:
        store.migrate()
        states = [one for one in desk.log if isinstance(one, Incident)]
        store.insert(INCIDENT, [Placed(one, INCIDENT.topic, 0, at) for at, one in enumerate(states)])
        told = json.loads(store.query(HISTORY.format(incident_id=desk.of(SHOTS).incident_id), {}, "JSON"))["data"]
    finally:
        store.close()
    tasks = [(task["text"], task["state"], task["changed_by"]) for state in told for task in state["tasks"]]
    assert tasks == [
        ("Call the school", "open", "r.diaz"), ("Tow truck", "open", "r.diaz"), ("Call the school", "done", "b.lee")
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"name": "incident.stage"}, 422),
        ({"name": "incident.merge", "details": {"stage": "on_scene"}}, 422),
        ({"name": "incident.close", "details": {"colour": "red"}}, 422),
        ({"name": "alert.close", "details": {"stage": "x"}}, 422),
        ({"name": "incident.task_add", "details": {"text": " "}}, 422),
        ({"name": "incident.task_state", "details": {"task": "a", "state": "perhaps"}}, 422),
        ({"name": "incident.task_state", "details": {"task": "a", "state": "not_needed"}}, 422),
        ({"name": "incident.close", "subject_id": str(UUID(int=3))}, 404),
    ],
)
def test_an_action_that_says_too_little_or_too_much_is_refused_at_once(
    world: World, desk: Desk, changes: dict[str, Any], status: int
) -> None:
    wanted = {"key": KEY, "subject_id": str(desk.of(CALL).incident_id), "actor": "r.diaz", **changes}
    assert world.browser().post("/api/actions", json=wanted).status_code == status
    assert world.log.events == []


def test_history_and_assessments_are_asked_of_the_store_for_one_incident(world: World, desk: Desk) -> None:
    incident_id = desk.of(CALL).incident_id
    for what, table in (("history", "incident_states"), ("assessments", "assessments")):
        assert world.browser().get(f"/api/incidents/{incident_id}/{what}").status_code == 200
        assert table in world.store.asked[-1][0]
        assert f"'{incident_id}'" in world.store.asked[-1][0]
    assert world.browser().get("/api/incidents/1'; DROP/history").status_code == 422
