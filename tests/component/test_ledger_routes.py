"""GET /api/ledger and GET /metrics: what is asked, what is told, and what is refused."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from starlette.testclient import TestClient

from dashboards.server.app import create_server
from dashboards.server.hub import Hub
from dashboards.server.ports import (
    LedgerBusyError,
    LedgerFigures,
    LedgerGap,
    LedgerReport,
    LedgerRow,
    SequenceHole,
    StoreUnavailableError,
)
from tests.component.server_fixtures import WELL, Log

AT = datetime(2026, 1, 15, 18, 30, tzinfo=UTC)
ROW = LedgerRow(
    event_type="plate_read",
    source="rekor/east",
    minute=AT,
    accepted=3,
    logged=3,
    stored=2,
    processed=2,
    alerts_due=None,
    alerts_raised=None,
    state="gap",
    why="1 in the log and not stored",
    gaps=(LedgerGap(hop="stored", count=1, event_ids=("x",), why=""),),
)


class Kept:
    """A ledger with one row; remembers what it was asked."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, datetime, datetime]] = []
        self.busy = False

    async def recent(self, begin: datetime, end: datetime) -> LedgerReport:
        self.asked.append(("recent", begin, end))
        return LedgerReport(begin=begin, end=end, judged_at=AT, rows=(ROW,) * 2_001)

    async def verify(self, begin: datetime, end: datetime) -> LedgerReport:
        self.asked.append(("verify", begin, end))
        if self.busy:
            raise LedgerBusyError
        hole = SequenceHole(source="a/1", device="cam", first=4, last=6, missing=3)
        return LedgerReport(begin=begin, end=end, judged_at=AT, rows=(ROW,), holes=(hole,))

    def figures(self) -> LedgerFigures:
        return LedgerFigures(states={"gap": 2}, missing={"stored": 7}, lag={"stored": 5}, judged_ago_s=1.5)


def browser(ledger: Kept | None) -> TestClient:
    app = create_server(
        hub=Hub(version="test"), publisher=Log(), query=None, dead_letters=None, web_dir=None, maps_dir=None,
        vitals=lambda: WELL, ledger=ledger,
    )  # fmt: skip
    return TestClient(app, base_url="http://127.0.0.1:8000", raise_server_exceptions=False)


def test_what_is_kept_of_the_last_half_hour_is_told_and_long_answers_say_what_they_leave_out() -> None:
    ledger = Kept()
    told = browser(ledger).get("/api/ledger").json()
    ((how, begin, end),) = ledger.asked
    assert (how, end - begin) == ("recent", timedelta(minutes=30))
    assert (len(told["rows"]), told["left_out"], told["states"]) == (2_000, 1, {"gap": 2_001})
    assert told["rows"][0]["gaps"] == [{"hop": "stored", "count": 1, "event_ids": ["x"], "why": ""}]


def test_a_period_is_verified_when_it_is_asked_for() -> None:
    ledger = Kept()
    query = {"from": "2026-01-15T18:00:00Z", "to": "2026-01-15T12:30:00-06:00", "exact": "true"}
    told = browser(ledger).get("/api/ledger", params=query).json()
    assert ledger.asked == [("verify", AT - timedelta(minutes=30), AT)]
    assert told["holes"] == [{"source": "a/1", "device": "cam", "first": 4, "last": 6, "missing": 3}]
    ledger.busy = True
    assert browser(ledger).get("/api/ledger", params=query).status_code == 429


def test_periods_that_make_no_sense_are_refused_in_words() -> None:
    asked = browser(Kept())
    for query in (
        {"from": "2026-01-15T18:00:00Z", "to": "2026-01-15T18:00:00Z"},
        {"from": "2026-01-15T18:00:00Z", "to": "2026-01-17T18:00:00Z"},
        {"from": "2026-01-15T18:00:00"},
        {"from": "yesterday"},
    ):
        answer = asked.get("/api/ledger", params=query)
        assert answer.status_code == 422, query
        assert answer.json()["error"]


def test_without_a_store_there_is_no_ledger() -> None:
    assert browser(None).get("/api/ledger").status_code == 503


def test_a_store_that_is_away_is_said_and_not_taken_for_an_empty_ledger() -> None:
    class Away(Kept):
        async def verify(self, begin: datetime, end: datetime) -> LedgerReport:
            raise StoreUnavailableError

    assert browser(Away()).get("/api/ledger?exact=true").status_code == 503


def test_the_metrics_tell_gaps_lag_and_states_also_those_that_are_zero() -> None:
    answer = browser(Kept()).get("/metrics")
    assert answer.headers["content-type"].startswith("text/plain")
    for line in (
        'watchfloor_ledger_buckets{state="gap"} 2.0',
        'watchfloor_ledger_buckets{state="balanced"} 0.0',
        'watchfloor_ledger_missing_events{hop="stored"} 7.0',
        'watchfloor_ledger_lag_messages{hop="stored"} 5.0',
        "watchfloor_ledger_judged_ago_seconds 1.5",
        "watchfloor_healthy 0.0",
    ):
        assert line in answer.text.splitlines()
    assert "watchfloor_ledger" not in browser(None).get("/metrics").text
