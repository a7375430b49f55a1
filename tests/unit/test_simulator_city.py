"""The made-up city: where things stand, and whether one can drive through it."""

from __future__ import annotations

from itertools import combinations, pairwise

import pytest
from shapely.geometry import Point, Polygon

from connectors.simulator.city import READERS, SCHOOLS, VIDEO_CAMERAS, city
from connectors.simulator.districts import districts
from connectors.simulator.geography import EXTENT, from_plane, to_plane, water
from connectors.simulator.ground_truth import metres_between
from connectors.simulator.streets import SPEED_KMH, streets
from schemas.place import distance_m


def test_every_camera_stands_on_dry_land_within_the_extent() -> None:
    west, south, east, north = EXTENT
    for site in city().sites:
        assert west - 0.02 <= site.lon <= east + 0.02
        assert south - 0.02 <= site.lat <= north + 0.02
        assert not water().contains(Point(site.lon, site.lat))


def test_there_are_as_many_cameras_and_zones_as_the_demo_promises() -> None:
    kinds = [site.kind for site in city().sites]
    assert (kinds.count("lpr"), kinds.count("video")) == (READERS, VIDEO_CAMERAS) == (60, 60)
    areas = [area.kind for area in city().areas]
    assert (areas.count("police_district"), areas.count("school"), areas.count("named")) == (8, SCHOOLS, 3)
    assert {area.kind for area in city().areas if area.watched} == {"school", "named"}
    assert len({site.camera_id for site in city().sites}) == 120


def test_districts_are_sound_and_do_not_overlap() -> None:
    shapes = [Polygon(district.ring) for district in districts(streets())]
    assert all(shape.is_valid for shape in shapes)
    for one, other in combinations(shapes, 2):
        assert one.intersection(other).area < 1e-9


def test_every_crossing_can_be_reached_from_every_other() -> None:
    back = streets().ways_from(0)
    assert back[0] is None
    assert all(edge is not None for edge in back[1:])


def test_a_way_follows_blocks_that_exist_and_takes_the_time_they_take() -> None:
    net = streets()
    way = net.way(net.ways_from(10), len(net.crossings) - 10)
    assert (way.crossings[0], way.crossings[-1]) == (10, len(net.crossings) - 10)
    for (here, there), edge, (left, arrived) in zip(
        pairwise(way.crossings), way.edges, pairwise(way.seconds), strict=True
    ):
        assert edge.to == there
        assert any(one.to == there and one.road == edge.road for one in net.leaving[here])
        assert arrived - left == pytest.approx(edge.metres / (SPEED_KMH[net.roads[edge.road].kind] / 3.6))


def test_no_other_way_is_faster_than_the_one_over_any_neighbour() -> None:
    net = streets()
    back = net.ways_from(0)
    for end in range(1, len(net.crossings), 97):
        seconds = net.way(back, end).seconds[-1]
        for edge in net.leaving[end]:
            assert seconds <= net.way(back, edge.to).seconds[-1] + edge.seconds + 1e-6


def test_a_drive_passes_each_reader_once_and_in_order_of_time() -> None:
    for drive in city().drives:
        assert drive[0].at_s == 0
        assert all(a.at_s < b.at_s for a, b in pairwise(drive))
        assert len({one.site.camera_id for one in drive}) == len(drive)
        assert all(one.site.kind == "lpr" for one in drive)


def test_a_drive_is_no_faster_than_the_fastest_road_allows() -> None:
    for drive in city().drives:
        for a, b in pairwise(drive):
            metres = distance_m(a.site.lat, a.site.lon, b.site.lat, b.site.lon)
            assert metres / (b.at_s - a.at_s) * 3.6 <= max(SPEED_KMH.values()) + 0.1


def test_streets_are_named_as_made_up() -> None:
    assert all(road.name.startswith("Demo ") for road in streets().roads)


def test_the_plane_and_back_is_where_we_began() -> None:
    assert from_plane(to_plane((-90.0712, 29.9511))) == pytest.approx((-90.0712, 29.9511))
    x, y = to_plane((-90.0712, 29.9511))
    x2, y2 = to_plane((-90.0512, 29.9611))
    true = distance_m(29.9511, -90.0712, 29.9611, -90.0512)
    assert ((x2 - x) ** 2 + (y2 - y) ** 2) ** 0.5 == pytest.approx(true, rel=0.002)
    assert metres_between(29.9511, -90.0712, 29.9611, -90.0512) == pytest.approx(true, rel=1e-5)
