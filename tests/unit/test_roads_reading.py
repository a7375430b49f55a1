"""Roads out of files: formats, coordinate systems, speeds, one-way words; what is left out, and what is refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from compose.roads.errors import RoadFileError, RoadsRefusedError
from compose.roads.lines import Choice, read_lines
from compose.roads.network import network
from compose.roads.network_file import read, write
from compose.roads.oneway import BACKWARD, BOTH, CLOSED, FORWARD, directions
from compose.roads.speeds import limit_kmh, own_table
from tests.unit.road_towns import REPORT, crossing, feature, geojson, grid, line, made

pyogrio = pytest.importorskip("pyogrio")
PLAIN = Choice(default_kmh=36.0)

OSM = """<?xml version="1.0"?>
<osm version="0.6" generator="hand">
 <node id="1" version="1" lat="29.95" lon="-90.07"/><node id="2" version="1" lat="29.95" lon="-90.069"/>
 <node id="3" version="1" lat="29.951" lon="-90.069"/><node id="4" version="1" lat="29.952" lon="-90.069"/>
 <way id="1" version="1"><nd ref="1"/><nd ref="2"/><nd ref="3"/><tag k="highway" v="residential"/>
  <tag k="maxspeed" v="30 mph"/><tag k="oneway" v="-1"/></way>
 <way id="2" version="1"><nd ref="2"/><nd ref="4"/><tag k="highway" v="footway"/></way>
 <way id="3" version="1"><nd ref="2"/><nd ref="4"/><tag k="highway" v="motorway"/></way>
 <way id="4" version="1"><nd ref="1"/><nd ref="4"/><tag k="highway" v="tertiary"/><tag k="maxspeed" v="none"/></way>
 <way id="5" version="1"><nd ref="1"/><nd ref="2"/><nd ref="4"/><nd ref="1"/><tag k="building" v="yes"/></way>
</osm>
"""


def test_geojson_becomes_segments_between_crossings(tmp_path: Path) -> None:
    several = feature(
        {"type": "MultiLineString", "coordinates": [[crossing(*a)[::-1], crossing(*b)[::-1]] for a, b in
                                                    (((0, 1), (1, 1)), ((1, 1), (1, 0)))]},
        mph=25,
    )  # fmt: skip
    file = geojson(tmp_path / "town.geojson", line((0, 0), (0, 1), (0, 2), mph=50), several)
    lines = read_lines(file, Choice(speed_column="mph", speed_unit="mph"))
    town = network(lines)
    assert (town.segments, town.nodes, lines.features) == (4, 5, 2)
    assert sorted(town.kmh.tolist()) == pytest.approx([25 * 1.609344] * 2 + [50 * 1.609344] * 2, rel=1e-6)
    assert dict(lines.speeds_from) == {"limit": 2}


@pytest.mark.parametrize(("suffix", "driver"), [("gpkg", "GPKG"), ("shp", "ESRI Shapefile"), ("fgb", "FlatGeobuf")])
def test_other_formats_and_state_plane_feet_give_the_same_network(tmp_path: Path, suffix: str, driver: str) -> None:
    import pyproj
    import shapely

    plain = read_lines(geojson(tmp_path / "town.geojson", line((0, 0), (0, 1)), line((0, 1), (1, 1))), PLAIN)
    feet = pyproj.Transformer.from_crs("EPSG:4326", "EPSG:3452", always_xy=True)
    lines = [shapely.LineString([feet.transform(*crossing(*one)[::-1]) for one in pair])
             for pair in (((0, 0), (0, 1)), ((0, 1), (1, 1)))]  # fmt: skip
    file = tmp_path / f"town.{suffix}"
    pyogrio.raw.write(
        str(file), shapely.to_wkb(np.array(lines)), [np.array([1, 1])], ["way"], geometry_type="LineString",
        crs="EPSG:3452", driver=driver,
    )  # fmt: skip
    read_back = read_lines(file, Choice(default_kmh=36.0, oneway_column="way"))
    assert (
        np.abs(read_back.lon_lat[np.lexsort(read_back.lon_lat.T)] - plain.lon_lat[np.lexsort(plain.lon_lat.T)]).max()
        < 1e-7
    )
    town = network(read_back)
    assert (town.segments, town.nodes, town.direction.tolist()) == (2, 3, [FORWARD, FORWARD])


def test_openstreetmap_is_read_with_its_own_words(tmp_path: Path) -> None:
    file = tmp_path / "town.xml"  # known by what it holds, not by its name
    file.write_text(OSM)
    lines = read_lines(file, Choice())
    assert dict(lines.left_out) == {"not for cars: footway": 1}
    by_speed = dict(zip(lines.kmh.round().tolist(), lines.direction.tolist(), strict=True))
    assert by_speed == {48.0: BACKWARD, 90.0: FORWARD, 40.0: BOTH}
    with pytest.raises(RoadsRefusedError, match="columns are known"):
        read_lines(file, Choice(class_column="highway"))


def test_what_is_no_road_is_left_out_and_told(tmp_path: Path) -> None:
    point = feature({"type": "Point", "coordinates": [-90.07, 29.95]}, kind="S1400")
    nowhere = feature({"type": "LineString", "coordinates": [[-90.07, 29.95], [-90.07, 129.95]]}, kind="S1400")
    file = geojson(
        tmp_path / "town.geojson", line((0, 0), (0, 1), kind="S1400"), line((0, 0), (1, 0), kind="S1710"),
        line((0, 0), (2, 0), kind="lane"), line((0, 0), (3, 0), kind="S1200", way="reversible"), point, nowhere,
        feature(None, kind="S1400"), line((0, 1), (0, 2)),
    )  # fmt: skip
    lines = read_lines(file, Choice(class_column="kind", oneway_column="way"))
    assert network(lines).segments == 1
    assert dict(lines.left_out) == {
        "not for cars: s1710": 1, "class not known: lane": 1, "closed, or of changing direction": 1, "not a line": 2,
        "a place that is none": 1, "no usable speed": 1,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("content", "choice", "says"),
    [
        (b"", PLAIN, "cannot be read"),
        (b"\x00\xff garbage", PLAIN, "cannot be read"),
        (b'{"type":"FeatureCollection","features":[{"type":"Fea', PLAIN, "cannot be read"),
        (b'{"type":"FeatureCollection","features":[]}', PLAIN, "no features"),
        ([feature({"type": "Point", "coordinates": [-90, 29]})], PLAIN, "no layer of lines"),
        ([feature({"type": "Point", "coordinates": [-90, 29]}), feature(None)], PLAIN, "no layer of lines"),
        ([line((0, 0), (0, 1))], Choice(), "How fast"),
        ([line((0, 0), (0, 1))], Choice(speed_column="mph"), "go together"),
        ([line((0, 0), (0, 1), limit=5)], Choice(class_column="kind"), "no column 'kind'; it has limit"),
        ([line((0, 0), (0, 1))], Choice(default_kmh=36.0, layer="roads"), "no layer 'roads'"),
        ([line((0, 0), (0, 1), way="eastward")], Choice(default_kmh=36.0, oneway_column="way"), "'eastward'"),
        ([line((0, 0), (0, 0))], PLAIN, "Every line is a point"),
        ([line((0, 0), (0, 1), kind="footway")], Choice(class_column="kind"), "nothing that a car drives on"),
        ([feature({"type": "LineString", "coordinates": [[3_680_000, 530_000], [3_681_000, 0]]})], PLAIN, "degrees"),
        ([line((0, 0), (0, 1))], Choice(default_kmh=36.0, crs="EPSG:0"), "coordinate system"),
    ],
)  # fmt: skip
def test_a_file_that_is_none_of_roads_is_refused_with_the_reason(
    tmp_path: Path, content: Any, choice: Choice, says: str
) -> None:
    file = tmp_path / "town.geojson"
    if isinstance(content, bytes):
        file.write_bytes(content)
    else:
        geojson(file, *content)
    with pytest.raises(RoadsRefusedError, match=says):
        network(read_lines(file, choice))


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RoadsRefusedError, match="does not exist"):
        read_lines(tmp_path / "none.geojson", PLAIN)


def test_one_way_words_are_those_of_openstreetmap_and_of_esri() -> None:
    assert directions(["yes", "-1", "no", None, "", 1.0, "reversible"]) == [
        FORWARD, BACKWARD, BOTH, BOTH, BOTH, FORWARD, CLOSED,
    ]  # fmt: skip
    assert directions(["N", "Y"]) == [BOTH, FORWARD]
    # Beside FT and TF, N is "no travel".
    assert directions(["N", "FT", "tf", "B"]) == [CLOSED, FORWARD, BACKWARD, BOTH]
    with pytest.raises(RoadsRefusedError, match="'sideways' \\(2\\)"):
        directions(["yes", "sideways", "Sideways"])


@pytest.mark.parametrize(
    ("text", "kmh"),
    [("50", 50), (30, 30), ("30 mph", 48.28), ("50 km/h", 50), ("none", None), ("RO:urban", None), ("", None),
     (None, None), ("0", None), ("-5", None), (float("nan"), None), ("900", None), ("1e9", None)],
)  # fmt: skip
def test_a_speed_limit_is_a_number_that_can_be_one(text: object, kmh: float | None) -> None:
    assert limit_kmh(text) == (None if kmh is None else pytest.approx(kmh, abs=0.01))


def test_own_classes_come_from_a_table(tmp_path: Path) -> None:
    table = tmp_path / "classes.csv"
    table.write_text("class,kmh\nBoulevard,60\nAlley,0\n")
    assert own_table(table) == {"boulevard": 60.0, "alley": 0.0}
    for wrong in (
        "name,speed\nx,1\n",
        "class,kmh\nx,fast\n",
        "class,kmh\nx,-3\n",
        "class,kmh\nx,nan\n",
        "class,kmh\n",
        "",
    ):
        table.write_text(wrong)
        with pytest.raises(RoadsRefusedError):
            own_table(table)


def test_a_network_is_read_back_as_it_was_written_and_nothing_lies_beside_it(tmp_path: Path) -> None:
    town = made(grid(3, 3))
    write(tmp_path / "roads.npz", town, REPORT)
    back, report = read(tmp_path / "roads.npz")
    assert report == REPORT
    for name in town.__struct_fields__:
        assert np.array_equal(getattr(back, name), getattr(town, name))
    assert [one.name for one in tmp_path.iterdir()] == ["roads.npz"]


def test_a_write_that_fails_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "roads.npz"
    write(file, made(grid(3, 3)), REPORT)
    was = file.read_bytes()

    def full(*_: object, **__: object) -> None:
        raise OSError("No space left on device")

    monkeypatch.setattr("compose.roads.network_file.np.savez_compressed", full)
    with pytest.raises(OSError, match="No space"):
        write(file, made(grid(2, 2)), REPORT)
    assert file.read_bytes() == was
    assert [one.name for one in tmp_path.iterdir()] == ["roads.npz"]


def test_a_file_that_is_no_network_is_told_and_not_used(tmp_path: Path) -> None:
    file = tmp_path / "roads.npz"
    write(file, made(grid(2, 2)), REPORT)
    good = file.read_bytes()
    for bad in (
        b"",
        b"garbage",
        good[:200],
        good[:-30],
        good[: len(good) // 2] + b"\xff" * 40 + good[len(good) // 2 + 40 :],
    ):
        file.write_bytes(bad)
        with pytest.raises(RoadFileError, match="load the roads again"):
            read(file)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("tail", 99),
        ("head", -1),
        ("kmh", 0.0),
        ("kmh", np.nan),
        ("direction", 2),
        ("first", 10**9),
        ("vertices", 2**31 - 1),
    ],
)
def test_arrays_that_do_not_fit_together_are_told_and_not_used(tmp_path: Path, name: str, value: float) -> None:
    town = made(grid(2, 2))
    getattr(town, name).flat[-1] = value
    write(tmp_path / "roads.npz", town, REPORT)
    with pytest.raises(RoadFileError, match="no whole road graph"):
        read(tmp_path / "roads.npz")
