"""What was drawn for each incident: all that is shown, and the last of what was removed, so that it can be restored."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from schemas.events.drawing import Drawing

#: Removed drawings that are remembered of one incident: those of longer ago cannot be restored.
MOST_REMOVED = 100


class Drawings:
    """Drawings by incident. Written by one thread; another may ask for ``all`` meanwhile."""

    def __init__(self, drawings: Iterable[Drawing] = ()) -> None:
        self._of: dict[UUID, dict[UUID, Drawing]] = {}
        for drawing in drawings:
            self.put(drawing)

    def all(self) -> list[Drawing]:
        """Return every one that is remembered."""
        return [drawing for ones in list(self._of.values()) for drawing in list(ones.values())]

    def of(self, incident_id: UUID) -> list[Drawing]:
        """Return those that are shown of one incident."""
        return [drawing for drawing in self._of.get(incident_id, {}).values() if not drawing.removed]

    def get(self, incident_id: UUID, drawing_id: UUID) -> Drawing | None:
        """Return a drawing of an incident, removed or not."""
        return self._of.get(incident_id, {}).get(drawing_id)

    def put(self, drawing: Drawing) -> None:
        """Take a drawing's state; an older one than is known changes nothing."""
        known = self.get(drawing.incident_id, drawing.drawing_id)
        if known is not None and known.rev >= drawing.rev:
            return
        ones = self._of.setdefault(drawing.incident_id, {})
        ones.pop(drawing.drawing_id, None)  # those removed last come last
        ones[drawing.drawing_id] = drawing
        removed = [one.drawing_id for one in ones.values() if one.removed]
        for drawing_id in removed[:-MOST_REMOVED]:
            del ones[drawing_id]

    def replace(self, incident_id: UUID, drawings: Iterable[Drawing]) -> None:
        """Have these be all that is remembered of an incident."""
        self.forget(incident_id)
        ones = {drawing.drawing_id: drawing for drawing in drawings}
        if ones:
            self._of[incident_id] = ones

    def remembered(self, incident_id: UUID) -> tuple[Drawing, ...]:
        """Return all of an incident, removed or not, in the order in which they are kept."""
        return tuple(self._of.get(incident_id, {}).values())

    def forget(self, incident_id: UUID) -> None:
        """Let go of all of an incident."""
        self._of.pop(incident_id, None)
