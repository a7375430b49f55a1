"""How long units drive: against a search written differently, never under the bound, one-way, and what has no way."""

from __future__ import annotations

import heapq
from collections import defaultdict

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from compose.roads import graph as roads
from compose.roads.graph import RoadGraph
from compose.roads.network import FRAGMENT_SHARE, connected_share, without_fragments
from dashboards.server.ports import ByRoad
from schemas.place import distance_m
from tests.unit.road_towns import Street, crossing, grid, made, street

#: km/h, and which way.
BLOCK = st.tuples(st.sampled_from([18.0, 36.0, 90.0]), st.sampled_from([-1, 0, 0, 1]))
TOWN = st.integers(2, 5).flatmap(
    lambda size: st.lists(BLOCK, min_size=2 * size * (size - 1), max_size=2 * size * (size - 1)).map(
        lambda blocks: grid(size, size, lambda number: blocks[number])
    )
)
SPOT = st.tuples(st.floats(-0.2, 4.2), st.floats(-0.2, 4.2))


def graph_of(streets: list[Street], reach_m: float = 100.0) -> RoadGraph:
    return RoadGraph(made(streets), reach_m)


def one(graph: RoadGraph, goal: tuple[float, float], start: tuple[float, float]) -> ByRoad:
    (way,) = graph.times(*goal, [start], 1)
    assert way is not None
    return way


def by_hand(streets: list[Street], goal: tuple[float, float]) -> dict[tuple[float, float], float]:
    """Seconds from every crossing to one of them: Dijkstra's search as in the books, over places instead of numbers."""
    ways = defaultdict(list)
    for places, kmh, direction in streets:
        start, end = places[0], places[-1]
        seconds = distance_m(*start, *end) / (kmh / 3.6)
        if direction >= 0:
            ways[end].append((start, seconds))
        if direction <= 0:
            ways[start].append((end, seconds))
    best: dict[tuple[float, float], float] = {}
    waiting = [(0.0, goal)]
    while waiting:
        seconds, place = heapq.heappop(waiting)
        if place not in best:
            best[place] = seconds
            for other, more in ways[place]:
                heapq.heappush(waiting, (seconds + more, other))
    return best


@settings(max_examples=60, deadline=None)
@given(TOWN, st.integers(0, 4), st.integers(0, 4))
def test_the_time_from_every_crossing_is_that_of_a_search_by_hand(streets: list[Street], row: int, column: int) -> None:
    crossings = sorted({place for places, _, _ in streets for place in places})
    goal = crossing(row, column)
    if goal not in crossings:
        goal = crossings[0]
    expected = by_hand(streets, goal)
    found = graph_of(streets).times(*goal, crossings, len(crossings))
    for place, way in zip(crossings, found, strict=True):
        assert way is not None
        if place in expected:
            # A centimetre is as fine as places are kept, and a crossing lies up to that beside its roads.
            assert way.seconds == pytest.approx(expected[place], abs=0.02)
        else:
            assert way.seconds is None
            assert way.why == "no road leads from the unit to the incident"


@settings(max_examples=60, deadline=None)
@given(TOWN, SPOT, st.lists(SPOT, min_size=1, max_size=12))
def test_no_way_by_road_is_quicker_than_straight_there_at_the_highest_speed(
    streets: list[Street], goal: tuple[float, float], starts: list[tuple[float, float]]
) -> None:
    found = graph_of(streets).times(*crossing(*goal), [crossing(*start) for start in starts], len(starts))
    for way in found:
        assert way is not None
        assert way.at_least_s is not None
        if way.seconds is not None:
            # Places on a road are found on a plane: a thousandth, and the centimetre that places are kept to.
            assert way.seconds >= way.at_least_s * 0.999 - 0.01


@settings(max_examples=60, deadline=None)
@given(TOWN, SPOT, st.lists(SPOT, min_size=1, max_size=12), st.integers(1, 4))
def test_who_asks_for_few_gets_the_quickest_of_all(
    streets: list[Street], goal: tuple[float, float], starts: list[tuple[float, float]], most: int
) -> None:
    graph, places = graph_of(streets), [crossing(*start) for start in starts]
    everybody = graph.times(*crossing(*goal), places, len(places))
    known = sorted(way.seconds for way in everybody if way is not None and way.seconds is not None)
    few = graph.times(*crossing(*goal), places, most)
    told = sorted(way.seconds for way in few if way is not None and way.seconds is not None)
    assert told[:most] == pytest.approx(known[:most])
    for whole, part in zip(everybody, few, strict=True):
        assert part is None or part == whole


def test_a_search_that_goes_far_finds_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    streets = grid(6, 6, lambda number: (36.0 + number % 5 * 10, (number % 7 == 0) - (number % 11 == 0)))
    starts = [crossing(row + 0.3, column) for row in range(5) for column in range(6)]
    near = graph_of(streets).times(*crossing(2.5, 0), starts, len(starts))
    monkeypatch.setattr(roads, "NEAR_NODES", 3)
    far = graph_of(streets).times(*crossing(2.5, 0), starts, len(starts))
    assert [way.seconds for way in far if way] == pytest.approx([way.seconds for way in near if way])
    assert len(near) == len(starts)


def test_a_place_between_two_crossings_is_reached_over_the_nearer_one() -> None:
    graph = graph_of(grid(2, 3))
    block_s = distance_m(*crossing(0, 0), *crossing(0, 1)) / 10
    assert one(graph, crossing(0, 0.25), crossing(0, 1.5)).seconds == pytest.approx(1.25 * block_s, abs=0.02)
    assert one(graph, crossing(0, 0.25), crossing(0, 0.75)).seconds == pytest.approx(0.5 * block_s, abs=0.02)


def test_a_one_way_street_is_driven_round_the_block_and_not_against_its_direction() -> None:
    # A square; its south side runs to the east only.
    sides = [
        street((0, 0), (0, 1), direction=1),
        street((0, 1), (1, 1)),
        street((1, 1), (1, 0)),
        street((1, 0), (0, 0)),
    ]
    graph = graph_of(sides)
    along, across = (distance_m(*crossing(0, 0), *crossing(*to)) / 10 for to in ((0, 1), (1, 0)))
    west, east = crossing(0, 0.25), crossing(0, 0.75)
    assert one(graph, east, west).seconds == pytest.approx(0.5 * along, abs=0.05)
    assert one(graph, west, east).seconds == pytest.approx(1.5 * along + 2 * across, abs=0.05)
    turned = graph_of([street((0, 0), (0, 1), direction=-1), *sides[1:]])
    assert one(turned, west, east).seconds == pytest.approx(0.5 * along, abs=0.05)


def test_who_cannot_leave_a_one_way_end_has_no_time_and_the_reason() -> None:
    graph = graph_of([street((0, 0), (0, 1)), street((0, 1), (0, 2), direction=1)])
    way = one(graph, crossing(0, 0), crossing(0, 1.5))
    assert (way.seconds, way.why) == (None, "no road leads from the unit to the incident")
    assert one(graph, crossing(0, 1.5), crossing(0, 0)).seconds is not None


def test_parts_that_no_road_joins_have_no_time_between_them() -> None:
    graph = graph_of([*grid(2, 2), street((3, 0), (3, 1))])
    way = one(graph, crossing(0, 0), crossing(3, 0.5))
    assert (way.seconds, way.why) == (None, "no road leads from the unit to the incident")
    assert way.at_least_s == pytest.approx(distance_m(*crossing(0, 0), *crossing(3, 0.5)) / 10)


def test_roads_that_cross_without_a_common_vertex_do_not_meet() -> None:
    bridge = made([street((1, 0), (1, 2)), street((0, 1), (2, 1))])
    assert (bridge.segments, int(bridge.part.max()) + 1) == (2, 2)
    level = made([street((1, 0), (1, 1), (1, 2)), street((0, 1), (1, 1), (2, 1))])
    assert (level.segments, level.nodes, int(level.part.max()) + 1) == (4, 5, 1)


def test_a_place_far_from_every_road_has_no_time_and_the_reason() -> None:
    graph = graph_of(grid(2, 2), reach_m=50)
    off = crossing(0, -0.5)  # about 96 m
    assert one(graph, crossing(0, 0), off).why == "the unit is more than 50 m from a road"
    assert one(graph, off, crossing(0, 0)).why == "the incident is more than 50 m from a road"
    assert one(graph_of(grid(2, 2), reach_m=200), crossing(0, 0), off).seconds == pytest.approx(9.6, abs=0.2)


def test_the_graph_is_as_it_was_after_every_question() -> None:
    graph = graph_of(grid(3, 3))
    first = [one(graph, crossing(0, 0.5), crossing(2, 2)) for _ in range(3)]
    assert first[0] == first[1] == first[2]
    assert graph.times(*crossing(0, 0), [], 5) == []


def test_a_fragment_is_left_out_and_who_stands_there_is_on_the_next_road() -> None:
    aisle = street((0.1, 2.0), (0.1, 2.1))
    whole = made([*grid(12, 12), aisle])
    rest, gone = without_fragments(whole)
    assert (gone, rest.segments, rest.nodes, int(rest.part.max())) == (1, whole.segments - 1, whole.nodes - 2, 0)
    beside = crossing(0.1, 2.05)
    assert one(RoadGraph(whole, 100.0), crossing(0, 0), beside).seconds is None
    alone = made(grid(12, 12))
    assert one(RoadGraph(rest, 100.0), crossing(0, 0), beside) == one(RoadGraph(alone, 100.0), crossing(0, 0), beside)
    assert one(RoadGraph(rest, 100.0), crossing(0, 0), beside).seconds is not None


def test_what_is_no_fragment_stays_and_so_does_the_longest_part() -> None:
    island = made([*grid(5, 5), *([street((9, 0), (9, 1))])])
    assert without_fragments(island)[1] == 0
    # Streets that nothing joins: none is more than its share, and one is the longest.
    apart = [street((row, 0), (row, 1)) for row in range(int(2 / FRAGMENT_SHARE))]
    rest, gone = without_fragments(made([*apart, street((-1, 0), (-1, 1.5))]))
    assert (rest.segments, gone) == (1, len(apart))


def test_the_connected_share_counts_what_can_be_left_again() -> None:
    assert connected_share(made(grid(3, 3))) == pytest.approx(1.0)
    assert connected_share(made([street((0, 0), (0, 1)), street((0, 1), (0, 2), direction=1)])) == pytest.approx(0.5)
    loop = [street((0, 0), (0, 1), (1, 1), (0, 0), direction=1)]
    assert connected_share(made(loop)) == pytest.approx(1.0)
