"""Counts over time, over the map and by kind: what the store finds, who may ask, what is refused."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from msgspec.structs import replace
from starlette.testclient import TestClient

from compose.counting import StoredCounts
from dashboards.server import counting
from dashboards.server.app import create_server
from dashboards.server.audience import Audiences
from dashboards.server.counting_ports import Bin, Counting, CountQuestion, Counts
from dashboards.server.hub import Hub
from dashboards.server.ports import StoreUnavailableError, TooSlowError
from pipeline.store.async_store import AsyncStore
from pipeline.store.chdb_store import ChdbStore
from pipeline.store.store import Placed
from schemas.envelope import Event
from schemas.event_type import EventType
from schemas.events.alert import ALERT
from schemas.events.camera import CAMERA
from schemas.events.emergency_call import EMERGENCY_CALL
from schemas.events.incident import INCIDENT
from schemas.events.plate_read import PLATE_READ
from schemas.events.sighting import SIGHTING
from schemas.identity import identity
from tests.component.server_fixtures import WELL, Log

#: On a whole hour, so that bins are.
NOON = datetime(2026, 3, 8, 12, tzinfo=UTC)
HEADER = "x-watchfloor-audiences"


def made(kind: EventType[Any], number: int, minutes: float, **changes: Any) -> Event:
    at = NOON + timedelta(minutes=minutes)
    event: Event = kind.examples[0]
    return replace(
        event, event_id=identity("counting", kind.name, number), occurred_at=at, observed_at=at, synthetic=False,
        **changes,
    )  # fmt: skip


CANAL = {"lat": 29.95, "lon": -90.07}
EVENTS: list[tuple[EventType[Any], list[Event]]] = [
    (CAMERA, [made(CAMERA, 1, 0, camera_id="C2", lat=30.1, lon=-90.4)]),
    (
        PLATE_READ,
        [
            made(PLATE_READ, 1, 0, camera_id="C1", **CANAL),
            made(PLATE_READ, 2, 4, camera_id="C1", **CANAL),
            made(PLATE_READ, 3, 70, camera_id="C2", lat=None, lon=None),
            made(PLATE_READ, 4, 75, camera_id="C3", lat=None, lon=None),
            made(PLATE_READ, 5, 80, camera_id="C1", is_preview=True, **CANAL),
            replace(made(PLATE_READ, 6, 80, camera_id="C1", **CANAL), synthetic=True),
            made(PLATE_READ, 7, -50, camera_id="C1", **CANAL),
        ],
    ),
    (SIGHTING, [made(SIGHTING, 1, 1, **CANAL), made(SIGHTING, 2, 1, hits=(), **CANAL)]),
    (
        ALERT,
        [
            made(ALERT, 1, 5, alert_id=identity("a", 1), rev=1, raised_at=NOON + timedelta(minutes=5), **CANAL),
            made(ALERT, 2, 9, alert_id=identity("a", 1), rev=2, raised_at=NOON + timedelta(minutes=5), **CANAL),
            made(ALERT, 3, 6, alert_id=identity("a", 2), rule="other", raised_at=NOON + timedelta(minutes=6), **CANAL),
        ],
    ),
    (EMERGENCY_CALL, [made(EMERGENCY_CALL, 1, 2, call_id="7", received_at=NOON, category="fire", **CANAL)]),
    (
        INCIDENT,
        [
            made(INCIDENT, 1, 2, incident_id=identity("i", 1), opened_at=NOON, **CANAL),
            made(INCIDENT, 2, 2, incident_id=identity("i", 2), opened_at=NOON, **CANAL),
            made(
                INCIDENT, 3, 3, incident_id=identity("i", 2), rev=2**50, opened_at=NOON,
                merged_into=identity("i", 1), **CANAL,
            ),
        ],
    ),
]  # fmt: skip


@pytest.fixture(scope="module")
def stored(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StoredCounts]:
    store = ChdbStore(tmp_path_factory.mktemp("store"), readers=1)
    store.migrate()
    for kind, events in EVENTS:
        store.insert(kind, [Placed(event, kind.topic, 0, at) for at, event in enumerate(events)])
    yield StoredCounts(AsyncStore(store))
    store.close()


def browser(counting: Counting | None, header: str = "") -> TestClient:
    app = create_server(
        hub=Hub(version="test"), publisher=Log(), query=None, dead_letters=None, web_dir=None, maps_dir=None,
        vitals=lambda: WELL, counting=counting, audiences=Audiences(header),
    )  # fmt: skip
    own = "http://127.0.0.1:8000"
    return TestClient(app, base_url=own, client=("127.0.0.1", 40_000), headers={"origin": own})


def asked(of: str, **changes: Any) -> dict[str, Any]:
    return {"of": of, "from": NOON.isoformat(), "to": (NOON + timedelta(hours=2)).isoformat(), **changes}


def answered(counting: Counting, of: str, **changes: Any) -> dict[str, Any]:
    answer = browser(counting).post("/api/counts", json=asked(of, **changes))
    assert answer.status_code == 200, answer.json()
    told: dict[str, Any] = answer.json()
    return told


def test_reads_are_counted_by_time_cell_and_camera_and_lie_where_their_camera_is(stored: StoredCounts) -> None:
    told = answered(stored, "plate_reads")
    counts = told["counts"]
    assert told["step_s"] == 60
    assert counts["total"] == 4
    assert counts["unplaced"] == 1  # of C3 nobody knows where it is
    assert [(one["at"], one["count"]) for one in counts["bins"]] == [
        ("2026-03-08T12:00:00Z", 1), ("2026-03-08T12:04:00Z", 1), ("2026-03-08T13:10:00Z", 1),
        ("2026-03-08T13:15:00Z", 1),
    ]  # fmt: skip
    assert [(one["name"], one["count"]) for one in counts["kinds"]] == [("C1", 2), ("C2", 1), ("C3", 1)]
    first, second = counts["cells"]
    assert (first["count"], second["count"]) == (2, 1)
    # A cell of resolution 8 is about a kilometre wide: its corners are around what lies in it, the right way round.
    for cell, lat, lon in ((first, 29.95, -90.07), (second, 30.1, -90.4)):
        assert len(cell["ring"]) == 6
        lons, lats = zip(*cell["ring"], strict=True)
        assert min(lons) < lon < max(lons)
        assert min(lats) < lat < max(lats)
        assert max(lats) - min(lats) < 0.02


def test_cells_of_a_lower_resolution_are_larger_and_simulated_ones_count_when_they_are_asked_for(
    stored: StoredCounts,
) -> None:
    cells = answered(stored, "plate_reads", resolution=4, simulated=True)["counts"]["cells"]
    assert [cell["count"] for cell in cells] == [3, 1]
    for cell in cells:
        assert max(lat for _, lat in cell["ring"]) - min(lat for _, lat in cell["ring"]) > 0.2


def test_kinds_narrow_the_counts_but_not_the_choice_of_kinds(stored: StoredCounts) -> None:
    counts = answered(stored, "plate_reads", kinds=["C2"])["counts"]
    assert (counts["total"], len(counts["kinds"])) == (1, 3)


def test_an_area_counts_what_lies_in_it(stored: StoredCounts) -> None:
    area = {"west": -90.5, "south": 30.0, "east": -90.3, "north": 30.2}
    assert answered(stored, "plate_reads", area=area)["counts"]["total"] == 1


@pytest.mark.parametrize(("of", "total"), [("hits", 1), ("alerts", 2), ("calls", 1), ("incidents", 1)])
def test_each_thing_counts_once_whatever_became_of_it(of: str, total: int, stored: StoredCounts) -> None:
    counts = answered(stored, of)["counts"]
    assert counts["total"] == total
    assert sum(one["count"] for one in counts["kinds"]) == total
    assert sum(one["count"] for one in counts["cells"]) == total


def test_the_period_before_is_laid_over_this_one(stored: StoredCounts) -> None:
    told = answered(stored, "plate_reads", compare=True)
    assert told["before"] == [{"at": "2026-03-08T13:10:00Z", "count": 1}]
    assert answered(stored, "plate_reads")["before"] is None


def test_where_nothing_was_it_is_said_where_something_is(stored: StoredCounts) -> None:
    told = answered(stored, "calls", **{"from": "2025-01-01T00:00:00Z", "to": "2025-01-02T00:00:00Z"})["counts"]
    assert (told["total"], told["bins"], told["cells"]) == (0, [], [])
    assert told["oldest"] == told["newest"] == "2026-03-08T12:00:00Z"


@pytest.mark.parametrize(
    ("changes", "names"),
    [
        ({"of": "people"}, "of"),
        ({"from": "yesterday"}, "from"),
        ({"from": "2026-03-08T12:00:00"}, "from"),
        ({"to": NOON.isoformat()}, "period"),
        ({"from": "2020-01-01T00:00:00Z"}, "period"),
        ({"resolution": 15}, "resolution"),
        ({"kinds": ["x"] * 51}, "kinds"),
        ({"area": {"west": 1, "south": 1, "east": 0, "north": 2}}, "area"),
        ({"sql": "SELECT 1"}, "sql"),
    ],
)
def test_a_question_that_is_none_is_refused_and_the_field_named(
    changes: dict[str, Any], names: str, stored: StoredCounts
) -> None:
    answer = browser(stored).post("/api/counts", json={**asked("calls"), **changes})
    assert answer.status_code == 422
    assert names in answer.text


class Failing:
    def __init__(self, error: Exception) -> None:
        self.error = error

    async def count(self, asked: CountQuestion) -> Counts:
        raise self.error

    async def bins(self, asked: CountQuestion) -> list[Bin]:
        raise self.error


def test_without_a_store_or_in_time_nothing_is_made_up() -> None:
    for failing in (None, Failing(StoreUnavailableError()), Failing(TooSlowError("10 s"))):
        assert browser(failing).post("/api/counts", json=asked("calls")).status_code == 503


def test_the_period_before_is_within_the_same_time(stored: StoredCounts, monkeypatch: pytest.MonkeyPatch) -> None:
    class Slow(Counting):
        async def count(self, asked: CountQuestion) -> Counts:
            return await stored.count(asked)

        async def bins(self, asked: CountQuestion) -> list[Bin]:
            await asyncio.sleep(30)
            return []

    monkeypatch.setattr(counting, "ANSWERS_WITHIN_S", 2.0)
    began = time.monotonic()
    assert browser(Slow()).post("/api/counts", json={**asked("calls"), "compare": True}).status_code == 503
    assert time.monotonic() - began < 15


def test_those_who_may_not_see_everything_may_not_count_it(stored: StoredCounts) -> None:
    assert browser(stored, HEADER).post("/api/counts", json=asked("alerts")).status_code == 403
