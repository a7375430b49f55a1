"""The audit: every deed once with who, when, what and why; who looks at it is in it; a file is whole or refused."""

from __future__ import annotations

import asyncio
import csv
import io
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from msgspec.structs import replace
from starlette.testclient import TestClient

from compose.audit import StoredAudit
from dashboards.server.app import create_server
from dashboards.server.audience import Audiences
from dashboards.server.audit import MOST_EXPORTED, PAGE
from dashboards.server.hub import Hub
from dashboards.server.ports import Before, TooSlowError
from dashboards.server.search_ports import Audit, AuditQuestion, Deed
from pipeline.store.async_store import AsyncStore
from pipeline.store.chdb_store import ChdbStore
from pipeline.store.store import Placed
from schemas.events.action import ACTION, RECORDS, Action
from schemas.events.action import EXAMPLE as AN_ACTION
from schemas.events.hotlist import EXAMPLE as A_LIST
from schemas.events.hotlist import HOTLIST
from schemas.events.hotlist_withdrawal import EXAMPLE as A_WITHDRAWAL
from schemas.events.hotlist_withdrawal import HOTLIST_WITHDRAWAL
from schemas.events.marker import EXAMPLE as A_MARKER
from schemas.events.marker import MARKER
from schemas.events.seal import EXAMPLE as A_SEAL
from schemas.events.seal import SEAL
from schemas.identity import identity
from tests.component.server_fixtures import WELL, Log

NOW = datetime.now(UTC).replace(microsecond=0)
OWN = "http://127.0.0.1:8000"


def deed(number: int, name: str, hours_ago: float, **changes: Any) -> Action:
    at = NOW - timedelta(hours=hours_ago)
    made = replace(AN_ACTION, event_id=identity("audit", number), occurred_at=at, observed_at=at, name=name)
    return replace(made, **changes)


SEARCH = {"plate": "ABC123", "purpose_code": "warrant", "reference": "26-7"}
ACTIONS = [
    deed(1, "search.plate", 1, actor="r.diaz", note="=why", subject_id="search:1", details=SEARCH),
    deed(2, "export.plate", 2, actor="A.Lee", note="court", subject_id="search:1", details={"rows": "3"}),
    deed(3, "alert.judge", 3, actor="a.lee", note="", verdict="misread", true_plate="ABC128", checks=("plate",)),
    deed(4, "search.name", 24 * 30, actor="r.diaz"),
]
LATER = {"occurred_at": NOW - timedelta(hours=4), "observed_at": NOW - timedelta(hours=4)}


@pytest.fixture(scope="module")
def audit(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StoredAudit]:
    store = ChdbStore(tmp_path_factory.mktemp("store"), readers=1)
    store.migrate()
    for kind, events in (
        (ACTION, ACTIONS),
        (HOTLIST, [replace(A_LIST, **LATER)]),
        (HOTLIST_WITHDRAWAL, [replace(A_WITHDRAWAL, changed_at=NOW - timedelta(hours=5), reason="found")]),
        (MARKER, [replace(A_MARKER, changed_at=NOW - timedelta(hours=6))]),
        (SEAL, [replace(A_SEAL, number=7, occurred_at=NOW, deeds=tuple(one.event_id for one in ACTIONS[1:3]))]),
    ):
        store.insert(kind, [Placed(event, kind.topic, 0, at) for at, event in enumerate(events)])
    yield StoredAudit(AsyncStore(store))
    store.close()


class Many:
    """An audit with as many deeds as a test wants."""

    def __init__(self, log: Log, count: int = 0) -> None:
        self.log, self.count = log, count
        self.asked: list[tuple[int, Before | None]] = []
        self.error: Exception | None = None

    async def deeds(self, asked: AuditQuestion, limit: int, before: Before | None) -> Sequence[Deed]:
        self.asked.append((len(self.log.events), before))
        if self.error is not None:
            raise self.error
        one = Deed(
            event_id=identity("audit", 0), at=NOW, who="r.diaz", what="search.plate", subject="search:1", why="",
            details={}, source="server/web", synthetic=False,
        )  # fmt: skip
        return [one] * min(limit, self.count)


def browser(audit: Audit | None, log: Log, header: str = "") -> TestClient:
    app = create_server(
        hub=Hub(version="test"), publisher=log, query=None, dead_letters=None, web_dir=None, maps_dir=None,
        vitals=lambda: WELL, audit=audit, audiences=Audiences(header),
    )  # fmt: skip
    return TestClient(app, base_url=OWN, client=("127.0.0.1", 40_000), headers={"origin": OWN})


def told(audit: Audit, **asked: str) -> list[dict[str, Any]]:
    answer = browser(audit, Log()).get("/api/audit", params={"actor": "chief", **asked})
    assert answer.status_code == 200, answer.text
    rows: list[dict[str, Any]] = answer.json()["rows"]
    return rows


def test_searches_exports_verdicts_and_changes_of_lists_are_told_newest_first(audit: StoredAudit) -> None:
    rows = told(audit)
    assert [(row["what"], row["who"]) for row in rows] == [
        ("search.plate", "r.diaz"),
        ("export.plate", "A.Lee"),
        ("alert.judge", "a.lee"),
        ("hotlist.load", ""),
        ("hotlist.withdraw", A_WITHDRAWAL.changed_by),
        ("marker.add", A_MARKER.changed_by),
    ]
    assert (rows[0]["why"], rows[0]["details"]) == ("=why", SEARCH)
    assert rows[2]["details"] == {"verdict": "misread", "checks": "plate", "true_plate": "ABC128"}
    assert (rows[4]["subject"], rows[4]["why"]) == ("stolen/S-1", "found")
    assert rows[5]["details"]["of"] == A_MARKER.subject


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ({"who": "LEE"}, ["export.plate", "alert.judge"]),
        ({"kind": "search"}, ["search.plate"]),
        ({"kind": "hotlist."}, ["hotlist.load", "hotlist.withdraw"]),
        ({"subject": "abc123"}, ["search.plate"]),
        ({"subject": "search:1"}, ["search.plate", "export.plate"]),
        ({"from": (NOW - timedelta(days=60)).isoformat(), "kind": "search"}, ["search.plate", "search.name"]),
        ({"to": (NOW - timedelta(hours=4, minutes=30)).isoformat()}, ["hotlist.withdraw", "marker.add"]),
        ({"who": "' OR 1=1 --"}, []),
    ],
)
def test_deeds_are_filtered_by_who_kind_subject_and_time(
    audit: StoredAudit, asked: dict[str, str], found: list[str]
) -> None:
    assert [row["what"] for row in told(audit, **asked)] == found


def test_each_deed_tells_the_seal_it_lies_under_or_that_there_is_none(audit: StoredAudit) -> None:
    assert [row["seal"] for row in told(audit)] == [None, 7, 7, None, None, None]


def test_pages_follow_each_other_without_a_gap_or_a_row_twice(audit: StoredAudit) -> None:
    log = Log()
    many = Many(log, PAGE)
    client = browser(many, log)
    first = client.get("/api/audit", params={"actor": "chief"}).json()
    client.get("/api/audit", params={"actor": "chief", "before": first["next"]})
    assert many.asked == [(1, None), (2, Before(NOW, identity("audit", 0)))]
    assert client.get("/api/audit", params={"actor": "chief", "before": "here"}).status_code == 422
    question = AuditQuestion(begin=NOW - timedelta(days=7), end=NOW)

    async def walk() -> list[str]:
        seen: list[str] = []
        before: Before | None = None
        while rows := await audit.deeds(question, 2, before):
            seen += [row.what for row in rows]
            before = Before(rows[-1].at, rows[-1].event_id)
        return seen

    assert asyncio.run(walk()) == [row["what"] for row in told(audit)]


def test_check_28_looking_at_the_audit_is_recorded_before_it_is_shown() -> None:
    log = Log()
    many = Many(log, 1)
    answer = browser(many, log).get("/api/audit", params={"actor": "chief", "who": "r.diaz", "kind": "search"})
    assert (answer.status_code, answer.json()["next"], many.asked) == (200, None, [(1, None)])
    (action,) = log.events
    assert isinstance(action, Action)
    assert (action.name, action.actor, action.subject_id) == ("view.audit", "chief", "audit")
    assert (action.details["who"], action.details["kind"]) == ("r.diaz", "search")
    assert action.name.startswith(RECORDS)


def test_check_28_an_audit_that_cannot_record_who_looks_shows_nothing() -> None:
    log = Log()
    log.away = True
    many = Many(log, 1)
    client = browser(many, log)
    assert client.get("/api/audit", params={"actor": "chief"}).status_code == 503
    assert many.asked == []
    assert client.post("/api/audit/export", json={"actor": "chief"}).status_code == 503
    assert client.get("/api/audit").status_code == 422, "nobody looks without a name"


def test_a_file_of_the_audit_is_recorded_with_its_rows_and_safe_in_a_spreadsheet(audit: StoredAudit) -> None:
    log = Log()
    answer = browser(audit, log).post("/api/audit/export", json={"actor": "chief", "kind": "search"})
    (action,) = log.events
    assert isinstance(action, Action)
    assert (action.name, action.details["rows"]) == ("export.audit", "1")
    (row,) = csv.DictReader(io.StringIO(answer.text))
    assert (row["who"], row["why"], row["purpose_code"], row["reference"]) == ("r.diaz", "'=why", "warrant", "26-7")
    assert (row["details"], row["exported_by"], row["export_id"]) == ("plate: ABC123", "chief", str(action.event_id))


def test_a_file_is_never_cut_and_what_goes_wrong_is_said() -> None:
    log = Log()
    client = browser(Many(log, MOST_EXPORTED + 1), log)
    assert client.post("/api/audit/export", json={"actor": "chief"}).status_code == 422
    assert log.events == []
    backwards = {"actor": "chief", "from": NOW.isoformat(), "to": (NOW - timedelta(days=1)).isoformat()}
    assert client.get("/api/audit", params=backwards).status_code == 422
    slow = Many(log)
    slow.error = TooSlowError("slow")
    assert browser(slow, log).get("/api/audit", params={"actor": "chief"}).status_code == 504
    assert browser(None, log).get("/api/audit", params={"actor": "chief"}).status_code == 503


def test_the_audit_is_for_those_only_who_may_see_everything(audit: StoredAudit) -> None:
    client = browser(audit, Log(), "x-watchfloor-audiences")
    assert client.get("/api/audit", params={"actor": "chief"}).status_code == 403
    assert client.post("/api/audit/export", json={"actor": "chief"}).status_code == 403
    may = {"x-watchfloor-audiences": "restricted"}
    assert client.get("/api/audit", params={"actor": "chief"}, headers=may).status_code == 200
