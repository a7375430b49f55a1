"""A17 and rebids at the edge's door: what it remembers of calls, and what a snapshot may close."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from connectors.edge.app import create_edge
from connectors.edge.known_calls import KnownCalls
from schemas.envelope import Event
from schemas.events.dead_letter import DeadLetter
from schemas.events.emergency_call import EmergencyCall
from schemas.wire.publisher import BrokerUnavailableError
from tests.unit.test_call_sources import record

CONFIRMED = {"X-Watchfloor-Snapshot": "confirmed"}


class Log:
    """A broker that keeps what it confirms, or is away."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self.away = False

    async def publish(self, events: Sequence[Event]) -> None:
        if self.away:
            raise BrokerUnavailableError("away")
        self.events += events

    def closed(self) -> set[str]:
        return {one.number for one in self.events if isinstance(one, EmergencyCall) and one.status == "closed"}


class Door:
    """An edge whose clock goes on with each post."""

    def __init__(self, log: Log, path: Path) -> None:
        self.log = log
        self.path = path
        self.now = datetime(2026, 1, 15, 18, 30, tzinfo=UTC)
        self.known = KnownCalls(path, 0.5)
        self.client = self._client()

    def _client(self) -> TestClient:
        return TestClient(create_edge(self.log, known_calls=self.known, clock=self._clock))

    def _clock(self) -> datetime:
        return self.now

    def again(self) -> None:
        """The process ends, and another one opens the same file."""
        self.known.close()
        self.known = KnownCalls(self.path, 0.5)
        self.client = self._client()

    def post(self, path: str, value: Any, headers: dict[str, str] | None = None) -> Any:
        self.now += timedelta(seconds=10)
        return self.client.post(f"/ingest/{path}", json=value, headers=headers)


@pytest.fixture
def door(tmp_path: Path) -> Iterator[Door]:
    made = Door(Log(), tmp_path / "edge" / "known-calls.sqlite")
    yield made
    made.known.close()


def event(number: int, **members: Any) -> dict[str, Any]:
    at = "2026-01-15T18:00:00Z"
    return {"externalId": f"C{number}", "eventType": "ALARM", "priority": 2, "timestamp": at} | members


def opened(door: Door, count: int = 20) -> None:
    answer = door.post("cad/east", [event(number) for number in range(count)])
    assert (answer.status_code, answer.json()["accepted"]) == (200, count)


def test_a17_a_snapshot_with_a_twentieth_of_the_open_calls_is_held_and_closes_none(door: Door) -> None:
    opened(door)
    answer = door.post("cad/east/active", [event(0, priority=1)])
    assert answer.status_code == 200
    assert door.log.closed() == set()
    (refused,) = answer.json()["refused"]
    assert "19 of 20" in refused["error"]
    assert any(isinstance(one, DeadLetter) for one in door.log.events), "a person sees it among the dead letters"
    updated = [one for one in door.log.events if isinstance(one, EmergencyCall)][-1]
    assert (updated.number, updated.priority) == ("C0", 10), "what it says of the calls in it is taken"


def test_a17_an_empty_snapshot_is_held_and_kept(door: Door) -> None:
    opened(door, 2)
    answer = door.post("cad/east/active", [])
    assert answer.status_code == 422
    assert door.log.closed() == set()
    assert any(isinstance(one, DeadLetter) for one in door.log.events)


def test_a17_a_person_may_say_that_it_is_right(door: Door) -> None:
    opened(door)
    assert door.post("cad/east/active", [event(0)], CONFIRMED).status_code == 200
    assert door.log.closed() == {f"C{number}" for number in range(1, 20)}


def test_a17_a_snapshot_closes_what_is_missing_with_its_whole_state(door: Door) -> None:
    opened(door)
    answer = door.post("cad/east/active", [event(number) for number in range(1, 20)])
    assert answer.json()["refused"] == []
    (closed,) = [one for one in door.log.events if isinstance(one, EmergencyCall) and one.status == "closed"]
    assert (closed.number, closed.kind, closed.priority, closed.closed_at) == ("C0", "ALARM", 8, door.now)
    assert door.post("cad/east/active", {"events": [event(number) for number in range(1, 20)]}).json()["accepted"] == 19


def test_a17_calls_listed_by_id_alone_stay_open(door: Door) -> None:
    opened(door, 3)
    door.post("cad/east", {"active": ["C0", {"externalId": "C1"}, event(2)]})
    assert door.log.closed() == set()


def test_a17_a_call_that_changed_after_the_snapshot_is_left_alone(door: Door) -> None:
    opened(door, 3)
    before = (door.now - timedelta(minutes=5)).isoformat()
    door.post("cad/east", {"active": ["C0", "C1"], "asOf": before})
    assert door.log.closed() == set()


def test_a17_calls_of_another_source_stay_open(door: Door) -> None:
    opened(door, 3)
    door.post("cad/west", [event(7)])
    door.post("cad/west/active", [event(8)], CONFIRMED)
    assert door.log.closed() == {"C7"}


def test_a17_the_edge_knows_the_open_calls_after_a_restart(door: Door) -> None:
    opened(door, 4)
    door.again()
    door.post("cad/east/active", [event(1), event(2), event(3)])
    assert door.log.closed() == {"C0"}


def test_a17_what_the_broker_did_not_take_is_closed_when_it_is_sent_again_and_once(door: Door) -> None:
    opened(door, 4)
    snapshot = [event(1), event(2), event(3)]
    door.log.away = True
    assert door.post("cad/east/active", snapshot).status_code == 503
    door.log.away = False
    door.post("cad/east/active", snapshot)
    door.post("cad/east/active", snapshot)
    assert len([one for one in door.log.events if isinstance(one, EmergencyCall) and one.status == "closed"]) == 1


def test_a17_without_a_memory_a_snapshot_closes_nothing_and_says_so() -> None:
    log = Log()
    client = TestClient(create_edge(log))
    client.post("/ingest/cad/east", json=[event(1), event(2)])
    answer = client.post("/ingest/cad/east/active", json=[event(1)])
    assert "remembers no calls" in answer.json()["notices"][0]
    assert log.closed() == set()


def test_a_connector_without_snapshots_has_no_such_address(door: Door) -> None:
    assert door.post("avl/east/active", []).status_code == 404


def test_a13_a_rebid_in_another_post_and_after_a_restart_is_the_same_call(door: Door) -> None:
    def send(body: bytes) -> EmergencyCall:
        door.now += timedelta(seconds=30)
        answer = door.client.post("/ingest/ali/lines", content=body, headers={"content-type": "text/plain"})
        assert answer.status_code == 200
        last = door.log.events[-1]
        assert isinstance(last, EmergencyCall)
        return last

    first = send(record("WPH1", "1200", "18:28"))
    door.again()
    second = send(record("WPH2", "25", "18:29"))
    assert second.call_id == first.call_id
    assert second.updated_at > first.updated_at
    assert [place.role for place in second.locations if place.lat is not None] == ["caller", "tower"]
    resent = send(record("WPH2", "25", "18:29"))
    assert (resent.event_id, resent.locations) == (second.event_id, second.locations)
    assert send(record("WPH2", "25", "19:45")).call_id != first.call_id


def test_a2_an_eido_of_which_nothing_can_be_used_is_refused_and_kept(door: Door) -> None:
    answer = door.post("eido/east", {"$id": "urn:emergency:uid:incidentid:1:x"})
    assert (answer.status_code, answer.json()["refused"][0]["field"]) == (422, "/lastUpdateTimeStamp")
    (letter,) = door.log.events
    assert isinstance(letter, DeadLetter)
    assert letter.error.startswith("/lastUpdateTimeStamp: ")


def test_a5_a_priority_that_is_not_known_is_told_in_the_answer(door: Door) -> None:
    answer = door.post("cad/east", event(1, priority="P9"))
    assert (answer.json()["accepted"], len(answer.json()["notices"])) == (1, 1)
