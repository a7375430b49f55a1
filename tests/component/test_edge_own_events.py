"""Events posted in our own form."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest

from schemas.envelope import Event
from schemas.events.camera_health import EXAMPLE as HEALTH
from schemas.events.dead_letter import DeadLetter
from schemas.events.emergency_call import EXAMPLE as CALL
from schemas.events.plate_read import EXAMPLE as READ
from schemas.events.plate_read import PlateRead
from schemas.wire.frame import encode_event
from tests.component.edge_door import JSON, NOW, Log, edge


@pytest.mark.parametrize(("kind", "event"), [("plate_read", READ), ("emergency_call", CALL), ("camera_health", HEALTH)])
def test_an_event_in_our_own_form_keeps_its_id_and_gets_our_clock(kind: str, event: Event) -> None:
    log = Log()
    answer = edge(log).post(f"/ingest/events/{kind}", content=encode_event(event), headers=JSON)
    assert answer.json() == {"accepted": 1, "ignored": [], "refused": []}
    assert log.events == [msgspec.structs.replace(event, observed_at=NOW)]


def test_the_bad_events_of_an_array_are_set_aside_alone() -> None:
    log = Log()

    def bad(**changes: Any) -> bytes:
        return json.dumps({**json.loads(encode_event(READ)), **changes}).encode()

    body = (
        b"[" + b",".join([bad(confidence=94), encode_event(READ), bad(plate="abc 123"), bad(occurred_at="now")]) + b"]"
    )
    answer = edge(log).post("/ingest/events/plate_read", content=body, headers=JSON)
    assert answer.json()["accepted"] == 1
    assert [(part["index"], part["field"]) for part in answer.json()["refused"]] == [
        (0, "[0].confidence"),
        (2, "[2].plate"),
        (3, "[3].occurred_at"),
    ]
    assert [type(event) for event in log.events] == [PlateRead, DeadLetter, DeadLetter, DeadLetter]


def test_only_what_a_source_may_state_is_taken_in_our_own_form() -> None:
    answer = edge(Log()).post("/ingest/events/alert", content=b"{}", headers=JSON)
    assert answer.status_code == 404
    assert "plate_read" in answer.json()["error"]
