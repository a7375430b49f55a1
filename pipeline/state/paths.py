"""The last sightings of each plate: where a vehicle was before it was where it is now.

Bounded three ways: by time, by plates and by sightings of a plate. Plates are kept in two halves, a younger and an
older one; when the younger has had its time or is full, it becomes the older and what was older is forgotten. That
costs nothing per read, where a list by age would. ``known_since`` always says how far back nothing is missing.
"""

from __future__ import annotations

from bisect import insort
from operator import attrgetter
from sys import intern
from uuid import UUID

from msgspec import Struct

from schemas.events.sighting import Sighting

#: How far back a path goes at least, seconds (DESIGN §5: the last sightings of a plate, 30 min).
WINDOW_S = 1_800.0
#: Plates of one worker, and sightings of one plate, at most.
MOST_PLATES = 400_000
MOST_SIGHTINGS = 16


class Seen(Struct, frozen=True, gc=False):
    """A sighting as far as a path is concerned. ``at``: by the camera's clock, epoch seconds."""

    at: float
    event_id: UUID
    camera_id: str
    lat: float | None
    lon: float | None
    confidence: float
    region: str | None
    clock_skew_s: float | None
    zones: tuple[str, ...]


_in_time = attrgetter("at")

#: The sightings of one plate in order of time, the oldest first.
Path = list[Seen]


#: The zones of a camera are the same at each of its sightings: they are kept once. Emptied when there are too many.
_zones: dict[tuple[str, ...], tuple[str, ...]] = {}
_MOST_ZONES = 20_000


def seen(sighting: Sighting) -> Seen:
    """Return what a path keeps of a sighting. Names that come again and again are kept once."""
    zones = sighting.zones
    if zones:
        if len(_zones) > _MOST_ZONES:
            _zones.clear()
        zones = _zones.setdefault(zones, zones)
    region = sighting.plate_region
    return Seen(
        sighting.occurred_at.timestamp(),
        sighting.event_id,
        intern(sighting.camera_id),
        sighting.lat,
        sighting.lon,
        sighting.confidence,
        intern(region) if region else None,
        sighting.clock_skew_s,
        zones,
    )


class Paths:
    """The paths of the plates of one partition.

    Nothing is known to be whole until ``know_since`` says how far back the history goes.
    """

    def __init__(
        self,
        *,
        window_s: float = WINDOW_S,
        most_plates: int = MOST_PLATES,
        most_sightings: int = MOST_SIGHTINGS,
    ) -> None:
        self._told_since = float("inf")
        self._lost_until = float("-inf")
        self.window_s = window_s
        self.allow(most_plates)
        self._most = most_sightings
        # Most plates are seen once: a sighting alone is no list, which the garbage collector would look at for ever.
        self._young: dict[str, Seen | Path] = {}
        self._old: dict[str, Seen | Path] = {}
        self._began = float("-inf")
        self._newest = float("-inf")

    @property
    def known_since(self) -> float:
        """Epoch seconds; of the sightings after it none is missing. What is forgotten moves it on."""
        return max(self._told_since, self._lost_until)

    def allow(self, most_plates: int) -> None:
        """Keep so many plates at most from now on."""
        self._half = max(1, most_plates // 2)

    def know_since(self, at: float) -> None:
        """Say since when no sighting is missing in what was taken in, epoch seconds."""
        self._told_since = at

    def __len__(self) -> int:
        return len(self._young) + len(self._old)

    def add(self, plate: str, one: Seen, now_s: float) -> Path:
        """Take a sighting in; return the path of the plate with it, of the last ``window_s`` and somewhat more.

        ``now_s``: when our edge received it, epoch seconds. The list returned may be the one that is kept: it is
        read, never written, by others. A sighting that is known already is not taken twice; one that is new, and the
        newest of its plate, is the last of the list, the very object given.
        """
        if now_s > self._newest:
            self._newest = now_s
            if now_s - self._began > self.window_s:
                self._turn()
        known = self._young.get(plate)
        if known is None:
            if len(self._young) >= self._half:
                self._turn()
            known = self._old.pop(plate, None)
            if known is None:
                self._young[plate] = one
                return [one]
            self._young[plate] = known
        if isinstance(known, Seen):
            if known.event_id == one.event_id:
                return [known]
            path = self._young[plate] = [known]
        else:
            path = known
            if any(before.event_id == one.event_id for before in path):
                return path
        if one.at >= path[-1].at:
            path.append(one)
        else:
            insort(path, one, key=_in_time)
        if len(path) > self._most:
            del path[0]
        return path

    def get(self, plate: str) -> Path:
        """Return the path of a plate; empty when nothing is known of it."""
        known = self._young.get(plate) or self._old.get(plate) or []
        return [known] if isinstance(known, Seen) else known

    def _turn(self) -> None:
        """The younger half becomes the older one; what was older is forgotten."""
        if self._old:
            # All that is forgotten was last seen before the younger half began.
            self._lost_until = max(self._lost_until, self._began)
        self._old, self._young = self._young, {}
        self._began = self._newest
