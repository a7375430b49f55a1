"""Every HTTP route, with good and bad input."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import pytest
from starlette.testclient import TestClient

from dashboards.server.ports import Flight, Vitals
from schemas.events.alert import ALERT
from tests.component.server_fixtures import World, action, alert


@pytest.fixture
def world() -> World:
    world = World()
    world.hub.offer(ALERT, [alert(1, jurisdiction="nola", synthetic=True)], 1.0)
    world.hub.caught_up()
    return world


# Health and status.


def test_health_is_good_only_while_the_hub_makes_its_rounds_and_all_parts_are_well(world: World) -> None:
    assert world.browser().get("/api/health").status_code == 503, "not started: no rounds"
    with world.browser() as browser:
        answer = browser.get("/api/health")
        assert (answer.status_code, answer.json()) == (
            200,
            {"ok": True, "wrong": {}, "not_coming": {}, "behind_s": None, "canaries": []},
        )


@pytest.mark.parametrize(
    ("vitals", "part"),
    [
        (Vitals(log_alive=False, log_polled_ago_s=0.1), "log"),
        (Vitals(log_alive=True, log_polled_ago_s=None), "log"),
        (Vitals(log_alive=True, log_polled_ago_s=11.0), "log"),
        (Vitals(log_alive=True, log_polled_ago_s=0.1, publisher="The broker does not answer."), "publisher"),
        (Vitals(log_alive=True, log_polled_ago_s=0.1, store="The store does not answer."), "store"),
    ],
)
def test_health_names_the_part_that_is_not_well(world: World, vitals: Vitals, part: str) -> None:
    world.vitals = vitals
    with world.browser() as browser:
        answer = browser.get("/api/health")
        assert answer.status_code == 503
        assert list(answer.json()["wrong"]) == [part]


def test_a_made_up_read_that_does_not_come_is_told_but_is_no_fault_of_this_server(world: World) -> None:
    at = datetime(2026, 1, 15, tzinfo=UTC)
    well = Flight(connector="rekor", at=at, door_ms=3.0, screen_ms=30.0, stored_ms=200.0)
    lost = Flight(connector="platerecognizer", at=at, fault="It was refused.", stage="door")
    world.vitals = Vitals(log_alive=True, log_polled_ago_s=0.1, behind_s={"process": 0.0}, canaries=[well, lost])
    with world.browser() as browser:
        answer = browser.get("/api/health")
        assert answer.status_code == 200
        told = answer.json()
        assert told["not_coming"] == {"connector platerecognizer": "It was refused."}
        assert [flight["stage"] for flight in told["canaries"]] == ["", "door"]
        assert told["behind_s"] == {"process": 0.0}
        assert browser.get("/api/status").json()["wrong"] == told["not_coming"], "the page shows it as a fault"


def test_health_is_bad_while_the_log_is_still_read() -> None:
    with World().browser() as browser:
        answer = browser.get("/api/health")
        assert answer.status_code == 503
        assert "still being read" in answer.json()["wrong"]["log"]


def test_status_gives_figures(world: World) -> None:
    with world.browser() as browser:
        status = browser.get("/api/status").json()
    assert status["version"] == "test"
    assert status["hub"]["channels"]["alerts"]["kept"] == 1
    assert status["hub"]["clients"] == 0
    assert status["store"] is True


# Who may ask.


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "http://evil.example"},
        {"origin": "null"},
        {"origin": "http://127.0.0.1:9999"},
        {"origin": "http://127.0.0.1:8000.evil.example"},
        {"origin": "http://127.0.0.1:port"},
        {"origin": "file://127.0.0.1:8000"},
    ],
)
def test_a_foreign_page_may_not_act(world: World, headers: dict[str, str]) -> None:
    answer = world.browser().post("/api/actions", json=action(), headers=headers)
    assert answer.status_code == 403
    assert world.log.events == []


def test_a_plain_client_may_act_from_this_machine_only(world: World) -> None:
    def plain(address: str, **headers: str) -> int:
        client = TestClient(world.app, base_url="http://127.0.0.1:8000", client=(address, 4_000), headers=headers)
        return client.post("/api/actions", json=action()).status_code

    assert plain("127.0.0.1") == 200
    assert plain("::1") == 200
    assert plain("10.0.0.7") == 403
    assert plain("127.0.0.1", **{"sec-fetch-site": "cross-site"}) == 403
    assert len(world.log.events) == 1


def test_a_form_is_not_json(world: World) -> None:
    browser = world.browser()
    for content_type in ("text/plain", "application/x-www-form-urlencoded", ""):
        answer = browser.post("/api/actions", content=b"{}", headers={"content-type": content_type})
        assert answer.status_code == 415
    assert world.log.events == []


def test_a_host_that_is_not_ours_is_refused(world: World) -> None:
    browser = world.browser()
    assert browser.get("/api/status", headers={"host": "evil.example"}).status_code == 400
    assert browser.get("/api/status", headers={"host": "127.0.0.1.evil.example"}).status_code == 400
    for host in ("localhost:8000", "[::1]:8000", "console.example"):
        assert browser.get("/api/status", headers={"host": host}).status_code == 200


def test_a_large_body_is_refused_with_and_without_a_length(world: World) -> None:
    browser = world.browser()
    large = b'{"sql":"' + b"x" * 70_000 + b'"}'
    json_type = {"content-type": "application/json"}
    assert browser.post("/api/sql", content=large, headers=json_type).status_code == 413
    assert browser.post("/api/sql", content=iter([large[:100], large[100:]]), headers=json_type).status_code == 413
    assert world.store.asked == []


# SQL.


@pytest.mark.parametrize(
    ("fmt", "media_type"),
    [
        ("Pretty", "text/plain"),
        ("JSON", "application/json"),
        ("CSV", "text/csv"),
        ("JSONEachRow", "application/x-ndjson"),
    ],
)
def test_a_question_is_answered_in_the_format_asked_for(world: World, fmt: str, media_type: str) -> None:
    answer = world.browser().post("/api/sql", json={"sql": "SELECT 1", "format": fmt, "raw": True})
    assert answer.status_code == 200
    assert answer.content == b'{"n":1}\n'
    assert answer.headers["content-type"].startswith(media_type)
    assert world.store.asked == [("SELECT 1", fmt, True)]


@pytest.mark.parametrize(
    ("sql", "status", "text"),
    [
        ("DROP TABLE calls", 403, "Only reading"),
        ("SELEC", 400, "Syntax error"),
        ("SELECT away", 503, "cannot be reached"),
    ],
)
def test_why_a_question_was_not_answered_is_said(world: World, sql: str, status: int, text: str) -> None:
    answer = world.browser().post("/api/sql", json={"sql": sql})
    assert answer.status_code == status
    assert text in answer.json()["error"]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"sql": ""}, "sql"),
        ({}, "sql"),
        ({"sql": "SELECT 1", "format": "Native"}, "format"),
        ({"sql": "x", "raw": 7}, "raw"),
    ],
)
def test_a_bad_question_names_the_field(world: World, body: dict[str, object], field: str) -> None:
    answer = world.browser().post("/api/sql", json=body)
    assert answer.status_code == 422
    assert answer.json()["fields"][0]["field"] == field


def test_a_question_cannot_be_asked_by_a_link(world: World) -> None:
    assert world.browser().get("/api/sql", params={"sql": "SELECT 1"}).status_code in (404, 405)
    assert world.store.asked == []


# Dead letters.


def test_dead_letters_are_listed_page_by_page_without_their_bytes(world: World) -> None:
    browser = world.browser()
    seen: list[int] = []
    place: str | None = None
    while True:
        page = browser.get("/api/dead-letters", params={"limit": 2} | ({"before": place} if place else {})).json()
        seen += [UUID(row["event_id"]).int for row in page["rows"]]
        assert all("original_base64" not in row and row["size"] > 0 for row in page["rows"])
        place = page["next"]
        if place is None:
            break
    assert seen == [5, 4, 3, 2, 1]
    only = browser.get("/api/dead-letters", params={"reason": "invalid_field"}).json()
    assert [UUID(row["event_id"]).int for row in only["rows"]] == [4, 2]


def test_a_dead_letter_shows_its_bytes(world: World) -> None:
    browser = world.browser()
    text = browser.get(f"/api/dead-letters/{UUID(int=2)}").json()
    assert text["original_text"] == '{"confidence": 94}'
    binary = browser.get(f"/api/dead-letters/{UUID(int=3)}").json()
    assert (binary["original_text"], binary["original_base64"]) == (None, "/wA=")


def test_a_dead_letter_is_given_back_after_the_broker_confirmed(world: World) -> None:
    browser = world.browser()
    path = f"/api/dead-letters/{UUID(int=2)}/replay"
    world.log.away = True
    assert browser.post(path, json={}).status_code == 503
    world.log.away = False
    assert browser.post(path, json={}).json() == {"event_id": str(UUID(int=2))}
    assert world.letters.replayed == [UUID(int=2)]
    assert browser.post(f"/api/dead-letters/{UUID(int=77)}/replay", json={}).status_code == 404


@pytest.mark.parametrize(
    "query", ["limit=0", "limit=501", "limit=x", "before=yesterday", "before=2026-01-01T00:00:00_" + str(UUID(int=1))]
)
def test_bad_paging_is_refused(world: World, query: str) -> None:
    assert world.browser().get(f"/api/dead-letters?{query}").status_code == 422


def test_without_a_store_the_routes_that_need_it_say_so() -> None:
    browser = World(with_store=False).browser()
    assert browser.post("/api/sql", json={"sql": "SELECT 1"}).status_code == 503
    assert browser.get("/api/dead-letters").status_code == 503
    assert browser.get(f"/api/dead-letters/{UUID(int=2)}").status_code == 503
    assert browser.post(f"/api/dead-letters/{UUID(int=2)}/replay", json={}).status_code == 503


# Page and maps.


def _web(folder: Path) -> Path:
    web = folder / "web"
    (web / "assets").mkdir(parents=True)
    (web / "index.html").write_text("<!doctype html><title>w</title>")
    (web / "assets" / "index-B7kQx2aZ.js").write_text("1")
    (web / "favicon.svg").write_text("<svg/>")
    (folder / "secret.txt").write_text("secret")
    (web / "link.txt").symlink_to(folder / "secret.txt")
    return web


def test_the_page_is_asked_for_each_time_and_its_parts_are_kept(tmp_path: Path) -> None:
    browser = World(web_dir=_web(tmp_path)).browser()
    page = browser.get("/")
    assert page.status_code == 200
    assert page.headers["cache-control"] == "no-store"
    assert "immutable" in browser.get("/assets/index-B7kQx2aZ.js").headers["cache-control"]
    assert browser.get("/favicon.svg").headers["cache-control"] == "no-cache"


def test_the_field_page_is_the_same_page_with_its_parts_beneath_it(tmp_path: Path) -> None:
    browser = World(web_dir=_web(tmp_path)).browser()
    for path in ("/field", "/field/"):
        page = browser.get(path)
        assert page.text == browser.get("/").text
        assert page.headers["cache-control"] == "no-store"
    part = browser.get("/field/assets/index-B7kQx2aZ.js")
    assert part.status_code == 200
    assert "immutable" in part.headers["cache-control"]
    assert browser.get("/field/../secret.txt").status_code == 404
    assert browser.get("/fields").status_code == 404


def test_the_wall_is_the_same_page_at_its_own_address(tmp_path: Path) -> None:
    browser = World(web_dir=_web(tmp_path)).browser()
    wall = browser.get("/wall?profile=east&scale=1.5")
    assert (wall.status_code, wall.text) == (200, browser.get("/").text)
    assert wall.headers["cache-control"] == "no-store"
    assert browser.get("/wall/x").status_code == browser.get("/walls").status_code == 404


def test_every_answer_carries_the_protective_headers(tmp_path: Path) -> None:
    browser = World(web_dir=_web(tmp_path)).browser()
    answers = [
        browser.get("/"),
        browser.get("/api/health"),
        browser.get("/nowhere"),
        browser.get("/", headers={"host": "evil.example"}),
        browser.post("/api/actions", json={}, headers={"origin": "http://evil.example"}),
    ]
    for answer in answers:
        policy = answer.headers["content-security-policy"]
        assert "default-src 'self'" in policy
        assert "frame-ancestors 'none'" in policy
        assert "http" not in policy, "no other origin is named"
        assert "unsafe" not in policy, "nothing made on the spot is run or styles the page"
        assert "worker-src 'self';" in policy
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["referrer-policy"] == "no-referrer"
        assert "permissions-policy" in answer.headers
    assert answers[1].headers["cache-control"] == "no-store"


@pytest.mark.parametrize(
    "path", ["/../secret.txt", "/%2e%2e/secret.txt", "/assets/../../secret.txt", "/link.txt", "/%00"]
)
def test_nothing_outside_the_page_is_given_out(tmp_path: Path, path: str) -> None:
    answer = World(web_dir=_web(tmp_path)).browser().get(path)
    assert answer.status_code == 404
    assert "secret" not in answer.text


def test_without_a_built_page_the_server_says_how_to_build_it(tmp_path: Path) -> None:
    for folder in (None, tmp_path / "missing"):
        answer = World(web_dir=folder).browser().get("/")
        assert answer.status_code == 200
        assert "make setup" in answer.text


def test_no_page_of_ours_loads_scripts_from_elsewhere(world: World) -> None:
    browser = world.browser()
    assert browser.get("/docs").status_code == 404
    assert browser.get("/redoc").status_code == 404
    assert "/api/actions" in browser.get("/api/openapi.json").json()["paths"]


def test_maps_are_read_in_ranges_and_never_compressed(tmp_path: Path) -> None:
    (tmp_path / "city.pmtiles").write_bytes(bytes(range(256)) * 100)
    (tmp_path / "notes.txt").write_text("secret")
    browser = World(maps_dir=tmp_path).browser()
    part = browser.get("/maps/city.pmtiles", headers={"range": "bytes=256-511", "accept-encoding": "gzip"})
    assert part.status_code == 206
    assert part.content == bytes(range(256))
    assert part.headers["content-range"] == "bytes 256-511/25600"
    assert "content-encoding" not in part.headers
    etag = part.headers["etag"]
    assert browser.get("/maps/city.pmtiles", headers={"if-none-match": etag}).status_code == 304
    whole = browser.get("/maps/city.pmtiles")
    assert (whole.status_code, len(whole.content)) == (200, 25_600)
    assert browser.get("/maps/city.pmtiles", headers={"range": "bytes=999999-"}).status_code == 416
    assert browser.get("/maps/notes.txt").status_code == 404
    assert browser.get("/maps/other.pmtiles").status_code == 404
