"""The express lane: hits in fresh reads are announced while ordinary reads still wait (docs/adr/0011).

When the processors are behind, this thread reads the newest reads of this worker's partitions outside the group, and
raises the alerts of those that match a list, with the ids that the processors will give them. It acknowledges nothing
and promises nothing: whatever it misses, the processors raise in their turn. What it has raised they find in the log
and do not raise again.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Protocol

import structlog

from pipeline.lag import LagGauge, Log
from pipeline.outcome import Emit
from pipeline.processors.sightings import Sightings
from pipeline.progress import Place
from pipeline.rules.hotlist_match import match_frame
from pipeline.rules.plate_alert import LATE_AFTER
from pipeline.stall import Standing
from pipeline.state.reference import Reference
from schemas.canary import is_canary
from schemas.events.alert import Alert
from schemas.events.plate_read import PLATE_READ, PlateRead
from schemas.wire.frame import FrameDecoder
from schemas.wire.publisher import BrokerUnavailableError
from schemas.wire.reader import LogReader

log = structlog.get_logger(__name__)

#: Between two looks at how far behind the processors are, seconds.
LOOK_EVERY_S = 1.0
#: It begins with reads of the last so many seconds: older ones are history (and may wait), and a pass that began
#: earlier is not known to it.
BACK_S = LATE_AFTER.total_seconds()


class GroupLog(Log, Protocol):
    """How the group stands, by a connection that can be closed."""

    def close(self) -> None:
        """Disconnect."""
        ...


class ExpressLane:
    """Runs while the group is more than ``after_s`` behind, until it is less than half of that.

    ``open_log``: how the group stands in the topic of reads. ``open_reader``: a reader of these partitions from the
    offsets given at the earliest, and from the time given (epoch seconds) at the earliest, as far as the broker knows
    times. ``assigned``: this worker's partitions. ``announce``: makes alerts durable; it may raise, nothing is lost by
    it. ``raised`` counts the alerts announced, ``reads`` what was looked at.
    """

    def __init__(
        self,
        reference: Reference,
        *,
        open_log: Callable[[], GroupLog],
        open_reader: Callable[[Mapping[Place, Standing], Mapping[Place, int], float], LogReader],
        assigned: Callable[[], Collection[Place]],
        announce: Callable[[Sequence[Alert]], None],
        after_s: float,
        block_stale: bool = False,
    ) -> None:
        self.raised = 0
        self.reads = 0
        self._reference = reference
        self._sightings = Sightings(reference, block_stale=block_stale)
        self._decoder = FrameDecoder(PLATE_READ)
        self._open_log = open_log
        self._open_reader = open_reader
        self._assigned = assigned
        self._announce = announce
        self._after_s = after_s
        self._next: dict[Place, int] = {}
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="express-lane", daemon=True)

    def start(self) -> None:
        """Begin to look."""
        self._thread.start()

    def stop(self) -> None:
        """Look no more."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join(1.0)  # what it has not announced the processors will

    def alerts(self, events: Sequence[PlateRead], partition: int) -> list[Alert]:
        """Return the alerts of these reads that are not in the log yet. The same ids as the processors give."""
        self.reads += len(events)
        matched = match_frame(events, self._reference.hotlists.index, self._reference.in_force)
        hits = [events[at] for at in sorted(matched) if not is_canary(events[at])]
        if not hits:
            return []
        return [
            event
            for outcome in self._sightings.process(PLATE_READ, hits, partition)
            if isinstance(outcome, Emit)
            for event in outcome.events
            if isinstance(event, Alert)
        ]

    def _run(self) -> None:
        while not self._stop.is_set():
            group: GroupLog | None = None
            try:
                group = self._open_log()
                self._watch(group)
            except BrokerUnavailableError as error:
                log.info("the express lane cannot ask the broker", why=str(error))
            except Exception as error:
                # The processors do without it; it begins again.
                log.error("the express lane failed, beginning again", error=type(error).__name__)
            finally:
                if group is not None:
                    group.close()
            self._stop.wait(LOOK_EVERY_S)

    def _watch(self, group: GroupLog) -> None:
        gauge = LagGauge(group)
        while not self._stop.wait(LOOK_EVERY_S):
            standing = gauge.look()
            if gauge.worst_s > self._after_s:
                self._carry(gauge, standing, frozenset(self._assigned()))

    def _carry(self, gauge: LagGauge, standing: Mapping[Place, Standing], mine: frozenset[Place]) -> None:
        places = [place for place in standing if place in mine]
        if not places:
            return
        began, raised = time.monotonic(), self.raised
        log.warning("reads are delayed: hits go first", behind_s=round(gauge.worst_s, 1))
        reader = self._open_reader(
            standing, {place: self._next.get(place, 0) for place in places}, time.time() - BACK_S
        )
        try:
            look_at = time.monotonic() + LOOK_EVERY_S
            while not self._stop.is_set() and mine == frozenset(self._assigned()):
                for record in reader.poll(0.2):
                    self._next[PLATE_READ.topic, record.partition] = record.offset + 1
                    events = self._decoder.decode(record.value).events
                    if due := self.alerts(events, record.partition):
                        self._announce(due)
                        self.raised += len(due)
                if time.monotonic() >= look_at:
                    gauge.look()
                    look_at = time.monotonic() + LOOK_EVERY_S
                    if gauge.worst_s < self._after_s / 2:
                        break
        finally:
            reader.close()
            log.info("the express lane rests", for_s=round(time.monotonic() - began, 1), alerts=self.raised - raised)
