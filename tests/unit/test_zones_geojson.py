"""Zones are loaded from GeoJSON: named sensibly, repaired where that is safe, refused where it is not."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import shapely
from msgspec.structs import replace

from connectors.file_reading import FileError, Loaded
from connectors.translation import Context
from connectors.zones_geojson.loading import ZoneOptions, load_zones
from schemas.events.zone import ZONE, Zone
from schemas.wire.frame import FrameDecoder, encode_frame

FIXTURES = Path(__file__).parents[1] / "contract" / "fixtures" / "zones_geojson"
SHARED = Path(__file__).parents[3] / "shared" / "data" / "boundaries" / "nola"
CONTEXT = Context(connector="zones_geojson", instance="test", observed_at=datetime(2026, 1, 15, 12, tzinfo=UTC))


def square(
    west: float = -90.1, south: float = 29.9, size: float = 0.1, *, clockwise: bool = False
) -> list[list[float]]:
    ring = [[west, south], [west + size, south], [west + size, south + size], [west, south + size], [west, south]]
    return ring[::-1] if clockwise else ring


def feature(properties: dict[str, Any] | None = None, geometry: Any = None, **more: Any) -> dict[str, Any]:
    geometry = geometry or {"type": "Polygon", "coordinates": [square()]}
    return {"type": "Feature", "properties": properties, "geometry": geometry, **more}


def polygon(*rings: Any) -> dict[str, Any]:
    return {"type": "Polygon", "coordinates": list(rings)}


def load(tmp_path: Path, document: Any, options: ZoneOptions | None = None, context: Context = CONTEXT) -> Loaded[Zone]:
    path = tmp_path / "city_areas.geojson"
    path.write_text(document if isinstance(document, str) else json.dumps(document), encoding="utf-8")
    return load_zones(path, context=context, options=options)


def collection(*features: Any, **more: Any) -> dict[str, Any]:
    return {"type": "FeatureCollection", "features": list(features), **more}


def only(loaded: Loaded[Zone]) -> Zone:
    assert not loaded.errors, loaded.errors
    (zone,) = loaded.events
    return zone


def test_numbered_districts_get_speaking_names_and_ids(tmp_path: Path) -> None:
    loaded = load(tmp_path, collection(feature({"district": "1", "calls": 3}), feature({"district": 2.0, "calls": 3})))
    assert [(zone.zone_id, zone.name) for zone in loaded.events] == [
        ("city-areas-1", "District 1"),
        ("city-areas-2", "District 2"),
    ]


@pytest.mark.parametrize(
    ("properties", "more", "zone_id", "name"),
    [
        ({"name": "Black Pearl", "created": "x"}, {}, "city-areas-black-pearl", "Black Pearl"),
        ({"ID": 7, "NAME": "Example"}, {}, "city-areas-7", "Example"),
        ({"LABEL_X": "Naval Base", "area": 3.5}, {}, "city-areas-naval-base", "Naval Base"),
        ({}, {"id": "way/12"}, "city-areas-way-12", "Zone 1"),
        (None, {}, "city-areas-1", "Zone 1"),
        ({"name": "東京"}, {}, "city-areas-1", "東京"),
    ],
)
def test_ids_and_names_are_guessed(
    tmp_path: Path, properties: dict[str, Any], more: dict[str, Any], zone_id: str, name: str
) -> None:
    zone = only(load(tmp_path, feature(properties, **more)))
    assert (zone.zone_id, zone.name) == (zone_id, name)


def test_options_say_it_better(tmp_path: Path) -> None:
    options = ZoneOptions(id_property="K", name_property="n", kind="school", watched=True, prefix="My Schools")
    zone = only(load(tmp_path, feature({"id": 1, "name": "x", "k": "A 1", "N": "Example School"}), options))
    assert (zone.zone_id, zone.name, zone.kind, zone.watched) == ("my-schools-a-1", "Example School", "school", True)


def test_a_bare_geometry_is_a_zone(tmp_path: Path) -> None:
    assert only(load(tmp_path, polygon(square()))).zone_id == "city-areas-1"


def test_the_event_id_changes_with_the_shape_and_with_when_but_the_zone_id_with_neither(tmp_path: Path) -> None:
    first = only(load(tmp_path, feature({"id": 1})))
    again = only(load(tmp_path, feature({"id": 1})))
    moved = only(load(tmp_path, feature({"id": 1}, polygon(square(-90.2)))))
    later = replace(CONTEXT, observed_at=CONTEXT.observed_at + timedelta(days=1))
    back = only(load(tmp_path, feature({"id": 1}), context=later))
    assert first.event_id == again.event_id
    # Moved and moved back, the last state must not pass for a repetition of the first, or nobody would be told of it.
    assert len({first.event_id, moved.event_id, back.event_id}) == 3
    assert {zone.zone_id for zone in (first, moved, back)} == {first.zone_id}


@pytest.mark.parametrize("clockwise", [True, False])
def test_rings_run_as_the_rfc_asks_whatever_the_file_has(tmp_path: Path, clockwise: bool) -> None:
    hole = square(-90.08, 29.92, 0.02, clockwise=clockwise)
    zone = only(load(tmp_path, feature({}, polygon(square(clockwise=clockwise), hole))))
    ((outer, inner),) = zone.polygons
    assert shapely.LinearRing(outer).is_ccw
    assert not shapely.LinearRing(inner).is_ccw
    assert shapely.Polygon(outer, [inner]).area == pytest.approx(0.01 - 0.0004)


def test_an_outline_that_crosses_itself_is_repaired_and_told(tmp_path: Path) -> None:
    bow_tie = [[-90, 29], [-89, 30], [-89, 29], [-90, 30], [-90, 29]]
    loaded = load(tmp_path, feature({"id": "x"}, polygon(bow_tie)))
    zone = only(loaded)
    assert sum(shapely.Polygon(part[0]).area for part in zone.polygons) == pytest.approx(0.5)
    assert all(shapely.Polygon(part[0]).is_valid for part in zone.polygons)
    assert loaded.notes == ["item 1 (city-areas-x): the outline crossed itself and was repaired"]


def test_a_good_outline_is_kept_as_it_is(tmp_path: Path) -> None:
    loaded = load(tmp_path, feature({}, {"type": "MultiPolygon", "coordinates": [[square()], [square(-91)]]}))
    assert only(loaded).polygons == (
        (tuple((lon, lat) for lon, lat in square()),),
        (tuple((lon, lat) for lon, lat in square(-91)),),
    )
    assert not loaded.notes


def test_heights_are_dropped_and_open_rings_closed(tmp_path: Path) -> None:
    ring = [[*position, 3.5] for position in square()][:-1]
    assert only(load(tmp_path, feature({}, polygon(ring)))).polygons[0][0][0] == (-90.1, 29.9)


@pytest.mark.parametrize(
    ("geometry", "says"),
    [
        ({"type": "Point", "coordinates": [-90, 29]}, "needs a Polygon"),
        ({"type": "Polygon", "coordinates": []}, "is empty"),
        ({"type": "MultiPolygon", "coordinates": [[]]}, "is empty"),
        (polygon([[-90, 29], [-90, 29]]), "at least four positions"),
        (polygon([[-90, 29], [-90, 29], [-90, 29], [-90, 29]]), "encloses no area"),
        (polygon([[-90, 29], [-89, 30], [-88, 31], [-90, 29]]), "encloses no area"),
        (polygon([[3685909, 539158], [3685909, 539258], [3686909, 539158], [3685909, 539158]]), "look projected"),
        (polygon([["-90", "29"], [1, 2], [2, 3], [3, 4]]), "longitude and latitude"),
        (polygon([[-90], [1, 2], [2, 3], [3, 4]]), "longitude and latitude"),
        (polygon(7), "at least four positions"),
        ({"type": "MultiPolygon", "coordinates": [5]}, "array of rings"),
        ({"type": "Polygon", "coordinates": "x"}, "array of rings"),
        ({"type": "MultiPolygon", "coordinates": {"a": 1}}, "is empty"),
        ("somewhere", "not an object"),
    ],
)
def test_a_geometry_that_makes_no_zone_is_told_and_the_others_load(tmp_path: Path, geometry: Any, says: str) -> None:
    loaded = load(tmp_path, collection(feature({"id": 1}, geometry), feature({"id": 2})))
    assert [zone.zone_id for zone in loaded.events] == ["city-areas-2"]
    assert [(error.line, error.unit, error.column) for error in loaded.errors] == [(1, "item", "geometry")]
    assert says in loaded.errors[0].error


def test_missing_geometry_other_objects_and_repeated_ids_are_told(tmp_path: Path) -> None:
    nothing = {"type": "Feature", "properties": {"id": 3}, "geometry": None}
    loaded = load(tmp_path, collection(feature({"id": 1}), feature({"id": 1}), nothing, "x", {"type": "Point"}))
    assert len(loaded.events) == 1
    assert [error.line for error in loaded.errors] == [2, 3, 4, 5]
    assert "item 1" in loaded.errors[0].error
    assert "no geometry" in loaded.errors[1].error


def test_a_zone_too_large_for_one_event_is_told(tmp_path: Path) -> None:
    ring = [
        list(map(float, position)) for position in shapely.Point(-90, 29).buffer(1, quad_segs=6_000).exterior.coords
    ]
    loaded = load(tmp_path, collection(feature({"id": 1}, polygon(ring)), feature({"id": 2})))
    assert "simplify" in loaded.errors[0].error
    parts = {"type": "MultiPolygon", "coordinates": [
        [[list(p) for p in shapely.Point(-90, lat).buffer(0.1, quad_segs=3_000).exterior.coords]] for lat in (28, 29)
    ]}  # fmt: skip
    assert "too many positions for one event" in load(tmp_path, feature({}, parts)).errors[0].error


@pytest.mark.parametrize(
    ("document", "says"),
    [
        ("", "is empty"),
        ("type,geometry\n", "not JSON"),
        ("[1]", "not GeoJSON"),
        ("[" * 100_000, "not JSON"),
        ({"type": "Topology", "objects": {}}, "not a GeoJSON"),
        ({"type": "FeatureCollection"}, "without a features array"),
        (collection(crs={"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::3452"}}), "EPSG:4326"),
    ],
)
def test_a_file_that_is_no_geojson_is_refused_with_what_to_do(tmp_path: Path, document: Any, says: str) -> None:
    with pytest.raises(FileError, match=says):
        load(tmp_path, document)


@pytest.mark.parametrize("name", ["urn:ogc:def:crs:OGC:1.3:CRS84", "EPSG:4326", "urn:ogc:def:crs:EPSG::4326"])
def test_wgs_84_by_name_is_taken(tmp_path: Path, name: str) -> None:
    crs = {"type": "name", "properties": {"name": name}}
    assert only(load(tmp_path, collection(feature({"id": 1}), crs=crs))).zone_id == "city-areas-1"


def test_an_option_that_names_no_property_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FileError, match="have: a"):
        load(tmp_path, feature({"a": 1}), ZoneOptions(id_property="b"))


def test_zones_pass_the_wire_unchanged(tmp_path: Path) -> None:
    loaded = load(tmp_path, collection(feature({"name": "n" * 500}), feature({"name": "x"})))
    assert FrameDecoder(ZONE).decode(encode_frame(loaded.events)).events == loaded.events


FILES = [
    (FIXTURES / "districts.geojson", 2),
    (SHARED / "nopd_police_districts.geojson", 8),
    (SHARED / "neighborhoods_official_2021.geojson", 72),
    (SHARED / "neighborhoods_click_that_hood.geojson", 73),
    (SHARED / "city_council_districts_2014.geojson", 5),
    (SHARED / "voting_precincts_simplified.geojson", 351),
]


@pytest.mark.needs_shared
@pytest.mark.parametrize(("path", "count"), [file for file in FILES if file[0].exists()])
def test_a_citys_files_load_whole(path: Path, count: int) -> None:
    loaded = load_zones(path, context=CONTEXT)
    assert not loaded.errors
    assert len({zone.zone_id for zone in loaded.events}) == len(loaded.events) == count
    if "districts" in path.stem and "council" not in path.stem:
        assert [zone.name for zone in loaded.events] == [f"District {number}" for number in range(1, count + 1)]
        assert loaded.events[0].zone_id.endswith("districts-1")
