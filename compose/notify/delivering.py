"""Delivering: one line for each destination, so that one that fails holds up no other.

A destination that is away is paused, twice as long each time up to ten minutes. What waits is then sent, the gravest
first, and in order among equals: so what is said of one alert stays in order. A message that a destination refuses by
itself steps aside, is tried again ever more rarely for a day, and lets the others pass.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
import time
from collections.abc import Callable, Sequence

import structlog

from compose.notify import metrics
from compose.notify.channel import AWAY, GONE, MOOT, TAKEN, Channel
from compose.notify.messages import DELIVERED, GIVEN_UP, GRAVEST, LEAST, Message
from compose.notify.outbox import Outbox, OutboxError
from compose.notify.wording import decode, late_s

#: Pauses of a destination that is away, seconds: doubling, up to the longest.
FIRST_PAUSE_S, LONGEST_PAUSE_S = 1.0, 600.0
#: After these the next try of a message that was refused by itself, seconds; the last one is said again and again.
AGAIN_S = (5.0, 300.0, 1800.0, 7200.0, 18_000.0, 36_000.0)
#: Between looks at the outbox: commands change it from outside, seconds.
LOOK_EVERY_S = 1.0

log = structlog.get_logger(__name__)


class Delivering:
    """Sends what waits for one destination."""

    def __init__(
        self,
        name: str,
        channel: Channel,
        outbox: Outbox,
        *,
        label: str = "",
        now: Callable[[], float] = time.time,
        spread: Callable[[float, float], float] = random.uniform,
    ) -> None:
        """``label``: what figures and the log call it, where its name is for the record only."""
        self.name = name
        self._label = label or name
        self._channel = channel
        self._outbox = outbox
        self._now = now
        self._spread = spread
        #: Set when something new may wait.
        self.woken = asyncio.Event()

    async def run(self) -> None:
        """Deliver until cancelled."""
        while True:
            try:
                wait = await self.step()
            except OutboxError as error:
                log.error("notifications cannot be read", why=str(error))
                wait = LOOK_EVERY_S
            except Exception:
                # One message that we cannot word must not end the telling of all others.
                log.exception("a notification could not be sent", destination=self._label)
                wait = LOOK_EVERY_S
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(wait):
                    await self.woken.wait()
                self.woken.clear()

    async def step(self) -> float:
        """Try once; return for how many seconds there is nothing to do."""
        room = self._channel.room(self._now())
        if not room.any and not room.gravest:
            return min(room.wait_s, LOOK_EVERY_S)
        gravity = LEAST if room.any else GRAVEST
        waiting = await asyncio.to_thread(self._outbox.due, self.name, room.any or room.gravest, gravity)
        messages = [one for one in waiting if not await self._is_over(one)]
        if not messages:
            return 0.0 if waiting else LOOK_EVERY_S
        now = self._now()
        outcome = await self._channel.send(messages, now)
        metrics.TRIES.labels(self._label, outcome.kind).inc()
        if outcome.kind == TAKEN:
            late = [late_s(decode(one.content), now) for one in messages]
            await asyncio.to_thread(self._outbox.delivered, messages, outcome.reason, late)
            metrics.SETTLED.labels(self._label, DELIVERED).inc(len(messages))
            return 0.0
        if outcome.kind == MOOT:
            for one in messages:
                await self._give_up(one, outcome.reason)
            return 0.0
        log.warning("a destination was not told", destination=self._label, why=outcome.reason, count=len(messages))
        if outcome.kind == GONE:
            await self._failed(messages, outcome.reason, pause_s=FIRST_PAUSE_S)
            await asyncio.to_thread(self._outbox.disable, self.name, f"it answered {outcome.reason}: it is gone")
        elif outcome.kind == AWAY:
            failures = await asyncio.to_thread(self._outbox.failures, self.name)
            pause = min(FIRST_PAUSE_S * 2 ** min(failures, 20), LONGEST_PAUSE_S) * self._spread(0.5, 1.0)
            await self._failed(messages, outcome.reason, pause_s=max(pause, outcome.retry_after_s or 0.0))
        else:
            again = AGAIN_S[min(messages[0].tries, len(AGAIN_S) - 1)] * self._spread(0.8, 1.2)
            await self._failed(messages, outcome.reason, again_s=again)
            return 0.0
        return LOOK_EVERY_S

    async def _failed(
        self, messages: Sequence[Message], reason: str, *, again_s: float = 0.0, pause_s: float = 0.0
    ) -> None:
        await asyncio.to_thread(self._outbox.failed, messages, reason, again_s=again_s, pause_s=pause_s)

    async def _is_over(self, message: Message) -> bool:
        """Give up what was withdrawn meanwhile, and said so: told now, it would be taken for new."""
        if not await asyncio.to_thread(self._outbox.is_overtaken, message):
            return False
        await self._give_up(message, "withdrawn_meanwhile")
        return True

    async def _give_up(self, message: Message, reason: str) -> None:
        await asyncio.to_thread(self._outbox.given_up, message, reason)
        metrics.SETTLED.labels(self._label, GIVEN_UP).inc()
