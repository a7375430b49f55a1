"""Drawings of an incident: who drew what, who was first, what is refused, and what merges and moves do to them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from pipeline.outcome import Drop
from pipeline.processors.incident_drawings import MOST_DRAWINGS
from pipeline.state.cases import Cases
from pipeline.state.drawings import MOST_REMOVED, Drawings
from schemas.drawing_geometry import MOST_CORNERS, InvalidDrawingError, checked, geometry_of
from schemas.events.action import Action
from schemas.events.drawing import EXAMPLE, Drawing
from schemas.events.incident import Incident
from schemas.events.incident_input import of_action
from schemas.identity import identity
from tests.unit.facts import NOW, call
from tests.unit.incident_desk import SHOTS, Desk, act, later

OTHER = call(4, "traffic", 29.99, -90.0)
PLACE = (29.95, -90.07)


def square(west: float = -90.072, south: float = 29.948, size: float = 0.004) -> dict[str, Any]:
    """A square, clockwise, as somebody may well draw it."""
    ring = [[west, south], [west, south + size], [west + size, south + size], [west + size, south], [west, south]]
    return {"type": "Polygon", "coordinates": [ring]}


def drawn(nth: int, incident: Incident, actor: str = "r.diaz", /, **details: Any) -> Action:
    told = {"kind": "perimeter", "label": "Outer", "geometry": json.dumps(square()), **details}
    return act(nth, "draw", incident, actor, **told)


def on(drawing: Drawing, name: str, nth: int, incident: Incident, actor: str = "b.lee", /, **details: Any) -> Action:
    """Something done to a drawing as it was seen."""
    told = {"drawing": drawing.drawing_id, "expected_rev": drawing.rev, **details}
    return act(nth, f"drawing_{name}", incident, actor, **told)


def changed(drawing: Drawing, nth: int, incident: Incident, actor: str = "b.lee", /, **details: Any) -> Action:
    told = {"kind": drawing.kind, "label": "Wider", "geometry": json.dumps(square(size=0.006)), **details}
    return on(drawing, "change", nth, incident, actor, **told)


@dataclass
class Room:
    """The room of an incident in which a perimeter was drawn."""

    desk: Desk

    @property
    def incident(self) -> Incident:
        return self.desk.of(SHOTS)

    @property
    def drawings(self) -> list[Drawing]:
        """What a reader of the log knows, in the order in which it was drawn."""
        return sorted(self.desk.reference.drawings(), key=lambda one: (one.drawn_at, one.drawing_id))

    @property
    def drawing(self) -> Drawing:
        return self.drawings[0]

    @property
    def refusals(self) -> list[tuple[str, str, str]]:
        return [(one.actor, one.why, one.first_by) for one in self.incident.refused]


@pytest.fixture
def room() -> Room:
    desk = Desk()
    desk.take(SHOTS, OTHER)
    desk.take(drawn(1, desk.of(SHOTS)))
    return Room(desk)


def test_a_drawing_says_who_drew_it_when_and_lies_with_its_incident(room: Room) -> None:
    one = room.drawing
    assert (one.kind, one.shape, one.label, one.rev, one.removed) == ("perimeter", "polygon", "Outer", 1, False)
    assert (one.drawn_by, one.drawn_at, one.changed_by) == ("r.diaz", NOW + timedelta(minutes=5, seconds=1), "r.diaz")
    assert (one.incident_id, one.lat, one.lon) == (room.incident.incident_id, SHOTS.lat, SHOTS.lon)
    assert one.jurisdiction == room.incident.jurisdiction
    assert one.corners[0] == one.corners[-1]


def test_drawing_leaves_what_is_said_of_the_incident_as_it_is(room: Room) -> None:
    room.desk.take(act(2, "note", room.incident, "b.lee", note="NEED HELP: two more cars"))
    before = room.incident
    room.desk.take(drawn(3, before))
    after = room.incident
    assert (after.note, after.changed_by, after.person_rev) == (before.note, "b.lee", before.person_rev)
    assert identity("action", 3) in after.actions


def test_a_drawing_is_changed_removed_and_restored_and_keeps_who_drew_it(room: Room) -> None:
    room.desk.take(changed(room.drawing, 2, room.incident))
    assert (room.drawing.label, room.drawing.rev, room.drawing.changed_by, room.drawing.drawn_by) == (
        "Wider", 2, "b.lee", "r.diaz",
    )  # fmt: skip
    room.desk.take(on(room.drawing, "remove", 3, room.incident, "c.kim"))
    assert (room.drawing.removed, room.drawing.changed_by) == (True, "c.kim")
    room.desk.take(on(room.drawing, "restore", 4, room.incident, "c.kim"))
    assert (room.drawing.removed, room.drawing.rev, room.drawing.label) == (False, 4, "Wider")
    assert room.refusals == []


@pytest.mark.parametrize("late", ["change", "remove"])
def test_of_two_who_change_one_drawing_at_once_the_second_is_told_who_was_first(room: Room, late: str) -> None:
    seen = room.drawing
    second = changed(seen, 3, room.incident) if late == "change" else on(seen, "remove", 3, room.incident)
    room.desk.take(changed(seen, 2, room.incident, "a.first"), second)
    assert (room.drawing.rev, room.drawing.changed_by, room.drawing.removed) == (2, "a.first", False)
    assert room.refusals == [("b.lee", "drawing_changed_meanwhile", "a.first")]


def test_who_changes_what_another_one_removed_meanwhile_is_told(room: Room) -> None:
    seen = room.drawing
    room.desk.take(on(seen, "remove", 2, room.incident, "a.first"), changed(seen, 3, room.incident))
    assert room.drawing.removed
    assert room.refusals == [("b.lee", "drawing_already_removed", "a.first")]


def test_nothing_is_drawn_for_an_incident_that_is_over(room: Room) -> None:
    room.desk.take(act(2, "close", room.incident))
    room.desk.take(drawn(3, room.incident), on(room.drawing, "remove", 4, room.incident))
    assert [one.removed for one in room.drawings] == [False]
    assert [why for _, why, _ in room.refusals] == ["already_closed", "already_closed"]


@pytest.mark.parametrize(
    ("details", "why"),
    [
        ({"drawing": "no id"}, "unknown_drawing"),
        ({"drawing": identity("drawing", 404)}, "unknown_drawing"),
        ({"expected_rev": ""}, "invalid_expected_rev"),
        ({"expected_rev": "-1"}, "invalid_expected_rev"),
        ({"geometry": "{}"}, "invalid_drawing"),
        ({"kind": "moat"}, "invalid_drawing"),
    ],
)
def test_what_does_not_fit_is_refused_with_the_reason(room: Room, details: dict[str, Any], why: str) -> None:
    room.desk.take(changed(room.drawing, 2, room.incident, **details))
    assert [one[1] for one in room.refusals] == [why]
    assert room.drawing.rev == 1


def test_a_drawing_of_another_incident_is_not_changed_from_here(room: Room) -> None:
    room.desk.take(on(room.drawing, "remove", 2, room.desk.of(OTHER)))
    assert [one.why for one in room.desk.of(OTHER).refused] == ["unknown_drawing"]
    assert not room.drawing.removed


def test_an_incident_has_no_more_drawings_than_a_map_can_show_and_removed_ones_do_not_count(room: Room) -> None:
    room.desk.take(*(drawn(nth, room.incident) for nth in range(2, MOST_DRAWINGS + 1)))
    assert room.refusals == []
    room.desk.take(drawn(500, room.incident))
    assert room.refusals == [("r.diaz", "too_many_drawings", "")]
    room.desk.take(on(room.drawing, "remove", 501, room.incident))
    room.desk.take(drawn(502, room.incident))
    room.desk.take(on(room.drawing, "restore", 503, room.incident))
    assert [why for _, why, _ in room.refusals] == ["too_many_drawings", "too_many_drawings"]


def test_a_merge_leaves_drawings_where_they_are_and_who_works_on_the_whole_changes_those_of_its_parts(
    room: Room,
) -> None:
    part = room.incident
    room.desk.take(act(2, "merge", part, into=room.desk.of(OTHER).incident_id))
    assert room.incident.merged_into == room.desk.of(OTHER).incident_id
    room.desk.take(changed(room.drawing, 3, room.desk.of(OTHER)))
    assert (room.drawing.label, room.drawing.incident_id) == ("Wider", part.incident_id)
    room.desk.take(drawn(4, room.incident))  # through the part: it is the whole's
    assert room.drawings[1].incident_id == room.desk.of(OTHER).incident_id
    room.desk.take(act(5, "unmerge", room.incident))
    assert [one.incident_id for one in room.drawings] == [part.incident_id, room.desk.of(OTHER).incident_id]
    room.desk.take(on(room.drawing, "remove", 6, room.incident))
    assert room.drawing.removed


def test_drawings_of_parts_count_for_the_whole(room: Room) -> None:
    room.desk.take(*(drawn(nth, room.incident) for nth in range(2, MOST_DRAWINGS + 1)))
    room.desk.take(act(300, "merge", room.incident, into=room.desk.of(OTHER).incident_id))
    room.desk.take(drawn(301, room.desk.of(OTHER)))
    assert [one.why for one in room.desk.of(OTHER).refused] == ["too_many_drawings"]


def test_an_incident_that_was_drawn_on_is_not_joined_to_another_one_by_itself(room: Room) -> None:
    room.desk.take(later(SHOTS, "received", 6, lat=OTHER.lat, lon=OTHER.lon, category=OTHER.category, kind=OTHER.kind))
    assert room.incident.merged_into is None


def test_drawings_follow_the_place_of_their_incident_which_decides_who_sees_them(room: Room) -> None:
    made = room.desk.take(later(SHOTS, "received", 6, lat=29.96, lon=-90.05))
    assert [type(one) for one in made].count(Drawing) == 1
    assert (room.drawing.lat, room.drawing.lon, room.drawing.rev) == (29.96, -90.05, 2)
    assert (room.drawing.corners, room.drawing.changed_by) == (room.desk.log[-1].corners, "r.diaz")  # type: ignore[attr-defined]
    assert not [
        one for one in room.desk.take(later(SHOTS, "en_route", 7, lat=29.96, lon=-90.05)) if isinstance(one, Drawing)
    ]


def test_an_action_that_comes_twice_draws_once(room: Room) -> None:
    again = drawn(1, room.incident)
    room.desk.take(again)
    assert isinstance(room.desk.outcomes[-1], Drop)
    assert len(room.drawings) == 1
    room.desk.restart()
    room.desk.take(again)
    assert (len(room.drawings), room.drawing.rev, room.refusals) == (1, 1, [])


@pytest.mark.parametrize("lost", [Drawing, Incident])
@pytest.mark.parametrize("name", ["draw", "change", "remove"])
def test_what_a_killed_worker_left_half_written_is_made_whole_when_the_action_comes_again(
    room: Room, lost: type, name: str
) -> None:
    seen = room.drawing
    action = {
        "draw": drawn(2, room.incident), "change": changed(seen, 2, room.incident),
        "remove": on(seen, "remove", 2, room.incident),
    }[name]  # fmt: skip
    made = room.desk.made([of_action(action)])
    room.desk.written([one for one in made if not isinstance(one, lost)])
    room.desk.restart()
    room.desk.take(action)
    wanted = next(one for one in made if isinstance(one, Drawing))
    assert wanted in room.drawings
    assert room.refusals == []
    assert action.event_id in room.incident.actions


def test_an_old_action_that_comes_again_undoes_nothing_that_was_done_since(room: Room) -> None:
    first = changed(room.drawing, 2, room.incident)
    room.desk.take(first)
    room.desk.take(changed(room.drawing, 3, room.incident, label="Newest"))
    room.desk.restart()
    room.desk.take(first)
    assert (room.drawing.label, room.drawing.rev) == ("Newest", 3)


def test_a_frame_that_fails_leaves_no_drawing_behind() -> None:
    cases = Cases(drawings=[EXAMPLE])

    def fail() -> None:
        with cases.together():
            cases.draw(replace(EXAMPLE, rev=2, label="New"))
            cases.draw(replace(EXAMPLE, drawing_id=identity("drawing", 2)))
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert cases.drawings.all() == [EXAMPLE]


def test_of_removed_drawings_the_last_are_remembered() -> None:
    drawings = Drawings([EXAMPLE])
    for nth in range(MOST_REMOVED + 5):
        drawings.put(replace(EXAMPLE, drawing_id=identity("drawing", nth), removed=True))
    assert drawings.of(EXAMPLE.incident_id) == [EXAMPLE]
    assert len(drawings.all()) == MOST_REMOVED + 1
    assert drawings.get(EXAMPLE.incident_id, identity("drawing", 0)) is None
    assert drawings.get(EXAMPLE.incident_id, identity("drawing", MOST_REMOVED)) is not None


def test_drawings_are_forgotten_with_their_incident(room: Room) -> None:
    room.desk.incidents.cases.forget(NOW + timedelta(days=30))
    assert room.desk.incidents.cases.drawings.all() == []
    room.desk.reference.forget_old()
    assert room.desk.reference.drawings() == []


def test_an_older_state_of_a_drawing_changes_nothing() -> None:
    drawings = Drawings([replace(EXAMPLE, rev=3, label="Now")])
    drawings.put(replace(EXAMPLE, rev=2, label="Before"))
    assert [one.label for one in drawings.all()] == ["Now"]


POINT = {"type": "Point", "coordinates": [-90.07, 29.95]}
LINE = {"type": "LineString", "coordinates": [[-90.07, 29.95], [-90.06, 29.95]]}


def ring(*corners: tuple[float, float]) -> dict[str, Any]:
    return {"type": "Polygon", "coordinates": [[list(one) for one in corners]]}


@pytest.mark.parametrize(
    ("kind", "geometry"),
    [("perimeter", square()), ("hot_zone", square()), ("staging", POINT), ("staging", square()),
     ("command_post", POINT), ("route", LINE), ("note", POINT)],
)  # fmt: skip
def test_each_kind_is_drawn_in_its_shapes_and_comes_back_as_it_was(kind: str, geometry: dict[str, Any]) -> None:
    found = checked(kind, "Text", json.dumps(geometry), PLACE)
    back = geometry_of(replace(EXAMPLE, kind=kind, shape=found.shape, corners=found.corners))
    assert checked(kind, "Text", json.dumps(back), PLACE) == found
    assert back["type"] == geometry["type"]


def test_a_ring_goes_counterclockwise_and_a_position_is_kept_to_ten_centimetres() -> None:
    found = checked("perimeter", "", json.dumps(square(-90.0720000049)), PLACE)
    assert found.corners[0][0] == -90.072
    area = sum(a[0] * b[1] - b[0] * a[1] for a, b in zip(found.corners, found.corners[1:], strict=False))
    assert area > 0


@pytest.mark.parametrize(
    ("kind", "label", "geometry", "field", "why"),
    [
        ("moat", "", POINT, "kind", "one of"),
        ("note", " ", POINT, "label", "needs a text"),
        ("perimeter", "x" * 201, square(), "label", "200"),
        ("perimeter", "", POINT, "geometry.type", "Polygon"),
        ("route", "", square(), "geometry.type", "LineString"),
        ("perimeter", "", "no geometry", "geometry", "GeoJSON"),
        ("perimeter", "", {"type": "MultiPolygon", "coordinates": []}, "geometry.type", "Polygon"),
        ("note", "x", {"type": "Point", "coordinates": [-90.07]}, "geometry.coordinates", "longitude, latitude"),
        ("note", "x", {"type": "Point", "coordinates": ["-90", "29"]}, "geometry.coordinates", "longitude, latitude"),
        ("note", "x", {"type": "Point", "coordinates": [True, 29.0]}, "geometry.coordinates", "longitude, latitude"),
        ("note", "x", {"type": "Point", "coordinates": [29.95, -89.0]}, "geometry.coordinates", "100 km"),
        ("note", "x", {"type": "Point", "coordinates": [-190.0, 29.0]}, "geometry.coordinates", "WGS 84"),
        ("note", "x", {"type": "Point", "coordinates": [-90.07, 91.0]}, "geometry.coordinates", "WGS 84"),
        ("note", "x", {"type": "Point", "coordinates": [-90.07, 31.0]}, "geometry.coordinates", "100 km"),
        ("route", "", {"type": "LineString", "coordinates": [[-90.0, 29.9]]}, "geometry.coordinates", "two positions"),
        ("route", "", {"type": "LineString", "coordinates": [[-90.0, 29.9]] * 3}, "geometry.coordinates", "no length"),
        ("route", "", {"type": "LineString", "coordinates": None}, "geometry.coordinates", "a list"),
        ("perimeter", "", {"type": "Polygon", "coordinates": []}, "geometry.coordinates", "one ring"),
        ("perimeter", "", {"type": "Polygon", "coordinates": [[], []]}, "geometry.coordinates", "one ring"),
        ("perimeter", "", ring((-90, 29.9), (-90.1, 29.9), (-90, 29.9)), "geometry.coordinates", "three corners"),
        ("perimeter", "", ring((-90, 29.9), (-90.1, 29.9), (-90.1, 30), (-90, 30)),
         "geometry.coordinates", "not closed"),
        ("perimeter", "", ring((-90, 29.9), (-90.1, 30), (-90, 30), (-90.1, 29.9), (-90, 29.9)),
         "geometry.coordinates", "crosses"),
        ("perimeter", "", ring((-90, 29.9), (-90.1, 29.9), (-90.05, 29.9), (-90, 29.9)),
         "geometry.coordinates", "outline"),
    ],
)  # fmt: skip
def test_what_cannot_be_drawn_is_refused_by_the_field_that_is_wrong(
    kind: str, label: str, geometry: object, field: str, why: str
) -> None:
    with pytest.raises(InvalidDrawingError) as refused:
        checked(kind, label, json.dumps(geometry), PLACE)
    assert refused.value.field == field
    assert why in refused.value.why


def test_a_drawing_has_a_bounded_number_of_corners() -> None:
    line = [[-90.07 + nth * 1e-5, 29.95] for nth in range(MOST_CORNERS + 1)]
    checked("route", "", json.dumps({"type": "LineString", "coordinates": line[:-1]}), PLACE)
    with pytest.raises(InvalidDrawingError, match="at most 500"):
        checked("route", "", json.dumps({"type": "LineString", "coordinates": line}), PLACE)


def test_without_a_place_of_the_incident_no_distance_is_held_against_a_drawing() -> None:
    far = {"type": "Point", "coordinates": [-90.07, 41.0]}
    assert checked("command_post", "", json.dumps(far), None).corners == ((-90.07, 41.0),)
