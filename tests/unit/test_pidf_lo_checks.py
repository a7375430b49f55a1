"""The acceptance checks of locations (reference/standards.md, A10 to A12), at the reader that all sources share."""

from __future__ import annotations

import json
import subprocess
import sys
from math import cos, radians
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely import Point
from shapely.geometry import shape as shape_of

from connectors.geodesic import destination
from connectors.pidf_lo.locations import Locations, read_locations
from connectors.pidf_lo.translate import translate
from connectors.translation import PayloadError
from connectors.xml_text import tree
from schemas.events.emergency_call import CallLocation, EmergencyCall
from schemas.place import distance_m
from tests.unit.eido_documents import context
from tests.unit.xml_attacks import ATTACKS

ROOT = Path(__file__).parents[2]
SAMPLES = Path("/work/shared/data/cad/pidf-lo")
HEAD = (
    '<presence xmlns="urn:ietf:params:xml:ns:pidf" xmlns:gp="urn:ietf:params:xml:ns:pidf:geopriv10"'
    ' xmlns:gbp="urn:ietf:params:xml:ns:pidf:geopriv10:basicPolicy"'
    ' xmlns:cl="urn:ietf:params:xml:ns:pidf:geopriv10:civicAddr" xmlns:con="urn:ietf:params:xml:ns:geopriv:conf"'
    ' xmlns:gml="http://www.opengis.net/gml" xmlns:gs="http://www.opengis.net/pidflo/1.0" entity="tel:+15045550123">'
)
WGS84 = "urn:ogc:def:crs:EPSG::4326"
M, DEG = "urn:ogc:def:uom:EPSG::9001", "urn:ogc:def:uom:EPSG::9102"


def wrapped(inside: str, rules: str = "") -> str:
    return (
        f"{HEAD}<tuple id='a'><status><gp:geopriv><gp:location-info>{inside}</gp:location-info>{rules}"
        "<gp:method>GPS</gp:method></gp:geopriv></status><timestamp>2026-01-15T18:28:41Z</timestamp></tuple></presence>"
    )


def read(inside: str, rules: str = "") -> Locations:
    return read_locations(wrapped(inside, rules), "caller")


def one(inside: str, rules: str = "") -> CallLocation:
    found = read(inside, rules)
    assert found.problems == ()
    (place,) = found.places
    return place.location


def measured(name: str, value: float, unit: str) -> str:
    return f'<gs:{name} uom="{unit}">{value}</gs:{name}>'


def shape(
    kind: str, lat: float, lon: float, *rest: str, srs: str = "urn:ogc:def:crs:EPSG::4326", prefix: str = "gs"
) -> str:
    return f'<{prefix}:{kind} srsName="{srs}"><gml:pos>{lat} {lon}</gml:pos>{"".join(rest)}</{prefix}:{kind}>'


def point(lat: float, lon: float, srs: str = "urn:ogc:def:crs:EPSG::4326") -> str:
    return shape("Point", lat, lon, srs=srs, prefix="gml")


def arc_band(start: float = 30.0, opening: float = 120.0, unit: str = DEG) -> str:
    return shape(
        "ArcBand", 29.95, -90.07, measured("innerRadius", 500, M), measured("outerRadius", 900, M),
        measured("startAngle", start, unit), measured("openingAngle", opening, unit),
    )  # fmt: skip


def polygon(*corners: tuple[float, float]) -> str:
    ring = "".join(f"<gml:pos>{lat} {lon}</gml:pos>" for lat, lon in corners)
    return (
        '<gml:Polygon srsName="urn:ogc:def:crs:EPSG::4326"><gml:exterior><gml:LinearRing>'
        f"{ring}</gml:LinearRing></gml:exterior></gml:Polygon>"
    )


def test_a10_a_place_in_new_orleans_is_in_new_orleans_and_not_in_the_indian_ocean() -> None:
    found = one(point(29.9576, -90.0670))
    assert (found.lat, found.lon) == (29.9576, -90.0670)


@settings(max_examples=1000, deadline=None, derandomize=True)
@given(lat=st.floats(-90, 90), lon=st.floats(-180, 180))
def test_a10_latitude_comes_first_for_any_place(lat: float, lon: float) -> None:
    found = one(point(lat, lon))
    assert (found.lat, found.lon) == (lat, lon)


@pytest.mark.parametrize(
    "srs",
    ["urn:ogc:def:crs:EPSG::4326", "urn:ogc:def:crs:EPSG:6.6:4326", "EPSG:4326", "urn:ogc:def:crs:EPSG::4979",
     "http://www.opengis.net/def/crs/EPSG/0/4326", ""],
)  # fmt: skip
def test_a10_the_order_holds_in_every_spelling_of_the_system(srs: str) -> None:
    assert one(point(29.9576, -90.0670, srs)).lat == 29.9576


def test_a10_crs84_has_the_other_order_and_says_so() -> None:
    assert one(point(-90.0670, 29.9576, "urn:ogc:def:crs:OGC:1.3:CRS84")).lat == 29.9576


def test_a10_areas_are_geojson_with_longitude_first() -> None:
    found = one(shape("Circle", 29.9576, -90.0670, measured("radius", 25, M)))
    lon, lat = json.loads(found.shape)["coordinates"][0][0]
    assert (round(lat, 1), round(lon, 1)) == (30.0, -90.1)


def test_a10_swapped_axes_that_leave_the_earth_make_no_location() -> None:
    found = read(point(-90.0670, 129.9576))
    assert found.places == ()
    assert "order" in found.problems[0]


def test_a11_a_circle_is_drawn_as_large_as_it_is() -> None:
    found = one(shape("Circle", 29.9576, -90.0670, measured("radius", 250, M)))
    assert (found.lat, found.uncertainty_m, found.confidence) == (29.9576, 250, 0.95)
    for lon, lat in json.loads(found.shape)["coordinates"][0]:
        assert 250 * 0.995 <= distance_m(29.9576, -90.0670, lat, lon) <= 250 * 1.0065


def test_a11_an_ellipse_lies_along_its_orientation() -> None:
    along = (measured("semiMajorAxis", 400, M), measured("semiMinorAxis", 100, M), measured("orientation", 90, DEG))
    found = one(shape("Ellipse", 29.9576, -90.0670, *along))
    area = shape_of(json.loads(found.shape))
    east, north = destination(29.9576, -90.0670, 90, 390), destination(29.9576, -90.0670, 0, 390)
    assert area.contains(Point(east[1], east[0]))
    assert not area.contains(Point(north[1], north[0]))
    assert found.uncertainty_m == 400


def test_a11_the_centre_of_an_arc_band_is_not_the_place() -> None:
    (place,) = read(arc_band()).places
    assert (place.location.lat, place.location.lon, place.inside) == (None, None, None)
    area = shape_of(json.loads(place.location.shape))
    assert area.is_valid
    assert not area.contains(Point(-90.07, 29.95))
    for bearing, metres, inside in (
        (90, 700, True),
        (40, 510, True),
        (90, 400, False),
        (200, 700, False),
        (90, 950, False),
    ):
        lat, lon = destination(29.95, -90.07, bearing, metres)
        assert area.contains(Point(lon, lat)) == inside, (bearing, metres)


def test_a11_angles_in_radians_are_the_same_angles() -> None:
    in_radians = arc_band(start=radians(30), opening=radians(120), unit="urn:ogc:def:uom:EPSG::9101")
    there = shape_of(json.loads(one(in_radians).shape))
    here = shape_of(json.loads(one(arc_band()).shape))
    assert here.symmetric_difference(there).area / here.area < 1e-3


def test_a11_a_whole_ring_has_a_hole() -> None:
    area = shape_of(json.loads(one(arc_band(start=0, opening=360)).shape))
    assert len(area.interiors) == 1
    assert not area.contains(Point(-90.07, 29.95))


def test_a11_a_polygon_is_its_border_and_its_call_is_somewhere_inside() -> None:
    # A horseshoe: its middle is outside.
    corners = [
        (0.0, 0.0),
        (0.0, 0.03),
        (0.03, 0.03),
        (0.03, 0.02),
        (0.01, 0.02),
        (0.01, 0.01),
        (0.03, 0.01),
        (0.03, 0.0),
    ]
    (place,) = read(polygon(*corners, corners[0])).places
    area = shape_of(json.loads(place.location.shape))
    assert (place.location.lat, place.location.lon) == (None, None)
    assert place.inside is not None
    assert place.reach_m is not None
    assert area.contains(Point(place.inside[1], place.inside[0]))
    assert all(distance_m(*place.inside, lat, lon) <= place.reach_m for lat, lon in corners)


@pytest.mark.parametrize("dimension", [2, 3])
def test_a11_a_position_list_is_read_in_two_and_in_three_dimensions(dimension: int) -> None:
    numbers = " ".join(f"{lat} {lon}{' 7' if dimension == 3 else ''}" for lat, lon in ((1, 1), (1, 2), (2, 2), (1, 1)))
    inside = (
        f'<gml:Polygon srsName="urn:ogc:def:crs:EPSG::{4326 if dimension == 2 else 4979}"><gml:exterior>'
        f"<gml:LinearRing><gml:posList>{numbers}</gml:posList></gml:LinearRing></gml:exterior></gml:Polygon>"
    )
    assert len(json.loads(one(inside).shape)["coordinates"][0]) == 4


def test_a11_the_shapes_in_three_dimensions_lie_where_their_base_does() -> None:
    three = "urn:ogc:def:crs:EPSG::4979"
    sphere = (
        f'<gs:Sphere srsName="{three}"><gml:pos>42.5 -73.25 26.3</gml:pos>{measured("radius", 850.24, M)}</gs:Sphere>'
    )
    ellipsoid = (
        f'<gs:Ellipsoid srsName="{three}"><gml:pos>42.5 -73.25 26.3</gml:pos>{measured("semiMajorAxis", 7.7156, M)}'
        f"{measured('semiMinorAxis', 3.31, M)}{measured('verticalAxis', 28.7, M)}{measured('orientation', 43, DEG)}"
        "</gs:Ellipsoid>"
    )
    prism = (
        f'<gs:Prism srsName="{three}"><gs:base><gml:Polygon srsName="{three}"><gml:exterior>'
        "<gml:LinearRing><gml:posList>"
        "42.556844 -73.248157 36.6 42.656844 -73.248157 36.6 42.656844 -73.348157 36.6 42.556844 -73.248157 36.6"
        "</gml:posList></gml:LinearRing></gml:exterior></gml:Polygon></gs:base>"
        + measured("height", 2.4, M)
        + "</gs:Prism>"
    )
    assert (one(sphere).lat, one(sphere).uncertainty_m) == (42.5, 850.24)
    assert (one(ellipsoid).lon, one(ellipsoid).uncertainty_m) == (-73.25, 7.7156)
    assert shape_of(json.loads(one(prism).shape)).area > 0.004


@pytest.mark.parametrize(
    ("inside", "says"),
    [
        ('<gs:Torus srsName="EPSG:4326"><gml:pos>1 2</gml:pos></gs:Torus>', "not known"),
        (point(1, 2, "urn:ogc:def:crs:EPSG::25832"), "reference system"),
        ('<gml:Point srsName="EPSG:4326"><gml:pos>1 nan</gml:pos></gml:Point>', "no numbers"),
        ('<gml:Point srsName="EPSG:4326"><gml:pos>1</gml:pos></gml:Point>', "two nor three"),
        (shape("Circle", 1, 2, measured("radius", -5, M)), "no length"),
        (shape("Circle", 1, 2, measured("radius", 5, "urn:ogc:def:uom:EPSG::4711")), "unit"),
        (shape("Circle", 1, 2), "without radius"),
        (polygon((0, 0), (1, 1)), "fewer than three"),
        (polygon((0, 0), (1, 1), (0, 1), (1, 0)), "crosses itself"),
        (arc_band(opening=0), "without an area"),
    ],
)
def test_a11_what_is_no_place_makes_none_and_says_why(inside: str, says: str) -> None:
    found = read(inside)
    assert found.places == ()
    assert says in found.problems[0]


def test_a_large_border_becomes_its_bounding_box() -> None:
    corners = [destination(30.0, -90.0, angle / 10, 5000) for angle in range(3600)]
    found = one(polygon(*corners))
    assert len(found.shape) <= 20_000
    area = shape_of(json.loads(found.shape))
    assert all(area.buffer(1e-6).contains(Point(lon, lat)) for lat, lon in corners)


@pytest.mark.parametrize(("lat", "metres"), [(0.0, 50_000), (45.0, 50_000), (-60.0, 10_000), (78.0, 1_000)])
def test_a_place_some_metres_away_is_that_far_away(lat: float, metres: float) -> None:
    for bearing in range(0, 360, 30):
        assert distance_m(lat, 20.0, *destination(lat, 20.0, bearing, metres)) == pytest.approx(metres, rel=0.006)
    north = destination(lat, 20.0, 0, metres)
    assert north[1] == pytest.approx(20.0)
    assert destination(lat, 20.0, 90, 100)[1] - 20.0 == pytest.approx(100 / (111_320 * cos(radians(lat))), rel=0.006)


@pytest.mark.parametrize(
    ("told", "confidence"), [("85", 0.85), ("unknown", None), ("0", None), ("250", None), ("95.5", 0.955)]
)
def test_a_confidence_is_what_is_said(told: str, confidence: float | None) -> None:
    circle = shape("Circle", 1, 2, measured("radius", 5, M))
    assert one(f'{circle}<con:confidence pdf="normal">{told}</con:confidence>').confidence == confidence


@pytest.mark.parametrize(
    ("told", "may"), [("yes", True), ("TRUE", True), ("no", False), ("FAlse", False), ("perhaps", False)]
)
def test_whether_it_may_be_shared_is_kept_and_nonsense_is_a_no(told: str, may: bool) -> None:
    rules = f"<gp:usage-rules><gbp:retransmission-allowed>{told}</gbp:retransmission-allowed></gp:usage-rules>"
    assert one(point(1, 2), rules).may_share == may


def test_when_it_was_found_and_how_long_it_may_be_kept_is_kept() -> None:
    rules = "<gp:usage-rules><gbp:retention-expiry>2026-02-15T00:00:00Z</gbp:retention-expiry></gp:usage-rules>"
    found = one(point(1, 2), rules)
    assert found.at is not None
    assert found.keep_until is not None
    assert (found.at.isoformat(), found.keep_until.isoformat(), found.method) == (
        "2026-01-15T18:28:41+00:00", "2026-02-15T00:00:00+00:00", "GPS",
    )  # fmt: skip


def test_a_civic_address_is_in_words_and_goes_with_the_shape_of_the_same_place() -> None:
    civic = (
        "<cl:civicAddress><cl:country>US</cl:country><cl:A1>NY</cl:A1><cl:A3>New York</cl:A3><cl:PRD>W</cl:PRD>"
        "<cl:RD>42nd</cl:RD><cl:STS>St</cl:STS><cl:HNO>123</cl:HNO><cl:HNS>A</cl:HNS><cl:LMK>Old Mill</cl:LMK>"
        "<cl:FLR>3</cl:FLR><cl:PC>10036</cl:PC></cl:civicAddress>"
    )
    words = "Old Mill, 123 A W 42nd St, floor 3, New York, NY, 10036, US"
    assert one(civic).address == words
    both = one(civic + point(40.75, -73.99))
    assert (both.address, both.lat) == (words, 40.75)


def test_prefixes_that_are_not_declared_are_read_as_they_are_meant() -> None:
    document = wrapped(point(1, 2)).replace(' xmlns:gml="http://www.opengis.net/gml"', "")
    assert len(read_locations("   " + document, "caller").places) == 1


@pytest.mark.parametrize("attack", ATTACKS)
def test_a12_dangerous_xml_is_refused_before_it_does_harm(attack: str) -> None:
    body = ATTACKS[attack]()
    for reader in (tree, lambda text: read_locations(text, "caller")):
        with pytest.raises(PayloadError):
            reader(body)


def attacked(*names: str) -> dict[str, tuple[int, float]]:
    """Attack a process of its own; return its greatest memory so far (bytes) and CPU time (seconds) after each."""
    told = subprocess.run(
        [sys.executable, "-m", "tests.unit.xml_attacks", *names], cwd=ROOT, capture_output=True, check=True, timeout=300
    ).stdout
    return {name: (int(size), float(took)) for name, size, took in json.loads(told)}


def test_a12_dangerous_xml_is_refused_in_less_than_a_second_of_work_and_200_mb_of_memory() -> None:
    told = attacked(*ATTACKS)
    assert list(told) == list(ATTACKS)
    for name, (size, took) in told.items():
        assert size < 200 * 2**20, name
        assert took < 1.0, name


def test_a12_the_measure_of_memory_sees_what_is_taken() -> None:
    assert attacked("200 MB taken")["200 MB taken"][0] > 200 * 2**20


def test_a_document_of_its_own_is_a_call_of_its_entity() -> None:
    done = translate(wrapped(point(29.9576, -90.0670)).encode(), "application/pidf+xml", context("pidf_lo"))
    (call,) = done.events
    assert isinstance(call, EmergencyCall)
    assert (call.call_id, call.callback_number, call.lat) == ("east:tel:+15045550123", "+15045550123", 29.9576)


@pytest.mark.skipif(not SAMPLES.is_dir(), reason="the samples are not on this machine")
@pytest.mark.parametrize("path", sorted(SAMPLES.glob("*.xml")), ids=lambda path: path.stem)
def test_the_published_samples_make_locations_and_the_invalid_ones_say_why(path: Path) -> None:
    found = read_locations(path.read_bytes(), "caller")
    if "invalid-pidf-lo" in path.name:
        assert (found.places, len(found.problems)) == ((), 1)
    else:
        assert found.problems == ()
        assert found.places
