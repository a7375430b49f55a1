"""What people watch: a flow that is far behind is passed over and counted, what nobody may miss never is."""

from __future__ import annotations

import asyncio
import threading
from typing import Any

import pytest

from compose.roles import log_feed
from compose.roles.broker_settings import FLOW, LIVE
from compose.roles.log_feed import FLOW_BEHIND, LogFeed
from compose.settings import Settings
from schemas.events.alert import ALERT
from schemas.events.sighting import SIGHTING
from schemas.wire.frame import encode_frame, frame_headers
from schemas.wire.reader import Record


def record(kind: Any, events: int, offset: int) -> Record:
    example = kind.examples[0]
    return Record(kind, 0, offset, b"", encode_frame([example] * events), frame_headers(kind, example, events))


class Reader:
    """Brings a frame of every kind it reads that is about plates: one before it has caught up, and one after."""

    def __init__(self, kinds: Any, behind: int) -> None:
        self.answered_at = 0.0
        self.caught_up = False
        self._behind = behind
        self._batches = [[record(kind, 3, n) for kind in kinds if kind in (ALERT, SIGHTING)] for n in range(2)]
        self._given = 0
        self._done = threading.Event()

    def poll(self, _: float) -> list[Record]:
        if self._given == len(self._batches):
            self._done.wait(0.02)
            return []
        self._given += 1
        self.caught_up = True
        return self._batches[self._given - 1]

    def behind(self, _: str) -> int:
        return self._behind

    def close(self) -> None:
        self._done.set()


class Hub:
    def __init__(self) -> None:
        self.offered: list[str] = []
        self.passed_over: list[tuple[str, int]] = []

    def offer(self, kind: Any, events: list[Any], at: float, **_: Any) -> None:
        self.offered += [kind.name] * len(events)

    def pass_over(self, kind: Any, count: int) -> None:
        self.passed_over.append((kind.name, count))

    def caught_up(self) -> None:
        pass


@pytest.mark.parametrize(
    ("behind", "sightings", "passed_over"), [(FLOW_BEHIND, 6, []), (FLOW_BEHIND + 1, 3, [("sighting", 3)])]
)
def test_a_flow_that_is_far_behind_is_passed_over_once_people_watch_and_alerts_never_are(
    monkeypatch: pytest.MonkeyPatch, behind: int, sightings: int, passed_over: list[tuple[str, int]]
) -> None:
    paces = {}

    def reader_of(_: Settings, kinds: Any, name: str, *, pace: Any, **__: Any) -> Reader:
        paces[name] = pace
        return Reader(kinds, behind)

    monkeypatch.setattr(log_feed, "log_reader", reader_of)

    async def play() -> Hub:
        hub = Hub()
        feed = LogFeed(Settings(), hub, asyncio.get_running_loop())  # type: ignore[arg-type]
        try:
            async with asyncio.timeout(20):
                while len(hub.offered) + sum(count for _, count in hub.passed_over) < 12:
                    await asyncio.sleep(0.01)
        finally:
            await asyncio.to_thread(feed.stop)
        return hub

    hub = asyncio.run(play())
    assert (hub.offered.count("alert"), hub.offered.count("sighting")) == (6, sightings)
    assert hub.passed_over == passed_over
    assert paces == {"watchfloor-hub-urgent": LIVE, "watchfloor-hub-flowing": FLOW}
