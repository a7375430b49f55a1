"""Which camera vehicles pass next, and how long they take: learnt from the paths of all plates.

For each camera it is counted how many passes it saw, at which camera the same plate was seen next, and how long after.
Of the times only a histogram is kept, so that memory is bounded by cameras and not by vehicles.
"""

from __future__ import annotations

from collections.abc import Collection
from math import log

from msgspec import Struct

from pipeline.state.paths import Path

#: Travel times: bins from 5 s to 30 min, each a quarter longer than the one before. That is how exact a range can be.
_SHORTEST_S, _RATIO, _BINS = 5.0, 1.25, 27
_LOG_RATIO = log(_RATIO)
#: A plate read again at a camera within this time has not left it, seconds (as SAME_PASS of the sightings processor).
SAME_PASS_S = 60.0
#: Passes after which a camera's counts are halved, so that what was learnt last weighs most.
_HALVE_AT = 20_000
#: Next cameras of one camera at most.
_MOST_NEXT = 48
#: Fewer passes of a camera than this say nothing.
ENOUGH = 50
#: Of all travel times this share is shorter than the range told, and as many are longer.
_OUTSIDE = 0.05


class Expected(Struct, frozen=True):
    """Where a vehicle is likely to be seen next. ``share``: of the passes of a camera, 0..1; times in seconds.

    ``passes``: how many it was learnt from.
    """

    camera_id: str
    share: float
    soonest_s: float
    latest_s: float
    passes: int


class Ahead:
    """The next two cameras of a vehicle, as far as they are likely."""

    __slots__ = ("_steps", "cameras")

    def __init__(self, steps: tuple[tuple[Expected, tuple[tuple[str, float], ...]], ...]) -> None:
        self._steps = steps
        #: All of them.
        self.cameras = frozenset(step.camera_id for step, _ in steps).union(
            *(frozenset(name for name, _ in after) for _, after in steps)
        )

    def towards(self, inside: Collection[str]) -> tuple[float, tuple[Expected, ...]]:
        """Return the share of vehicles that one of the next two cameras ``inside`` an area sees, and the next cameras
        that lead there, likeliest first.
        """
        share, via = 0.0, []
        for step, after in self._steps:
            leads = 1.0 if step.camera_id in inside else sum(part for name, part in after if name in inside)
            if leads > 0.0:
                share += step.share * leads
                via.append((step.share * leads, step))
        via.sort(key=lambda one: (-one[0], one[1].camera_id))
        return min(share, 1.0), tuple(step for _, step in via)


class _Leg:
    __slots__ = ("bins", "count")

    def __init__(self) -> None:
        self.count = 0
        self.bins = [0] * _BINS

    def add(self, took_s: float) -> None:
        self.count += 1
        at = int(log(took_s / _SHORTEST_S) / _LOG_RATIO) if took_s > _SHORTEST_S else 0
        self.bins[min(at, _BINS - 1)] += 1

    def halve(self) -> None:
        self.bins = [number // 2 for number in self.bins]
        self.count = sum(self.bins)

    def range(self) -> tuple[float, float]:
        """Return the travel times that all but ``_OUTSIDE`` at each end lie between, seconds."""
        least, most = self.count * _OUTSIDE, self.count * (1 - _OUTSIDE)
        total, first, last = 0, None, 0
        for at, number in enumerate(self.bins):
            total += number
            if first is None and total > least:
                first = at
            if number and total - number < most:
                last = at
        low = 0.0 if not first else _SHORTEST_S * _RATIO**first
        return low, _SHORTEST_S * _RATIO ** (last + 1)


class Transitions:
    """What one worker has learnt. Its plates are an even share of all (by hash), so its shares are those of all."""

    def __init__(self) -> None:
        self._passes: dict[str, int] = {}
        self._next: dict[str, dict[str, _Leg]] = {}
        self._last: dict[str, float] = {}

    def note(self, path: Path) -> None:
        """Learn from the newest sighting of a path; the path must end with it, and it must be new."""
        here = path[-1]
        self._last[here.camera_id] = here.at
        if len(path) > 1:
            before = path[-2]
            took = here.at - before.at
            if before.camera_id == here.camera_id:
                if took < SAME_PASS_S:
                    return
            elif took > 0:
                self._leg(before.camera_id, here.camera_id).add(took)
        passes = self._passes.get(here.camera_id, 0) + 1
        self._passes[here.camera_id] = passes
        if passes >= _HALVE_AT:
            self._halve(here.camera_id)

    def expected(self, camera_id: str, *, least_share: float = 0.1, most: int = 3) -> tuple[Expected, ...]:
        """Return the likeliest next cameras of a vehicle that passes a camera, likeliest first.

        Nothing while the camera has seen fewer than ``ENOUGH`` passes. What is never seen again counts in the share.
        """
        passes = self._passes.get(camera_id, 0)
        if passes < ENOUGH:
            return ()
        legs = [(leg.count / passes, name, leg) for name, leg in self._next.get(camera_id, {}).items()]
        likely = sorted((one for one in legs if one[0] >= least_share), key=lambda one: (-one[0], one[1]))
        found = []
        for share, name, leg in likely[:most]:
            soonest_s, latest_s = leg.range()
            found.append(Expected(name, round(share, 3), round(soonest_s, 1), round(latest_s, 1), passes))
        return tuple(found)

    def ahead(self, camera_id: str) -> Ahead:
        """Return what lies ahead of a vehicle that passes a camera: the likely next cameras, and those after each."""
        return Ahead(
            tuple(
                (step, tuple((one.camera_id, one.share) for one in self._likely(step.camera_id)))
                for step in self._likely(camera_id)
            )
        )

    def _likely(self, camera_id: str) -> tuple[Expected, ...]:
        return self.expected(camera_id, least_share=0.05, most=_MOST_NEXT)

    def last_seen(self, camera_id: str) -> float:
        """Return when a camera last saw any vehicle, epoch seconds; minus infinity when it never did."""
        return self._last.get(camera_id, float("-inf"))

    def _leg(self, camera_id: str, next_id: str) -> _Leg:
        legs = self._next.setdefault(camera_id, {})
        leg = legs.get(next_id)
        if leg is None:
            if len(legs) >= _MOST_NEXT:
                del legs[min(legs, key=lambda name: legs[name].count)]
            leg = legs[next_id] = _Leg()
        return leg

    def _halve(self, camera_id: str) -> None:
        self._passes[camera_id] //= 2
        for leg in self._next.get(camera_id, {}).values():
            leg.halve()
