"""`watchfloor process`: the stream processors behind the guard."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

import structlog

from compose.company import past_sightings
from compose.look_alikes import look_alikes_in_force
from compose.observability import signs
from compose.roles.broker_settings import LIVE, PROCESS_GROUP, engine_settings, log_ends, log_reader
from compose.roles.clocked import Clocked, clocked
from compose.roles.engine_health import engine_fault
from compose.settings import Settings
from pipeline.ending import end_process
from pipeline.engine import Engine, Handler
from pipeline.express import ExpressLane
from pipeline.framing import frames
from pipeline.guard import Guard
from pipeline.message import Message, Outgoing
from pipeline.metrics import REFERENCE_AGE, STALE_LISTS
from pipeline.outcome import Processor
from pipeline.ownership import Ownership
from pipeline.path_history import PastLog, PathHistory
from pipeline.path_questions import PathQuestions
from pipeline.processors.alerts import Alerts
from pipeline.processors.calls import Calls
from pipeline.processors.cameras import Cameras
from pipeline.processors.incidents import Incidents, Writing
from pipeline.processors.late_incidents import LateIncidents
from pipeline.processors.paths import PlatePaths
from pipeline.processors.sightings import Sightings
from pipeline.progress import Place
from pipeline.rejudging import Rejudging
from pipeline.rules import expected_next
from pipeline.rules.stale_list import is_stale
from pipeline.stall import Standing
from pipeline.state.reference import KINDS, Follower, Reference
from schemas.events.alert import Alert
from schemas.events.camera_health import CAMERA_HEALTH
from schemas.events.drawing import DRAWING
from schemas.events.emergency_call import EMERGENCY_CALL
from schemas.events.hotlist_withdrawal import HOTLIST_WITHDRAWAL
from schemas.events.incident import INCIDENT
from schemas.events.plate_read import PLATE_READ
from schemas.events.sighting import SIGHTING
from schemas.wire.frame import utc_now
from schemas.wire.reader import LogReader

log = structlog.get_logger(__name__)

TICK_S = 1.0
#: How far back the topics that are not kept whole are read: no rule asks for older health, nobody works on older
#: incidents. Seconds.
BACK_S = {
    CAMERA_HEALTH.topic: 86_400.0,
    INCIDENT.topic: 7 * 86_400.0,
    # One that stands as long as its incident goes on, without anybody touching it.
    DRAWING.topic: DRAWING.retention_days * 86_400.0,
}
#: What is held against lists, zones and cameras, and so is judged again when these were old.
BY_FACTS = (PLATE_READ, EMERGENCY_CALL)
#: Facts older than this are told as a warning: rules go on with what is known.
REFERENCE_LATE_S = 15.0
#: The express lane waits so long for its alerts to be durable; it goes on without, as the processors raise them too.
ANNOUNCE_WITHIN_S = 30.0


async def run(settings: Settings, stop: asyncio.Event) -> None:
    """Process until ``stop``. The reference facts are read to the end before the first frame is taken."""
    reference = Reference(look_alikes_in_force(settings))
    follower = Follower(
        lambda: _reader(settings), reference, lambda: log_ends(settings, KINDS, "watchfloor-reference-ends")
    )
    # Beside it: the other one may be building the index of a long list when an entry is withdrawn.
    withdrawals = Follower(
        lambda: log_reader(settings, (HOTLIST_WITHDRAWAL,), "watchfloor-withdrawals"), reference, builds=False
    )
    follower.start()
    withdrawals.start()
    STALE_LISTS.set_function(
        lambda: sum(is_stale(manifest, utc_now()) for manifest in list(reference.hotlists.in_force.values()))
    )
    REFERENCE_AGE.set_function(lambda: follower.behind_s if follower.behind_s is not None else float("nan"))
    here = signs.here()
    here.watch("reference", lambda: _reference_fault(follower))
    try:
        while not follower.ready.is_set() and not stop.is_set():
            _require_alive(follower, withdrawals)
            await asyncio.sleep(0.05)
        if stop.is_set():
            return
        engine = Engine(engine_settings(settings, PROCESS_GROUP))
        cameras = Cameras(reference, lambda: _heard_until(follower))
        loop = asyncio.get_running_loop()
        questions = PathQuestions(
            past_sightings(settings),
            lambda alerts: _announce_path_alerts(loop, engine, paths, settings, alerts),
            look_alikes=look_alikes_in_force(settings),
            lists=lambda: reference.hotlists.in_force,
        )
        late_incidents = LateIncidents(reference, block_stale=settings.block_stale_lists)
        paths = PlatePaths(
            reference,
            everywhere=frozenset(settings.path_alerts),
            questions=questions,
            look_alikes=look_alikes_in_force(settings),
            noted=late_incidents.note,
        )
        history = PathHistory(
            paths,
            lambda partition, since: _past(settings, partition, since),
            lambda alerts: engine.send(frames(alerts, settings.kafka_partitions)),
        )
        incidents = Incidents(
            reference, Writing(lambda: engine.generation, lambda: follower.fresh_as_of, time.monotonic)
        )
        processors: tuple[Processor, ...] = (
            Sightings(
                reference,
                block_stale=settings.block_stale_lists,
                want_images=bool(settings.image_hosts),
                next_seen=lambda camera_id: expected_next.evidence(
                    paths.transitions.expected(camera_id), reference.cameras.by_id
                ),
            ),
            Calls(reference),
            cameras,
            Alerts(reference),
            paths,
            incidents,
        )
        guards = [Guard(one, kind, partitions=settings.kafka_partitions) for one in processors for kind in one.consumes]
        rejudging = Rejudging(follower)
        by_time = clocked(settings, reference, Ownership(engine.assigned, settings.kafka_partitions))
        for guard in guards:
            engine.add(guard.kind, _handler(guard, rejudging if guard.kind in BY_FACTS else None, history))
        here.watch("engine", lambda: engine_fault(engine))
        here.started = True
        await engine.start()
        lane = _express_lane(settings, engine, reference)
        lane.start()
        questions.start()
        log.info("processing", processors=[one.name for one in processors])
        late = False
        while not stop.is_set():
            _require_alive(follower, withdrawals)
            incidents.forget(utc_now())
            await _tick(engine, (*by_time, cameras, late_incidents), settings)
            await _judge_again(engine, rejudging)
            history.keep_only(frozenset(number for topic, number in engine.assigned() if topic == SIGHTING.topic))
            behind = follower.behind_s
            was_late, late = late, behind is not None and behind > REFERENCE_LATE_S
            if behind is not None and late and not was_late:
                log.warning("reference facts are old", behind_s=round(behind))
            elif was_late and not late:
                log.warning("reference facts are read again")
            with contextlib.suppress(asyncio.TimeoutError):
                await asyncio.wait_for(stop.wait(), TICK_S)
        await asyncio.to_thread(questions.stop)
        await asyncio.to_thread(lane.stop)
        await engine.stop()
        log.info("stopped", counts={guard.processor.name: dict(guard.counts) for guard in guards})
    finally:
        withdrawals.stop()
        follower.stop()


def _reference_fault(follower: Follower) -> str:
    if follower.failure:
        return "The reader of cameras, zones and hotlists has failed."
    behind = follower.behind_s
    if behind is None or not follower.ready.is_set():
        return "Cameras, zones and hotlists are still being read."
    return f"Cameras, zones and hotlists were last read {behind:.0f} s ago." if behind > REFERENCE_LATE_S else ""


def _heard_until(follower: Follower) -> datetime | None:
    """Return a moment all of whose log is in the reference facts."""
    fresh = follower.fresh_as_of
    return None if fresh is None else utc_now() - timedelta(seconds=time.monotonic() - fresh)


def _require_alive(*followers: Follower) -> None:
    """End the process when nobody reads the reference facts any more: rules would go on with old ones, unnoticed."""
    for follower in followers:
        if follower.failure:
            end_process("the reader of reference facts failed", error=follower.failure)


def _reader(settings: Settings) -> LogReader:
    since = {topic: int((time.time() - back_s) * 1000) for topic, back_s in BACK_S.items()}
    return log_reader(settings, KINDS, "watchfloor-reference", since_ms=since)


def _express_lane(settings: Settings, engine: Engine, reference: Reference) -> ExpressLane:
    loop = asyncio.get_running_loop()

    def open_reader(standing: Mapping[Place, Standing], offsets: Mapping[Place, int], since: float) -> LogReader:
        if settings.embedded_broker:  # it is not asked by time
            offsets = {place: max(offset, standing[place].committed) for place, offset in offsets.items()}
        since_ms = {PLATE_READ.topic: int(since * 1000)}
        return log_reader(
            settings,
            (PLATE_READ,),
            "watchfloor-express",
            pace=LIVE,
            since_ms=since_ms,
            from_offsets=offsets,
        )

    def announce(alerts: Sequence[Alert]) -> None:
        sending = asyncio.run_coroutine_threadsafe(engine.send(frames(alerts, settings.kafka_partitions)), loop)
        try:
            sending.result(ANNOUNCE_WITHIN_S)
        except TimeoutError:
            sending.cancel()
            log.warning("the express lane's alerts were not confirmed in time", alerts=len(alerts))

    return ExpressLane(
        reference,
        open_log=lambda: engine.open_positions([PLATE_READ.topic]),
        open_reader=open_reader,
        assigned=lambda: {place for place in engine.assigned() if place[0] == PLATE_READ.topic},
        announce=announce,
        after_s=settings.express_after_s,
        block_stale=settings.block_stale_lists,
    )


def _announce_path_alerts(
    loop: asyncio.AbstractEventLoop, engine: Engine, paths: PlatePaths, settings: Settings, alerts: Sequence[Alert]
) -> None:
    """Raise what a question led to, unless it was said lately; blocking. Raises what the broker says, or TimeoutError.

    Called from the thread that asks: what was said lately is known on the event loop only.
    """

    async def announce() -> None:
        due = [alert for alert in alerts if paths.is_new(alert, alert.triggers[0])]
        await engine.send(frames(due, settings.kafka_partitions))

    sending = asyncio.run_coroutine_threadsafe(announce(), loop)
    try:
        sending.result(ANNOUNCE_WITHIN_S)
    except TimeoutError:
        sending.cancel()
        raise


def _past(settings: Settings, partition: int, since: float) -> PastLog:
    reader = log_reader(
        settings,
        (SIGHTING,),
        "watchfloor-paths",
        since_ms={SIGHTING.topic: int(since * 1000)},
        from_offsets={(SIGHTING.topic, partition): 0},
    )
    # The embedded log is as old as its broker: what was before that is in the store only.
    return PastLog(reader, None if settings.embedded_broker else since)


def _handler(guard: Guard, rejudging: Rejudging | None, history: PathHistory) -> Handler:
    async def handle(message: Message) -> Sequence[Outgoing]:
        if guard.kind.topic == SIGHTING.topic:
            return await history.judge(message, guard.handle)
        if rejudging is None:
            return await guard.handle(message)
        while rejudging.full:
            await asyncio.sleep(0.1)
        return await rejudging.judge(message, guard.handle)

    return handle


async def _judge_again(engine: Engine, rejudging: Rejudging) -> None:
    before = rejudging.again
    made = await rejudging.due()
    if made:
        await engine.send(made)
    if rejudging.again > before:
        log.info("judged again by newer facts", messages=rejudging.again - before)


async def _tick(engine: Engine, by_time: Sequence[Clocked], settings: Settings) -> None:
    now = utc_now()
    due = [event for one in by_time for event in one.tick(now)]
    if due:
        await engine.send(frames(due, settings.kafka_partitions))
