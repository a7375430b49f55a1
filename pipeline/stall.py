"""A worker that stands still is noticed from inside, in a thread of its own, and its process ends.

Faust's users report workers that hold partitions and take nothing, after a rebalance above all; the process lives, logs
nothing and has to be restarted by hand. So what the broker says is compared with what the worker has done. Slow is
not stalled: a partition whose position moves at all is left alone, however far behind it is.
"""

from __future__ import annotations

import asyncio
import sys
import threading
import time
import traceback
from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from typing import Protocol

import structlog
from msgspec import Struct

from pipeline.progress import Place, Progress
from schemas.wire.publisher import BrokerUnavailableError

log = structlog.get_logger(__name__)

#: Between two looks at the broker, seconds: three small requests each.
LOOK_EVERY_S = 3.0
#: A partition may only wait for its turn while others of its topic are served: it is given so many times as long.
TURNS = 10


class Standing(Struct, frozen=True):
    """Where a partition stands by the broker's account: what the group has committed, and where the log ends.

    ``committed`` is where the log begins for a group that never committed.
    """

    committed: int
    end: int


class Stall(Struct, frozen=True):
    """Something stands still. ``place``: None when it concerns the whole worker. ``behind``: messages that wait there,
    ``at``: the offset of the first of them."""

    why: str
    for_s: float
    place: Place | None = None
    behind: int = 0
    at: int = 0


class Positions(Protocol):
    """Asks the broker, blocking. Every method may raise BrokerUnavailableError."""

    def standing(self) -> Mapping[Place, Standing]:
        """Return how every partition of the group's topics stands."""
        ...

    def readable(self, place: Place, offset: int) -> bool:
        """Return whether there is a message at or after this offset that can be read."""
        ...

    def close(self) -> None:
        """Disconnect."""
        ...


class StallJudge:
    """Says of one look after another whether a partition stands still. It knows no clock, no broker, no engine.

    ``stall_s``: how long nothing may be committed while messages wait. ``look_every_s``: how often it is asked.
    """

    def __init__(self, stall_s: float, look_every_s: float = LOOK_EVERY_S) -> None:
        self._stall_s = stall_s
        self._look_every_s = look_every_s
        self._still: dict[Place, tuple[int, float]] = {}
        self._holes: dict[Place, int] = {}

    def forget(self) -> None:
        """Begin anew: the broker was away, and the worker needs time to find it too."""
        self._still.clear()

    def hole(self, place: Place, end: int) -> None:
        """Nothing up to ``end`` can be read (compaction, an aborted batch): that is no message that waits."""
        self._holes[place] = end
        self._still.pop(place, None)

    def look(
        self, now: float, assigned: Collection[Place], standing: Mapping[Place, Standing], progress: Progress
    ) -> list[Stall]:
        """Return what has stood still for longer than it may. Call it every few seconds."""
        # While a message is worked on, others may wait for it: how long that may last is judged apart.
        busy = progress.oldest_s > self._look_every_s
        stalls = []
        for place, one in standing.items():
            waits = one.end > max(one.committed, self._holes.get(place, 0))
            # A worker without any partition is judged by all: maybe the group has forgotten it.
            judged = place in assigned or not assigned
            if not waits or busy or not judged:
                self._still.pop(place, None)
                continue
            at, since = self._still.get(place, (-1, now))
            if at != one.committed:
                self._still[place], since = (one.committed, now), now
            done_ago_s = progress.done_ago_s(place[0])
            serves_others = done_ago_s is not None and done_ago_s <= self._stall_s
            if now - since > self._stall_s * (TURNS if serves_others else 1):
                stalls.append(
                    Stall(
                        self._why(place, one, assigned, progress), now - since, place, one.end - one.committed,
                        one.committed,
                    )
                )  # fmt: skip
        return stalls

    @staticmethod
    def _why(place: Place, one: Standing, assigned: Collection[Place], progress: Progress) -> str:
        if not assigned:
            return "this worker is given no partition, and messages wait"
        if (progress.acknowledged_to(place) or 0) > one.committed:
            return "what is acknowledged is not committed"
        return "messages wait and none is taken"


class StallWatch:
    """Looks every few seconds, in a thread, so that an event loop that is blocked is noticed as well.

    ``assigned`` returns the partitions that the engine says are ours. ``end`` is called with what stands still and must
    end the process. ``held_s``: how long one message may be worked on.
    """

    def __init__(
        self,
        progress: Progress,
        *,
        open_positions: Callable[[], Positions],
        assigned: Callable[[], Collection[Place]],
        end: Callable[[Stall, str], None],
        stall_s: float,
        held_s: float,
    ) -> None:
        self._progress = progress
        self._open_positions = open_positions
        self._assigned = assigned
        self._end = end
        self._stall_s = stall_s
        self._held_s = held_s
        self._every_s = min(LOOK_EVERY_S, stall_s / 3)
        self._judge = StallJudge(stall_s, self._every_s)
        self._beat = time.monotonic()
        self._watched = threading.get_ident()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="stall-watch", daemon=True)

    def start(self) -> None:
        """Begin. Call it in the thread of the event loop that is to be watched."""
        self._watched = threading.get_ident()
        self._beat = time.monotonic()
        self._thread.start()

    def beat(self) -> None:
        """The event loop goes round. Call it about every second."""
        self._beat = time.monotonic()

    async def beats(self) -> None:
        """Beat until cancelled."""
        while True:
            self.beat()
            await asyncio.sleep(1.0)

    def stop(self) -> None:
        """Look no more."""
        self._stop.set()

    def _run(self) -> None:
        positions: Positions | None = None
        while not self._stop.wait(self._every_s):
            self._look_inside()
            try:
                if positions is None:
                    positions = self._open_positions()
                standing = positions.standing()
                now, assigned = time.monotonic(), self._assigned()
                for stall in self._judge.look(now, assigned, standing, self._progress):
                    assert stall.place is not None
                    if positions.readable(stall.place, stall.at):
                        self._tell(stall)
                    else:
                        self._judge.hole(stall.place, standing[stall.place].end)
            except BrokerUnavailableError as error:
                log.info("the stall watch cannot ask the broker", why=str(error))
                self._judge.forget()
                if positions is not None:
                    positions.close()
                    positions = None
            except Exception as error:
                # A watch that died unseen would be worse than none: it goes on, and says so.
                log.error("the stall watch failed, trying again", error=type(error).__name__)
                self._judge.forget()
        if positions is not None:
            positions.close()

    def _look_inside(self) -> None:
        silent_s = time.monotonic() - self._beat
        if silent_s > self._stall_s:
            self._tell(Stall("the event loop is blocked", silent_s))
        held_s = self._progress.oldest_s
        if held_s > self._held_s:
            self._tell(Stall("a message is held without progress", held_s))

    def _tell(self, stall: Stall) -> None:
        if not self._stop.is_set():
            self._end(stall, self._where())

    def _where(self) -> str:
        """Return where the event loop's thread is now: names of functions only, innermost last."""
        frame = sys._current_frames().get(self._watched)
        stack = traceback.extract_stack(frame)[-4:] if frame is not None else []
        return " > ".join(f"{Path(one.filename).name}:{one.lineno} {one.name}" for one in stack)
