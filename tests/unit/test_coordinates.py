"""Places are read from what files write, and "no place" is known in all its forms."""

from __future__ import annotations

import pytest

from connectors.coordinates import lat_lon, point


@pytest.mark.parametrize(
    "text",
    [
        "POINT (-90.05387698 29.97636323)",
        "point(-90.05387698 29.97636323)",
        "SRID=4326;POINT (-90.05387698 29.97636323)",
        "POINT Z (-90.05387698 29.97636323 3.5)",
        "(29.97636323, -90.05387698)",
        "018XX Spain St\nNew Orleans, LA\n(29.97636323, -90.05387698)",
    ],
)
def test_a_point_is_read_in_every_form(text: str) -> None:
    assert point(text) == (29.97636323, -90.05387698)


@pytest.mark.parametrize(
    "text",
    ["", "POINT (0 0)", "(0.0, 0.0)", "POINT EMPTY", "nowhere", "POINT (200 29)", "(95, -90)", "POINT (1e999 2)"],
)
def test_no_place_is_none(text: str) -> None:
    assert point(text) is None


def test_two_cells_are_read_and_no_place_is_none() -> None:
    assert lat_lon("43.1127987", "-87.95674149999999") == (43.1127987, -87.95674149999999)
    for lat, lon in (("", ""), ("43.1", ""), ("0", "0"), ("0.0", "-0"), ("91", "0"), ("nan", "1"), ("x", "1")):
        assert lat_lon(lat, lon) is None


def test_the_equator_and_the_prime_meridian_are_places() -> None:
    assert lat_lon("0", "-90") == (0, -90)
    assert lat_lon("51.5", "0") == (51.5, 0)
