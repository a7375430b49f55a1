"""Cameras are loaded from what cities publish: each once, with the same id every time."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest

from connectors.cameras_file.loading import CameraOptions, load_cameras
from connectors.file_reading import FileError, Loaded
from connectors.translation import Context
from schemas.events.camera import CAMERA, Camera
from schemas.wire.frame import FrameDecoder, encode_frame

FIXTURES = Path(__file__).parents[1] / "contract" / "fixtures" / "cameras_file"
SHARED = Path(__file__).parents[3] / "shared" / "data" / "cameras"
CONTEXT = Context(connector="cameras_file", instance="test", observed_at=datetime(2026, 1, 15, 12, tzinfo=UTC))
BARE = (
    "latitude,longitude,random_id,set\n29.95728283,-90.06672856,0.10,cameras\n29.95728283,-90.06672856,0.70,cameras\n"
    "29.95782843,-90.06636763,0.33,cameras\n"
)


def load(
    tmp_path: Path, text: str | bytes, name: str = "city_cams.csv", options: CameraOptions | None = None
) -> Loaded[Camera]:
    path = tmp_path / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return load_cameras(path, context=CONTEXT, options=options)


def test_cameras_without_ids_are_distinct_even_at_one_spot_and_named_by_their_place(tmp_path: Path) -> None:
    loaded = load(tmp_path, BARE)
    assert not loaded.errors
    assert [camera.name for camera in loaded.events] == ["Camera 1", "Camera 2", "Camera 3"]
    assert len({camera.camera_id for camera in loaded.events}) == 3
    assert all(camera.camera_id.startswith("city-cams-") for camera in loaded.events)


def test_made_up_ids_stay_when_the_file_is_sorted_anew_or_loaded_later(tmp_path: Path) -> None:
    head, *rows = BARE.splitlines()
    first = load(tmp_path, BARE)
    again = load(tmp_path, "\n".join([head, *reversed(rows)]))
    assert {camera.camera_id for camera in first.events} == {camera.camera_id for camera in again.events}
    renamed = load(tmp_path, BARE, "export_2027.csv", CameraOptions(prefix="City Cams"))
    assert [camera.camera_id for camera in renamed.events] == [camera.camera_id for camera in first.events]


def test_the_event_id_changes_with_what_is_said_and_with_when_but_the_camera_id_with_neither(tmp_path: Path) -> None:
    path = tmp_path / "cams.csv"
    path.write_text("id,lat,lon\n1,29.9,-90.1\n")
    later = msgspec.structs.replace(CONTEXT, observed_at=CONTEXT.observed_at + timedelta(days=1))
    states = [load_cameras(path, context=context).events[0] for context in (CONTEXT, CONTEXT, later)]
    path.write_text("id,lat,lon\n1,29.8,-90.1\n")
    states.append(load_cameras(path, context=CONTEXT).events[0])
    first, again, back, moved = (state.event_id for state in states)
    assert first == again
    # Moved and moved back, the last state must not pass for a repetition of the first, or nobody would be told of it.
    assert len({first, back, moved}) == 3
    assert len({state.camera_id for state in states}) == 1


@pytest.mark.parametrize(
    "header",
    ["id,name,latitude,longitude", "Camera_ID,Address,LAT,LNG", "uuid,Intersection,Y,X", "OBJECTID,title,lat,long"],
)
def test_columns_are_found_by_their_usual_names(tmp_path: Path, header: str) -> None:
    camera = load(tmp_path, f"{header}\nc-7,Example / Main,29.9573,-90.0667\n").events[0]
    assert (camera.camera_id, camera.name, camera.lat, camera.lon) == ("c-7", "Example / Main", 29.9573, -90.0667)


def test_a_point_column_is_read_and_a_column_named_location_may_be_a_name(tmp_path: Path) -> None:
    point = load(tmp_path, 'id,location\n1,POINT (-90.0667 29.9573)\n2,"Main St\n(29.9, -90.1)"\n').events
    assert [(camera.lat, camera.lon) for camera in point] == [(29.9573, -90.0667), (29.9, -90.1)]
    named = load(tmp_path, "id,location,lat,lon\n1,Main St,29.9,-90.1\n").events
    assert named[0].name == "Main St"
    told = load(tmp_path, 'address,1\nMain St,"(29.9, -90.1)"\n', options=CameraOptions(point_column="1")).events
    assert (told[0].name, told[0].lat) == ("Main St", 29.9)


def test_json_objects_and_geojson_points_are_read(tmp_path: Path) -> None:
    objects = [{"uuid": "a-1", "name": "Example Av", "lat": 40.7, "lng": -73.9, "is_online": False}, {"uuid": "b"}, 3]
    loaded = load(tmp_path, json.dumps(objects), "cams.json")
    assert [(camera.camera_id, camera.name, camera.lon) for camera in loaded.events] == [("a-1", "Example Av", -73.9)]
    assert [str(error).split(":")[0] for error in loaded.errors] == ["item 2, column lat", "item 3"]
    point = {"type": "Point", "coordinates": [-90.1, 29.9]}
    geo = {"type": "FeatureCollection", "features": [
        {"type": "Feature", "id": 12, "geometry": point, "properties": {"name": "Pole 12"}},
        {"type": "Feature", "geometry": None, "properties": {"name": "Nowhere"}},
    ]}  # fmt: skip
    loaded = load(tmp_path, "\ufeff" + json.dumps(geo), "cams.geojson")
    assert [(camera.camera_id, camera.name, camera.lat) for camera in loaded.events] == [("12", "Pole 12", 29.9)]
    assert [error.line for error in loaded.errors] == [2]


def test_options_hold_for_rows_that_do_not_say(tmp_path: Path) -> None:
    options = CameraOptions(kind="lpr", owner="NOPD", id_column="tag", name_column="spot")
    text = "tag,spot,id,lat,lon,type,owner,heading\nT1,A,1,29.9,-90.1,,,450\nT2,B,2,29.8,-90.1,video,DOT,NB\n"
    first, second = load(tmp_path, text, options=options).events
    assert (first.camera_id, first.name, first.kind, first.owner, first.heading_deg) == ("T1", "A", "lpr", "NOPD", 90)
    assert (second.kind, second.owner, second.heading_deg) == ("video", "DOT", None)


def test_bad_rows_are_told_with_line_column_and_value_and_the_others_load(tmp_path: Path) -> None:
    text = (
        'id,note,lat,lon\n1,"two\nlines",29.9,-90.1\n2,,abc,-90.1\n3,,95,-90.1\n4,,29.9,\n5,,0,0\n1,,29.9,-90.2\n'
        f"{'x' * 201},,29.9,-90.1\n6,,29.9,-190\n7,,29.7,-90.1\n"
    )
    loaded = load(tmp_path, text)
    assert [camera.camera_id for camera in loaded.events] == ["1", "7"]
    assert [(error.line, error.column, error.value) for error in loaded.errors] == [
        (4, "lat", "abc"),
        (5, "lat", "95"),
        (6, "lon", ""),
        (7, "lat", "0, 0"),
        (8, "id", "1"),
        (9, "id", "x" * 201),
        (10, "lon", "-190"),
    ]
    assert "line 2" in loaded.errors[4].error
    assert str(loaded.errors[0]) == "line 4, column lat: not a number ('abc')"


@pytest.mark.parametrize(
    ("text", "options", "says"),
    [
        ("", None, "empty"),
        ("id,name\n1,x\n", None, "no columns for coordinates"),
        ("id,lat,lon\n", CameraOptions(id_column="tag"), "no column tag; it has: id, lat, lon"),
        ("id,lat,lon\n", CameraOptions(kind="drone"), "'drone' is not known"),
        ('{"type": "Topology"}', None, "neither"),
        ("[{", None, "not: "),
        ("[" * 100_000, None, "not: "),
    ],
)
def test_a_file_that_has_no_cameras_is_refused(
    tmp_path: Path, text: str, options: CameraOptions | None, says: str
) -> None:
    with pytest.raises(FileError, match=says):
        load(tmp_path, text, options=options)


def test_cameras_pass_the_wire_unchanged(tmp_path: Path) -> None:
    loaded = load(tmp_path, f"id,name,lat,lon,owner\n1,{'n' * 400},29.9,-90.1,{'o' * 400}\n")
    frame = FrameDecoder(CAMERA).decode(encode_frame(loaded.events))
    assert frame.events == loaded.events


FILES = [
    (FIXTURES / "bare.csv", CameraOptions(), 3),
    (SHARED / "nola_rtcc_cameras_2022-03-11.csv", CameraOptions(), 432),
    (SHARED / "nola_rtcc_cameras_area.csv", CameraOptions(), 432),
    (SHARED / "nola_rtcc_cameras_addresses.csv", CameraOptions(point_column="1"), 432),
]


@pytest.mark.needs_shared
@pytest.mark.parametrize(("path", "options", "count"), [file for file in FILES if file[0].exists()])
def test_an_estates_file_is_loaded_whole(path: Path, options: CameraOptions, count: int) -> None:
    loaded = load_cameras(path, context=CONTEXT, options=options)
    assert not loaded.errors
    assert len({camera.camera_id for camera in loaded.events}) == len(loaded.events) == count
