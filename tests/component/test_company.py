"""Who kept company with a plate, and who was in a zone before, asked of a store with real SQL."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx2
import msgspec
import pytest
from msgspec.structs import replace
from starlette.testclient import TestClient

from compose.company import StoredCompany, StoredSightings, _served, company_of
from compose.past_reads import Ask
from compose.settings import load
from dashboards.server import ports
from dashboards.server.app import create_server
from dashboards.server.hub import Hub
from pipeline.store.async_store import AsyncStore
from pipeline.store.chdb_store import ChdbStore
from pipeline.store.store import Placed
from schemas.events.action import Action
from schemas.events.sighting import EXAMPLE, SIGHTING, Sighting
from schemas.events.zone import EXAMPLE as A_ZONE
from schemas.events.zone import ZONE
from schemas.identity import identity
from schemas.look_alikes import default_look_alikes
from tests.component.server_fixtures import WELL, Log

WHY = {"actor": "r.diaz", "purpose_code": "violent_crime", "reference": "26-7", "purpose": "convoy after a robbery"}
AT = datetime(2026, 1, 15, 12, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)


def seen(plate: str, camera: str, at_s: float, **changes: Any) -> Sighting:
    at = AT + timedelta(seconds=at_s)
    made = replace(
        EXAMPLE,
        event_id=identity("company", plate, camera, at_s),
        occurred_at=at,
        observed_at=at,
        plate=plate,
        camera_id=camera,
        zones=(),
        hits=(),
        incidents=(),
    )
    return replace(made, **changes)


SIGHTINGS = [
    *(seen("LEAD01", f"C{number}", number * 300.0) for number in range(6)),
    seen("LEAD01", "C0", 30.0),
    *(seen("TA1L'\\", f"C{number}", number * 300.0 + 12) for number in range(6)),
    *(seen("LEAD0I", f"C{number}", number * 300.0 + 1) for number in range(6)),
    *(seen(f"X{camera}{number}", f"C{camera}", number * 61.0) for camera in range(6) for number in range(40)),
    *(seen("PREVIEW", f"C{number}", number * 300.0 + 2, is_preview=True) for number in range(6)),
    seen("OLDIE1", "C9", -40 * 86_400.0, zones=("yard",)),
    seen("KNOWN1", "C9", -86_400.0, zones=("yard", "town")),
    seen("TOWN01", "C9", -86_400.0, zones=("town",)),
    seen("NOW001", "C9", 0.0, zones=("yard",)),
]


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ChdbStore]:
    store = ChdbStore(tmp_path_factory.mktemp("store"), readers=1)
    store.migrate()
    store.insert(SIGHTING, [Placed(event, SIGHTING.topic, 0, at) for at, event in enumerate(SIGHTINGS)])
    zone = replace(A_ZONE, zone_id="yard", occurred_at=AT - 10 * 24 * HOUR, rules=("first_in_zone",))
    store.insert(ZONE, [Placed(zone, ZONE.topic, 0, 0)])
    yield store
    store.close()


def browser(companions: ports.Companions | None, log: Log | None = None) -> TestClient:
    app = create_server(
        hub=Hub(version="test"), publisher=log or Log(), query=None, dead_letters=None, web_dir=None, maps_dir=None,
        vitals=lambda: WELL, companions=companions,
    )  # fmt: skip
    own = "http://127.0.0.1:8000"
    return TestClient(app, base_url=own, client=("127.0.0.1", 40_000), headers={"origin": own})


@pytest.fixture(params=["through the gate for people", "our own"])
def ask(request: pytest.FixtureRequest, store: ChdbStore) -> Ask:
    def asked(sql: str) -> list[dict[str, Any]]:
        own = request.param == "our own"
        answer = store.query(sql, None, "JSON") if own else store.foreign_query(sql, "JSON")
        rows: list[dict[str, Any]] = msgspec.json.decode(answer)["data"]
        return rows

    return asked


def test_passes_are_found_with_who_was_beside_them(ask: Ask) -> None:
    shared = StoredSightings(ask).beside("LEAD01", AT - HOUR, AT + HOUR)
    assert [one.camera_id for one in shared.passes] == [f"C{number}" for number in range(6)], "30 s later: one pass"
    assert all({"TA1L'\\", "LEAD0I"} <= one.beside for one in shared.passes)
    assert not any("PREVIEW" in one.beside or "LEAD01" in one.beside for one in shared.passes)
    assert shared.reads == {"TA1L'\\": 6, "LEAD0I": 6}
    assert shared.all_reads == 7 + 6 + 6 + 240 + 1


def test_who_kept_company_is_told_without_misreads_of_the_plate(ask: Ask) -> None:
    passes, found = company_of(ask, "LEAD01", AT - HOUR, AT + HOUR, default_look_alikes())
    assert passes == 6
    assert [one.plate for one in found] == ["TA1L'\\"]
    assert found[0].shared == 6
    assert company_of(ask, "NOBODY", AT - HOUR, AT + HOUR, default_look_alikes()) == (0, ())


def test_plates_known_in_a_zone_are_told_and_since_when_it_knows(ask: Ask) -> None:
    reads = [(plate, AT) for plate in ("OLDIE1", "KNOWN1", "TOWN01", "NOW001", "O'X\\1")]
    known, since = StoredSightings(ask).in_zone_before("yard", reads, timedelta(days=30))
    assert known == {"KNOWN1"}, "not who was there 40 days ago, elsewhere, or just now"
    assert since == AT - 10 * 24 * HOUR, "a zone knows of nobody before it was made"


def test_the_api_tells_who_kept_company_and_refuses_periods_that_are_none(store: ChdbStore) -> None:
    period = {"from": (AT - HOUR).isoformat(), "to": (AT + HOUR).isoformat()}
    with browser(StoredCompany(AsyncStore(store), default_look_alikes())) as client:
        told = client.post("/api/companions", json={"plate": "LEAD01", **period, **WHY}).json()
        assert told["passes"] == 6
        assert [one["plate"] for one in told["companions"]] == ["TA1L'\\"]
        assert client.post("/api/companions", json={"plate": "", **period, **WHY}).status_code == 422
        backwards = {"plate": "A", "from": period["to"], "to": period["from"]}
        assert client.post("/api/companions", json={**backwards, **WHY}).status_code == 422
        years = {"plate": "A", "from": "2020-01-01T00:00:00Z", "to": period["to"]}
        assert client.post("/api/companions", json={**years, **WHY}).status_code == 422


def test_without_a_store_the_api_says_so() -> None:
    class Away:
        async def company(self, plate: str, begin: datetime, end: datetime) -> ports.CompanyReport:
            raise ports.StoreUnavailableError("away")

    for companions in (None, Away()):
        with browser(companions) as client:
            assert client.post("/api/companions", json={"plate": "A", **WHY}).status_code == 503


def test_check_28_company_is_told_only_with_a_purpose_and_a_record() -> None:
    class Nobody:
        asked = 0

        async def company(self, plate: str, begin: datetime, end: datetime) -> ports.CompanyReport:
            Nobody.asked += 1
            return ports.CompanyReport(begin=begin, end=end, passes=0, companions=())

    log = Log()
    with browser(Nobody(), log) as client:
        assert client.post("/api/companions", json={"plate": "A"}).status_code == 422
        log.away = True
        assert client.post("/api/companions", json={"plate": "A", **WHY}).status_code == 503
        assert (Nobody.asked, log.events) == (0, [])
        log.away = False
        assert client.post("/api/companions", json={"plate": "A", **WHY}).status_code == 200
    (action,) = log.events
    assert isinstance(action, Action)
    assert (action.name, action.actor, action.details["plate"]) == ("search.company", "r.diaz", "A")


def test_a_worker_that_asks_the_server_shows_what_it_may_see(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    asked: list[dict[str, str]] = []

    def post(url: str, **request: Any) -> httpx2.Response:
        asked.append(request["headers"])
        return httpx2.Response(200, json={"data": []}, request=httpx2.Request("POST", url))

    monkeypatch.setattr(httpx2, "post", post)
    (tmp_path / "machine.token").write_text("the machine's token")
    for settings in (
        load(data_dir=tmp_path, audience_header="X-Audience", audiences=["gang"]),
        load(data_dir=tmp_path, sign_in=True),
    ):
        assert _served(settings, "SELECT 1") == []
    assert asked == [{"X-Audience": "gang"}, {"x-watchfloor-machine": "the machine's token"}]
