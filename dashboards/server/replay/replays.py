"""Who may replay, how many at once, and the record that somebody did."""

from __future__ import annotations

import contextlib
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from datetime import UTC, datetime

from dashboards.server.audience import NOWHERE, Areas, Audience, Sight
from dashboards.server.messages import CLOSE_GOING, CLOSE_NO_REPLAY, CLOSE_TOO_MANY_REPLAYS, ReplayWanted
from dashboards.server.replay.clock import PlayClock
from dashboards.server.replay.playing import Period, Replay
from dashboards.server.replay_ports import Recording
from dashboards.server.searches import record_search
from schemas.events.action import VIEW_REPLAY
from schemas.wire.publisher import BrokerUnavailableError, Publisher

#: Replays at once on one server unless told: each reads the store and folds a log of its own.
MOST_REPLAYS = 4
#: A period is at most so long, seconds (with an hour's grace, for days on which clocks are changed).
LONGEST_S = 25 * 3600.0
#: What became known less than this ago may not be in the store yet, seconds.
SETTLED_S = 5.0


class NoReplayError(Exception):
    """A replay is refused. ``code``: to close with; the text says why."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(reason)
        self.code = code


class Replays:
    """The replays of one server. ``recording``: None where there is no store. ``areas``: where things lie, by the zones
    of now: what somebody may not see today he may not see of yesterday."""

    def __init__(
        self,
        recording: Recording | None,
        publisher: Publisher,
        *,
        most: int = MOST_REPLAYS,
        version: str = "",
        areas: Areas = NOWHERE,
        now: Callable[[], float] = time.time,
        mono: Callable[[], float] = time.monotonic,
    ) -> None:
        self._recording = recording
        self._publisher = publisher
        self._most = most
        self._version = version
        self._areas = areas
        self._now = now
        self._mono = mono
        self.running = 0

    @contextlib.asynccontextmanager
    async def opened(
        self,
        wanted: ReplayWanted,
        actor: str,
        audience: Audience,
        channels: Sequence[str],
        send: Callable[[str], Awaitable[None]],
    ) -> AsyncIterator[Replay]:
        """Give a replay that was written down in the audit, and its place while the block runs.

        Raises NoReplayError.
        """
        if self._recording is None:
            raise NoReplayError(CLOSE_NO_REPLAY, "there is no store here, so there is no past to show")
        period = self._period(wanted)
        if not actor.strip():
            raise NoReplayError(CLOSE_NO_REPLAY, "say who looks: who looked at which time is written down")
        if self.running >= self._most:
            raise NoReplayError(
                CLOSE_TOO_MANY_REPLAYS, f"{self._most} replays run here, which is as many as may: try again later"
            )
        self.running += 1
        try:
            asked = {"from": _text(period.begin), "to": _text(period.end)}
            try:
                await record_search(
                    self._publisher, VIEW_REPLAY, actor=actor, purpose=None, asked=asked, subject="replay"
                )
            except BrokerUnavailableError:
                raise NoReplayError(
                    CLOSE_GOING, "it cannot be written down now that you look, so nothing is shown"
                ) from None
            at = period.nearest(period.begin if wanted.at is None else wanted.at / 1000)
            clock = PlayClock(at, self._mono, speed=wanted.speed, is_playing=not wanted.paused)
            yield Replay(
                self._recording,
                Sight(audience, self._areas),
                period,
                clock,
                send,
                channels,
                version=self._version,
                mono=self._mono,
            )
        finally:
            self.running -= 1

    def _period(self, wanted: ReplayWanted) -> Period:
        begin, end = wanted.begin / 1000, min(wanted.end / 1000, self._now() - SETTLED_S)
        if end <= begin:
            raise NoReplayError(CLOSE_NO_REPLAY, "a replay begins before it ends, and in the past")
        if end - begin > LONGEST_S:
            raise NoReplayError(CLOSE_NO_REPLAY, "a replay is of 24 hours at most")
        return Period(begin, end)


def _text(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="seconds")
