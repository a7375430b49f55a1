"""Where a field comes from is found by changing the payload; the commands show it."""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from compose.cli import app
from compose.commands.payloads import guessed_type
from compose.payload_origins import origins, values
from connectors.registry import load, webhooks
from connectors.translation import Context, PayloadError
from schemas.registry import BY_CLASS
from schemas.wire.frame import FrameDecoder, encode_event
from tests.contract.test_connectors import FIXTURES, expectation

AT = datetime(2026, 1, 15, 18, 31, tzinfo=UTC)


def told(connector: str, stem: str) -> dict[str, list[str]]:
    path = FIXTURES / connector / f"{stem}.body"
    expected = expectation(path)
    translate = webhooks()[connector].translate
    assert translate is not None
    context = Context(connector=connector, instance=str(expected.get("instance", "east")), observed_at=AT)
    found = origins(path.read_bytes(), expected["content_type"], translate, context)
    assert found is not None
    return found[0]


@pytest.mark.parametrize(
    ("connector", "stem", "field", "paths"),
    [
        ("axis", "lost", "plate", ["plateUTF8"]),
        ("axis", "form", "occurred_at", ["capture_timestamp"]),
        ("rekor", "group", "confidence", ["best_confidence"]),
        ("rekor", "group", "is_parked", ["is_parked"]),
        ("hikvision", "form", "confidence", ["ANPR/confidenceLevel"]),
        ("hikvision", "anpr", "camera_id", ["macAddress", "channelID"]),
        ("dahua", "key_values", "speed_kmh", ["Events[0].TrafficCar.Speed"]),
        ("dahua", "stream", "device_sequence", ["Events[0].EventID"]),
        ("flock", "alert", "image_expires_at", ["imageExpiration"]),
        ("platerecognizer", "stream_urlencoded", "vehicle_body", ["data.results[0].vehicle.type"]),
        ("webhook_map", "plain_form", "vehicle_colour", ["colour"]),
        ("webhook_map", "onvif", "track_id", ["VideoAnalytics/Frame[1]/Object[1]/@ObjectId"]),
    ],
)
def test_each_field_is_told_with_the_values_that_it_depends_on(
    connector: str, stem: str, field: str, paths: list[str]
) -> None:
    assert told(connector, stem)[field] == paths


def test_a_second_read_is_told_with_its_own_values() -> None:
    path = FIXTURES / "webhook_map" / "onvif.body"
    translate = webhooks()["webhook_map"].translate
    assert translate is not None
    context = Context(connector="webhook_map", instance="onvif_metadata", observed_at=AT)
    found = origins(path.read_bytes(), "application/xml", translate, context)
    assert found is not None
    assert found[1]["plate"] == ["VideoAnalytics/Frame[2]/Object/Appearance/LicensePlateInfo/PlateNumber"]


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    for name in [name for name in os.environ if name.startswith("WATCHFLOOR_")]:
        monkeypatch.delenv(name)
    return tmp_path


def run(*words: str) -> tuple[int, str]:
    result = CliRunner().invoke(app, ["connectors", *words])
    return result.exit_code, result.stdout


def answer(*words: str) -> tuple[int, dict[str, Any]]:
    code, text = run(*words, "--json")
    return code, json.loads(text)


def test_the_list_names_every_connector_and_map(here: Path) -> None:
    code, value = answer("list")
    assert code == 0
    assert {"axis", "hikvision", "webhook_map", "calls_csv"} <= {one["name"] for one in value["connectors"]}
    assert {"verkada", "lilin"} <= {one["name"] for one in value["maps"]}


def test_trying_a_payload_tells_each_field_its_value_and_where_it_comes_from(here: Path) -> None:
    code, value = answer("try", "axis", str(FIXTURES / "axis" / "lost.body"))
    assert code == 0
    (event,) = value["events"]
    assert event["event_type"] == "plate_read"
    assert event["fields"]["plate"] == {"value": "ABC123", "from": ["plateUTF8"]}
    assert event["fields"]["confidence"] == {"value": 0.9415, "from": ["plateConfidence"]}


def test_what_is_refused_and_ignored_is_told_with_its_reason_and_ends_with_1(here: Path) -> None:
    code, value = answer("try", "hikvision", str(FIXTURES / "hikvision" / "stream.body"), "--content-type",
                         "multipart/mixed; boundary=boundary")  # fmt: skip
    assert code == 1
    assert [one["field"] for one in value["refused"]] == ["part[1].ANPR.confidenceLevel"]
    assert "videoloss: a heartbeat" in value["ignored"]


def test_words_for_people_say_the_same(here: Path) -> None:
    code, text = run("try", "flock", str(FIXTURES / "flock" / "alert.body"))
    assert code == 0
    assert "plate_region       us-la   <- ocr.state" in text


def test_a_map_that_is_being_written_can_be_tried(here: Path) -> None:
    (here / "acme.toml").write_text(
        'format = "json"\n[fields]\nplate = { path = "$.p" }\noccurred_at = { path = "$.t" }\n'
    )
    (here / "one.json").write_text('{"p": "ABC123", "t": "2026-01-15T18:30:05Z"}')
    code, value = answer("try", "webhook_map", "one.json", "--map", "acme.toml")
    assert code == 0
    assert value["events"][0]["fields"]["plate"] == {"value": "ABC123", "from": ["p"]}
    (here / "acme.toml").write_text('format = "json"\n[fields]\nplate = { path = "p" }\n')
    code, value = answer("try", "webhook_map", "one.json", "--map", "acme.toml")
    assert code == 2
    assert value["error"].startswith("acme.toml: fields.")


def test_a_payload_that_cannot_be_read_at_all_is_told_in_one_line(here: Path) -> None:
    (here / "cut.json").write_text('{"plateUTF8": "ABC')
    code, value = answer("try", "axis", "cut.json")
    assert code == 1
    assert value["error"].startswith("Refused as a whole: ")
    assert value["field"]


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["nobody", "x"], "is no connector"),
        (["calls_csv", "x"], "reads files or streams"),
        (["axis", "nowhere.json"], "cannot be read"),
        (["webhook_map", "x"], "say which map"),
        (["axis", "x", "--map", "y.toml"], "--map is for webhook_map"),
    ],
)
def test_what_cannot_be_tried_is_told(here: Path, words: list[str], says: str) -> None:
    code, value = answer("try", *words)
    assert code == 2
    assert says in value["error"]


def test_a_content_type_that_the_edge_would_not_take_is_told(here: Path) -> None:
    code, value = answer("try", "axis", str(FIXTURES / "axis" / "lost.body"), "--content-type", "text/html")
    assert code == 2
    assert "it takes: application/json" in value["error"]


@pytest.mark.parametrize(
    ("connector", "stem"),
    [
        ("axis", "form"),
        ("hikvision", "anpr"),
        ("dahua", "key_values"),
        ("dahua", "stream"),
        ("webhook_map", "plain_form"),
    ],
)
def test_the_content_type_is_told_by_the_body(connector: str, stem: str) -> None:
    path = FIXTURES / connector / f"{stem}.body"
    expected = expectation(path)["content_type"]
    assert guessed_type(path.read_bytes(), load(connector).manifest) == expected


def test_maps_of_the_folder_that_is_set_are_listed_and_one_that_cannot_work_stops_the_start(
    here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (here / "maps").mkdir()
    text = 'format = "json"\n[fields]\nplate = { path = "$.p" }\noccurred_at = { path = "$.t" }\n'
    (here / "maps" / "acme.toml").write_text(text)
    monkeypatch.setenv("WATCHFLOOR_MAPS_DIR", "maps")
    _, value = answer("list")
    assert "acme" in {one["name"] for one in value["maps"]}
    (here / "maps" / "acme.toml").write_text(text.replace("$.p", "p"))
    result = CliRunner().invoke(app, ["config", "check"])
    assert "acme.toml: fields.plate.path" in str(result.exception)


ODD = ("", "NaN", "1e999", "-1", "9" * 400, "unknown", "x" * 5000, "\u200b", "🚗", None)


@pytest.mark.parametrize("connector", sorted(webhooks()))
def test_a_fixture_in_any_format_with_one_value_spoilt_makes_only_sound_events(connector: str) -> None:
    translate = webhooks()[connector].translate
    assert translate is not None
    for path in sorted((FIXTURES / connector).glob("*.body")):
        expected = expectation(path)
        try:
            content_type, found = values(path.read_bytes(), expected["content_type"])
        except PayloadError:
            assert connector == "ali", "only records with a parity bit are no text"
            continue
        context = Context(connector=connector, instance=str(expected.get("instance", "east")), observed_at=AT)
        for number, value in enumerate(found):
            for odd in ODD[number % 3 :: 3]:
                try:
                    done = translate(value.body_with(odd), content_type, context)
                except PayloadError:
                    continue
                for event in done.events:
                    frame = FrameDecoder(BY_CLASS[type(event)]).decode(encode_event(event))
                    assert frame.rejected == [], (path.name, value.path, odd)
                assert all(part.field and part.error and "ABC123" not in part.error for part in done.refused)
