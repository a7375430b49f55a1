"""Plate search with its purpose gate: what is refused, what is recorded, what the store finds, who sees what."""

from __future__ import annotations

import asyncio
import csv
import io
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from msgspec.structs import replace
from starlette.testclient import TestClient

from compose.plate_search import StoredPlates
from dashboards.server.app import create_server
from dashboards.server.audience import Audiences
from dashboards.server.hub import Hub
from dashboards.server.ports import StoreUnavailableError, TooSlowError
from dashboards.server.search_ports import PlateQuestion, PlateReads, ReadsFound
from pipeline.store.async_store import AsyncStore
from pipeline.store.chdb_store import ChdbStore
from pipeline.store.store import Placed
from schemas.events.action import RECORDS, Action
from schemas.events.camera import CAMERA
from schemas.events.camera import EXAMPLE as A_CAMERA
from schemas.events.plate_read import EXAMPLE as A_READ
from schemas.events.plate_read import PLATE_READ, PlateRead
from schemas.events.sighting import EXAMPLE as A_SIGHTING
from schemas.events.sighting import SIGHTING, Sighting
from schemas.identity import identity
from schemas.look_alikes import default_look_alikes
from tests.component.server_fixtures import WELL, Log

NOW = datetime.now(UTC).replace(microsecond=0)
HEADER = "x-watchfloor-audiences"
WHY = {
    "actor": "r.diaz", "purpose_code": "stolen_vehicle", "reference": "26-0112", "purpose": "taken from Canal Street",
}  # fmt: skip


def read(number: int, plate: str, hours_ago: float = 1.0, **changes: Any) -> PlateRead:
    at = NOW - timedelta(hours=hours_ago)
    made: dict[str, Any] = {
        "camera_id": "C1", "plate_region": "us-la", "vehicle_make": "toyota", "vehicle_colour": "gray",
        "image_ref": None, "candidates": (), "synthetic": False,
    }  # fmt: skip
    return replace(
        A_READ,
        event_id=identity("plate_search", number),
        occurred_at=at,
        observed_at=at,
        plate=plate,
        plate_raw=plate,
        **made | changes,
    )


READS = [
    read(0, "ABC123", 1.0, image_ref="https://images.example/1.jpg?signature=secret"),
    read(1, "A8C123", 2.0, camera_id="C2", lat=None, lon=None),
    read(2, "ABC128", 3.0, plate_region=None),
    read(3, "ABD999", 4.0, vehicle_colour=None),
    read(4, "XYZ777", 5.0, lat=30.5, lon=-90.0, vehicle_make="honda"),
    read(5, "ABC123", 40.0),
    read(6, "ABC123", 6.0, synthetic=True),
    read(7, "ABC123", 6.5, is_preview=True),
    read(8, "М123АВ", 7.0),
]


def sighted(event: PlateRead, **changes: Any) -> Sighting:
    return replace(
        A_SIGHTING, event_id=event.event_id, occurred_at=event.occurred_at, observed_at=event.observed_at,
        plate=event.plate, camera_id=event.camera_id, **changes,
    )  # fmt: skip


OPEN_HIT = A_SIGHTING.hits[0]
SECRET_HIT = replace(OPEN_HIT, list_id="informants", entry_id="I-9")


@pytest.fixture(scope="module")
def plates(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StoredPlates]:
    store = ChdbStore(tmp_path_factory.mktemp("store"), readers=1)
    store.migrate()
    store.insert(PLATE_READ, [Placed(event, PLATE_READ.topic, 0, at) for at, event in enumerate(READS)])
    camera = replace(A_CAMERA, camera_id="C2", name="Canal / Rampart", lat=29.95, lon=-90.07)
    store.insert(CAMERA, [Placed(camera, CAMERA.topic, 0, 0)])
    sightings = [
        sighted(READS[0], hits=(OPEN_HIT, SECRET_HIT), audiences=("", "restricted")),
        sighted(READS[1], hits=(OPEN_HIT,), audiences=()),
    ]
    store.insert(SIGHTING, [Placed(event, SIGHTING.topic, 0, at) for at, event in enumerate(sightings)])
    yield StoredPlates(AsyncStore(store), default_look_alikes())
    store.close()


class Watched:
    """A store that remembers what it was asked, and how many records were in the log then."""

    def __init__(self, log: Log, error: Exception | None = None) -> None:
        self.log, self.error = log, error
        self.asked: list[tuple[int, PlateQuestion]] = []

    async def search(self, asked: PlateQuestion, limit: int) -> ReadsFound:
        self.asked.append((len(self.log.events), asked))
        if self.error is not None:
            raise self.error
        return ReadsFound(reads=(), is_cut=False, unsaid=0, oldest=NOW - timedelta(days=9))


def browser(plates: PlateReads | None, log: Log, header: str = "") -> TestClient:
    app = create_server(
        hub=Hub(version="test"), publisher=log, query=None, dead_letters=None, web_dir=None, maps_dir=None,
        vitals=lambda: WELL, plates=plates, audiences=Audiences(header),
    )  # fmt: skip
    own = "http://127.0.0.1:8000"
    return TestClient(app, base_url=own, client=("127.0.0.1", 40_000), headers={"origin": own})


def found(plates: StoredPlates, **asked: Any) -> list[str]:
    answer = browser(plates, Log()).post("/api/plates/search", json={**WHY, **asked})
    assert answer.status_code == 200, answer.json()
    return [row["plate"] for row in answer.json()["reads"]]


@pytest.mark.parametrize(
    "change",
    [
        {"purpose_code": None}, {"purpose_code": "curiosity"}, {"reference": None}, {"reference": " - "},
        {"purpose": None}, {"purpose": "  x "}, {"actor": None}, {"actor": " "},
    ],
)  # fmt: skip
def test_check_28_a_search_without_a_whole_purpose_is_refused_and_nothing_is_looked_up(change: dict[str, Any]) -> None:
    log = Log()
    store = Watched(log)
    body = {name: value for name, value in {**WHY, "plate": "ABC123", **change}.items() if value is not None}
    assert browser(store, log).post("/api/plates/search", json=body).status_code == 422
    assert (store.asked, log.events) == ([], [])


def test_check_28_each_search_is_one_record_and_it_is_there_before_the_store_is_asked() -> None:
    log = Log()
    store = Watched(log)
    client = browser(store, log)
    answers = [client.post("/api/plates/search", json={**WHY, "plate": "ab?12*"}).json() for _ in range(2)]
    assert [count for count, _ in store.asked] == [1, 2]
    first, second = log.events
    assert isinstance(first, Action)
    assert [str(first.event_id), str(second.event_id)] == [answer["search"] for answer in answers]
    assert (first.name, first.actor, first.note) == ("search.plate", "r.diaz", "taken from Canal Street")
    assert first.details.keys() == {"plate", "from", "to", "purpose_code", "reference"}
    assert (first.details["plate"], first.details["reference"]) == ("AB?12*", "26-0112")
    assert first.name.startswith(RECORDS), "the processors let it pass"


def test_check_28_when_the_log_does_not_confirm_the_store_is_not_asked() -> None:
    log = Log()
    log.away = True
    store = Watched(log)
    answer = browser(store, log).post("/api/plates/search", json={**WHY, "plate": "ABC123"})
    assert (answer.status_code, store.asked) == (503, [])


@pytest.mark.parametrize(
    "asked",
    [
        {}, {"plate": "A*"}, {"plate": "?*?"}, {"plate": "--"}, {"plate": "A" * 41},
        {"plate": "ABC123", "from": "2026-01-02T00:00:00Z", "to": "2026-01-01T00:00:00Z"},
        {"plate": "ABC123", "from": "2026-01-01T00:00:00Z", "to": "2026-03-01T00:00:00Z"},
        {"plate": "ABC123", "from": "2026-01-01T00:00:00"},
        {"area": {"west": 1, "south": 1, "east": 0, "north": 2}},
        {"cameras": ["C"] * 51}, {"cameras": [""]}, {"plate": "ABC123", "sql": "1"},
    ],
)  # fmt: skip
def test_a_search_that_is_too_wide_or_no_search_is_refused(asked: dict[str, Any]) -> None:
    log = Log()
    store = Watched(log)
    assert browser(store, log).post("/api/plates/search", json={**WHY, **asked}).status_code == 422
    assert (store.asked, log.events) == ([], [])


def test_the_last_day_is_looked_at_unless_told_and_any_read_of_a_camera_may_be_asked_for() -> None:
    log = Log()
    store = Watched(log)
    assert browser(store, log).post("/api/plates/search", json={**WHY, "cameras": ["C1"]}).status_code == 200
    ((_, asked),) = store.asked
    assert (asked.pattern, asked.end - asked.begin) == ("", timedelta(days=1))


def test_a_search_that_takes_too_long_or_finds_no_store_says_so() -> None:
    for error, status in ((TooSlowError("slow"), 504), (StoreUnavailableError("away"), 503)):
        log = Log()
        assert (
            browser(Watched(log, error), log).post("/api/plates/search", json={**WHY, "plate": "AB1"}).status_code
            == status
        )
    assert browser(None, Log()).post("/api/plates/search", json={**WHY, "plate": "AB1"}).status_code == 503


@pytest.mark.parametrize(
    ("asked", "plates_found"),
    [
        ({"plate": "abc-123"}, ["ABC123"]),
        ({"plate": "ABC12?"}, ["ABC123", "ABC128"]),
        ({"plate": "AB*"}, ["ABC123", "ABC128", "ABD999"]),
        ({"plate": "*777"}, ["XYZ777"]),
        ({"plate": "?123АВ"}, ["М123АВ"]),
        ({"plate": "ABC123", "look_alikes": True}, ["ABC123", "A8C123"]),
        ({"plate": "A8C12?", "look_alikes": True}, ["ABC123", "A8C123", "ABC128"]),
        ({"plate": "%%%" + "AB"}, []),
        ({"plate": "ABC123", "simulated": True}, ["ABC123", "ABC123"]),
        ({"plate": "ABC123", "from": (NOW - timedelta(hours=48)).isoformat()}, ["ABC123", "ABC123"]),
        ({"cameras": ["C2"]}, ["A8C123"]),
        ({"area": {"west": -90.1, "south": 30.4, "east": -89.9, "north": 30.6}}, ["XYZ777"]),
        ({"area": {"west": -90.08, "south": 29.945, "east": -90.068, "north": 29.955}}, ["A8C123"]),
        ({"plate": "AB*", "state": "us-la"}, ["ABC123", "ABD999"]),
        ({"plate": "AB*", "colour": "silver"}, ["ABC123", "ABC128"]),
        ({"plate": "*7*7*7", "make": "HOND"}, ["XYZ777"]),
        ({"plate": "ABC123'); DROP TABLE plate_reads; --", "cameras": ["C1"]}, []),
    ],
)  # fmt: skip
def test_reads_are_found_newest_first_by_what_is_asked(
    plates: StoredPlates, asked: dict[str, Any], plates_found: list[str]
) -> None:
    assert found(plates, **asked) == plates_found


def test_a_read_is_told_with_its_camera_and_place_and_the_signature_of_its_picture_is_not(plates: StoredPlates) -> None:
    client = browser(plates, Log())
    told = client.post("/api/plates/search", json={**WHY, "plate": "A?C123", "state": "us-la"}).json()
    first, second = told["reads"]
    assert (first["image_ref"], first["plate_region"]) == ("https://images.example/1.jpg", "us-la")
    assert (second["camera"], second["lat"], second["lon"]) == ("Canal / Rampart", 29.95, -90.07)
    assert datetime.fromisoformat(told["oldest"]) == READS[5].occurred_at
    assert (told["is_cut"], told["unsaid"], told["kept_days"]) == (False, 0, None)


def test_reads_that_do_not_say_what_was_asked_are_counted_not_hidden(plates: StoredPlates) -> None:
    told = browser(plates, Log()).post("/api/plates/search", json={**WHY, "plate": "AB*", "state": "us-la"}).json()
    assert ([row["plate"] for row in told["reads"]], told["unsaid"]) == (["ABC123", "ABD999"], 1)


def test_more_reads_than_fit_are_said_to_be_cut(plates: StoredPlates) -> None:
    asked = PlateQuestion(pattern="AB*", begin=NOW - timedelta(days=1), end=NOW)
    cut = asyncio.run(plates.search(asked, 2))
    assert ([row.plate for row in cut.reads], cut.is_cut) == (["ABC123", "ABC128"], True)
    assert not asyncio.run(plates.search(asked, 3)).is_cut


def test_check_28_hits_on_restricted_lists_are_told_only_to_who_may_know(plates: StoredPlates) -> None:
    def lists(**headers: str) -> list[list[str]]:
        client = browser(plates, Log(), HEADER)
        answer = client.post("/api/plates/search", json={**WHY, "plate": "A?C123"}, headers=headers)
        assert headers or "informants" not in answer.text
        return [[hit["list_id"] for hit in row["hits"]] for row in answer.json()["reads"]]

    assert lists(**{HEADER: "restricted"}) == [["stolen", "informants"], ["stolen"]]
    assert lists() == [["stolen"], ["stolen"]]


def test_check_28_a_file_is_one_record_with_its_rows_and_is_not_made_without_it(plates: StoredPlates) -> None:
    log = Log()
    client = browser(plates, log)
    told = client.post("/api/plates/search", json={**WHY, "plate": "AB*"}).json()
    body = {"search": told["search"], "actor": "r.diaz", "excluded": [told["reads"][1]["event_id"]]}
    log.away = True
    assert client.post("/api/plates/export", json=body).status_code == 503
    log.away = False
    answer = client.post("/api/plates/export", json=body)
    _, exported = log.events
    assert isinstance(exported, Action)
    assert (exported.name, exported.actor, exported.subject_id) == (
        "export.plate",
        "r.diaz",
        f"search:{told['search']}",
    )
    counted = {name: exported.details[name] for name in ("rows", "excluded", "reference")}
    assert counted == {"rows": "2", "excluded": "1", "reference": "26-0112"}
    assert answer.headers["content-disposition"].startswith("attachment")
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    assert [row["plate"] for row in rows] == ["ABC123", "ABD999"]
    assert {(row["exported_by"], row["reference"], row["export_id"]) for row in rows} == {
        ("r.diaz", "26-0112", str(exported.event_id))
    }
    assert "signature" not in answer.text


def test_a_file_of_a_search_that_is_not_kept_or_is_of_others_is_refused(plates: StoredPlates) -> None:
    log = Log()
    client = browser(plates, log, HEADER)
    assert client.post("/api/plates/export", json={"search": str(uuid4()), "actor": "a.lee"}).status_code == 404
    headers = {HEADER: "restricted"}
    told = client.post("/api/plates/search", json={**WHY, "plate": "AB*"}, headers=headers).json()
    body = {"search": told["search"], "actor": "r.diaz"}
    others = body | {"actor": "a.lee"}
    assert client.post("/api/plates/export", json=others, headers=headers).status_code == 404
    assert client.post("/api/plates/export", json=body).status_code == 404
    assert client.post("/api/plates/export", json=body, headers=headers).status_code == 200


def test_a_store_that_hangs_ends_the_search_and_gives_the_turn_to_the_next() -> None:
    class Hanging:
        asked = 0

        async def rows(self, *_: Any, **__: Any) -> list[dict[str, Any]]:
            Hanging.asked += 1
            await asyncio.Event().wait()
            return []

    async def search_twice() -> None:
        hanging: Any = Hanging()
        plates = StoredPlates(hanging, default_look_alikes(), stop_s=0.05)
        for _ in range(2):
            with pytest.raises(TooSlowError):
                await plates.search(PlateQuestion(pattern="AB1", begin=NOW - timedelta(days=1), end=NOW), 10)

    asyncio.run(search_twice())
    assert Hanging.asked == 2


def test_only_the_newest_answers_are_kept_for_files() -> None:
    log = Log()
    client = browser(Watched(log), log)
    first, *_, last = [client.post("/api/plates/search", json={**WHY, "plate": "AB1"}).json() for _ in range(21)]
    assert client.post("/api/plates/export", json={"search": first["search"], "actor": "r.diaz"}).status_code == 404
    assert client.post("/api/plates/export", json={"search": last["search"], "actor": "r.diaz"}).status_code == 200


def test_reads_of_other_agencies_are_not_found(plates: StoredPlates) -> None:
    asked = PlateQuestion(pattern="ABC123", begin=NOW - timedelta(days=1), end=NOW)

    def plates_of(agencies: tuple[str, ...] | None) -> list[str]:
        answer = asyncio.run(plates.search(replace(asked, agencies=agencies), 10))
        return [one.plate for one in answer.reads]

    assert plates_of(None) == plates_of((A_READ.jurisdiction, "another")) == ["ABC123"]
    assert plates_of(("another",)) == plates_of(()) == []
