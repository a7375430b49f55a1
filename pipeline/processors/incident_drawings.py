"""What people draw on the map for an incident. A drawing has its own revision, as a task has; who is late is told.

It stays with the incident it was drawn for: a merge changes nothing of it, so its undoing has nothing to bring back.
Whoever works on the whole changes what was drawn for its parts as well.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from uuid import UUID

from msgspec.structs import replace

from pipeline.processors.refusal import RefusedError
from pipeline.state.cases import Cases
from schemas.drawing_geometry import Geometry, InvalidDrawingError, checked
from schemas.events.action import Action
from schemas.events.drawing import Drawing
from schemas.events.incident import Incident
from schemas.identity import identity

#: Drawings that are shown of one incident with its parts.
MOST_DRAWINGS = 100


def changed(cases: Cases, incident: Incident, action: Action) -> Drawing:
    """Return the drawing as an action leaves it. Raises RefusedError."""
    return DRAWING_ACTIONS[action.name](cases, incident, action)


def unwritten(cases: Cases, incident: Incident, action: Action) -> Drawing | None:
    """Return what an action that is in the log already still has to make of a drawing: a worker that was killed may
    have written the incident and not the drawing. Each names the revision it changes, so nothing is done twice."""
    try:
        drawing = changed(cases, incident, action)
    except RefusedError:
        return None
    return None if _is_made_by(cases.drawings.get(drawing.incident_id, drawing.drawing_id), action) else drawing


def moved(cases: Cases, incident: Incident) -> Iterator[Drawing]:
    """Yield the next states of drawings whose incident is elsewhere than they say: its place decides who sees them."""
    for drawing in cases.drawings.of(incident.incident_id):
        if (drawing.lat, drawing.lon) != (incident.lat, incident.lon):
            yield replace(
                drawing, event_id=identity("drawing_state", drawing.drawing_id, incident.event_id),
                occurred_at=incident.occurred_at, observed_at=incident.observed_at, rev=drawing.rev + 1,
                lat=incident.lat, lon=incident.lon,
            )  # fmt: skip


def _draw(cases: Cases, incident: Incident, action: Action) -> Drawing:
    drawing_id = identity("drawing", action.event_id)
    known = cases.drawings.get(incident.incident_id, drawing_id)
    if known is not None:
        if known.rev == 1:
            return known
        raise RefusedError("already_drawn", known.drawn_by)
    geometry = _geometry(incident, action)
    _require_room(cases, incident)
    at, by = action.occurred_at, action.actor
    return Drawing(
        event_id=identity("drawing_state", drawing_id, action.event_id),
        occurred_at=at, observed_at=action.observed_at, source="processor/incidents",
        jurisdiction=incident.jurisdiction, synthetic=incident.synthetic,
        drawing_id=drawing_id, incident_id=incident.incident_id, rev=1, kind=action.details["kind"],
        shape=geometry.shape, corners=geometry.corners, label=action.details.get("label", "").strip(),
        lat=incident.lat, lon=incident.lon, drawn_by=by, drawn_at=at, changed_by=by, changed_at=at,
    )  # fmt: skip


def _change(cases: Cases, incident: Incident, action: Action) -> Drawing:
    drawing = _named(cases, incident, action)
    if _is_made_by(drawing, action):
        return drawing
    if drawing.removed:
        raise RefusedError("drawing_already_removed", drawing.changed_by)
    _require_unchanged(drawing, action)
    geometry = _geometry(incident, action)
    return _next(
        cases, drawing, action, kind=action.details["kind"], label=action.details.get("label", "").strip(),
        shape=geometry.shape, corners=geometry.corners,
    )  # fmt: skip


def _remove(cases: Cases, incident: Incident, action: Action) -> Drawing:
    drawing = _named(cases, incident, action)
    if _is_made_by(drawing, action):
        return drawing
    if drawing.removed:
        raise RefusedError("drawing_already_removed", drawing.changed_by)
    _require_unchanged(drawing, action)
    return _next(cases, drawing, action, removed=True)


def _restore(cases: Cases, incident: Incident, action: Action) -> Drawing:
    drawing = _named(cases, incident, action)
    if _is_made_by(drawing, action):
        return drawing
    if not drawing.removed:
        raise RefusedError("drawing_already_restored", drawing.changed_by)
    _require_unchanged(drawing, action)
    _require_room(cases, incident)
    return _next(cases, drawing, action, removed=False)


def _named(cases: Cases, incident: Incident, action: Action) -> Drawing:
    try:
        wanted = UUID(action.details.get("drawing", ""))
    except ValueError:
        raise RefusedError("unknown_drawing", "") from None
    for incident_id in _whole(cases, incident):
        found = cases.drawings.get(incident_id, wanted)
        if found is not None:
            return found
    raise RefusedError("unknown_drawing", "")


def _whole(cases: Cases, incident: Incident) -> Iterator[UUID]:
    """Yield the ids of an incident and of all that are part of it."""
    waiting, seen = [incident.incident_id], set[UUID]()
    while waiting:
        one = waiting.pop()
        if one not in seen:
            seen.add(one)
            yield one
            waiting += cases.parts(one)


def _require_room(cases: Cases, incident: Incident) -> None:
    if sum(len(cases.drawings.of(one)) for one in _whole(cases, incident)) >= MOST_DRAWINGS:
        raise RefusedError("too_many_drawings", "")


def _require_unchanged(drawing: Drawing, action: Action) -> None:
    expected = action.details.get("expected_rev", "")
    if not expected.isascii() or not expected.isdigit():
        raise RefusedError("invalid_expected_rev", "")
    if int(expected) != drawing.rev:
        raise RefusedError("drawing_changed_meanwhile", drawing.changed_by)


def _is_made_by(drawing: Drawing | None, action: Action) -> bool:
    return drawing is not None and drawing.event_id == identity("drawing_state", drawing.drawing_id, action.event_id)


def _geometry(incident: Incident, action: Action) -> Geometry:
    told = action.details
    place = None if incident.lat is None or incident.lon is None else (incident.lat, incident.lon)
    try:
        return checked(told.get("kind", ""), told.get("label", ""), told.get("geometry", ""), place)
    except InvalidDrawingError:
        # The server told which field (dashboards/server/drawings.py); this is for what came past it.
        raise RefusedError("invalid_drawing", "") from None


def _next(cases: Cases, drawing: Drawing, action: Action, **now: object) -> Drawing:
    own = cases.get(drawing.incident_id)
    place = {} if own is None else {"lat": own.lat, "lon": own.lon}
    return replace(
        drawing, event_id=identity("drawing_state", drawing.drawing_id, action.event_id),
        occurred_at=action.occurred_at, observed_at=action.observed_at, rev=drawing.rev + 1,
        changed_by=action.actor, changed_at=action.occurred_at, **place, **now,
    )  # fmt: skip


DRAWING_ACTIONS: dict[str, Callable[[Cases, Incident, Action], Drawing]] = {
    "incident.draw": _draw,
    "incident.drawing_change": _change,
    "incident.drawing_remove": _remove,
    "incident.drawing_restore": _restore,
}
