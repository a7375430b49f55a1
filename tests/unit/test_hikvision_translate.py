"""Hikvision alerts to plate reads, beyond what the fixtures of the contract tests show."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from connectors.hikvision.translate import translate
from connectors.translation import Context, PayloadError, Translation
from schemas.events.plate_read import PlateRead

FIXTURES = Path(__file__).parents[1] / "contract" / "fixtures" / "hikvision"
ANPR = (FIXTURES / "anpr.body").read_text()
AT = datetime(2026, 1, 15, 18, 31, tzinfo=UTC)
CONTEXT = Context(connector="hikvision", instance="east", observed_at=AT)


def run(body: str | bytes, content_type: str = "application/xml", context: Context = CONTEXT) -> Translation:
    return translate(body.encode() if isinstance(body, str) else body, content_type, context)


def read(body: str | bytes, content_type: str = "application/xml", context: Context = CONTEXT) -> PlateRead:
    done = run(body, content_type, context)
    assert done.refused == []
    (event,) = done.events
    assert isinstance(event, PlateRead)
    return event


def changed(element: str, value: str) -> str:
    begin, end = f"<{element}>", f"</{element}>"
    head, _, rest = ANPR.partition(begin)
    assert rest
    return f"{head}{begin}{value}{end}{rest.partition(end)[2]}"


def without(element: str) -> str:
    text = changed(element, "")
    return text.replace(f"<{element}></{element}>", "")


@pytest.mark.parametrize(
    "namespace",
    [
        "http://www.isapi.org/ver20/XMLSchema",
        "http://www.hikvision.com/ver20/XMLSchema",
        "http://www.hikvision.com/ver10/XMLSchema",
        "http://www.std-cgi.com/ver20/XMLSchema",
        "urn:psialliance-org",
        "",
    ],
)
def test_the_namespace_of_the_firmware_does_not_matter(namespace: str) -> None:
    assert read(ANPR.replace("http://www.isapi.org/ver20/XMLSchema", namespace)) == read(ANPR)


@pytest.mark.parametrize("count", ["1", "2", "80", "4268"])
def test_an_alarm_that_is_posted_again_is_the_same_event(count: str) -> None:
    assert read(changed("activePostCount", count)).event_id == read(ANPR).event_id


def test_a_device_whose_uuid_never_changes_loses_no_read() -> None:
    later = changed("dateTime", "2026-01-15T12:40:05.125-06:00")
    assert read(later).event_id != read(ANPR).event_id


@pytest.mark.parametrize(
    "attack",
    [
        '<!DOCTYPE a [<!ENTITY x "y">]>',
        '<!DOCTYPE a SYSTEM "file:///etc/passwd">',
        '<!DOCTYPE a [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>',
    ],
)
@pytest.mark.parametrize("charset", ["utf-8", "utf-16"])
def test_a_document_type_is_refused_in_any_charset(attack: str, charset: str) -> None:
    declared = ANPR.replace('encoding="UTF-8"?>', f'encoding="{charset}"?>{attack}')
    with pytest.raises(PayloadError, match="document type"):
        run(declared.encode(charset))


def test_a_local_time_without_an_offset_is_in_the_readers_zone() -> None:
    local = changed("dateTime", "2026-01-15T12:30:05.125")
    chicago = Context(connector="hikvision", instance="east", observed_at=AT, zone=ZoneInfo("America/Chicago"))
    assert read(local, context=chicago).occurred_at == read(ANPR).occurred_at
    assert read(local).occurred_at == datetime(2026, 1, 15, 12, 30, 5, 125000, tzinfo=UTC)


@pytest.mark.parametrize("plate", ["unknown", "UNKNOWN", "无车牌", "-"])
def test_a_vehicle_without_a_plate_is_ignored(plate: str) -> None:
    done = run(changed("licensePlate", plate))
    assert (done.events, done.refused) == ([], [])
    assert [one.reason for one in done.ignored] == ["a vehicle without a readable plate has nothing to read"]


def test_a_plate_that_only_stands_in_the_original_is_read() -> None:
    assert read(without("licensePlate")).plate == "ABC123"
    assert read(changed("licensePlate", "")).plate == "ABC123"


@pytest.mark.parametrize(("element", "field"), [("dateTime", "dateTime"), ("confidenceLevel", "ANPR.confidenceLevel")])
def test_a_broken_element_is_refused_by_its_path(element: str, field: str) -> None:
    done = run(changed(element, "nonsense"))
    assert [part.field for part in done.refused] == [field]


def test_a_camera_without_an_address_is_called_as_its_copy_and_refused_where_that_has_none() -> None:
    text = ANPR.replace("<macAddress>02:00:5e:00:00:28</macAddress>", "").replace(
        "<ipAddress>192.0.2.40</ipAddress>", ""
    )
    assert read(text).camera_id == "east/1"
    bare = Context(connector="hikvision", instance="default", observed_at=AT)
    assert [part.field for part in run(text, context=bare).refused] == ["macAddress"]


def test_another_document_is_ignored_by_its_name() -> None:
    assert [one.reason for one in run("<DeviceInfo><model>x</model></DeviceInfo>").ignored] == [
        "DeviceInfo: this connector makes no event of it"
    ]


def test_a_motion_that_is_a_real_alarm_is_no_heartbeat() -> None:
    text = changed("eventType", "videoloss")
    assert [one.reason for one in run(text).ignored] == ["videoloss: this connector makes no event of it"]


def test_a_form_without_a_document_is_refused() -> None:
    body = b'--b\r\nContent-Disposition: form-data; name="a.jpg"\r\nContent-Type: image/jpeg\r\n\r\nx\r\n--b--\r\n'
    with pytest.raises(PayloadError, match="no part with XML or JSON"):
        run(body, "multipart/form-data; boundary=b")


def test_a_document_that_is_called_a_form_is_read_all_the_same() -> None:
    assert read(ANPR, "multipart/form-data; boundary=boundary") == read(ANPR)


def test_a_position_of_the_south_and_west_is_negative() -> None:
    made = read(ANPR.replace("<latitudeType>N<", "<latitudeType>S<"))
    assert (made.lat, made.lon) == (-29.9573, -90.0667)


@pytest.mark.parametrize(
    ("written", "confidence"), [("95", 0.95), ("95.5", 0.955), ("0.95", 0.95), ("1.0", 1.0), ("1", 0.01), ("0", 0.0)]
)
def test_a_level_is_a_percentage_unless_it_is_written_as_a_share(written: str, confidence: float) -> None:
    assert read(changed("confidenceLevel", written)).confidence == confidence
