"""What a role answers at /health, /ready and /metrics, also while it is starting, broken or standing still."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import httpx2
import pytest

from compose.observability import signs
from compose.observability.exposition import exposed
from compose.observability.signs import STANDS_STILL_S, Signs
from compose.roles import edge_log
from compose.roles.engine_health import engine_fault
from compose.roles.process import REFERENCE_LATE_S, _reference_fault


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def role(clock: Clock) -> Signs:
    return Signs("process", clock)


@pytest.fixture
def url(role: Signs) -> Iterator[str]:
    with exposed(role, "127.0.0.1", 0) as port:
        yield f"http://127.0.0.1:{port}"


def test_a_role_is_live_and_not_ready_while_something_is_wrong_with_it(role: Signs, url: str) -> None:
    fault = "Cameras are still being read."
    role.watch("reference", lambda: fault)
    role.note("spool", lambda: "3 events wait.")
    assert httpx2.get(f"{url}/health").status_code == 200
    answer = httpx2.get(f"{url}/ready")
    assert answer.status_code == 503
    assert answer.json() == {
        "role": "process", "live": True, "ready": False, "wrong": {"reference": fault},
        "notes": {"spool": "3 events wait."},
    }  # fmt: skip
    assert "watchfloor_ready 0.0" in httpx2.get(f"{url}/metrics").text
    fault = ""
    assert httpx2.get(f"{url}/ready").status_code == 200
    assert "watchfloor_ready 1.0" in httpx2.get(f"{url}/metrics").text


def test_a_role_that_stands_still_is_neither_and_says_for_how_long(role: Signs, url: str, clock: Clock) -> None:
    clock.now = STANDS_STILL_S + 5
    for path in ("/health", "/ready"):
        answer = httpx2.get(f"{url}{path}")
        assert answer.status_code == 503
        assert answer.json()["wrong"] == {"loop": "The process has stood still for 15 s."}
    assert "watchfloor_loop_late_seconds 14.5" in httpx2.get(f"{url}/metrics").text


def test_a_loop_that_comes_round_shows_it(role: Signs, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(signs, "BEAT_S", 0.0)

    async def run() -> None:
        clock.now = 100.0
        beating = asyncio.create_task(role.beat())
        while role.still_s():
            await asyncio.sleep(0)
        beating.cancel()

    asyncio.run(run())
    assert role.state()["live"]


def test_who_cannot_say_how_he_is_is_not_well_and_nothing_of_his_error_is_told(role: Signs, url: str) -> None:
    def broken() -> str:
        raise KeyError("ZEBRA77")

    role.watch("engine", broken)
    answer = httpx2.get(f"{url}/ready")
    assert answer.json()["wrong"] == {"engine": "It cannot be told (KeyError)."}


def test_other_paths_and_methods_are_refused(url: str) -> None:
    assert httpx2.get(f"{url}/").status_code == 404
    assert httpx2.post(f"{url}/metrics").status_code == 405
    assert httpx2.head(f"{url}/health").status_code == 200


def test_a_role_does_not_die_of_a_port_that_is_taken(role: Signs) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        with exposed(role, "127.0.0.1", other.getsockname()[1]) as port:
            assert port == -1


def test_signs_belong_to_the_role_that_runs_here(role: Signs) -> None:
    with signs.of(role):
        assert signs.here() is role
    assert signs.here() is not role


def follower(**changes: Any) -> Any:
    ready = SimpleNamespace(is_set=lambda: True)
    return SimpleNamespace(**{"failure": "", "behind_s": 0.1, "ready": ready, **changes})


@pytest.mark.parametrize(
    ("state", "told"),
    [
        ({}, ""),
        ({"behind_s": None}, "Cameras, zones and hotlists are still being read."),
        ({"ready": SimpleNamespace(is_set=lambda: False)}, "Cameras, zones and hotlists are still being read."),
        ({"behind_s": REFERENCE_LATE_S + 5}, "Cameras, zones and hotlists were last read 20 s ago."),
        ({"failure": "KeyError at x:1"}, "The reader of cameras, zones and hotlists has failed."),
    ],
)
def test_processors_are_not_ready_without_the_facts_that_rules_need(state: dict[str, Any], told: str) -> None:
    assert _reference_fault(follower(**state)) == told


@pytest.mark.parametrize(
    ("crashed", "started", "partitions", "told"),
    [
        (False, True, 4, ""),
        (False, False, 0, "It is joining the group."),
        (False, True, 0, "No partition is assigned to this worker."),
        (True, True, 4, "The engine has crashed."),
    ],
)
def test_a_worker_is_ready_when_it_has_partitions(crashed: bool, started: bool, partitions: int, told: str) -> None:
    engine: Any = SimpleNamespace(crashed=crashed, started=started, assigned_partitions=partitions)
    assert engine_fault(engine) == told


def test_an_edge_that_spools_is_ready_and_says_so_and_one_that_takes_nothing_is_not() -> None:
    spool: Any = SimpleNamespace(broker_away=True, events=3, alarm="", refusing="")
    assert edge_log._spooling(spool) == "Spooling: 3 events wait here for the broker."
    assert edge_log._refusing(spool) == ""
    spool.refusing = "it is full"
    assert edge_log._refusing(spool) == "Nothing is taken: it is full."
    spool.broker_away, spool.events, spool.refusing = False, 0, ""
    assert (edge_log._spooling(spool), edge_log._refusing(spool)) == ("", "")
