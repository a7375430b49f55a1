"""Answer times and measures counted by the real engine, over HTTP, against counts by hand."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace
from starlette.testclient import TestClient

from dashboards.server.app import create_server
from dashboards.server.hub import Hub
from pipeline.store.chdb_store import ChdbStore
from pipeline.store.store import Placed
from schemas.events.assessment import ASSESSMENT, Assessment
from schemas.events.assessment import EXAMPLE as ASSESSED
from schemas.events.emergency_call import EMERGENCY_CALL, EmergencyCall
from schemas.events.emergency_call import EXAMPLE as CALL
from schemas.identity import identity
from tests.component.server_fixtures import WELL, Log

DAY = datetime(2026, 1, 15, tzinfo=UTC)


class Asked:
    """The store as the server asks it."""

    def __init__(self, store: ChdbStore) -> None:
        self._store = store

    async def foreign(self, sql: str, fmt: str, raw: bool = False) -> bytes:
        return self._store.foreign_query(sql, fmt, spreadsheet_safe=not raw)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ChdbStore]:
    opened = ChdbStore(tmp_path_factory.mktemp("store"), readers=1)
    opened.migrate()
    yield opened
    opened.close()


def get(store: ChdbStore, path: str) -> Any:
    app = create_server(hub=Hub(version="test"), publisher=Log(), query=Asked(store), dead_letters=None, web_dir=None,
                        maps_dir=None, vitals=lambda: WELL)  # fmt: skip
    answer = TestClient(app, base_url="http://127.0.0.1:8000").get(path)
    assert answer.status_code == 200, answer.text
    return answer.json()


def call(number: int, hour: int, waited_s: float | None, **changes: Any) -> EmergencyCall:
    rang = DAY + timedelta(hours=hour, seconds=number)
    answered = None if waited_s is None else rang + timedelta(seconds=waited_s)
    made = replace(
        CALL, event_id=identity("call", number), call_id=f"test:{number}", received_at=rang, updated_at=rang,
        presented_at=rang, answered_at=answered, dispatched_at=None,
    )  # fmt: skip
    return replace(made, **changes)


def test_a16_a_day_of_known_answers_gives_exactly_its_figures(store: ChdbStore, tmp_path: Path) -> None:
    waits = [3.0] * 16 + [15.0, 15.001, 20.0, 40.0]
    calls = [call(number, 8, wait) for number, wait in enumerate(waits)]
    calls += [
        call(100, 9, 5.0, dispatched_at=DAY + timedelta(hours=9, seconds=165)),
        call(101, 9, 7.0, dispatched_at=DAY + timedelta(hours=9, seconds=168.001)),
        call(110, 9, -2.0), call(111, 9, 4_000.0), call(112, 9, None), call(113, 9, None, presented_at=None),
        call(114, 9, 1.0, contact="silent"), call(115, 9, None, contact="abandoned"),
        call(116, 9, None, contact="abandoned"), call(117, 9, 1.0, contact="test"),
        call(118, 9, 1.0, synthetic=True), call(119, 24, 1.0),
    ]  # fmt: skip
    # The newest state of a call counts, and only that.
    calls.append(replace(call(100, 9, 99.0), event_id=identity("call", "older"), updated_at=DAY))
    store.insert(EMERGENCY_CALL, [Placed(one, EMERGENCY_CALL.topic, 0, place) for place, one in enumerate(calls)])

    told = get(store, "/api/answer-times?day=2026-01-15")
    assert (told["date"], told["standard"]) == ("2026-01-15", "NENA-STA-020.1-2020")
    eight, nine = told["hours"]
    assert (eight["hour"], eight["answered"], eight["p90_s"], eight["p95_s"]) == (
        "2026-01-15T08:00:00Z",
        20,
        15.001,
        20.0,
    )
    assert [(one["within_s"], one["share"], one["asked"], one["is_met"]) for one in eight["answer"]] == [
        (15.0, 0.85, 0.9, False), (20.0, 0.95, 0.95, True)
    ]  # fmt: skip
    assert (nine["answered"], nine["impossible"], nine["unanswered"]) == (2, 2, 2)
    assert (nine["silent"], nine["abandoned"]) == (1, 2)
    assert (told["day"]["answered"], told["day"]["silent"], told["day"]["abandoned"]) == (22, 1, 2)
    assert told["day"]["p90_s"] == 15.001

    nfpa = get(store, "/api/answer-times?day=2026-01-15&against=nfpa_1225")
    assert nfpa["standard"] == "NFPA 1225 (2022)"
    assert [(one["within_s"], one["share"], one["is_met"]) for one in nfpa["day"]["process"]] == [(60.0, 0.5, False)]
    assert [one["is_met"] for one in nfpa["day"]["answer"]] == [False, None, None]
    uk = get(store, "/api/answer-times?day=2026-01-15&against=uk_999")
    assert uk["day"]["answer"][0]["within_s"] == 10.0


def test_a16_a_day_without_calls_says_so_rather_than_nought(store: ChdbStore) -> None:
    told = get(store, "/api/answer-times?day=2020-01-01")
    assert told["hours"] == []
    assert (told["day"]["answered"], told["day"]["p90_s"]) == (0, None)
    assert [one["is_met"] for one in told["day"]["answer"]] == [None, None]


def assessment(number: int, version: int, hours: float, *done: str, **changes: Any) -> Assessment:
    at = DAY + timedelta(hours=hours)
    bare = replace(
        ASSESSED, event_id=identity("assessment", number, version), incident_id=identity("incident", number),
        version=version, made_at=at, occurred_at=at, repeat_checked_at=None,
    )  # fmt: skip
    return replace(bare, **dict.fromkeys(done, at), **changes)


def test_h4_a_days_percentages_are_those_of_a_count_by_hand(store: ChdbStore) -> None:
    made = [
        assessment(1, 1, 1, "repeat_checked_at", "vulnerability_checked_at"),
        assessment(2, 1, 2),
        assessment(2, 2, 30, "repeat_checked_at"),  # a later version counts for the day of the first
        assessment(3, 1, 23.9, "evidence_advised_at"),
        assessment(4, 1, -1, "repeat_checked_at"),  # the day before
        assessment(5, 1, 3, "prevention_advised_at", synthetic=True),
    ]
    store.insert(ASSESSMENT, [Placed(one, ASSESSMENT.topic, 0, place) for place, one in enumerate(made)])
    told = get(store, "/api/measures?day=2026-01-15")
    assert told["assessed"] == 3
    assert {one["name"]: (one["done"], one["percent"]) for one in told["measures"]} == {
        "repeat_checked": (2, 66.7), "vulnerability_checked": (1, 33.3), "prevention_advised": (0, 0.0),
        "evidence_advised": (1, 33.3),
    }  # fmt: skip
    assert get(store, "/api/measures?day=2020-01-01")["measures"][0]["percent"] is None
