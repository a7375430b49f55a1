"""The figures of each hop: counted once a frame, with the guard's outcomes by reason."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import msgspec
import pytest
from prometheus_client import REGISTRY

from connectors.edge.accepted_counts import AcceptedCounts
from dashboards.server.held import Held
from pipeline.guard import Guard
from pipeline.message import Message
from pipeline.outcome import DeadLetter, Drop, Emit, Outcome
from schemas.events.alert import ALERT
from schemas.events.plate_read import PLATE_READ
from schemas.events.sighting import SIGHTING
from schemas.identity import identity
from schemas.metrics import Newest, watch_queue
from schemas.wire.frame import encode_event, join_frame

READ = PLATE_READ.examples[0]


def value(name: str, **labels: str) -> float:
    return REGISTRY.get_sample_value(name, labels) or 0.0


def read(number: int) -> Any:
    return msgspec.structs.replace(READ, event_id=identity("metrics", number))


def test_the_newest_event_of_a_hop_is_as_old_as_the_edges_receipt_and_never_younger_than_it_was() -> None:
    now = READ.observed_at.timestamp()
    newest = Newest("test-hop", wall=lambda: now + 10)

    def age() -> float:
        return value("watchfloor_newest_event_age_seconds", hop="test-hop", type="plate_read")

    newest.note("plate_read", READ.observed_at)
    assert age() == pytest.approx(10)
    newest.note("plate_read", READ.observed_at - timedelta(seconds=60))
    assert age() == pytest.approx(10)
    newest.note("plate_read", READ.observed_at + timedelta(seconds=4))
    assert age() == pytest.approx(6)


def test_a_queue_is_asked_when_it_is_scraped_and_a_new_one_takes_the_place_of_the_old() -> None:
    waiting = [1, 2, 3]
    watch_queue("test-queue", lambda: len(waiting), 10)
    waiting.append(4)
    assert value("watchfloor_queue_items", queue="test-queue") == 4
    watch_queue("test-queue", lambda: 0, 20)
    assert value("watchfloor_queue_items", queue="test-queue") == 0
    assert value("watchfloor_queue_limit", queue="test-queue") == 20


class Fates:
    name = "test-fates"
    consumes = (PLATE_READ,)
    emits = (PLATE_READ,)

    def process(self, kind: Any, events: Any, partition: int) -> list[Outcome]:
        fates: list[Outcome] = [Emit((events[0], events[1])), Drop("seen"), Drop("seen"), DeadLetter("unknown", "no")]
        return fates[: len(events)]


def test_every_event_a_guard_was_given_is_counted_under_what_became_of_it() -> None:
    def decided() -> dict[tuple[str, str], float]:
        names = (("emit", ""), ("drop", "seen"), ("dead_letter", "unknown"), ("dead_letter", "not_json"))
        return {
            (outcome, reason): value(
                "watchfloor_processed_events_total", processor="test-fates", outcome=outcome, reason=reason
            )
            for outcome, reason in names
        }

    guard = Guard(Fates(), PLATE_READ, partitions=1)
    frame = join_frame([*(encode_event(read(number)) for number in range(4)), b'{"no": "read"}'])
    asyncio.run(guard.handle(Message(PLATE_READ.topic, 0, 7, None, frame, [])))
    asyncio.run(guard.handle(Message(PLATE_READ.topic, 0, 8, None, b"[", [])))
    assert decided() == {
        ("emit", ""): 1,
        ("drop", "seen"): 2,
        ("dead_letter", "unknown"): 1,
        ("dead_letter", "not_json"): 1,
    }
    assert value("watchfloor_emitted_events_total", processor="test-fates") == 2
    # The one that could not be read is a dead letter too: all six are accounted for.
    assert (
        sum(
            sample.value
            for family in REGISTRY.collect()
            for sample in family.samples
            if sample.name == "watchfloor_processed_events_total" and sample.labels["processor"] == "test-fates"
        )
        == 6
    )


class Log:
    async def publish(self, events: Any) -> None:
        pass


def test_what_an_edge_took_in_is_counted_by_type() -> None:
    def taken(kind: str) -> float:
        return value("watchfloor_edge_accepted_events_total", type=kind)

    def timed() -> float:
        return value("watchfloor_stage_seconds_count", stage="edge", type="plate_read")

    before = taken("plate_read"), taken("alert"), timed()
    asyncio.run(AcceptedCounts(Log(), "test").publish([read(1), ALERT.examples[0], read(2)]))
    assert (taken("plate_read"), taken("alert"), timed()) == (before[0] + 2, before[1] + 1, before[2] + 1)


def test_a_batch_is_measured_by_its_oldest_event_and_later_states_of_an_alert_are_no_latency() -> None:
    def pushed(stage: str, kind: str) -> tuple[float, float]:
        return tuple(value(f"watchfloor_stage_seconds_{part}", stage=stage, type=kind) for part in ("count", "sum"))  # type: ignore[return-value]

    now = READ.observed_at.timestamp() + 100
    sighting = msgspec.structs.replace(SIGHTING.examples[0], observed_at=READ.observed_at)
    later = msgspec.structs.replace(sighting, observed_at=READ.observed_at + timedelta(seconds=60))
    held = Held(SIGHTING)
    push, whole = pushed("push", "sighting"), pushed("whole", "sighting")
    held.note([sighting], now - 3, None)
    held.note([later], now - 1, None)
    assert held.handed_over(now, 0) == ""
    assert held.handed_over(now + 9, 0) == ""
    assert pushed("push", "sighting") == (push[0] + 1, pytest.approx(push[1] + 3))
    assert pushed("whole", "sighting") == (whole[0] + 1, pytest.approx(whole[1] + 100))

    alerts = Held(ALERT)
    push, whole = pushed("push", "alert"), pushed("whole", "alert")
    alerts.note([msgspec.structs.replace(ALERT.examples[0], rev=2)], now, None)
    alerts.handed_over(now, 0)
    assert pushed("push", "alert")[0] == push[0] + 1
    assert pushed("whole", "alert") == whole
