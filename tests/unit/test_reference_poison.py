"""Poison among the reference facts: left out with a word, while all others stay in force; a dead reader is told of."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from msgspec.structs import replace
from structlog.testing import capture_logs

from pipeline.state.reference import Follower, Reference
from pipeline.state.zones import ZoneIndex
from schemas.event_type import EventType
from schemas.events.camera import CAMERA
from schemas.events.zone import ZONE, Zone
from schemas.wire.frame import FrameDecoder, encode_event, encode_frame
from schemas.wire.reader import LogReader, Record
from tests.unit.facts import NOW, camera, incident, square

GOOD = square("good", 29.95, -90.07, 0.01)
TWO_POINTS = (((-90.0, 29.9), (-90.1, 29.9)),)
BOW_TIE = (((-90.0, 29.0), (-89.0, 30.0), (-89.0, 29.0), (-90.0, 30.0), (-90.0, 29.0)),)
LINE = (((-90.0, 29.0), (-89.0, 30.0), (-90.0, 29.0), (-90.0, 29.0)),)


def ill_shaped(polygon: object) -> Zone:
    return replace(GOOD, zone_id="bad", polygons=(polygon,))


@pytest.mark.parametrize("polygon", [TWO_POINTS, LINE, (), ((),), (((200.0, 500.0),) * 5,)], ids=repr)
def test_a_zone_without_an_area_costs_no_other_zone(polygon: object) -> None:
    with capture_logs() as logs:
        index = ZoneIndex([ill_shaped(polygon), GOOD])
    assert index.containing([29.95], [-90.07]) == [("good",)]
    assert [zone.zone_id for zone, _ in index.near(29.95, -90.07, 100)] == ["good"]
    assert [line["zone_id"] for line in logs] == ["bad"]


def test_a_zone_whose_line_crosses_itself_holds_what_its_line_encloses() -> None:
    index = ZoneIndex([ill_shaped(BOW_TIE), GOOD])
    assert index.containing([29.5, 29.5, 29.95], [-89.9, -89.5001, -90.07])[0] == ("bad",)
    assert index.containing([29.95], [-90.07]) == [("good",)]
    assert index.containing([29.9], [-89.5]) == [()]


@pytest.mark.parametrize("polygon", [TWO_POINTS, (), (((200.0, 0.0),) * 4,)], ids=repr)
def test_a_zone_event_that_cannot_be_an_area_is_refused_where_it_is_read(polygon: object) -> None:
    frame = FrameDecoder(ZONE).decode(b"[" + encode_event(ill_shaped(polygon)) + b"," + encode_event(GOOD) + b"]")
    assert frame.events == [GOOD]
    assert [rejected.reason for rejected in frame.rejected] == ["invalid_field"]


class Log(LogReader):
    """A log that gives what it was told to, once, and then has ended."""

    def __init__(self, *records: Record, failure: Exception | None = None) -> None:
        self._records = list(records)
        self._failure = failure

    @property
    def caught_up(self) -> bool:
        return not self._records

    @property
    def answered_at(self) -> float:
        return time.monotonic()

    def poll(self, timeout_s: float) -> list[Record]:
        if self._failure is not None:
            raise self._failure
        taken, self._records = self._records, []
        return taken

    def close(self) -> None:
        pass


def record(kind: EventType[Any], value: bytes | None, offset: int = 0) -> Record:
    return Record(kind, 0, offset, b"k", value, [])


def followed(connect: Callable[[], LogReader]) -> Follower:
    follower = Follower(connect, Reference())
    follower.start()
    return follower


def test_the_reader_goes_on_past_poison_of_every_kind() -> None:
    class Picky(Reference):
        def apply(self, kind: EventType[Any], events: object) -> None:
            if kind is CAMERA and msgspec.to_builtins(events)[0]["camera_id"] == "poison":
                raise OverflowError("a fault of ours that no test foresaw")
            super().apply(kind, events)  # type: ignore[arg-type]

    values = [
        record(ZONE, encode_frame([GOOD])),
        record(ZONE, b"garbage"),
        record(ZONE, None),
        record(ZONE, b"[]"),
        record(CAMERA, encode_frame([camera("poison", 29.9, -90.0)])),
        record(CAMERA, encode_frame([camera("C1", 29.95, -90.07)])),
    ]
    with capture_logs() as logs:
        follower = Follower(lambda: Log(*values), Picky())
        follower.start()
        assert follower.ready.wait(10)
        follower.stop()
    assert follower.failure == ""
    assert follower.reference.cameras.zones_of == {"C1": ("good",)}
    assert [line["event"] for line in logs if line["log_level"] == "error"] == [
        "reference fact cannot be read",
        "reference fact cannot be used",
    ]


def test_a_reader_that_fails_for_a_reason_of_its_own_says_so_to_whoever_started_it() -> None:
    with capture_logs() as logs:
        follower = followed(lambda: Log(failure=MemoryError("plate ABC123")))
        follower._thread.join(10)
    assert follower.failure.startswith("MemoryError at ")
    assert "ABC123" not in follower.failure
    assert [line["log_level"] for line in logs] == ["critical"]


def test_incidents_of_impossible_places_or_times_do_not_end_the_reader() -> None:
    facts = Reference()
    facts.incidents.apply(incident(1, 90.0, 180.0))
    facts.incidents.apply(incident(2, -90.0, -180.0, opened=NOW.replace(year=9999)))
    facts.incidents.apply(incident(3, 0.0, 0.0, opened=NOW.replace(year=1)))
    facts.forget_old()
    assert len(facts.incidents) == 1
