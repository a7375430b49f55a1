"""A worker process for the delivery tests: one engine, one guard, a processor whose faults the test chooses.

Arguments: broker (JSON), group, ledger file, fault. Faults: ``none``; ``raise`` raises for plates starting POISON;
``slow`` takes 2 ms an event, so that kills land in mid-frame; ``output`` sends an output that cannot be confirmed.
Every event id is written to the ledger, unbuffered, before its outcome is returned.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import time
from collections.abc import Sequence
from typing import Any

import msgspec

from pipeline.engine import Engine, EngineSettings
from pipeline.guard import Guard
from pipeline.message import Message, Outgoing
from pipeline.outcome import Outcome
from pipeline.processors.sightings import Sightings
from pipeline.state.reference import Reference
from schemas.event_type import EventType
from schemas.events.plate_read import PLATE_READ, PlateRead
from tests.live_broker import LiveBroker


class Faulty:
    """Sightings, with a ledger and a fault."""

    name = "sightings"
    consumes = (PLATE_READ,)
    emits = Sightings.emits

    def __init__(self, ledger: int, fault: str) -> None:
        self._inner = Sightings(Reference())
        self._ledger = ledger
        self._fault = fault

    def process(self, kind: EventType[Any], events: Sequence[PlateRead], partition: int) -> Sequence[Outcome]:
        for event in events:
            if self._fault == "raise" and event.plate.startswith("POISON"):
                raise RuntimeError("this plate makes the rule fail")
            if self._fault == "slow":
                time.sleep(0.002)
            os.write(self._ledger, f"{event.event_id}\n".encode())
        return self._inner.process(kind, events, partition)


async def main(broker_json: str, group: str, ledger_path: str, fault: str) -> None:
    broker = msgspec.json.decode(broker_json, type=LiveBroker)
    ledger = os.open(ledger_path, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    guard = Guard(Faulty(ledger, fault), PLATE_READ, partitions=4)
    engine = Engine(
        EngineSettings(
            bootstrap=broker.address,
            login=broker.login,
            group=group,
            folder=f"{ledger_path}.engine",
            fetch_max_wait_ms=20,
            session_timeout_s=6.0,
            heartbeat_s=1.0,
        )
    )

    async def handle(message: Message) -> Sequence[Outgoing]:
        outgoing = await guard.handle(message)
        if fault == "output":
            return [*outgoing, Outgoing("rtcc.no.such-topic.v1", 0, b"k", b"x" * 5_000_000, [])]
        return outgoing

    engine.add(PLATE_READ, handle)
    await engine.start()
    print("started", flush=True)
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    await stop.wait()
    await engine.stop()


asyncio.run(main(*sys.argv[1:]))
