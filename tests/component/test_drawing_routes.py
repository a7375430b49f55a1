"""Drawings over HTTP and on the websocket: what is asked of who draws, what is told to whom, and GeoJSON."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from msgspec.structs import replace

from dashboards.server.channel import CHANNELS
from dashboards.server.drawings import HISTORY
from dashboards.server.fold import Fold
from pipeline.store.chdb_store import ChdbStore
from pipeline.store.store import Placed
from schemas.events.action import Action
from schemas.events.drawing import DRAWING, EXAMPLE, Drawing
from schemas.events.incident import INCIDENT
from schemas.events.incident_input import of_action
from tests.component.server_fixtures import KEY, World
from tests.component.test_areas import INSIDE, OUTSIDE, Estate, case
from tests.unit.facts import call
from tests.unit.incident_desk import SHOTS, Desk, act

SQUARE = {
    "type": "Polygon",
    "coordinates": [[[-90.072, 29.948], [-90.068, 29.948], [-90.068, 29.952], [-90.072, 29.952], [-90.072, 29.948]]],
}
OTHER = call(2, "shooting", 29.95, -90.07)


@pytest.fixture
def desk() -> Desk:
    desk = Desk()
    desk.take(SHOTS, OTHER)  # the second is part of the first
    return desk


@pytest.fixture
def world(desk: Desk) -> World:
    world = World()
    world.hub.offer(INCIDENT, desk.reference.cases(), 1.0)
    world.hub.caught_up()
    return world


def body(**changes: Any) -> dict[str, Any]:
    told = {"key": KEY, "actor": "r.diaz", "kind": "perimeter", "label": " Outer ", "geometry": SQUARE, **changes}
    return {name: value for name, value in told.items() if value is not None}


def path(desk: Desk, of: Any = SHOTS, what: str = "drawings") -> str:
    return f"/api/incidents/{desk.of(of).incident_id}/{what}"


def test_what_is_drawn_goes_through_the_log_to_the_one_writer_and_back_to_the_page(world: World, desk: Desk) -> None:
    answer = world.browser().post(path(desk, OTHER), json=body())
    assert answer.status_code == 200
    (action,) = world.log.events
    assert isinstance(action, Action)
    assert (action.name, action.subject_id) == ("incident.draw", str(desk.of(SHOTS).incident_id)), "the whole's"
    assert answer.json() == {"event_id": str(action.event_id)}
    (drawing,) = [one for one in desk.take(action) if isinstance(one, Drawing)]
    assert (drawing.label, drawing.drawn_by, drawing.incident_id) == ("Outer", "r.diaz", desk.of(SHOTS).incident_id)
    world.hub.offer(DRAWING, [drawing], 1.0)
    world.hub.offer(INCIDENT, [desk.of(SHOTS)], 1.0)

    changed = body(key=str(uuid4()), drawing=str(drawing.drawing_id), expected_rev=1, label="Wider")
    assert world.browser().post(path(desk), json=changed).status_code == 200
    remove = {
        "key": str(uuid4()), "name": "incident.drawing_remove", "subject_id": str(desk.of(SHOTS).incident_id),
        "actor": "b.lee", "details": {"drawing": str(drawing.drawing_id), "expected_rev": "2"},
    }  # fmt: skip
    assert world.browser().post("/api/actions", json=remove).status_code == 200
    desk.take(*(one for one in world.log.events[1:] if isinstance(one, Action)))
    (known,) = desk.reference.drawings()
    assert (known.label, known.rev, known.removed, known.changed_by) == ("Wider", 3, True, "b.lee")


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"kind": "moat"}, "kind: one of"),
        (
            {"geometry": {"type": "Point", "coordinates": [-90.07, 29.95]}},
            "geometry.type: perimeter is drawn as Polygon",
        ),
        (
            {"geometry": {"type": "Polygon", "coordinates": [SQUARE["coordinates"][0][:-1]]}},
            "geometry.coordinates: the ring",
        ),
        ({"kind": "note", "label": "", "geometry": {"type": "Point", "coordinates": [0, 0]}}, "label: a note"),
        (
            {"kind": "note", "geometry": {"type": "Point", "coordinates": [0, 0]}},
            "geometry.coordinates: 0.0, 0.0 is fur",
        ),
        ({"drawing": str(uuid4())}, "expected_rev: goes with drawing"),
        ({"expected_rev": 3}, "expected_rev: goes with drawing"),
    ],
)
def test_what_cannot_be_drawn_is_refused_by_its_field_and_leaves_the_log_alone(
    world: World, desk: Desk, changes: dict[str, Any], field: str
) -> None:
    answer = world.browser().post(path(desk), json=body(**changes))
    assert answer.status_code == 422
    assert answer.json()["error"].startswith(field)
    assert world.log.events == []


@pytest.mark.parametrize("changes", [{"geometry": None}, {"label": "x" * 201}, {"expected_rev": 0}, {"lat": 3}])
def test_a_request_that_is_none_is_refused(world: World, desk: Desk, changes: dict[str, Any]) -> None:
    assert world.browser().post(path(desk), json=body(**changes)).status_code == 422
    assert world.log.events == []


def test_an_incident_that_is_over_or_that_nobody_knows_takes_no_drawing(world: World, desk: Desk) -> None:
    desk.take(act(1, "close", desk.of(SHOTS)))
    world.hub.offer(INCIDENT, [desk.of(SHOTS)], 1.0)
    assert world.browser().post(path(desk), json=body()).status_code == 409
    assert world.browser().post(f"/api/incidents/{UUID(int=1)}/drawings", json=body()).status_code == 404
    assert world.log.events == []


def test_the_largest_drawing_fits_into_a_request(world: World, desk: Desk) -> None:
    line = [[-90.0712345678901 + nth * 1.0000001e-5, 29.9512345678901] for nth in range(500)]
    told = body(kind="route", label="x" * 200, geometry={"type": "LineString", "coordinates": line})
    assert world.browser().post(path(desk), json=told).status_code == 200


def test_drawings_leave_as_geojson_those_of_parts_with_the_whole(world: World, desk: Desk) -> None:
    own, part = desk.of(SHOTS).incident_id, desk.of(OTHER).incident_id
    drawn = [
        replace(EXAMPLE, incident_id=own, jurisdiction="default"),
        replace(EXAMPLE, event_id=uuid4(), drawing_id=uuid4(), incident_id=part, kind="command_post", shape="point",
                corners=((-90.07, 29.95),), label="<b>CP</b>", synthetic=True),
        replace(EXAMPLE, event_id=uuid4(), drawing_id=uuid4(), incident_id=own, removed=True),
        replace(EXAMPLE, event_id=uuid4(), drawing_id=uuid4(), incident_id=uuid4()),
    ]  # fmt: skip
    world.hub.offer(DRAWING, drawn, 1.0)
    answer = world.browser().get(path(desk, OTHER, "drawings.geojson"))
    assert answer.headers["content-type"] == "application/geo+json"
    told = answer.json()
    assert told["type"] == "FeatureCollection"
    assert [one["id"] for one in told["features"]] == [str(drawn[0].drawing_id), str(drawn[1].drawing_id)]
    ring = told["features"][0]["geometry"]
    assert (ring["type"], ring["coordinates"][0][0]) == ("Polygon", ring["coordinates"][0][-1])
    assert told["features"][1]["geometry"] == {"type": "Point", "coordinates": [-90.07, 29.95]}
    assert told["features"][1]["properties"]["label"] == "<b>CP</b>"
    assert told["features"][1]["properties"]["synthetic"] is True


def test_the_history_of_drawings_tells_who_did_what_and_is_asked_for_one_incident(
    world: World, desk: Desk, tmp_path: Path
) -> None:
    action = of_action(act(1, "draw", desk.of(SHOTS), kind="perimeter", label="O'Neil", geometry=json.dumps(SQUARE)))
    made = desk.made([action])
    (drawing,) = [one for one in made if isinstance(one, Drawing)]
    desk.written(made)
    desk.take(act(2, "drawing_remove", desk.of(SHOTS), "b.lee", drawing=drawing.drawing_id, expected_rev=1))
    states = [one for one in desk.log if isinstance(one, Drawing)]
    store = ChdbStore(tmp_path, readers=1)
    try:
        store.migrate()
        store.insert(DRAWING, [Placed(one, DRAWING.topic, 0, at) for at, one in enumerate(states)])
        told = json.loads(store.query(HISTORY.format(incident_ids=f"'{drawing.incident_id}'"), {}, "JSON"))["data"]
        shown = json.loads(store.query("SELECT count() AS n FROM drawings", {}, "JSON"))["data"]
        kept = json.loads(store.query("SELECT corners FROM drawing_states LIMIT 1", {}, "JSON"))["data"]
    finally:
        store.close()
    assert [(one["label"], one["removed"], one["changed_by"]) for one in told] == [
        ("O'Neil", False, "r.diaz"), ("O'Neil", True, "b.lee"),
    ]  # fmt: skip
    assert int(shown[0]["n"]) == 0, "what is removed is not among those that are there now"
    assert [tuple(one) for one in kept[0]["corners"]] == list(drawing.corners)

    world.browser().get(path(desk, OTHER, "drawings/history"))
    asked = world.store.asked[-1][0]
    assert str(desk.of(SHOTS).incident_id) in asked
    assert str(desk.of(OTHER).incident_id) in asked


def test_a_removed_drawing_is_told_once_and_is_in_no_snapshot() -> None:
    fold = Fold(CHANNELS["drawings"])
    assert fold.offer(EXAMPLE, 1.0) is not None
    assert fold.offer(replace(EXAMPLE, event_id=uuid4(), rev=2, removed=True), 1.0) is not None
    assert fold.rows() == []
    assert fold.offer(replace(EXAMPLE, event_id=uuid4(), rev=1), 1.0) is None
    assert fold.offer(replace(EXAMPLE, event_id=uuid4(), rev=3), 1.0) is not None
    assert len(fold.rows()) == 1


@pytest.fixture
def site(tmp_path: Path) -> Estate:
    return Estate(tmp_path)


def drawn_for(number: int, place: tuple[float, float] | None) -> Drawing:
    lat, lon = place or (None, None)
    incident_id = case(number, None).incident_id
    return replace(
        EXAMPLE, event_id=uuid4(), drawing_id=uuid4(), incident_id=incident_id, lat=lat, lon=lon, label=str(number)
    )


def test_people_of_an_area_see_and_draw_for_incidents_that_lie_in_it(site: Estate) -> None:
    site.world.hubs.offer(DRAWING, [drawn_for(1, INSIDE), drawn_for(1, OUTSIDE), drawn_for(2, OUTSIDE)], 1.0)
    browser = site.enter(site.of_east("commander"))
    told = browser.get(f"/api/incidents/{case(1, None).incident_id}/drawings.geojson").json()
    assert len(told["features"]) == 1, "one whose incident lay elsewhere when it was drawn is not shown"
    for number, status in ((1, 200), (2, 404), (3, 404)):
        place = INSIDE if number == 1 else OUTSIDE
        point = {"type": "Point", "coordinates": [place[1], place[0]]}
        told = body(key=str(uuid4()), kind="command_post", geometry=point)
        answer = browser.post(f"/api/incidents/{case(number, None).incident_id}/drawings", json=told)
        assert answer.status_code == status


@pytest.mark.parametrize(
    ("role", "may_see", "may_draw"), [("wall", 200, 403), ("analyst", 200, 403), ("auditor", 403, 403)]
)
def test_who_may_not_work_on_incidents_draws_nothing(site: Estate, role: str, may_see: int, may_draw: int) -> None:
    site.add(role.replace("_", "-"), role, audiences=None)
    browser = site.enter(role.replace("_", "-"))
    address = f"/api/incidents/{case(1, None).incident_id}/drawings"
    assert browser.get(f"{address}.geojson").status_code == may_see
    assert browser.post(address, json=body()).status_code == may_draw
