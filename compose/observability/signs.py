"""The signs of life of a role: whether it runs, whether it does its work, and if not, why."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Callable, Iterator
from contextvars import ContextVar
from typing import Any

from prometheus_client import REGISTRY, CollectorRegistry
from prometheus_client.exposition import generate_latest

from compose.observability import metrics

#: An event loop that has not come round for so long stands still, seconds.
STANDS_STILL_S = 10.0
BEAT_S = 0.5

#: Says what is wrong in plain words, or "". Asked from another thread: it must look at plain values only.
Fault = Callable[[], str]


class Signs:
    """What one role's process says of itself. ``registries``: figures besides those that all roles have."""

    def __init__(self, role: str, mono: Callable[[], float] = time.monotonic) -> None:
        self.role = role
        self.registries: list[CollectorRegistry] = []
        #: Set by the role once it has told of all that must be well before it does its work.
        self.started = False
        self._mono = mono
        self._faults: dict[str, Fault] = {}
        self._notes: dict[str, Fault] = {}
        self._beat_at = mono()
        self._late_s = 0.0

    def watch(self, part: str, fault: Fault) -> None:
        """While ``fault`` says something, the role is not ready."""
        self._faults[part] = fault

    def note(self, part: str, told: Fault) -> None:
        """What ``told`` says should be known; the role is ready nevertheless."""
        self._notes[part] = told

    def wrong(self) -> dict[str, str]:
        """Return why the role is not ready, by part; empty when it is."""
        told = {part: _asked(fault) for part, fault in list(self._faults.items())}
        return {part: text for part, text in told.items() if text}

    def still_s(self) -> float:
        """Return for how long the event loop has not come round, seconds."""
        return max(self._mono() - self._beat_at, 0.0)

    def state(self) -> dict[str, Any]:
        """Return all of it, as /health and /ready tell it."""
        still, wrong = self.still_s(), self.wrong()
        live = still <= STANDS_STILL_S
        if not live:
            wrong["loop"] = f"The process has stood still for {still:.0f} s."
        notes = {part: _asked(told) for part, told in list(self._notes.items())}
        return {
            "role": self.role,
            "live": live,
            "ready": not wrong,
            "wrong": wrong,
            "notes": {part: text for part, text in notes.items() if text},
        }

    def exposition(self) -> bytes:
        """Return every figure in Prometheus' text format."""
        metrics.READY.set(float(self.state()["ready"]))
        metrics.LOOP_LATE.set(max(self._late_s, self.still_s() - BEAT_S))
        return b"".join(generate_latest(one) for one in (REGISTRY, *self.registries))

    async def beat(self) -> None:
        """Show that the event loop comes round, until cancelled."""
        while True:
            await asyncio.sleep(BEAT_S)
            now = self._mono()
            self._late_s = max(now - self._beat_at - BEAT_S, 0.0)
            self._beat_at = now


def _asked(fault: Fault) -> str:
    try:
        return fault()
    except Exception as error:
        # Somebody who cannot say how he is, is not well; the text of the error might hold anything.
        return f"It cannot be told ({type(error).__name__})."


_here: ContextVar[Signs | None] = ContextVar("watchfloor_signs", default=None)


def here() -> Signs:
    """Return the signs of the role that runs here; where none does, some that nobody looks at."""
    return _here.get() or Signs("")


@contextlib.contextmanager
def of(signs: Signs) -> Iterator[Signs]:
    """Make these the signs that ``here`` returns, in the block and the tasks it starts."""
    token = _here.set(signs)
    try:
        yield signs
    finally:
        _here.reset(token)
