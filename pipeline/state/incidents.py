"""Open incidents on a grid, for "what is happening near this read"."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import lru_cache
from math import cos, floor, radians
from uuid import UUID

from schemas.events.emergency_call import CALL_OVER
from schemas.events.incident import Incident
from schemas.events.sighting import NearIncident
from schemas.place import METRES_PER_DEG, distance_m

#: How near an incident must be to matter to a sighting, metres.
NEAR_M = 500.0
#: How long an incident matters to sightings near it.
NEAR_TIME = timedelta(minutes=30)

_NEAR_DEG = NEAR_M / METRES_PER_DEG * 1.001
_NEAR_S = NEAR_TIME.total_seconds()

Cell = tuple[int, int]


#: Places whose surroundings are remembered until an incident changes: more than a city has fixed readers.
_REMEMBERED = 10_000

Place = tuple[float, float]
#: Incidents, how far they are, metres, and when they were opened, epoch seconds.
Around = tuple[tuple[Incident, float, float], ...]


class OpenIncidents:
    """A square grid of ``NEAR_M`` cells; each incident lies in its cell and the eight around it, so a read looks
    into one cell only. Written by one thread; cells are tuples replaced whole, so another may read meanwhile.

    Most reads come from readers that stand still, so what lies around a place is remembered until an incident
    changes. That memory is replaced, never emptied: who reads meanwhile fills the old one, which nobody asks again.
    """

    def __init__(self) -> None:
        self._cells: dict[Cell, tuple[Incident, ...]] = {}
        self._known: dict[UUID, Incident] = {}
        self._around: dict[Place, Around] = {}
        #: Another number whenever an incident came or changed.
        self.changes = 0

    def __len__(self) -> int:
        return len(self._known)

    def apply(self, incident: Incident) -> None:
        """Take an incident's state; one that is closed or has no place leaves the grid."""
        known = self._known.get(incident.incident_id)
        if known is not None:
            if known.rev >= incident.rev:
                return
            self._remove(known)
        if not _is_going_on(incident) or incident.lat is None or incident.lon is None:
            self._known.pop(incident.incident_id, None)
            return
        self._known[incident.incident_id] = incident
        for cell in _cells_around(incident.lat, incident.lon):
            self._cells[cell] = (*self._cells.get(cell, ()), incident)
        self._around = {}
        self.changes += 1

    def forget_before(self, moment: datetime) -> None:
        """Let go of incidents opened before ``moment``."""
        for incident in [known for known in self._known.values() if known.opened_at < moment]:
            self._remove(incident)
            del self._known[incident.incident_id]

    def near(self, lat: float, lon: float, at: datetime) -> tuple[NearIncident, ...]:
        """Return the open incidents within ``NEAR_M``, opened in ``NEAR_TIME`` before ``at``; nearest first."""
        remembered = self._around
        around = remembered.get((lat, lon))
        if around is None:
            around = self._look(lat, lon)
            if len(remembered) < _REMEMBERED:
                remembered[lat, lon] = around
        if not around:
            return ()
        at_s = at.timestamp()
        return tuple(
            [
                NearIncident(
                    incident_id=incident.incident_id,
                    kind=incident.kind,
                    priority=incident.priority,
                    distance_m=metres,
                    age_s=int(age_s * 10 + 0.5) / 10,
                )
                for incident, metres, opened_s in around
                if 0.0 <= (age_s := at_s - opened_s) <= _NEAR_S
            ]
        )

    def _look(self, lat: float, lon: float) -> Around:
        found = []
        for incident in self._cells.get(_cell(lat, lon), ()):
            if incident.lat is None or incident.lon is None or abs(incident.lat - lat) > _NEAR_DEG:
                continue  # most of a cell's neighbours are too far north or south: no need for the sphere
            metres = distance_m(lat, lon, incident.lat, incident.lon)
            if metres <= NEAR_M:
                found.append((incident, round(metres, 1), incident.opened_at.timestamp()))
        return tuple(sorted(found, key=lambda one: one[1]))

    def _remove(self, incident: Incident) -> None:
        if incident.lat is None or incident.lon is None:
            return
        for cell in _cells_around(incident.lat, incident.lon):
            rest = tuple(one for one in self._cells.get(cell, ()) if one.incident_id != incident.incident_id)
            if rest:
                self._cells[cell] = rest
            else:
                self._cells.pop(cell, None)
        self._around = {}


def _is_going_on(incident: Incident) -> bool:
    """Return whether something goes on there: a part of another incident is a place of its own while its call is."""
    if incident.stage == "merged":
        return bool(incident.calls) and incident.calls[0].status not in CALL_OVER
    return incident.status == "open"


def _cell(lat: float, lon: float) -> Cell:
    row = floor(lat * METRES_PER_DEG / NEAR_M)
    return row, floor(lon * _columns_per_deg(row))


@lru_cache(maxsize=4096)
def _columns_per_deg(row: int) -> float:
    # Columns are as wide as the row's edge nearest the pole makes them narrowest, so no cell is narrower than NEAR_M.
    narrowest = cos(radians(min(89.0, (abs(row) + 2) * NEAR_M / METRES_PER_DEG)))
    return METRES_PER_DEG * narrowest / NEAR_M


def _cells_around(lat: float, lon: float) -> set[Cell]:
    step = NEAR_M / METRES_PER_DEG
    cells = set()
    for rows in (-1, 0, 1):
        there = lat + rows * step
        row, column = _cell(there, lon)
        cells |= {(row, column + columns) for columns in (-1, 0, 1)}
    return cells
