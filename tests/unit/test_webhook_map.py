"""Maps: what they can say, and that one which cannot work is refused with its file and key."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from connectors.translation import Context, PayloadError, Translation
from connectors.webhook_map.map_file import MapError, built_in, read_folder, read_map
from connectors.webhook_map.translate import translate, translator
from schemas.events.plate_read import PlateRead

AT = datetime(2026, 1, 15, 18, 31, tzinfo=UTC)
READ_AT = datetime(2026, 1, 15, 18, 30, 5, tzinfo=UTC)
PLAIN = """
format = "json"
[fields]
plate = { path = "$.p" }
occurred_at = { path = "$.t" }
"""


def write(folder: Path, text: str, name: str = "acme.toml") -> Path:
    file = folder / name
    file.write_text(text)
    return file


def run(folder: Path, text: str, body: object, content_type: str = "application/json", copy: str = "") -> Translation:
    one = read_map(write(folder, text))
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    context = Context(connector="webhook_map", instance=f"acme{copy}", observed_at=AT)
    return translator({"acme": one})(raw, content_type, context)


def read(folder: Path, text: str, body: object, content_type: str = "application/json", copy: str = "") -> PlateRead:
    done = run(folder, text, body, content_type, copy)
    assert done.refused == []
    (event,) = done.events
    assert isinstance(event, PlateRead)
    return event


def test_everything_a_map_can_say_is_done(tmp_path: Path) -> None:
    made = read(
        tmp_path,
        """
        format = "json"
        reads = "$.events[*]"
        zone = "America/Chicago"
        identity = ["@.id"]
        [fields]
        plate = { path = "@.plate.text" }
        camera_id = { path = ["@.lane", "$.device"] }
        occurred_at = { path = ["@.date", "@.time"], join = " ", format = "%d.%m.%Y %H:%M:%S" }
        confidence = { path = "@.plate.score", full = 100 }
        speed_kmh = { path = "@.speed", unit = "mph" }
        vehicle_colour = { path = "@.colour", values = { 1 = "White", 2 = "black" } }
        vehicle_make = { path = "@.make", none = ["-"] }
        plate_country = { value = "USA" }
        plate_region = { path = "@.state" }
        lat = { path = "@.lat", factor = 0.000001 }
        lon = { path = "@.lon", factor = 0.000001 }
        is_preview = { path = "@.state_of_car", values = { new = true, lost = false } }
        is_parked = { path = "@.parked" }
        device_sequence = { path = "$.counter" }
        image_ref = { path = "@.url" }
        image_expires_at = { path = "@.until", format = "epoch_s" }
        [candidates]
        each = "@.others[*]"
        plate = "@.text"
        confidence = "@.score"
        full = 100
        """,
        {
            "device": "gate",
            "counter": "77",
            "events": [
                {
                    "id": 4,
                    "plate": {"text": "abc 123", "score": "91"},
                    "date": "15.01.2026",
                    "time": "12:30:05",
                    "speed": 30,
                    "colour": 1,
                    "make": "-",
                    "state": "LA",
                    "lat": 29957300,
                    "lon": "-90066700",
                    "state_of_car": "new",
                    "parked": "true",
                    "url": "https://images.example.com/1",
                    "until": 1768502705,
                    "others": [{"text": "ABC12B", "score": 40}, {"text": "A8C123", "score": 60}, {"score": 1}],
                }
            ],
        },
    )
    assert (made.plate, made.plate_raw, made.camera_id, made.occurred_at) == ("ABC123", "abc 123", "gate", READ_AT)
    assert (made.confidence, made.speed_kmh, made.vehicle_colour, made.vehicle_make) == (0.91, 48.28, "white", None)
    assert (made.plate_region, made.lat, made.lon) == ("us-la", 29.9573, -90.0667)
    assert (made.is_preview, made.is_parked, made.device_sequence) == (True, True, 77)
    assert made.image_expires_at == datetime(2026, 1, 15, 18, 45, 5, tzinfo=UTC)
    assert [(one.plate, one.confidence) for one in made.candidates] == [("A8C123", 0.6), ("ABC12B", 0.4)]


@pytest.mark.parametrize(
    ("form", "told"),
    [
        ("iso", '"2026-01-15T18:30:05Z"'),
        ("epoch_s", "1768501805"),
        ("epoch_ms", '"1768501805000"'),
        ("epoch_us", "1768501805000000"),
        ("epoch_ns", '"1768501805000000000"'),
        ("%Y%m%d%H%M%S", '"20260115183005"'),
    ],
)
def test_a_time_is_read_as_the_map_says(tmp_path: Path, form: str, told: str) -> None:
    text = PLAIN.replace('path = "$.t"', f'path = "$.t", format = "{form}"')
    assert read(tmp_path, text, f'{{"p":"ABC123","t":{told}}}'.encode()).occurred_at == READ_AT


def test_every_read_of_an_array_becomes_an_event_and_a_bad_one_is_refused_alone(tmp_path: Path) -> None:
    text = PLAIN.replace('format = "json"', 'format = "json"\nreads = "$[*]"').replace("$.", "@.")
    body = [{"p": "ABC123", "t": "2026-01-15T18:30:05Z"}, {"p": "XYZ789", "t": "then"}, {"p": ""}]
    done = run(tmp_path, text, body)
    assert len(done.events) == 1
    assert [(part.index, part.field) for part in done.refused] == [(1, "@.t")]
    assert len(done.ignored) == 1


def test_a_copy_of_a_map_names_the_camera_where_the_payload_does_not(tmp_path: Path) -> None:
    body = {"p": "ABC123", "t": "2026-01-15T18:30:05Z"}
    one, other = read(tmp_path, PLAIN, body, copy=".north"), read(tmp_path, PLAIN, body, copy=".south")
    assert (one.camera_id, other.camera_id) == ("acme.north", "acme.south")
    assert one.event_id != other.event_id


def test_a_required_field_that_is_not_there_refuses_the_read(tmp_path: Path) -> None:
    text = PLAIN + 'vehicle_make = { path = "$.make", required = true }\n'
    done = run(tmp_path, text, {"p": "ABC123", "t": "2026-01-15T18:30:05Z"})
    assert [(part.field, part.error) for part in done.refused] == [("$.make", "is missing")]


def test_what_the_map_ignores_is_told_with_its_reason(tmp_path: Path) -> None:
    text = PLAIN.replace(
        "[fields]", 'ignore = [{ path = "$.kind", equals = ["ping"], reason = "a heartbeat" }]\n[fields]'
    )
    assert [one.reason for one in run(tmp_path, text, {"kind": "ping"}).ignored] == ["a heartbeat"]
    assert read(tmp_path, text, {"kind": "read", "p": "ABC123", "t": "2026-01-15T18:30:05Z"}).plate == "ABC123"


def test_xml_is_read_by_xpath_in_any_namespace(tmp_path: Path) -> None:
    text = """
    format = "xml"
    reads = "./Reads/Read"
    [fields]
    plate = { path = "Plate[@kind='main']" }
    camera_id = { path = "/Message/Device/@id" }
    occurred_at = { path = "ancestor::Reads/@at" }
    confidence = { path = "Plate/@score", full = 100 }
    """
    body = (
        b'<x:Message xmlns:x="urn:example"><x:Device id="gate"/><x:Reads at="2026-01-15T18:30:05Z"><x:Read>'
        b'<x:Plate kind="main" score="90">ABC123</x:Plate></x:Read></x:Reads></x:Message>'
    )
    made = read(tmp_path, text, body, "application/xml")
    assert (made.plate, made.camera_id, made.occurred_at, made.confidence) == ("ABC123", "gate", READ_AT, 0.9)


def test_json_in_a_field_of_a_form_is_read(tmp_path: Path) -> None:
    text = PLAIN.replace('format = "json"', 'format = "form"\njson_field = "payload"')
    body = b"payload=%7B%22p%22%3A%22ABC123%22%2C%22t%22%3A%222026-01-15T18%3A30%3A05Z%22%7D"
    assert read(tmp_path, text, body, "application/x-www-form-urlencoded").plate == "ABC123"


def test_a_payload_for_a_map_that_there_is_not_is_refused() -> None:
    context = Context(connector="webhook_map", instance="nobody", observed_at=AT)
    with pytest.raises(PayloadError, match="known are: canary, lilin"):
        translate(b"{}", "application/json", context)


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("format = [", "is not TOML"),
        ('format = "yaml"\n[fields]', "format"),
        ('format = "json"\n[fields]\nplate = { path = "$.p" }', "fields.occurred_at: is missing"),
        (PLAIN + 'colour = { path = "$.c" }', "fields.colour: is no field of a plate read"),
        (PLAIN + 'lat = { path = "p" }', "fields.lat.path: a path begins with"),
        (PLAIN + 'lat = { path = "$.p[" }', "fields.lat.path: is no JSONPath"),
        (PLAIN + "lat = { }", "fields.lat.path: is missing; or give a value"),
        (PLAIN + 'speed_kmh = { path = "$.s", unit = "furlongs" }', "fields.speed_kmh.unit: is none of"),
        (PLAIN + 'confidence = { path = "$.c", full = 0 }', "fields.confidence.full: must be above 0"),
        (PLAIN + 'confidence = { path = "$.c", scale = 100 }', "fields.confidence"),
        (PLAIN.replace('path = "$.t"', 'path = "$.t", format = "epoch"'), "fields.occurred_at.format: is none of"),
        (PLAIN.replace("[fields]", 'zone = "Mars/Base"\n[fields]'), "zone: is no time zone"),
        (PLAIN.replace("[fields]", 'reads = "events"\n[fields]'), "reads: a path begins with"),
        (PLAIN.replace('format = "json"', 'format = "xml"').replace("$.", "a[["), "fields.plate.path: is no XPath"),
    ],
)
def test_a_map_that_cannot_work_is_refused_with_its_file_and_key(tmp_path: Path, text: str, key: str) -> None:
    file = write(tmp_path, text)
    with pytest.raises(MapError) as caught:
        read_map(file)
    assert str(caught.value).startswith(f"{file}: ")
    assert key in str(caught.value)


def test_a_folder_that_is_not_there_is_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(MapError, match="is no folder"):
        read_folder(tmp_path / "nowhere")


def test_the_maps_that_come_along_can_all_be_used() -> None:
    assert {"canary", "lilin", "onvif_metadata", "plain_form", "survision", "verkada"} <= built_in().keys()
