"""A canary goes the way of a read and is counted nowhere; what only resembles one is a read."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import msgspec
import pytest
from msgspec.structs import replace
from starlette.testclient import TestClient

from compose.canary import PAYLOADS, _judged, _Shown
from connectors.edge.accepted_counts import AcceptedCounts
from connectors.edge.app import create_edge
from connectors.registry import webhooks
from pipeline.ledger.log_tally import entries
from pipeline.outcome import Emit
from pipeline.processors.sightings import Sightings
from schemas.canary import INSTANCE, is_canary, plate_of
from schemas.envelope import Event
from schemas.events.canary import Canary
from schemas.events.plate_read import PLATE_READ, PlateRead
from schemas.wire.frame import encode_frame
from tests.unit.facts import read, reference, wanted

NOW = datetime(2026, 1, 15, 18, 30, 5, tzinfo=UTC)
PLATE = plate_of(0xC0FFEE)


class Log:
    def __init__(self) -> None:
        self.events: list[Event] = []

    async def publish(self, events: Sequence[Event]) -> None:
        self.events += events


def taken(connector: str, instance: str, plate: str) -> PlateRead:
    """What the edge makes of a payload."""
    log = Log()
    with TestClient(create_edge(log)) as client:
        answer = client.post(f"/ingest/{connector}/{instance}", json=PAYLOADS[connector](plate, NOW))
    assert (answer.status_code, answer.json()["accepted"]) == (200, 1)
    (event,) = log.events
    assert isinstance(event, PlateRead)
    return event


def test_every_webhook_connector_of_plate_reads_has_a_canary() -> None:
    assert PAYLOADS.keys() == {name for name, one in webhooks().items() if "plate_read" in one.manifest.emits}


@pytest.mark.parametrize("connector", sorted(PAYLOADS))
def test_a_canary_becomes_an_event_of_its_own_and_no_sighting_or_alert(connector: str) -> None:
    made = taken(connector, INSTANCE, PLATE)
    assert made.plate == PLATE
    assert made.synthetic
    assert is_canary(made)
    facts = reference(entries=(wanted(PLATE),))
    (outcome,) = Sightings(facts).process(PLATE_READ, [made], 0)
    assert isinstance(outcome, Emit)
    (event,) = outcome.events
    assert isinstance(event, Canary)
    assert (event.event_id, event.plate, event.source) == (made.event_id, PLATE, f"{connector}/{INSTANCE}")


@pytest.mark.parametrize(("instance", "plate"), [("canary", "ABC123"), ("east", PLATE), ("canary", PLATE + "1")])
def test_a_real_read_that_has_only_some_of_the_marks_is_a_read(instance: str, plate: str) -> None:
    made = taken("rekor", instance, plate)
    assert not made.synthetic
    assert not is_canary(made)
    facts = reference(entries=(wanted(plate),))
    (outcome,) = Sightings(facts).process(PLATE_READ, [made], 0)
    assert isinstance(outcome, Emit)
    assert [type(event).__name__ for event in outcome.events] == ["Sighting", "Alert"]


def test_the_ledger_counts_no_canary_neither_accepted_nor_in_the_log() -> None:
    canary = replace(read(PLATE), source="rekor/canary", synthetic=True)
    simulated = replace(read("SIM123", 2), source="rekor/canary", synthetic=True)
    real = read("ABC123", 3)

    async def accepted() -> list[str]:
        counts = AcceptedCounts(Log(), "test")
        await counts.publish([canary, simulated, real])
        return sorted(one.counted_source for one in counts.due() for _ in range(one.count))

    logged = [entry.event_id for entry in entries(PLATE_READ, 0, 0, encode_frame([canary, simulated, real]), 0)]
    assert asyncio.run(accepted()) == ["rekor/canary", "test/reads"]
    assert logged == [simulated.event_id, real.event_id]


@pytest.mark.parametrize(
    ("source", "number", "after_s", "plate"),
    [
        ("rekor/canary", 1, -60.0, plate_of(1)),
        ("rekor/canary", 7, 0.4, plate_of(1)),
        ("rekor/canary", 7, -0.9, plate_of(1)),  # a vendor that tells whole seconds
        ("rekor/canary", 7, -2.0, ""),
        ("axis/canary", 7, 2.0, ""),
    ],
)
def test_a_later_canary_of_the_same_connector_stands_for_ours_on_a_screen(
    source: str, number: int, after_s: float, plate: str
) -> None:
    at = NOW + timedelta(seconds=0.95)
    shown = _Shown({"rekor": plate_of(1), "flock": plate_of(2)}, at)
    row = {"source": source, "plate": plate_of(number), "occurred_at": encoded(at + timedelta(seconds=after_s))}
    assert shown.of(row) == plate


def encoded(moment: datetime) -> str:
    """As a row on a screen has it."""
    return str(msgspec.to_builtins(moment))


@pytest.mark.parametrize(
    ("refused", "seen", "stored", "stage"),
    [
        ("", 10.2, 10.5, ""),
        ("the edge does not answer", None, None, "door"),
        ("", None, None, "processing"),
        ("", None, 10.5, "screen"),
        ("", 10.2, None, "store"),
    ],
)
def test_the_stage_that_it_did_not_pass_is_named(
    refused: str, seen: float | None, stored: float | None, stage: str
) -> None:
    flight = _judged("rekor", NOW, (refused, 10.0, 10.1), seen, stored, 20.0)
    assert flight.stage == stage
    assert bool(flight.fault) == bool(stage)
    if not stage:
        assert (flight.door_ms, flight.screen_ms, flight.stored_ms) == (100.0, 200.0, 500.0)
    assert PLATE not in json.dumps(flight.fault)
