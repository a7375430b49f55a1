"""GET and POST /api/noise: what is known is told, and a person's word goes into the log as an action."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from starlette.testclient import TestClient

from dashboards.server.app import create_server
from dashboards.server.hub import Hub
from dashboards.server.ports import StoreUnavailableError
from schemas.events.action import Action
from schemas.events.plate_noise import EXAMPLE, PlateNoise
from tests.component.server_fixtures import KEY, WELL, Log


class Known:
    """Noise in memory."""

    def __init__(self) -> None:
        self.away = False

    async def list(self) -> Sequence[PlateNoise]:
        if self.away:
            raise StoreUnavailableError
        return [EXAMPLE]


def browser(log: Log, known: Known | None) -> TestClient:
    app = create_server(
        hub=Hub(version="test"), publisher=log, query=None, dead_letters=None, web_dir=None, maps_dir=None,
        vitals=lambda: WELL, noise=known,
    )  # fmt: skip
    return TestClient(
        app,
        base_url="http://127.0.0.1:8000",
        headers={"origin": "http://127.0.0.1:8000"},
        raise_server_exceptions=False,
    )


def word(**changes: Any) -> dict[str, Any]:
    return {"key": KEY, "camera_id": "C1", "plate": "EXIT", "is_noise": False, "actor": "r.diaz", "note": "n"} | changes


def test_what_is_known_is_told_with_the_counts_it_was_learnt_from() -> None:
    (row,) = browser(Log(), Known()).get("/api/noise").json()["rows"]
    assert (row["noise_id"], row["is_noise"], row["hours"], row["reads"]) == ("1000/EXIT", True, 24, 1440)
    assert row["doubts"] == ["a word of signs"]


@pytest.mark.parametrize("known", [None, "away"])
def test_without_a_store_it_says_so(known: str | None) -> None:
    noise = Known() if known else None
    if noise is not None:
        noise.away = True
    answer = browser(Log(), noise).get("/api/noise")
    assert answer.status_code == 503
    assert answer.json()["error"]


def test_a_word_is_an_action_in_the_log_and_the_same_key_is_the_same_action() -> None:
    log = Log()
    page = browser(log, Known())
    for _ in range(2):
        assert page.post("/api/noise", json=word(plate="ex-it")).json()["noise_id"] == "C1/EXIT"
    first, second = log.events
    assert isinstance(first, Action)
    assert (first.name, first.subject_id, first.actor, first.note) == ("noise.undo", "C1/EXIT", "r.diaz", "n")
    assert first.event_id == second.event_id
    page.post("/api/noise", json=word(is_noise=True, key="0b1de8a6-0d5c-4b6c-9b0a-0d3f2c9a7e11"))
    assert isinstance(log.events[-1], Action)
    assert log.events[-1].name == "noise.declare"


@pytest.mark.parametrize(
    "changes", [{"plate": "--"}, {"plate": "A" * 21}, {"camera_id": " "}, {"camera_id": "c" * 191}, {"actor": ""}]
)
def test_a_word_on_nothing_that_a_camera_could_read_is_refused(changes: dict[str, str]) -> None:
    log = Log()
    assert browser(log, Known()).post("/api/noise", json=word(**changes)).status_code == 422
    assert log.events == []


def test_a_word_that_the_broker_did_not_take_is_not_said_to_be_saved() -> None:
    log = Log()
    log.away = True
    assert browser(log, Known()).post("/api/noise", json=word()).status_code == 503


def test_a_foreign_page_may_say_nothing() -> None:
    log = Log()
    answer = browser(log, Known()).post("/api/noise", json=word(), headers={"origin": "http://evil.example"})
    assert answer.status_code == 403
    assert log.events == []
