"""Incidents with their calls, people and source documents, read back from the store."""

from __future__ import annotations

from uuid import UUID

from compose.stored import stored_events
from dashboards.server import ports
from pipeline.store.async_store import AsyncStore
from pipeline.store.errors import StoreUnavailableError
from schemas.events.emergency_call import EMERGENCY_CALL
from schemas.events.incident import INCIDENT
from schemas.events.person import PERSON
from schemas.events.source_document import SOURCE_DOCUMENT

#: Of an incident; more are left out of what is handed on.
MAX_CALLS, MAX_PERSONS, MAX_PARTS = 200, 500, 400


class StoredIncidents:
    """Implements ``dashboards.server.ports.Incidents``."""

    def __init__(self, store: AsyncStore) -> None:
        self._store = store

    async def facts(self, incident_id: UUID) -> ports.IncidentFacts | None:
        """See ``ports.Incidents.facts``."""
        try:
            return await self._facts(incident_id)
        except StoreUnavailableError as error:
            raise ports.StoreUnavailableError(str(error)) from error

    async def _facts(self, incident_id: UUID) -> ports.IncidentFacts | None:
        found = await stored_events(
            self._store, INCIDENT, "incidents", "WHERE incident_id = {id:UUID} LIMIT 1", {"id": incident_id}
        )
        if not found:
            return None
        incident = found[0]
        ids = list(incident.call_ids)
        calls = await stored_events(
            self._store,
            EMERGENCY_CALL,
            "calls",
            f"WHERE call_id IN {{ids:Array(String)}} ORDER BY received_at LIMIT {MAX_CALLS}",
            {"ids": ids},
        )
        persons = await stored_events(
            self._store,
            PERSON,
            "persons",
            f"WHERE call_id IN {{ids:Array(String)}} AND NOT is_removed LIMIT {MAX_PERSONS}",
            {"ids": ids},
        )
        newest = sorted(calls, key=lambda call: call.updated_at, reverse=True)
        wanted = list(dict.fromkeys(call.document_id for call in newest if call.document_id))
        parts = (
            await stored_events(
                self._store,
                SOURCE_DOCUMENT,
                "source_documents",
                f"WHERE document_id IN {{ids:Array(String)}} ORDER BY part LIMIT {MAX_PARTS}",
                {"ids": wanted},
            )
            if wanted
            else []
        )
        documents = []
        for document_id in wanted:
            own = {part.part: part for part in parts if part.document_id == document_id}
            # A document that is not whole is none.
            if own and len(own) == next(iter(own.values())).parts:
                documents.append("".join(own[number].text for number in sorted(own)))
        return ports.IncidentFacts(
            incident=incident, calls=tuple(calls), persons=tuple(persons), documents=tuple(documents)
        )
