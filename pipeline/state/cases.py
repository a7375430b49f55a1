"""What the one writer of incidents remembers: every incident, which of them are part of which, and calls by place."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, timedelta
from functools import partial
from math import cos, floor, radians
from typing import TypeVar
from uuid import UUID

from pipeline.rules import same_event
from pipeline.state.drawings import Drawings
from pipeline.state.incident_state import incident_of
from schemas.events.drawing import Drawing
from schemas.events.emergency_call import CallLink, EmergencyCall
from schemas.events.incident import OVER, Incident, IncidentCall
from schemas.place import METRES_PER_DEG

#: An incident that is over, and of which nothing came for so long, is forgotten; one that is open, after longer.
KEEP_OVER, KEEP_OPEN = timedelta(hours=24), timedelta(days=7)
_Cell = tuple[int, int]
_K = TypeVar("_K", UUID, _Cell)


class Cases:
    """Incidents by id, with what was drawn for them. What is put within ``together`` is undone when the block fails: a
    frame is taken whole or not."""

    def __init__(self, incidents: Iterable[Incident] = (), drawings: Iterable[Drawing] = ()) -> None:
        self.drawings = Drawings(drawings)
        self._known: dict[UUID, Incident] = {}
        self._parts: dict[UUID, tuple[UUID, ...]] = {}
        self._by_ref: dict[tuple[str, str, str], UUID] = {}
        self._cells: dict[_Cell, tuple[UUID, ...]] = {}
        self._undo: list[Callable[[], None]] | None = None
        for incident in incidents:
            self.put(incident)

    def __len__(self) -> int:
        return len(self._known)

    def get(self, incident_id: UUID) -> Incident | None:
        """Return an incident as it is now."""
        return self._known.get(incident_id)

    def root(self, incident_id: UUID) -> Incident | None:
        """Return the incident that this one is part of, itself where it is part of none."""
        incident = self._known.get(incident_id)
        for _ in range(len(self._known)):
            if incident is None or incident.merged_into is None or incident.merged_into not in self._known:
                return incident
            incident = self._known[incident.merged_into]
        return incident

    def parts(self, incident_id: UUID) -> tuple[UUID, ...]:
        """Return the incidents that were merged into this one, not those merged into them."""
        return self._parts.get(incident_id, ())

    def own_call(self, incident_id: UUID) -> IncidentCall | None:
        """Return the call that opened an incident."""
        incident = self._known.get(incident_id)
        return incident.calls[0] if incident is not None and incident.calls else None

    def calls(self, incident_id: UUID) -> list[IncidentCall]:
        """Return all calls of an incident: the one that opened it, then those of its parts, oldest first."""
        own = self.own_call(incident_id)
        found: list[IncidentCall] = []
        waiting, seen = list(self.parts(incident_id)), {incident_id}
        while waiting:
            part = waiting.pop()
            if part in seen:
                continue
            seen.add(part)
            call = self.own_call(part)
            if call is not None:
                found.append(call)
            waiting += self.parts(part)
        found.sort(key=lambda call: (call.received_at, call.call_id))
        return [own, *found] if own is not None else found

    def of_reference(self, call: IncidentCall, jurisdiction: str) -> UUID | None:
        """Return the incident of the first call with the same incident of its source."""
        if not call.incident_ref or call.contact == "test":
            return None
        return self._by_ref.get((jurisdiction, call.source, call.incident_ref))

    def named(self, link: CallLink, call: EmergencyCall) -> Incident | None:
        """Return the incident that a link of a call names: by a call of it, or as the call's source names it."""
        if link.call_id:
            return self.get(incident_of(link.call_id))
        found = self._by_ref.get((call.jurisdiction, call.source, link.incident_ref))
        return None if found is None else self.get(found)

    def of_same_event(self, call: IncidentCall, incident: Incident) -> tuple[UUID, str] | None:
        """Return an open incident with a call about the same event, and why it is thought so; the nearest in time."""
        place = same_event.place_of(call)
        if place is None:
            return None
        best: tuple[timedelta, UUID, str] | None = None
        for other_id in self._near(*place):
            other = self.own_call(other_id)
            if other is None or other_id == incident.incident_id:
                continue
            # The nearest in time decides, so what is further than the one found need not be looked at.
            if best is not None and abs(call.received_at - other.received_at) > best[0]:
                continue
            root = self.root(other_id)
            if root is None or root.stage in OVER or root.incident_id == incident.incident_id:
                continue
            if (root.jurisdiction, root.synthetic) != (incident.jurisdiction, incident.synthetic):
                continue
            why = same_event.same_event(call, other)
            apart = abs(call.received_at - other.received_at)
            if why and (best is None or (apart, str(root.incident_id)) < (best[0], str(best[1]))):
                best = (apart, root.incident_id, why)
        return None if best is None else (best[1], best[2])

    def put(self, incident: Incident) -> None:
        """Take an incident's new state."""
        known = self._known.get(incident.incident_id)
        if self._undo is not None:
            self._undo.append(partial(self._set, incident.incident_id, known))
        self._set(incident.incident_id, incident)

    def draw(self, drawing: Drawing) -> None:
        """Take a drawing's new state."""
        if self._undo is not None:
            known = self.drawings.remembered(drawing.incident_id)
            self._undo.append(partial(self.drawings.replace, drawing.incident_id, known))
        self.drawings.put(drawing)

    @contextlib.contextmanager
    def together(self) -> Iterator[None]:
        """Undo all that was put when the block fails."""
        self._undo = []
        try:
            yield
        except BaseException:
            steps, self._undo = self._undo, None
            for undo in reversed(steps):
                undo()
            raise
        finally:
            self._undo = None

    def forget(self, now: datetime) -> None:
        """Let go of incidents of which nothing came for long, unless they are part of one that is kept."""
        old = [one.incident_id for one in self._known.values() if one.merged_into is None and is_forgotten(one, now)]
        for incident_id in old:
            for part in {call.incident_id for call in self.calls(incident_id)} | {incident_id}:
                self._set(part, None)
                self.drawings.forget(part)

    def _set(self, incident_id: UUID, incident: Incident | None) -> None:
        known = self._known.pop(incident_id, None)
        if known is not None:
            self._unlist(known)
        if incident is None:
            return
        self._known[incident_id] = incident
        if incident.merged_into is not None:
            self._parts[incident.merged_into] = (*self._parts.get(incident.merged_into, ()), incident_id)
        if not incident.calls:
            return
        call = incident.calls[0]
        if call.incident_ref and call.contact != "test":
            self._by_ref.setdefault((incident.jurisdiction, call.source, call.incident_ref), incident_id)
        if (cell := _cell(call)) is not None:
            self._cells[cell] = (*self._cells.get(cell, ()), incident_id)

    def _unlist(self, known: Incident) -> None:
        incident_id = known.incident_id
        if known.merged_into is not None:
            _leave(self._parts, known.merged_into, incident_id)
        if not known.calls:
            return
        call = known.calls[0]
        reference = (known.jurisdiction, call.source, call.incident_ref)
        if self._by_ref.get(reference) == incident_id:
            del self._by_ref[reference]
        if (cell := _cell(call)) is not None:
            _leave(self._cells, cell, incident_id)

    def _near(self, lat: float, lon: float) -> Iterator[UUID]:
        row = floor(lat * METRES_PER_DEG / same_event.FURTHEST_M)
        for rows in (-1, 0, 1):
            column = _column(row + rows, lon)
            for columns in (-1, 0, 1):
                yield from self._cells.get((row + rows, column + columns), ())


def _leave(lists: dict[_K, tuple[UUID, ...]], key: _K, incident_id: UUID) -> None:
    rest = tuple(one for one in lists.get(key, ()) if one != incident_id)
    if rest:
        lists[key] = rest
    else:
        lists.pop(key, None)


def _cell(call: IncidentCall) -> _Cell | None:
    place = same_event.place_of(call)
    if place is None:
        return None
    row = floor(place[0] * METRES_PER_DEG / same_event.FURTHEST_M)
    return row, _column(row, place[1])


def _column(row: int, lon: float) -> int:
    # Columns are as wide as the row's edge nearest the pole makes them narrowest: no cell is narrower than the limit.
    narrowest = cos(radians(min(89.0, (abs(row) + 1) * same_event.FURTHEST_M / METRES_PER_DEG)))
    return floor(lon * METRES_PER_DEG * narrowest / same_event.FURTHEST_M)


def is_forgotten(incident: Incident, now: datetime) -> bool:
    """Return whether nothing came of an incident for so long that nobody asks for it any more."""
    last = max(incident.observed_at, incident.changed_at or incident.observed_at)
    return now - last > (KEEP_OVER if incident.stage in OVER else KEEP_OPEN)
