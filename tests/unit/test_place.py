"""Distances on the ground, against values worked out elsewhere."""

from __future__ import annotations

from math import cos, pi, radians, sin

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.place import EARTH_RADIUS_M, cell, cells_within, distance_m, plain_address

LAT = st.floats(-90, 90)
LON = st.floats(-180, 180)


def test_a_degree_of_latitude_is_a_360th_of_the_earths_circumference() -> None:
    assert distance_m(29, -90, 30, -90) == pytest.approx(2 * pi * EARTH_RADIUS_M / 360, rel=1e-9)


def test_a_degree_of_longitude_shrinks_with_the_cosine_of_the_latitude() -> None:
    assert distance_m(60, 10, 60, 10.001) == pytest.approx(distance_m(0, 10, 0, 10.001) / 2, rel=1e-5)


def test_new_orleans_to_milwaukee_is_about_1465_km() -> None:
    # The WGS 84 geodesic between the two city halls (Vincenty's formula) is 1,465,293 m.
    assert distance_m(29.9526, -90.0774, 43.0419, -87.9097) == pytest.approx(1_465_293, rel=0.005)


def test_opposite_points_are_half_the_circumference_apart_and_never_an_error() -> None:
    assert distance_m(0, 0, 0, 180) == pytest.approx(pi * EARTH_RADIUS_M)
    assert distance_m(90, 0, -90, 0) == pytest.approx(pi * EARTH_RADIUS_M)


def test_the_date_line_is_no_wall() -> None:
    assert distance_m(0, 179.9995, 0, -179.9995) == pytest.approx(111.19, abs=0.1)


@given(LAT, LON, LAT, LON)
def test_a_distance_is_the_same_both_ways_and_within_half_the_circumference(
    a: float, b: float, c: float, d: float
) -> None:
    there = distance_m(a, b, c, d)
    assert there == pytest.approx(distance_m(c, d, a, b), abs=1e-3)
    assert 0 <= there <= pi * EARTH_RADIUS_M + 1e-3


@given(LAT, LON)
def test_a_place_is_no_distance_from_itself(lat: float, lon: float) -> None:
    assert distance_m(lat, lon, lat, lon) == 0


@given(st.floats(-85, 85), st.floats(-179.9, 179.9), st.floats(0, 2 * pi), st.floats(0, 50))
def test_whatever_lies_within_the_distance_lies_in_one_of_the_cells(
    lat: float, lon: float, towards: float, metres: float
) -> None:
    there_lat = lat + metres * 0.999 / 111_195 * cos(towards)
    there_lon = lon + metres * 0.999 / 111_195 * sin(towards) / cos(radians(lat))
    if distance_m(lat, lon, there_lat, there_lon) <= 50:
        assert cell(there_lat, there_lon) in cells_within(lat, lon, 50)


def test_fifty_metres_reach_into_four_cells_at_most_in_the_cities_we_know() -> None:
    assert len(cells_within(29.9569, -90.0671, 50)) in (1, 2, 4)
    assert len(cells_within(43.0419, -87.9097, 50)) in (1, 2, 4, 6)


def test_cells_near_a_pole_are_bounded() -> None:
    assert len(cells_within(90, 0, 50)) < 500


def test_addresses_compare_without_case_signs_and_double_spaces() -> None:
    assert plain_address(" 500  bourbon st., #2 ") == "500 BOURBON ST 2"
    assert plain_address("---") == ""
