"""Incidents that changed, or what they are part of, since somebody last asked: so that not all need be looked at."""

from __future__ import annotations

from threading import Lock
from uuid import UUID

from pipeline.state.incident_state import incident_of
from schemas.events.incident import Incident


class ChangedCases:
    """Ids, each once, so it holds no more than there are incidents. For any thread."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._ids: set[UUID] = set()

    def note(self, incident: Incident) -> None:
        """Take note of an incident's newest state: it changed for those that are part of it, too."""
        with self._lock:
            self._ids.add(incident.incident_id)
            if len(incident.call_ids) > 1:
                self._ids.update(map(incident_of, incident.call_ids))

    def take(self) -> set[UUID]:
        """Return those that changed since this was asked last."""
        with self._lock:
            ids, self._ids = self._ids, set()
        return ids
