"""`watchfloor process`: the stream processors behind the guard."""

from __future__ import annotations

import asyncio
import contextlib
import time
from typing import Any

import structlog

from compose.roles.broker_settings import PROCESS_GROUP, engine_settings, log_ends, log_reader
from compose.settings import Settings
from pipeline.engine import Engine, Handler, Work, end_process
from pipeline.framing import frames
from pipeline.guard import Guard
from pipeline.message import Message
from pipeline.outcome import Processor
from pipeline.processors.alerts import Alerts
from pipeline.processors.calls import Calls
from pipeline.processors.cameras import Cameras
from pipeline.processors.sightings import Sightings
from pipeline.rejudging import Rejudging
from pipeline.state.reference import KINDS, Follower, Reference
from schemas.events.camera_health import CAMERA_HEALTH
from schemas.events.emergency_call import EMERGENCY_CALL
from schemas.events.incident import INCIDENT
from schemas.events.plate_read import PLATE_READ
from schemas.wire.frame import utc_now
from schemas.wire.reader import LogReader

log = structlog.get_logger(__name__)

TICK_S = 1.0
#: How far back the topics that are not kept whole are read: no rule asks for older incidents or health, seconds.
BACK_S = 86_400.0
#: What is held against lists, zones and cameras, and so is judged again when these were old.
BY_FACTS = (PLATE_READ, EMERGENCY_CALL)
#: Facts older than this are told as a warning: rules go on with what is known.
REFERENCE_LATE_S = 15.0


async def run(settings: Settings, stop: asyncio.Event) -> None:
    """Process until ``stop``. The reference facts are read to the end before the first frame is taken."""
    reference = Reference()
    follower = Follower(
        lambda: _reader(settings), reference, lambda: log_ends(settings, KINDS, "watchfloor-reference-ends")
    )
    follower.start()
    try:
        while not follower.ready.is_set() and not stop.is_set():
            _require_alive(follower)
            await asyncio.sleep(0.05)
        if stop.is_set():
            return
        cameras = Cameras(reference)
        processors: tuple[Processor, ...] = (Sightings(reference), Calls(reference), cameras, Alerts(reference))
        engine = Engine(engine_settings(settings, PROCESS_GROUP))
        guards = [Guard(one, kind, partitions=settings.kafka_partitions) for one in processors for kind in one.consumes]
        rejudging = Rejudging(follower)
        for guard in guards:
            engine.add(guard.kind, _handler(guard, rejudging if guard.kind in BY_FACTS else None))
        await engine.start()
        log.info("processing", processors=[one.name for one in processors])
        while not stop.is_set():
            _require_alive(follower)
            await _tick(engine, cameras, settings)
            await _judge_again(engine, rejudging)
            behind = follower.behind_s
            if behind is not None and behind > REFERENCE_LATE_S:
                log.warning("reference facts are old", behind_s=round(behind))
            with contextlib.suppress(asyncio.TimeoutError):
                await asyncio.wait_for(stop.wait(), TICK_S)
        await engine.stop()
        log.info("stopped", counts={guard.processor.name: dict(guard.counts) for guard in guards})
    finally:
        follower.stop()


def _require_alive(follower: Follower) -> None:
    """End the process when nobody reads the reference facts any more: rules would go on with old ones, unnoticed."""
    if follower.failure:
        end_process("the reader of reference facts failed", error=follower.failure)


def _reader(settings: Settings) -> LogReader:
    since = int((time.time() - BACK_S) * 1000)
    return log_reader(
        settings, KINDS, "watchfloor-reference", since_ms={INCIDENT.topic: since, CAMERA_HEALTH.topic: since}
    )


def _handler(guard: Guard, rejudging: Rejudging | None) -> Handler:
    async def handle(message: Message) -> Work:
        if rejudging is None:
            return Work(await guard.handle(message))
        while rejudging.full:
            await asyncio.sleep(0.1)
        return Work(await rejudging.judge(message, guard.handle))

    return handle


async def _judge_again(engine: Engine, rejudging: Rejudging) -> None:
    before = rejudging.again
    made = await rejudging.due()
    if made:
        await engine.send(made)
    if rejudging.again > before:
        log.info("judged again by newer facts", messages=rejudging.again - before)


async def _tick(engine: Engine, cameras: Cameras, settings: Settings) -> None:
    due: list[Any] = cameras.tick(utc_now())
    if due:
        await engine.send(frames(due, settings.kafka_partitions))
