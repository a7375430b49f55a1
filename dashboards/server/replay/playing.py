"""One replay that somebody watches: a hub of its own, fed from the recording by a clock that he commands.

The page gets what a live page gets: welcome, snapshots, deltas, heartbeats, with the replayed time as ``now``. A jump
begins a new epoch with new snapshots; a short step forward is played through.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime
from typing import Any

import structlog
from msgspec import Struct

from dashboards.server.audience import Sight
from dashboards.server.channel import CHANNELS
from dashboards.server.client import Client
from dashboards.server.hub import BATCH_S, Hub
from dashboards.server.messages import CLOSE_NO_REPLAY, replay_state
from dashboards.server.ports import StoreUnavailableError, TooSlowError
from dashboards.server.replay.clock import PlayClock
from dashboards.server.replay_ports import Portion, Recording
from schemas.event_type import EventType, Push

#: What is replayed. The layers of the map are those of now: the files of former ones may be gone.
REPLAYED = tuple(name for name in CHANNELS if name not in ("layers", "canaries"))
#: So far ahead of the clock the recording is read, and so much at a time, in seconds of the person who watches.
AHEAD_S, STRETCH_S = 4.0, 5.0
#: States of one key are told so far apart at most, likewise.
APART_S = 0.5
#: A stretch is never cut shorter than this, in replayed seconds.
SHORTEST_S = 0.5
#: Rows of one kind that are taken of a stretch; if there are more, the stretch is halved. Of a flow: what is shown.
MOST_ROWS, MOST_FLOWING = 5_000, 1_000
#: Events handed to the hub before others on the loop have their turn.
SLICE = 200
#: The page is told where the replay stands this often, seconds.
TOLD_S = 1.0
#: Whoever leaves a replay standing for so long gives up his place, seconds.
MOST_IDLE_S = 1_800.0

_log = structlog.get_logger(__name__)


class Period(Struct, frozen=True):
    """The time that may be looked at, seconds since 1970."""

    begin: float
    end: float

    def nearest(self, at: float) -> float:
        """Return the moment in it that is nearest to ``at``."""
        return min(max(at, self.begin), self.end)


class _Due(Struct, frozen=True, gc=False):
    at: float
    kind: EventType[Any]
    event: Any


class Replay:
    """One replay. ``run`` plays it until cancelled; the other methods are what the person asks for."""

    def __init__(
        self,
        recording: Recording,
        sight: Sight,
        period: Period,
        clock: PlayClock,
        send: Callable[[str], Awaitable[None]],
        channels: Sequence[str],
        *,
        version: str = "",
        mono: Callable[[], float] = time.monotonic,
    ) -> None:
        self._recording = recording
        self._sight = sight
        self._period = period
        self._clock = clock
        self._version = version
        self._mono = mono
        self._channels = [name for name in CHANNELS if name in channels and name in REPLAYED]
        self._kinds = [CHANNELS[name].kind for name in self._channels]
        self._due: deque[_Due] = deque()
        self._read_until = clock.at
        self._hub = self._new_hub()
        self.client: Client = self._hub.join(send)
        self.client.start(self._channels, None)
        self._asked = asyncio.Event()
        self._fault = ""
        self._told: tuple[str, int] = ("", 0)
        self._told_at = 0.0
        self._touched_at = mono()

    # What the person asks for.

    def play(self, speed: int) -> None:
        """Go on, at this speed."""
        self._touch()
        self._clock.speed, self._clock.is_playing, self._fault = speed, True, ""

    def pause(self) -> None:
        """Stand still."""
        self._touch()
        self._clock.is_playing = False

    def seek(self, at: float) -> None:
        """Go to a moment of the period."""
        self._touch()
        self._fault = ""
        at = self._period.nearest(at)
        if self._hub.is_caught_up and self._clock.at <= at <= self._read_until:
            self._clock.at = at
        else:
            self._begin_at(at)

    def leave(self) -> None:
        """Have nothing more sent."""
        self._hub.leave(self.client)

    # The work.

    async def run(self) -> None:
        """Read and play until cancelled."""
        reading = asyncio.create_task(self._read(), name="replay-read")
        try:
            while not reading.done():
                await self._round()
                await asyncio.sleep(BATCH_S)
            reading.result()
        finally:
            reading.cancel()
            await asyncio.gather(reading, return_exceptions=True)

    async def _round(self) -> None:
        self._clock.advance(self._read_until)
        await self._hand_over()
        self._hub.tick()
        self._tell()
        if self._clock.is_playing and not self._has_ended:
            self._touched_at = self._mono()
        elif self._mono() - self._touched_at > MOST_IDLE_S:
            self.client.close(CLOSE_NO_REPLAY, "stood still for half an hour; start it again")

    async def _hand_over(self) -> None:
        """Give the hub what is due, a slice at a time, frames of one kind together."""
        hub, handed = self._hub, 0
        while hub is self._hub and self._due and self._due[0].at <= self._clock.at:
            first = self._due.popleft()
            events = [first.event]
            while self._due and self._due[0].kind is first.kind and self._due[0].at == first.at:
                events.append(self._due.popleft().event)
            hub.offer(first.kind, events, first.at)
            handed += len(events)
            if handed >= SLICE:
                handed = 0
                await asyncio.sleep(0)

    async def _read(self) -> None:
        while True:
            self._asked.clear()
            try:
                if self._fault or not self._wants_more:
                    await self._rest()
                elif not self._hub.is_caught_up:
                    await self._read_state()
                else:
                    await self._read_on()
            except (StoreUnavailableError, TooSlowError) as error:
                _log.warning("replay_not_read", why=type(error).__name__)
                self._fault = (
                    "That took too long: there is too much in this time."
                    if isinstance(error, TooSlowError)
                    else "The store cannot be reached now."
                )
                self._clock.is_playing = False

    async def _rest(self) -> None:
        try:
            async with asyncio.timeout(BATCH_S):
                await self._asked.wait()
        except TimeoutError:
            pass

    @property
    def _wants_more(self) -> bool:
        if not self._hub.is_caught_up:
            return True
        ahead_s = self._read_until - self._clock.at
        return self._read_until < self._period.end and ahead_s < AHEAD_S * self._clock.speed

    @property
    def _has_ended(self) -> bool:
        return self._clock.at >= self._period.end

    def _begin_at(self, at: float) -> None:
        """Begin anew at a moment: the page is welcomed again, and gets new snapshots when they are read."""
        self._due.clear()
        self._clock.at = self._read_until = at
        before, self._hub = self._hub, self._new_hub()
        before.leave(self.client)
        self._hub.take_over(self.client, self._channels)

    async def _read_state(self) -> None:
        """Read what was known at the moment where the hub begins."""
        hub, at = self._hub, self._clock.at
        for kind in self._kinds:
            rows = await self._recording.state(kind, _moment(at))
            for start in range(0, len(rows), SLICE):
                if hub is not self._hub:
                    return  # he is elsewhere by now
                hub.offer(kind, [row.event for row in rows[start : start + SLICE]], at)
                await asyncio.sleep(0)
        if hub is self._hub:
            hub.caught_up()

    async def _read_on(self) -> None:
        """Read the next stretch; shorter when there is too much in it."""
        begin, speed, hub = self._read_until, self._clock.speed, self._hub
        apart_s = APART_S * speed
        end = min(begin + STRETCH_S * speed, self._period.end)
        portions: list[tuple[EventType[Any], Portion]] = []
        for kind in self._kinds:
            while True:
                flows = kind.push is Push.FLOW
                most = MOST_FLOWING if flows else MOST_ROWS
                portion = await self._recording.stretch(kind, _moment(begin), _moment(end), apart_s, most)
                if hub is not self._hub:
                    return
                if not portion.left_out or flows or end - begin <= max(SHORTEST_S, apart_s):
                    break
                end = begin + (end - begin) / 2
            portions.append((kind, portion))
        due: list[_Due] = []
        for kind, portion in portions:
            due += [_Due(row.at, kind, row.event) for row in portion.rows if row.at <= end]
            if portion.left_out:
                hub.pass_over(kind, portion.left_out)
        due.sort(key=lambda one: one.at)  # stable: at one moment the order of the channels
        self._due.extend(due)
        self._read_until = end

    def _new_hub(self) -> Hub:
        return Hub(version=self._version, wall=self._clock, mono=self._mono, is_replay=True, sight=self._sight)

    def _touch(self) -> None:
        self._touched_at = self._mono()
        self._told_at = 0.0
        self._asked.set()

    @property
    def state(self) -> str:
        """failed, reading, ended, paused, waiting (for the store) or playing."""
        if self._fault:
            return "failed"
        if not self._hub.is_caught_up:
            return "reading"
        if self._has_ended:
            return "ended"
        if not self._clock.is_playing:
            return "paused"
        return "waiting" if self._clock.at >= self._read_until else "playing"

    def _tell(self) -> None:
        """Tell the page where the replay stands: when that changes, and every second."""
        told, now = (self.state, self._clock.speed), self._mono()
        if told == self._told and now - self._told_at < TOLD_S:
            return
        self._told, self._told_at = told, now
        self.client.tell(replay_state(self._hub.now_ms(), self.state, self._clock.speed, self._fault))


def _moment(at: float) -> datetime:
    return datetime.fromtimestamp(at, UTC)
