"""What a page on a thin line looks at: units in its box, at its pace, and nothing that is over."""

from __future__ import annotations

import msgspec
from msgspec import Struct

from dashboards.server.messages import View
from dashboards.server.snapshot import Snapshot


class _Unit(Struct, frozen=True, gc=False):
    unit_id: str
    lat: float = 0.0
    lon: float = 0.0
    gone: bool = False


class _Ending(Struct, frozen=True, gc=False):
    status: str = ""
    merged_into: str | None = None


_unit = msgspec.json.Decoder(_Unit)
_ending = msgspec.json.Decoder(_Ending)
_OVER = frozenset({"closed", "recalled"})
#: Channels whose things end: what is over is left out of the snapshots of a page on a thin line.
_ENDING = frozenset({"alerts", "incidents"})


class Looking:
    """Which rows one client is sent. It keeps which units the client was shown: one that leaves the box is told once
    more, else it would stand at the edge for ever."""

    def __init__(self, view: View) -> None:
        self.every_s = view.every_s
        self._bbox = view.bbox
        self._followed = frozenset(view.units)
        self._shown: set[str] = set()

    def of(self, snapshot: Snapshot) -> Snapshot:
        """Return the part of a snapshot that this client is sent."""
        if snapshot.channel == "units":
            self._shown.clear()
            rows = [row for row in snapshot.rows() if self.wants("units", row)]
        elif snapshot.channel in _ENDING:
            rows = [row for row in snapshot.rows() if _goes_on(row)]
        else:
            return snapshot
        return Snapshot(snapshot.channel, snapshot.pos, rows, snapshot.taken_at)

    def wants(self, channel: str, row: bytes) -> bool:
        """Return whether this new state is sent."""
        if channel != "units":
            return True
        unit = _unit.decode(row)
        seen = not unit.gone and (unit.unit_id in self._followed or self._is_inside(unit))
        known = unit.unit_id in self._shown
        if seen:
            self._shown.add(unit.unit_id)
        else:
            self._shown.discard(unit.unit_id)
        return seen or known

    def _is_inside(self, unit: _Unit) -> bool:
        west, south, east, north = self._bbox
        if not south <= unit.lat <= north:
            return False
        return west <= unit.lon <= east if west <= east else unit.lon >= west or unit.lon <= east


def _goes_on(row: bytes) -> bool:
    told = _ending.decode(row)
    # What was merged is kept: whoever works on it is led to what it is part of.
    return told.status not in _OVER or told.merged_into is not None
