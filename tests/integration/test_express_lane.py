"""Behind a backlog of ordinary reads, a hit is announced at once, and once."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import pytest
from kafka.admin import KafkaAdminClient
from msgspec.structs import replace

from compose.local import environment
from compose.roles.broker_settings import PROCESS_GROUP
from schemas.events.alert import ALERT, Alert
from schemas.events.plate_read import PLATE_READ
from schemas.events.sighting import SIGHTING, Sighting
from schemas.wire.frame import FrameDecoder, encode_frame
from schemas.wire.reader import LogReader
from tests.integration.test_delivery_on_a_live_broker import put, read_of
from tests.live_broker import LiveBroker

SLOW = Path(__file__).with_name("slow_process.py")
FRAMES = 40
HOTLIST = "plate,state,reason,case_number,severity\nRUN1234,LA,Stolen,26-7,P1\n"


def committed(broker: LiveBroker) -> int:
    admin = KafkaAdminClient(bootstrap_servers=broker.address, **broker.config)
    try:
        offsets = admin.list_group_offsets({PROCESS_GROUP: None})[PROCESS_GROUP]
    finally:
        admin.close()
    return max((meta.offset for place, meta in offsets.items() if place.topic == PLATE_READ.topic), default=0)


def seen(reader: LogReader, into: list[Alert | Sighting]) -> list[Alert]:
    for record in reader.poll(0.2):
        into.extend(FrameDecoder(record.kind).decode(record.value).events)
    return [event for event in into if isinstance(event, Alert)]


@pytest.mark.parametrize("lane", [True, False], ids=["with_lane", "without_lane"])
def test_a_wanted_plate_read_last_is_announced_before_the_backlog_is_drained_and_once(
    broker: LiveBroker, tmp_path: Path, lane: bool
) -> None:
    settings = broker.settings().model_copy(
        update={"data_dir": tmp_path / "data", "express_after_s": 1.0 if lane else 3600.0}
    )
    env = {**os.environ, **environment(settings), "PYTHONPATH": str(SLOW.parents[2])}
    (tmp_path / "list.csv").write_text(HOTLIST)
    load = [
        sys.executable,
        "-m",
        "compose.cli",
        "hotlist",
        "load",
        str(tmp_path / "list.csv"),
        "--list",
        "stolen",
        "--trusted-extract",
    ]
    subprocess.run(load, env=env, check=True, capture_output=True, timeout=60)

    now = datetime.now(UTC)
    reads = [
        replace(read_of(number), occurred_at=now, observed_at=now, plate="RUN1234" if number == last else f"T{number}")
        for last in [FRAMES * 20 - 1]
        for number in range(FRAMES * 20)
    ]
    put(broker, [(1, encode_frame(reads[at : at + 20])) for at in range(0, len(reads), 20)])
    with (tmp_path / "process.log").open("wb") as output:
        worker = subprocess.Popen([sys.executable, str(SLOW), "0.4"], env=env, stdout=output, stderr=output)
    began = time.monotonic()
    reader = LogReader(broker.address, (ALERT, SIGHTING), client_id="judge", fetch_max_wait_ms=20, **broker.config)
    try:
        events: list[Alert | Sighting] = []
        alerts = wait(reader, events, 1, worker)
        announced_at, when_announced = time.monotonic() - began, committed(broker)
        until_drained(broker, reader, events)
        drained_at = time.monotonic() - began
        alerts = seen(reader, events)
        print(
            f"{'with' if lane else 'without'} the lane: announced {announced_at:.1f} s after the worker's start, "
            f"{when_announced} of {FRAMES} frames acknowledged; drained after {drained_at:.1f} s"
        )
        assert len(alerts) == 1, "it is in the log once, so it is stored once"
        assert alerts[0].triggers == (reads[-1].event_id,)
        assert alerts[0].severity == "P1"
        sightings = {event.event_id for event in events if isinstance(event, Sighting)}
        assert sightings == {one.event_id for one in reads}, "the processors did all of it nevertheless"
        if lane:
            assert when_announced < FRAMES * 3 / 4
        else:
            assert when_announced >= FRAMES - 2
    finally:
        reader.close()
        worker.terminate()
        worker.wait(30)


def wait(
    reader: LogReader, events: list[Alert | Sighting], count: int, worker: subprocess.Popen[bytes]
) -> Sequence[Alert]:
    end = time.monotonic() + 90
    while len(alerts := seen(reader, events)) < count:
        assert worker.poll() is None, "the worker ended"
        assert time.monotonic() < end, "no alert came"
    return alerts


def until_drained(broker: LiveBroker, reader: LogReader, events: list[Alert | Sighting]) -> None:
    end = time.monotonic() + 90
    while committed(broker) < FRAMES:
        seen(reader, events)
        assert time.monotonic() < end
    while sum(isinstance(event, Sighting) for event in events) < FRAMES * 20:
        seen(reader, events)
        assert time.monotonic() < end
