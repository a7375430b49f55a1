"""GET /api/contact, /api/markers and POST /api/names/search: what is told, what is recorded, what is refused."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import msgspec
import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from dashboards.server.app import create_server
from dashboards.server.contact import STOP_S, contact_router
from dashboards.server.hub import Hub
from dashboards.server.ports import StoreUnavailableError, TooSlowError
from schemas.contact import Contact, PersonQuery
from schemas.events.action import Action
from schemas.events.camera import CAMERA
from schemas.events.incident import INCIDENT
from schemas.events.marker import MARKER, Marker
from schemas.identity import identity
from tests.component.server_fixtures import WELL, Log


class History:
    """A history of which each part does what a test says."""

    def __init__(self, **parts: Any) -> None:
        self._parts = parts
        self.kept: dict[str, Marker] = {}
        self.asked: list[Contact] = []

    def parts(self, asked: Contact) -> Mapping[str, Coroutine[Any, Any, object]]:
        self.asked.append(asked)
        return {name: self._answer(what) for name, what in self._parts.items()}

    async def _answer(self, what: Any) -> object:
        if what == "hangs":
            await asyncio.Event().wait()
        if isinstance(what, Exception):
            raise what
        return what

    async def markers(self) -> object:
        return {"live": [], "expired": 0}

    async def marker(self, marker_id: str) -> Marker | None:
        return self.kept.get(marker_id)

    def number(self, text: str) -> str:
        return "+1" + text if text.isdigit() else ""


class People:
    """Finds the same one always, and remembers how much was recorded when it was asked."""

    def __init__(self, log: Log) -> None:
        self._log = log
        self.recorded: list[int] = []
        self.error: Exception | None = None

    async def find(self, asked: PersonQuery, limit: int) -> Sequence[object]:
        self.recorded.append(len(self._log.events))
        if self.error is not None:
            raise self.error
        return [{"person": {"person_id": "test:1"}, "grade": "strong"}]


class Desk:
    """A server with a history and people."""

    def __init__(self, history: History | None = None, **parts: Any) -> None:
        self.hub = Hub(version="test")
        self.log = Log()
        self.people = People(self.log)
        self.history = history or History(**parts)
        self.app = create_server(
            hub=self.hub, publisher=self.log, query=None, dead_letters=None, web_dir=None, maps_dir=None,
            vitals=lambda: WELL, people=self.people, contact=self.history,
        )  # fmt: skip
        self.client = client(self.app)


def client(app: FastAPI) -> TestClient:
    origin = "http://127.0.0.1:8000"
    return TestClient(app, base_url=origin, headers={"origin": origin}, raise_server_exceptions=False)


def quick(history: History, log: Log) -> TestClient:
    """A contact view that stops after 50 ms instead of two seconds."""
    app = FastAPI()
    app.include_router(contact_router(Hub(version="test"), history, log, stop_s=0.05))
    return client(app)


def test_h2_what_does_not_come_in_time_says_so_and_the_rest_is_there() -> None:
    log = Log()
    history = History(number={"repeat": True}, place="hangs", person=TooSlowError(), markers=StoreUnavailableError())
    answer = quick(history, log).get("/api/contact", params={"number": "5045550123"})
    assert answer.status_code == 200
    away = {"state": "unavailable", "text": "history unavailable"}
    assert answer.json()["parts"] == {
        "number": {"state": "ready", "found": {"repeat": True}},
        "place": away,
        "person": away,
        "markers": away,
    }


def test_h2_the_view_stops_within_two_seconds() -> None:
    assert 0 < STOP_S < 2


def test_h2_one_broken_part_takes_nothing_from_the_others() -> None:
    answer = Desk(number={"n": 1}, markers=ValueError("broken")).client.get("/api/contact", params={"number": "1"})
    assert {name: part["state"] for name, part in answer.json()["parts"].items()} == {
        "number": "ready", "markers": "unavailable",
    }  # fmt: skip


def test_h2_without_a_store_the_view_is_not_blank() -> None:
    app = FastAPI()
    app.include_router(contact_router(Hub(version="test"), None, Log()))
    parts = client(app).get("/api/contact", params={"number": "5045550123"}).json()["parts"]
    assert {part["text"] for part in parts.values()} == {"history unavailable"}
    assert parts.keys() == {"number", "markers"}


def test_a_log_that_is_away_keeps_the_view_from_nobody_and_is_told() -> None:
    desk = Desk(number={})
    desk.log.away = True
    answer = desk.client.get("/api/contact", params={"number": "5045550123"}).json()
    assert (answer["parts"]["number"]["state"], answer["recorded"]) == ("ready", False)


def test_a_view_is_recorded_with_what_was_asked() -> None:
    desk = Desk(number={})
    asked = {"number": "5045550123", "actor": "r.diaz", "reference": "C-26-7", "purpose": "call 7"}
    answer = desk.client.get("/api/contact", params=asked)
    (action,) = desk.log.events
    assert answer.json()["recorded"] is True
    assert isinstance(action, Action)
    assert (action.name, action.actor, action.note, action.details) == (
        "search.contact", "r.diaz", "call 7",
        {"number": "5045550123", "purpose_code": "call_handling", "reference": "C-26-7"},
    )  # fmt: skip


def test_a_live_call_is_reason_enough_and_any_other_purpose_must_be_said_whole() -> None:
    desk = Desk(number={})
    assert desk.client.get("/api/contact", params={"number": "1"}).status_code == 200
    other = {"number": "1", "purpose_code": "warrant", "reference": "26-0112", "purpose": "search warrant"}
    assert desk.client.get("/api/contact", params=other).status_code == 200
    for lacking in ("reference", "purpose"):
        assert desk.client.get("/api/contact", params=other | {lacking: ""}).status_code == 422
    assert desk.client.get("/api/contact", params=other | {"purpose_code": "gossip"}).status_code == 422
    assert len(desk.history.asked) == 2


def test_open_incidents_and_cameras_near_the_place_come_from_the_live_state_nearest_first() -> None:
    desk = Desk(number={})
    incident, camera = INCIDENT.examples[0], CAMERA.examples[0]

    def moved(kind: str, number: int, north_m: float, **changes: Any) -> Any:
        example, key = (incident, "incident_id") if kind == "incident" else (camera, "camera_id")
        ids = {key: identity("test", number) if kind == "incident" else str(number)}
        return msgspec.structs.replace(
            example,
            event_id=identity("near", kind, number),
            lat=29.95 + north_m / 111_195,
            lon=-90.07,
            **ids,
            **changes,
        )

    incidents = [moved("incident", 1, 300), moved("incident", 2, 100), moved("incident", 3, 600)]
    closed = moved("incident", 4, 10, status="closed", closed_at=incident.opened_at)
    desk.hub.offer(INCIDENT, [*incidents, closed], 0.0)
    desk.hub.offer(CAMERA, [moved("camera", 1, 40), moved("camera", 2, 5_000)], 0.0)
    asked = {"lat": 29.95, "lon": -90.07}
    before = desk.client.get("/api/contact", params=asked).json()["parts"]
    assert before["incidents"] == {"state": "unavailable", "text": "history unavailable"}
    desk.hub.caught_up()
    parts = desk.client.get("/api/contact", params=asked).json()["parts"]
    assert [one["distance_m"] for one in parts["incidents"]["found"]] == [100, 300]
    assert [(one["camera_id"], one["distance_m"]) for one in parts["cameras"]["found"]] == [("1", 40)]


@pytest.mark.parametrize(
    "asked", [{}, {"lat": 29.9}, {"lat": 99, "lon": 0}, {"born": "1990-11-02"}, {"name": "x", "born": "11/02/1990"}]
)
def test_a_view_of_nothing_or_of_no_place_is_refused(asked: dict[str, Any]) -> None:
    desk = Desk(number={})
    assert desk.client.get("/api/contact", params=asked).status_code == 422
    assert desk.history.asked == []


QUESTION = {
    "name": "Katherine Exampel", "born": "1990-11-02", "actor": "r.diaz", "purpose_code": "welfare_check",
    "reference": "26-0112", "purpose": "not seen for two days",
}  # fmt: skip


def test_g11_a_search_is_recorded_with_its_purpose_before_it_runs() -> None:
    desk = Desk()
    answer = desk.client.post("/api/names/search", json=QUESTION)
    assert answer.json() == {"people": [{"person": {"person_id": "test:1"}, "grade": "strong"}]}
    assert desk.people.recorded == [1]
    (action,) = desk.log.events
    assert isinstance(action, Action)
    assert (action.name, action.actor, action.note) == ("search.name", "r.diaz", "not seen for two days")
    assert action.details == {
        "name": "Katherine Exampel", "born": "1990-11-02", "purpose_code": "welfare_check", "reference": "26-0112",
    }  # fmt: skip


def test_g11_a_search_that_cannot_be_recorded_does_not_run() -> None:
    desk = Desk()
    desk.log.away = True
    assert desk.client.post("/api/names/search", json=QUESTION).status_code == 503
    assert desk.people.recorded == []


@pytest.mark.parametrize(
    "change",
    [
        {"purpose": ""}, {"purpose": "  "}, {"reference": ""}, {"purpose_code": "gossip"}, {"actor": ""}, {"name": ""},
        {"born": "90"},
    ],
)  # fmt: skip
def test_g11_a_search_without_purpose_actor_or_name_is_refused(change: dict[str, str]) -> None:
    desk = Desk()
    assert desk.client.post("/api/names/search", json=QUESTION | change).status_code == 422
    assert (desk.people.recorded, desk.log.events) == ([], [])


def test_a_search_that_takes_too_long_says_what_to_do() -> None:
    desk = Desk()
    desk.people.error = TooSlowError()
    answer = desk.client.post("/api/names/search", json=QUESTION)
    assert (answer.status_code, "birth date" in answer.json()["error"]) == (504, True)


def a_marker(**changes: Any) -> dict[str, Any]:
    body = {
        "key": str(uuid4()),
        "category": "warning",
        "kind": "dog",
        "subject_kind": "place",
        "subject": "500 Bourbon St",
        "text": "Two large dogs.",
        "origin": "Report 26-0099",
        "review_at": (datetime.now(UTC) + timedelta(days=90)).isoformat(),
        "actor": "r.diaz",
    } | changes
    return {name: value for name, value in body.items() if value is not None}


@pytest.mark.parametrize(
    "change",
    [
        {"review_at": None},
        {"review_at": "2020-01-01T00:00:00Z"},
        {"review_at": "2199-01-01T00:00:00Z"},
        {"review_at": (datetime.now(UTC) + timedelta(days=90)).replace(tzinfo=None).isoformat()},
        {"origin": None},
        {"expires_at": (datetime.now(UTC) + timedelta(days=1)).isoformat()},
        {"category": "gossip"},
        {"subject_kind": "phone", "subject": "no number"},
        {"lat": 29.9},
    ],
)
def test_h3_a_marker_without_its_origin_or_a_review_ahead_is_refused(change: dict[str, Any]) -> None:
    desk = Desk()
    assert desk.client.post("/api/markers", json=a_marker(**change)).status_code == 422
    assert desk.log.events == []


def test_h3_a_marker_ends_thirty_days_after_its_review_unless_told() -> None:
    desk = Desk()
    body = a_marker()
    assert desk.client.post("/api/markers", json=body).status_code == 200
    (marker,) = desk.log.events
    assert isinstance(marker, Marker)
    assert marker.expires_at - marker.review_at == timedelta(days=30)
    assert (marker.marker_id, marker.changed_by, marker.subject) == (f"desk:{body['key']}", "r.diaz", "500 Bourbon St")


def test_a_number_is_kept_in_one_form_and_a_marker_sent_twice_is_one() -> None:
    desk = Desk()
    body = a_marker(subject_kind="phone", subject="5045550123")
    for _ in range(2):
        assert desk.client.post("/api/markers", json=body).status_code == 200
    first, second = desk.log.events
    assert isinstance(first, Marker)
    assert (first.subject, first.event_id) == ("+15045550123", second.event_id)


def test_a_marker_is_taken_back_with_who_and_why_and_stays_in_the_history() -> None:
    desk = Desk()
    kept: Marker = MARKER.examples[0]
    desk.history.kept[kept.marker_id] = kept
    body = {"marker_id": kept.marker_id, "actor": "a.lee", "why": "The dogs have moved."}
    assert desk.client.post("/api/markers/remove", json=body).status_code == 200
    (gone,) = desk.log.events
    assert isinstance(gone, Marker)
    assert (gone.is_removed, gone.changed_by, gone.marker_id) == (True, "a.lee", kept.marker_id)
    assert "The dogs have moved." in gone.text
    assert gone.changed_at > kept.changed_at
    assert desk.client.post("/api/markers/remove", json=body | {"marker_id": "desk:none"}).status_code == 404
