"""A hotlist is loaded all or nothing, the same every time, and takes effect only when every chunk is confirmed."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

from connectors.file_reading import FileError
from connectors.hotlist_csv.loading import HotlistFile, HotlistOptions, compact, read_hotlist
from connectors.hotlist_csv.publishing import CHUNKS_IN_FLIGHT, publish_hotlist
from connectors.translation import Context
from schemas.envelope import Event
from schemas.events.hotlist import HOTLIST, Hotlist
from schemas.events.hotlist_entry import HOTLIST_ENTRY, HotlistEntry
from schemas.hotlist_checksum import checksum
from schemas.wire.frame import MAX_BYTES, MAX_EVENTS, FrameDecoder, encode_frame
from schemas.wire.publisher import BrokerUnavailableError

NOW = datetime(2026, 1, 15, 12, 0, tzinfo=UTC)
AS_OF = datetime(2026, 1, 15, 6, 0, 0, 123456, tzinfo=UTC)
CONTEXT = Context(connector="hotlist_csv", instance="test", observed_at=NOW)
FULL = (
    "plate,state,reason,case_number,kind,severity,make,model,color,expires_at,entry_id\n"
    "a8c-123,LA,Stolen 14 January,26-0114,Stolen Vehicle,p2,Toyota,Camry,White,2026-02-01,S-1\n"
    "XYZ 999,,,,,,,,,,S-2\n"
)


def hotlist(tmp_path: Path, text: str | bytes, **options: Any) -> HotlistFile:
    path = tmp_path / "list.csv"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    said = {"list_id": "stolen", "as_of": AS_OF, "trusted_extract": True} | options
    return read_hotlist(path, options=HotlistOptions(**said), context=CONTEXT)


def entries(found: HotlistFile) -> list[HotlistEntry]:
    assert not found.errors, found.errors
    return [entry for chunk in found.chunks() for entry in chunk]


def many(count: int, reason: str = "x") -> str:
    return "plate,reason,entry_id\n" + "".join(f"A{number:06d},{reason},E-{number}\n" for number in range(count))


class Log:
    """A broker that confirms some ticks later and may fail."""

    def __init__(self, fail_after: int | None = None) -> None:
        self.calls: list[list[Event]] = []
        self.confirmed: list[list[Event]] = []
        self.open = self.most_open = 0
        self.fail_after = fail_after

    async def publish(self, events: Sequence[Event]) -> None:
        if any(isinstance(event, Hotlist) for event in events):
            assert self.open == 0, "the manifest was sent before every chunk was confirmed"
        self.calls.append(list(events))
        self.open += 1
        self.most_open = max(self.most_open, self.open)
        try:
            for _ in range(20):
                await asyncio.sleep(0)
            if self.fail_after is not None and len(self.confirmed) >= self.fail_after:
                raise BrokerUnavailableError("away")
            self.confirmed.append(list(events))
        finally:
            self.open -= 1


def test_a_row_becomes_an_entry(tmp_path: Path) -> None:
    first, second = entries(hotlist(tmp_path, FULL, kind="wanted person", severity="4"))
    assert msgspec.structs.asdict(first) | {"event_id": None, "list_version": None} == {
        "event_id": None,
        "occurred_at": AS_OF.replace(microsecond=123000),
        "observed_at": AS_OF.replace(microsecond=123000),
        "source": "hotlist_csv/test",
        "jurisdiction": "default",
        "synthetic": False,
        "list_id": "stolen",
        "list_version": None,
        "chunk": 0,
        "entry_id": "S-1",
        "plate": "A8C123",
        "plate_region": "us-la",
        "kind": "stolen_vehicle",
        "severity": "P2",
        "reason": "Stolen 14 January",
        "case_number": "26-0114",
        "vehicle_make": "toyota",
        "vehicle_model": "camry",
        "vehicle_colour": "white",
        "expires_at": datetime(2026, 2, 2, tzinfo=UTC),
        "vehicle_body": None,
        "schedule": "",
        "audience": "",
        "is_removed": False,
    }
    assert (second.plate, second.plate_region, second.kind, second.severity) == ("XYZ999", None, "wanted_person", "P4")
    assert (second.vehicle_make, second.expires_at) == (None, None)


def test_the_manifest_counts_and_proves_what_was_sent(tmp_path: Path) -> None:
    found = hotlist(tmp_path, FULL, title="Stolen vehicles", owner="NOPD")
    with pytest.raises(ValueError, match="all chunks"):
        found.manifest()
    sent = entries(found)
    manifest = found.manifest()
    assert (manifest.list_id, manifest.title, manifest.owner) == ("stolen", "Stolen vehicles", "NOPD")
    assert (manifest.entry_count, manifest.chunk_count) == (2, 1)
    assert {entry.list_version for entry in sent} == {manifest.version}
    assert manifest.observed_at == NOW
    # As a reader does it: decoded from frames, in any order.
    decoded = FrameDecoder(HOTLIST_ENTRY).decode(encode_frame(sent)).events
    assert manifest.checksum == checksum(decoded[::-1])
    assert FrameDecoder(HOTLIST).decode(encode_frame([manifest])).events == [manifest]


def test_the_same_content_as_of_the_same_time_is_the_same_version_whenever_it_is_loaded(tmp_path: Path) -> None:
    found = hotlist(tmp_path, FULL)
    first = entries(found), found.manifest()
    later = msgspec.structs.replace(CONTEXT, observed_at=NOW + timedelta(days=3))
    options = HotlistOptions(list_id="stolen", as_of=AS_OF, trusted_extract=True)
    again = read_hotlist(tmp_path / "list.csv", options=options, context=later)
    assert entries(again) == first[0]
    assert entries(again) == first[0]  # chunks may be taken twice
    assert msgspec.structs.replace(again.manifest(), observed_at=NOW) == first[1]


def test_other_content_or_a_later_time_is_another_version_and_later_is_greater(tmp_path: Path) -> None:
    version = hotlist(tmp_path, FULL).version
    assert version == "20260115T060000.123Z-ab42622d7e0b"  # as the first release made it
    assert hotlist(tmp_path, FULL.replace("14 January", "15 January")).version != version
    assert hotlist(tmp_path, FULL, as_of=AS_OF + timedelta(milliseconds=1)).version > version
    assert hotlist(tmp_path, FULL, as_of=AS_OF - timedelta(days=300)).version < version
    assert version.startswith("20260115T060000.123Z-")
    assert compact(datetime(2026, 1, 5, 6, 7, 8, 9000, tzinfo=UTC)) == "20260105T060708.009Z"


def test_without_an_as_of_time_the_file_is_as_current_as_its_last_change(tmp_path: Path) -> None:
    path = tmp_path / "list.csv"
    path.write_text(FULL)
    os.utime(path, (0, 1_768_456_800.25))
    found = read_hotlist(path, options=HotlistOptions(list_id="stolen", trusted_extract=True), context=CONTEXT)
    assert found.as_of == datetime(2026, 1, 15, 6, 0, 0, 250000, tzinfo=UTC)


@pytest.mark.parametrize(
    ("row", "column", "value", "says"),
    [
        (",LA,,,,,S-9", "plate", "", "is missing"),
        ("---,LA,,,,,S-9", "plate", "---", "no letter or digit"),
        ("A" * 21 + ",LA,,,,,S-9", "plate", "A" * 21, "longer than 20"),
        ("ABC*12,LA,,,,,S-9", "plate", "ABC*12", "partial plates"),
        ("AB?12,LA,,,,,S-9", "plate", "AB?12", "partial plates"),
        ("ABC123,Lousiana,,,,,S-9", "state", "Lousiana", "not a state"),
        ("ABC123,LA,P5,,,,S-9", "severity", "P5", "P1, P2, P3, P4"),
        ("ABC123,LA,high,,,,S-9", "severity", "high", "P1, P2, P3, P4"),
        ("ABC123,LA,,!!,,,S-9", "kind", "!!", "not a kind"),
        ("ABC123,LA,,,soon,,S-9", "expires_at", "soon", "not a date"),
        ("ABC123,LA,,,02/30/2026,,S-9", "expires_at", "02/30/2026", "not a date"),
        ("ABC123,LA,,,0001-01-01,,S-9", "expires_at", "0001-01-01", "not a date"),
        ("ABC123,LA,,,," + "x" * 501 + ",S-9", "reason", "x" * 501, "longer than 500"),
        ("ABC123,LA,,,,,S-1", "entry_id", "S-1", "already on line 2"),
        ("ABC123,LA,,,,," + "x" * 201, "entry_id", "x" * 201, "longer than 200"),
        ('"ABC123,LA,,,,,S-9', "", '"ABC123,LA,,,,,S-9', "never closed"),
    ],
)
def test_one_bad_row_and_nothing_is_published(tmp_path: Path, row: str, column: str, value: str, says: str) -> None:
    found = hotlist(
        tmp_path, f"plate,state,severity,kind,expires_at,reason,entry_id\nGOOD1,LA,,,,,S-1\n{row}\nGOOD2,LA,,,,,S-2\n"
    )
    assert [(error.line, error.column, error.value) for error in found.errors] == [(3, column, value)]
    assert says in found.errors[0].error
    log = Log()
    with pytest.raises(ValueError, match="errors"):
        asyncio.run(publish_hotlist(found, log))
    assert log.calls == []


def test_every_fault_of_every_row_is_told(tmp_path: Path) -> None:
    found = hotlist(tmp_path, 'plate,severity,reason\n,P9,"a\nb"\nOK1,P1,\nX*,P1,\n')
    assert [(error.line, error.column) for error in found.errors] == [(2, "plate"), (2, "severity"), (5, "plate")]


def test_entries_without_ids_get_ids_that_do_not_show_the_plate(tmp_path: Path) -> None:
    text = "plate,state,case\nABC123,LA,1\nABC123,TX,1\nABC123,LA,1\nABC123,LA,1\n"
    first = entries(hotlist(tmp_path, text))
    assert len({entry.entry_id for entry in first}) == 4
    assert not any("ABC" in entry.entry_id.upper() for entry in first)
    assert [entry.entry_id for entry in first] == [entry.entry_id for entry in entries(hotlist(tmp_path, text))]


def test_chunks_are_bounded_in_number_and_bytes_and_numbered_from_zero(tmp_path: Path) -> None:
    for text in (many(1_300), many(1_300, "r" * 480)):
        found = hotlist(tmp_path, text)
        chunks = list(found.chunks())
        assert sum(map(len, chunks)) == found.entry_count == 1_300
        assert all(len(chunk) <= MAX_EVENTS and len(encode_frame(chunk)) <= MAX_BYTES for chunk in chunks)
        assert [{entry.chunk for entry in chunk} for chunk in chunks] == [{number} for number in range(len(chunks))]
        assert found.manifest().chunk_count == len(chunks)
        assert found.manifest().checksum == checksum(entry for chunk in chunks for entry in chunk)
        ids = [entry.event_id for chunk in chunks for entry in chunk]
        assert len(set(ids)) == 1_300
    assert max(len(encode_frame(chunk)) for chunk in chunks) > MAX_BYTES * 0.99


def test_the_manifest_goes_last_and_few_chunks_wait_at_once(tmp_path: Path) -> None:
    log = Log()
    seen: list[int] = []
    manifest = asyncio.run(publish_hotlist(hotlist(tmp_path, many(6_000)), log, progress=seen.append))
    assert log.confirmed[-1] == [manifest]
    assert sum(map(len, log.confirmed[:-1])) == manifest.entry_count == 6_000
    assert log.most_open == CHUNKS_IN_FLIGHT
    assert seen == sorted(seen)
    assert seen[-1] == 6_000


def test_a_load_that_fails_half_way_never_sends_the_manifest(tmp_path: Path) -> None:
    log = Log(fail_after=2)
    with pytest.raises(BrokerUnavailableError):
        asyncio.run(publish_hotlist(hotlist(tmp_path, many(6_000)), log))
    assert not any(isinstance(event, Hotlist) for call in log.calls for event in call)
    assert log.open == 0


def test_a_file_that_changes_while_it_is_loaded_never_takes_effect(tmp_path: Path) -> None:
    found = hotlist(tmp_path, FULL)
    path = tmp_path / "list.csv"
    path.write_text(FULL.replace("XYZ 999", "XYZ 998"))
    os.utime(path, (0, 1))
    log = Log()
    with pytest.raises(FileError, match="changed while"):
        asyncio.run(publish_hotlist(found, log))
    assert not any(isinstance(event, Hotlist) for call in log.calls for event in call)


def test_an_empty_list_has_to_be_meant(tmp_path: Path) -> None:
    with pytest.raises(FileError, match="no entries"):
        hotlist(tmp_path, "plate,state\n")
    log = Log()
    manifest = asyncio.run(publish_hotlist(hotlist(tmp_path, "plate,state\n", allow_empty=True), log))
    assert (manifest.entry_count, manifest.chunk_count, manifest.checksum) == (0, 0, checksum([]))
    assert log.confirmed == [[manifest]]


@pytest.mark.parametrize(
    ("text", "options", "says"),
    [
        ("", {}, "empty"),
        ("vehicle,state\n", {}, "no column of plates"),
        (FULL, {"list_id": ""}, "needs an id"),
        (FULL, {"severity": "P7"}, "severity"),
        (FULL, {"zone": "Mars/Base"}, "IANA"),
        (FULL, {"as_of": AS_OF.replace(tzinfo=None)}, "needs an offset"),
        (FULL, {"as_of": NOW + timedelta(hours=1)}, "still to come"),
    ],
)
def test_what_cannot_be_loaded_is_refused_with_what_to_do(
    tmp_path: Path, text: str, options: dict[str, Any], says: str
) -> None:
    with pytest.raises(FileError, match=says):
        hotlist(tmp_path, text, **options)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-02-01", datetime(2026, 2, 2, 6, tzinfo=UTC)),
        ("02/01/2026", datetime(2026, 2, 2, 6, tzinfo=UTC)),
        ("2026-02-01T18:00", datetime(2026, 2, 2, 0, tzinfo=UTC)),
        ("2026-02-01T18:00:00Z", datetime(2026, 2, 1, 18, tzinfo=UTC)),
        ("02/01/2026 06:30 PM", datetime(2026, 2, 2, 0, 30, tzinfo=UTC)),
    ],
)
def test_a_date_alone_is_valid_to_its_end_in_the_lists_zone(tmp_path: Path, text: str, expected: datetime) -> None:
    found = hotlist(tmp_path, f"plate,expires\nABC123,{text}\n", zone="America/Chicago")
    assert entries(found)[0].expires_at == expected


def test_a_spreadsheets_latin_1_export_with_semicolons_is_read(tmp_path: Path) -> None:
    found = hotlist(tmp_path, "\r\n".join(["Plate;State;Notes", "ABC-123;LA;Café, white"]).encode("latin-1"))
    assert [(entry.plate, entry.reason) for entry in entries(found)] == [("ABC123", "Café, white")]
