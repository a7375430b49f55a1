"""What the guard promises, on a live broker with real worker processes and a ledger of every id as the judge."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import msgspec
import pytest
from kafka import KafkaProducer
from kafka.admin import KafkaAdminClient
from msgspec.structs import replace

from schemas.events.dead_letter import DEAD_LETTER, DeadLetter
from schemas.events.plate_read import EXAMPLE, PLATE_READ, PlateRead
from schemas.events.sighting import SIGHTING
from schemas.identity import identity
from schemas.wire.frame import FrameDecoder, encode_event, encode_frame
from schemas.wire.reader import LogReader
from tests.live_broker import LiveBroker

WORKER = Path(__file__).with_name("guarded_worker.py")


class Worker:
    """A worker process that the test starts, kills and waits for."""

    def __init__(self, broker: LiveBroker, ledger: Path, fault: str) -> None:
        self.log = ledger.with_suffix(f".{time.monotonic_ns()}.log")
        with self.log.open("wb") as output:
            self.process = subprocess.Popen(
                [
                    sys.executable,
                    str(WORKER),
                    msgspec.json.encode(broker).decode(),
                    "delivery-test",
                    str(ledger),
                    fault,
                ],
                stdout=output,
                stderr=output,
                env={**os.environ, "PYTHONPATH": str(WORKER.parents[2])},
            )

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()

    def end(self) -> int:
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(20)


def read_of(number: int, plate: str | None = None) -> PlateRead:
    return replace(EXAMPLE, event_id=identity("plate_read", "test", number), plate=plate or f"T{number:06d}")


def put(broker: LiveBroker, values: list[tuple[int, bytes]]) -> None:
    producer = KafkaProducer(bootstrap_servers=broker.address, acks="all", **broker.config)
    for future in [producer.send(PLATE_READ.topic, value, partition=place) for place, value in values]:
        future.get(10)
    producer.close()


def outputs(broker: LiveBroker) -> tuple[Counter[str], list[DeadLetter]]:
    """Return how often each sighting id was put out, and the dead letters."""
    seen: Counter[str] = Counter()
    letters: list[DeadLetter] = []
    reader = LogReader(
        broker.address, (SIGHTING, DEAD_LETTER), client_id="judge", fetch_max_wait_ms=20, **broker.config
    )
    decoders = {kind.topic: FrameDecoder(kind) for kind in (SIGHTING, DEAD_LETTER)}
    for records in reader.read_to_end():
        for record in records:
            events = decoders[record.kind.topic].decode(record.value).events
            if record.kind is DEAD_LETTER:
                letters.extend(events)
            else:
                seen.update(str(event.event_id) for event in events)
    reader.close()
    return seen, letters


def committed(broker: LiveBroker) -> dict[int, int]:
    admin = KafkaAdminClient(bootstrap_servers=broker.address, **broker.config)
    try:
        offsets = admin.list_group_offsets({"delivery-test": None})["delivery-test"]
    finally:
        admin.close()
    return {place.partition: meta.offset for place, meta in offsets.items() if place.topic == PLATE_READ.topic}


def wait_until(broker: LiveBroker, wanted: dict[int, int], seconds: float = 60.0) -> None:
    """Wait until the group has committed these offsets."""
    deadline = time.monotonic() + seconds
    while True:
        now = committed(broker)
        if all(now.get(place, 0) >= offset for place, offset in wanted.items()):
            return
        if time.monotonic() > deadline:
            pytest.fail(f"committed {now}, wanted {wanted}")
        time.sleep(0.2)


def test_a_poisoned_event_is_dead_lettered_alone_with_its_bytes_and_the_rest_goes_on(
    broker: LiveBroker, tmp_path: Path
) -> None:
    good = [read_of(number) for number in range(6)]
    poison = b'{"event_id": "not an id", "confidence": 94}'
    raising = read_of(99, "POISON1")
    broken_frame = b'[{"event_id": '
    lone = encode_event(read_of(7))
    frame = (
        b"[" + b",".join([encode_event(good[0]), poison, *map(encode_event, good[1:4]), encode_event(raising)]) + b"]"
    )
    put(broker, [(1, frame), (1, broken_frame), (1, lone), (1, encode_frame(good[4:]))])
    worker = Worker(broker, tmp_path / "ledger", "raise")
    wait_until(broker, {1: 4})
    seen, letters = outputs(broker)
    assert worker.end() == 0
    assert set(seen) == {str(event.event_id) for event in [*good, read_of(7)]}
    by_index = {(letter.offset, letter.index): letter for letter in letters}
    assert by_index[0, 1].original == poison
    assert by_index[0, 1].reason == "invalid_field"
    assert "event_id" in by_index[0, 1].error
    assert by_index[0, 5].original == encode_event(raising)
    assert by_index[0, 5].reason == "rule_failed"
    assert by_index[1, -1].original == broken_frame
    assert by_index[1, -1].reason == "not_json"
    assert len(by_index) == 3


def test_an_outcome_that_cannot_be_made_durable_ends_the_process_unacknowledged(
    broker: LiveBroker, tmp_path: Path
) -> None:
    put(broker, [(0, encode_frame([read_of(1)]))])
    worker = Worker(broker, tmp_path / "ledger", "output")
    assert worker.process.wait(60) == 70
    assert committed(broker).get(0, 0) <= 0
    repaired = Worker(broker, tmp_path / "ledger", "none")
    wait_until(broker, {0: 1})
    assert repaired.end() == 0
    assert set(outputs(broker)[0]) == {str(read_of(1).event_id)}


def test_workers_killed_in_mid_frame_lose_nothing(broker: LiveBroker, tmp_path: Path) -> None:
    seed = int(os.environ.get("WATCHFLOOR_TEST_SEED", "20260115"))
    print(f"seed {seed}")
    dice = random.Random(seed)
    frames = [[read_of(frame * 50 + at) for at in range(50)] for frame in range(60)]
    put(broker, [(at % 4, encode_frame(frame)) for at, frame in enumerate(frames)])
    ledger = tmp_path / "ledger"
    kills = 0
    for _ in range(3):
        worker = Worker(broker, ledger, "slow")
        before = ledger.stat().st_size if ledger.exists() else 0
        deadline = time.monotonic() + 60
        while (ledger.stat().st_size if ledger.exists() else 0) == before and time.monotonic() < deadline:
            time.sleep(0.02)
        time.sleep(dice.uniform(0.05, 1.0))
        worker.kill()
        kills += 1
    last = Worker(broker, ledger, "none")
    wait_until(broker, dict.fromkeys(range(4), 15), 90)
    assert last.end() == 0
    wanted = {str(event.event_id) for frame in frames for event in frame}
    assert set(ledger.read_text().split()) == wanted, "every event was processed"
    seen, letters = outputs(broker)
    assert set(seen) == wanted, "every event was put out"
    assert letters == []
    print(f"{kills} kills, {sum(seen.values()) - len(wanted)} outputs came twice")
