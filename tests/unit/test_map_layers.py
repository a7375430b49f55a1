"""Map layers out of files of every kind that is taken, and what is refused (interface §2.4, check 16)."""

from __future__ import annotations

import gzip
import json
import struct
import zipfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

pytest.importorskip("pyogrio")
pytest.importorskip("pmtiles")

import pyproj
import shapely

from compose.map_layers.adding import Choice, Made, make, name_of
from compose.map_layers.archive import plain_text, schema_of
from compose.map_layers.errors import MapRefusedError
from compose.map_layers.folder import clear, making, put
from compose.map_layers.kinds import Kind, kind_of
from compose.map_layers.shapes import Batch, degrees_from, write_layer
from compose.map_layers.unpacking import unpack
from tests.unit.map_files import TOWN, geojson, gtfs, mbtiles, osm_pbf, points, vector_tile, zipped

BOUNDS = (-90.12, 29.93, -90.0, 30.02)


def added(file: Path, work: Path, **choice: object) -> Made:
    work.mkdir(exist_ok=True)
    return make(file, Choice(**choice), work, lambda words, share: None)  # type: ignore[arg-type]


def refusal(file: Path, work: Path, **choice: object) -> str:
    with pytest.raises(MapRefusedError) as refused:
        added(file, work, **choice)
    return str(refused.value)


@pytest.mark.parametrize(
    ("name", "crs"),
    [
        ("town.shp", "EPSG:3452"),  # Louisiana South, US survey feet
        ("town.gpkg", "EPSG:32615"),
        ("town.gdb", "EPSG:6479"),
        ("town.geojson", "EPSG:4326"),
        ("town.kml", "EPSG:4326"),
        ("town.fgb", "EPSG:3857"),
    ],
)
def test_check_16_each_format_gives_its_bounds_and_counts_in_degrees(tmp_path: Path, name: str, crs: str) -> None:
    field = "Name" if name.endswith(".kml") else "name"
    made = added(points(tmp_path / name, crs=crs), tmp_path / "work", label=None if field == "Name" else field)
    assert made.bounds == pytest.approx(BOUNDS, abs=1e-5)
    (layer,) = made.layers
    assert (layer.features, layer.kept, dict(layer.dropped)) == (4, 4, {})
    assert (made.tiles, made.source_layers, made.tile_schema) == ("vector", ("town",), "generic")
    assert made.path.read_bytes().startswith(b"PMTiles\x03")


def test_check_16_mbtiles_and_pmtiles_come_as_they_are(tmp_path: Path) -> None:
    says = json.dumps({"vector_layers": [{"id": one, "fields": {}} for one in ("earth", "water", "roads")]})
    source = mbtiles(
        tmp_path / "city.mbtiles", vector_tile(), format="pbf", json=says, attribution="<a href=x>City</a>"
    )
    made = added(source, tmp_path / "work")
    assert (made.tiles, made.tile_schema, made.attribution) == ("vector", "protomaps", "City")
    assert made.bounds == pytest.approx((-90.2, 29.9, -89.9, 30.1))
    again = added(made.path.rename(tmp_path / "city.pmtiles"), tmp_path / "again")
    assert (again.bounds, again.source_layers, again.kind) == (made.bounds, made.source_layers, "pmtiles")


@pytest.mark.parametrize("word", ["png", "jpg", "webp"])
def test_check_16_pictures_in_mbtiles_are_a_raster_layer(tmp_path: Path, word: str) -> None:
    made = added(mbtiles(tmp_path / "air.mbtiles", b"\x89PNG", format=word), tmp_path / "work")
    assert (made.tiles, made.source_layers) == ("raster", ())


def test_check_16_a_gtfs_feed_gives_routes_and_stops_and_tells_what_was_left_out(tmp_path: Path) -> None:
    made = added(gtfs(tmp_path / "feed.zip"), tmp_path / "work")
    routes, stops = made.layers
    assert (routes.kept, dict(routes.dropped)) == (
        1,
        {"a point of a route without a place": 1, "a route of one point": 1},
    )
    assert (stops.kept, dict(stops.dropped)) == (
        2, {"an entrance or a way inside a station": 1, "a stop without a place": 1}
    )  # fmt: skip
    line = json.loads(routes.path.read_text().splitlines()[0])
    assert line["properties"] == {"label": "12"}
    assert line["geometry"]["coordinates"] == [[-90.12, 29.93], [-90.07, 29.95], [-90.02, 29.98]], "by sequence"


def test_check_16_an_osm_extract_is_a_basemap_in_the_style_of_the_page(tmp_path: Path) -> None:
    made = added(osm_pbf(tmp_path / "town.osm.pbf"), tmp_path / "work", basemap=True)
    assert {one.name: one.kept for one in made.layers} == {"water": 1, "park": 1, "road": 2, "place": 1}
    assert (made.tile_schema, made.label, made.attribution) == ("watchfloor", "name", "© OpenStreetMap contributors")
    roads = [json.loads(one)["properties"] for one in (tmp_path / "work/road.geojsonl").read_text().splitlines()]
    assert roads == [{"class": "street", "name": "Elm Street"}, {"class": "motorway"}]


def test_check_16_an_osm_extract_as_overlay_has_all_its_shapes(tmp_path: Path) -> None:
    made = added(osm_pbf(tmp_path / "town.osm.pbf"), tmp_path / "work")
    assert {one.name: one.kept for one in made.layers} == {"points": 1, "lines": 3, "multipolygons": 2}
    assert made.bounds == pytest.approx((-90.12, 29.93, -90.02, 29.99))


def test_a_zip_with_a_shapefile_or_a_filegdb_is_opened(tmp_path: Path) -> None:
    shape = points(tmp_path / "deep" / "town.shp") if (tmp_path / "deep").mkdir() is None else None
    assert shape is not None
    packed = zipped(tmp_path / "shape.zip", *sorted(shape.parent.iterdir()), under=tmp_path)
    assert added(packed, tmp_path / "one").kind == "shapefile"
    base = points(tmp_path / "town.gdb", crs="EPSG:6479")
    packed = zipped(tmp_path / "base.zip", *sorted(base.iterdir()), under=tmp_path)
    assert added(packed, tmp_path / "two").bounds == pytest.approx(BOUNDS, abs=1e-5)


def test_bad_shapes_are_left_out_with_their_reasons_and_crossed_rings_are_mended(tmp_path: Path) -> None:
    crossed = {"type": "Polygon", "coordinates": [[[-90, 30], [-90.1, 30.1], [-90.1, 30], [-90, 30.1], [-90, 30]]]}
    flat = {"type": "Polygon", "coordinates": [[[-90, 30], [-90.1, 30.1], [-90, 30], [-90, 30]]]}
    file = geojson(
        tmp_path / "mixed.geojson", {"type": "Point", "coordinates": [-90.05, 30.05]}, None, crossed, flat,
        {"type": "Point", "coordinates": [500, 30]}, {"type": "MultiPoint", "coordinates": []},
    )  # fmt: skip
    made = added(file, tmp_path / "work")
    (layer,) = made.layers
    assert (layer.features, layer.kept, layer.mended) == (6, 2, 1)
    assert dict(layer.dropped) == {
        "no shape": 1, "an empty shape": 1, "a place that is none": 1, "an area without any extent": 1,
    }  # fmt: skip
    assert made.bounds == pytest.approx((-90.1, 30, -90, 30.1)), "what was left out does not widen the bounds"


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.tuples(st.floats(-93, -87), st.floats(28, 32)), min_size=1, max_size=30),
    st.sampled_from(["EPSG:4326", "EPSG:3452", "EPSG:32615", "EPSG:3857"]),
)
def test_check_16_bounds_are_those_of_the_shapes_whatever_system_they_came_in(
    tmp_path_factory: pytest.TempPathFactory, places: list[tuple[float, float]], crs: str
) -> None:
    lon, lat = np.array(places).T
    x, y = pyproj.Transformer.from_crs("EPSG:4326", crs, always_xy=True).transform(lon, lat)
    batch = Batch(shapes=shapely.points(x, y), properties=[{}] * len(places))
    written = write_layer("a", batch, tmp_path_factory.mktemp("bounds"), degrees_from(crs, "a.gpkg"))
    assert written.kept == len(places)
    assert written.bounds == pytest.approx((lon.min(), lat.min(), lon.max(), lat.max()), abs=1e-6)


def test_only_the_label_goes_into_the_tiles(tmp_path: Path) -> None:
    added(points(tmp_path / "town.geojson"), tmp_path / "work", label="name")
    lines = [json.loads(one)["properties"] for one in (tmp_path / "work/town.geojsonl").read_text().splitlines()]
    assert lines[0] == {"label": "Place 0"}
    added(points(tmp_path / "town.geojson"), tmp_path / "other")
    assert '"properties":{}' in (tmp_path / "other/town.geojsonl").read_text()


def test_a_field_that_is_not_there_is_refused_with_those_that_are(tmp_path: Path) -> None:
    assert "there are name" in refusal(points(tmp_path / "town.geojson"), tmp_path / "work", label="owner")


def test_a_file_without_a_coordinate_system_is_taken_once_it_is_said(tmp_path: Path) -> None:
    file = points(tmp_path / "town.shp", crs=None)
    assert "--crs" in refusal(file, tmp_path / "work")
    assert added(file, tmp_path / "work", crs="EPSG:4326").bounds == pytest.approx(BOUNDS)
    assert "not known" in refusal(file, tmp_path / "work", crs="EPSG:1")


def test_layers_of_one_file_keep_their_names(tmp_path: Path) -> None:
    file = points(tmp_path / "two.gpkg", layer="fire stations")
    points(file, TOWN[:2], layer="hydrants")
    made = added(file, tmp_path / "work")
    assert [(one.name, one.kept) for one in made.layers] == [("fire_stations", 4), ("hydrants", 2)]
    assert set(made.source_layers) == {"fire_stations", "hydrants"}


# What is refused.


@pytest.mark.parametrize("name", ["town.shp", "town.gpkg", "town.geojson", "town.kml", "town.fgb"])
@pytest.mark.parametrize("share", [0.35, 0.7, 0.98])
def test_a_file_that_was_cut_off_is_refused(tmp_path: Path, name: str, share: float) -> None:
    many = [(-90 - n / 10_000, 30.0) for n in range(300)]
    file = points(tmp_path / name, many)
    whole = file.read_bytes()
    file.write_bytes(whole[: int(len(whole) * share)])
    assert refusal(file, tmp_path / "work")


@pytest.mark.parametrize("share", [0.3, 0.6, 0.95])
def test_tiles_and_extracts_that_were_cut_off_are_refused(tmp_path: Path, share: float) -> None:
    tiles = added(points(tmp_path / "town.geojson"), tmp_path / "work").path.read_bytes()
    for name, whole in (
        ("cut.pmtiles", tiles),
        ("cut.osm.pbf", osm_pbf(tmp_path / "a.osm.pbf").read_bytes()),
        ("cut.mbtiles", mbtiles(tmp_path / "a.mbtiles", vector_tile(), format="pbf").read_bytes()),
        ("cut.zip", gtfs(tmp_path / "a.zip").read_bytes()),
    ):
        (tmp_path / name).write_bytes(whole[: int(len(whole) * share)])
        (tmp_path / "a.mbtiles").unlink(missing_ok=True)
        assert refusal(tmp_path / name, tmp_path / f"work-{name}"), name


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"hello",
        b"<OGRVRTDataSource><OGRVRTLayer name='a'><SrcDataSource>/etc/hosts</SrcDataSource></OGRVRTLayer>",
        b"<?xml version='1.0'?><!-- <kml> --><gml/>",
        b'{"type": "gdal_streamed_alg", "command_line": "gdal vector pipeline ! read /etc/hosts ! reproject"}',
        b"%PDF-1.7",
        b"name,lat,lon\na,30,-90\n",
    ],
)
def test_a_file_of_no_kind_that_is_taken_is_refused_whatever_its_name_says(tmp_path: Path, content: bytes) -> None:
    for name in ("a.geojson", "a.kml", "a.shp", "a.pmtiles"):
        (tmp_path / name).write_bytes(content)
        assert refusal(tmp_path / name, tmp_path / "work")


def test_a_file_is_known_by_its_content_and_not_by_its_name(tmp_path: Path) -> None:
    file = points(tmp_path / "town.gpkg").rename(tmp_path / "town.dat")
    assert kind_of(file) is Kind.GEOPACKAGE
    assert added(file, tmp_path / "work").bounds == pytest.approx(BOUNDS)


@pytest.mark.parametrize(
    "path", ["../../out.geojson", "/tmp/out.geojson", "a/../../out.geojson", "..\\out.geojson", "C:\\o.shp"]
)
def test_a_zip_that_would_leave_its_folder_is_refused_and_writes_nothing(tmp_path: Path, path: str) -> None:
    with zipfile.ZipFile(tmp_path / "evil.zip", "w") as out:
        out.writestr(path, "{}")
    (tmp_path / "work").mkdir()
    with pytest.raises(MapRefusedError, match="leaves its folder"):
        unpack(tmp_path / "evil.zip", tmp_path / "work" / "in")
    assert sorted(one.name for one in tmp_path.rglob("*")) == ["evil.zip", "work"]


def test_a_link_in_a_zip_is_refused(tmp_path: Path) -> None:
    link = zipfile.ZipInfo("town.geojson")
    link.external_attr = 0o120777 << 16
    with zipfile.ZipFile(tmp_path / "link.zip", "w") as out:
        out.writestr(link, "/etc/passwd")
    assert "link" in refusal(tmp_path / "link.zip", tmp_path / "work")


def test_a_zip_bomb_is_refused_before_it_grows(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "bomb.zip", "w", zipfile.ZIP_DEFLATED) as out:
        out.writestr("town.geojson", b"\0" * (80 * 1024 * 1024))
    assert "too large" in refusal(tmp_path / "bomb.zip", tmp_path / "work")
    assert not list((tmp_path / "work").rglob("*.geojson"))


def test_a_zip_bomb_that_lies_about_its_size_stops_at_what_it_said(tmp_path: Path) -> None:
    bomb = tmp_path / "bomb.zip"
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as out:
        out.writestr("town.geojson", b"\0" * (80 * 1024 * 1024))
    lie = bomb.read_bytes().replace(struct.pack("<I", 80 * 1024 * 1024), struct.pack("<I", 10))
    bomb.write_bytes(lie)
    assert refusal(bomb, tmp_path / "work")
    assert sum(one.stat().st_size for one in (tmp_path / "work").rglob("*") if one.is_file()) < 2 * 1024 * 1024


def test_a_zip_with_two_maps_or_none_is_refused(tmp_path: Path) -> None:
    one, two = points(tmp_path / "one.geojson"), points(tmp_path / "two.geojson")
    assert "more than one" in refusal(zipped(tmp_path / "two.zip", one, two, under=tmp_path), tmp_path / "work")
    (tmp_path / "read.me").write_text("hello")
    assert "no map" in refusal(zipped(tmp_path / "none.zip", tmp_path / "read.me", under=tmp_path), tmp_path / "other")


def test_metadata_that_would_grow_too_large_is_refused(tmp_path: Path) -> None:
    made = added(points(tmp_path / "town.geojson"), tmp_path / "work").path.read_bytes()
    bomb = gzip.compress(b'"' + b"a" * (9 * 1024 * 1024) + b'"')
    head = bytearray(made[:127])
    head[24:40] = struct.pack("<QQ", len(made), len(bomb))
    (tmp_path / "bomb.pmtiles").write_bytes(bytes(head) + made[127:] + bomb)
    assert "too large" in refusal(tmp_path / "bomb.pmtiles", tmp_path / "other")


def test_what_a_file_says_of_its_makers_is_shown_as_text() -> None:
    assert plain_text('<a href="https://x.example" onclick="x()">&copy; City</a> <script>1</script>') == "© City 1"
    assert plain_text(None) == ""


def test_schemas_are_known_by_their_layers() -> None:
    assert schema_of({"earth", "water", "roads", "pois"}) == "protomaps"
    assert schema_of({"transportation", "water", "place"}) == "openmaptiles"
    assert schema_of({"hydrants"}) == "generic"


@pytest.mark.parametrize(
    ("file", "name"),
    [
        ("Fire Hydrants 2026.geojson", "fire-hydrants-2026"),
        ("town.osm.pbf", "town"),
        ("Ärzte.zip", "rzte"),
        ("--.kml", "layer"),
    ],
)
def test_a_layer_is_named_after_its_file(file: str, name: str) -> None:
    assert name_of(Path(file)) == name


# The folder.


def test_what_is_being_made_is_gone_whatever_happens(tmp_path: Path) -> None:
    def broken(work: Path) -> None:
        (work / "half.pmtiles").write_bytes(b"x")
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt), making(tmp_path / "layers") as work:
        broken(work)
    assert list((tmp_path / "layers").iterdir()) == []


def test_the_files_of_a_layer_go_and_those_of_others_stay(tmp_path: Path) -> None:
    def file(name: str, content: bytes) -> str:
        (tmp_path / "made").write_bytes(content)
        return put(tmp_path / "made", tmp_path, name)[0]

    old, new, other = file("a", b"1"), file("a", b"2"), file("a-b", b"3")
    clear(tmp_path, "a", keep=new)
    assert sorted(one.name for one in tmp_path.iterdir()) == sorted([new, other])
    assert old != new
    clear(tmp_path, "a")
    assert [one.name for one in tmp_path.iterdir()] == [other]
