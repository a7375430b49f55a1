"""Lets the made-up city happen in real time."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from pathlib import Path

import structlog
from msgspec.structs import replace

from connectors.simulator.agenda import Step
from connectors.simulator.config import SimulatorConfig
from connectors.simulator.journal import Journal, JournalLine
from connectors.simulator.lateness import Lateness
from connectors.simulator.reference import reference_events
from connectors.simulator.timeline import timeline
from schemas.envelope import Event
from schemas.registry import BY_CLASS
from schemas.wire.frame import utc_now
from schemas.wire.publisher import BrokerUnavailableError, Publisher

log = structlog.get_logger(__name__)

#: Events due within this time of each other are published together, seconds.
TOGETHER_S = 0.02
#: When late, at most so many steps are published at once.
MAX_TOGETHER = 2_000
FIRST_RETRY_S, LAST_RETRY_S = 0.2, 5.0
#: The longest nap, so that a stop is noticed soon, seconds.
LONGEST_NAP_S = 0.5


async def run(
    config: SimulatorConfig,
    publisher: Publisher,
    *,
    stop: asyncio.Event,
    journal: Path | None = None,
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    now: Callable[[], datetime] = utc_now,
) -> Counter[str]:
    """Publish the city's events as they fall due, until ``stop`` or the end; return what was confirmed, by type.

    The reference facts go first. When late it catches up; nothing is left out. While the broker is away the same
    events are tried again, with the same ids. Only what was confirmed is written to the journal.
    """
    confirmed: Counter[str] = Counter()
    lateness = Lateness()
    with Journal(journal) as book:

        async def publish(steps: Sequence[Step]) -> None:
            sent_s = clock() - began
            if not await _confirmed(publisher, [event for step in steps for event in step.events], stop, sleep):
                return
            confirmed_s = clock() - began
            counts = _counts(steps)
            confirmed.update(counts)
            expected = tuple(one for step in steps for one in lateness.expected(step, sent_s, confirmed_s))
            book.write(JournalLine(start=start, accepted=dict(counts), expected=expected))

        # The city begins once its facts are known: a broker that is slow to start must not make it late.
        start, began = _whole_ms(now()), clock()
        await publish([Step(0.0, tuple(reference_events(config, start)))])
        start, began = _whole_ms(now()), clock()
        due: list[Step] = []
        for step in timeline(config, start):
            full = due and (step.offset_s > due[0].offset_s + TOGETHER_S or len(due) >= MAX_TOGETHER)
            # When late, what has fallen due meanwhile goes along.
            if full and (began + step.offset_s > clock() or len(due) >= MAX_TOGETHER):
                await _until(began + due[-1].offset_s, clock, sleep, stop)
                if stop.is_set():
                    return confirmed
                await publish(_observed(due, now()))
                due = []
            due.append(step)
        if due:
            await _until(began + due[-1].offset_s, clock, sleep, stop)
            await publish(_observed(due, now()))
    return confirmed


def _observed(steps: Sequence[Step], at: datetime) -> list[Step]:
    return [replace(step, events=tuple(replace(event, observed_at=at) for event in step.events)) for step in steps]


def _counts(steps: Sequence[Step]) -> Counter[str]:
    return Counter(BY_CLASS[type(event)].name for step in steps for event in step.events)


def _whole_ms(moment: datetime) -> datetime:
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)


async def _until(
    moment: float, clock: Callable[[], float], sleep: Callable[[float], Awaitable[None]], stop: asyncio.Event
) -> None:
    while not stop.is_set() and (left := moment - clock()) > 0:
        await sleep(min(left, LONGEST_NAP_S))


async def _confirmed(
    publisher: Publisher, events: Sequence[Event], stop: asyncio.Event, sleep: Callable[[float], Awaitable[None]]
) -> bool:
    wait_s = FIRST_RETRY_S
    while not stop.is_set():
        try:
            await publisher.publish(events)
            return True
        except BrokerUnavailableError as error:
            log.warning("not confirmed, trying the same events again", why=str(error), in_s=wait_s)
            await sleep(wait_s)
            wait_s = min(wait_s * 2, LAST_RETRY_S)
    return False
