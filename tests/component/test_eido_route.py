"""An incident is read back from the store with all that belongs to it, and handed on by the server."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from uuid import UUID

import pytest
from msgspec.structs import replace
from starlette.testclient import TestClient

from compose.stored_incidents import StoredIncidents
from dashboards.server.ports import IncidentFacts, StoreUnavailableError
from pipeline.store.async_store import AsyncStore
from pipeline.store.chdb_store import ChdbStore
from pipeline.store.store import Placed
from schemas.events.emergency_call import EmergencyCall
from schemas.events.incident import EXAMPLE as INCIDENT
from schemas.events.person import Person
from schemas.events.source_document import SourceDocument
from schemas.identity import identity
from schemas.registry import BY_CLASS
from tests.component.server_fixtures import WELL, Hub, Log, create_server
from tests.unit.eido_documents import document, of_type, read

LARGE = document() | {"x-large": ["ö" * 60_000]}
EVENTS = read(LARGE).events
CALL = next(event for event in EVENTS if isinstance(event, EmergencyCall))
KNOWN = replace(INCIDENT, incident_id=identity("incident", CALL.call_id), call_ids=(CALL.call_id,))


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ChdbStore]:
    opened = ChdbStore(tmp_path_factory.mktemp("store"), readers=1)
    opened.migrate()
    older = read(document() | {"lastUpdateTimeStamp": "2026-01-15T18:00:00Z"}).events
    for event in (*EVENTS, *older, KNOWN):
        kind = BY_CLASS[type(event)]
        opened.insert(kind, [Placed(event, kind.topic, 0, 1)])
    yield opened
    opened.close()


def test_a4_the_newest_state_of_a_call_comes_back_whole_with_its_people_and_its_document(store: ChdbStore) -> None:
    facts = asyncio.run(StoredIncidents(AsyncStore(store)).facts(KNOWN.incident_id))
    assert facts is not None
    assert facts.incident.incident_id == KNOWN.incident_id
    assert facts.calls == (CALL,), "the older document came later and is not in force"
    assert facts.persons == tuple(of_type(read(LARGE), Person))
    parts = of_type(read(LARGE), SourceDocument)
    assert len(parts) > 1
    assert facts.documents == ("".join(part.text for part in parts),)
    assert json.loads(facts.documents[0]) == LARGE


def test_an_incident_that_is_not_known_is_none(store: ChdbStore) -> None:
    assert asyncio.run(StoredIncidents(AsyncStore(store)).facts(UUID(int=1))) is None


class Kept:
    """One incident in memory, or a store that is away."""

    def __init__(self, facts: IncidentFacts | None, away: bool = False) -> None:
        self.known = facts
        self.away = away

    async def facts(self, incident_id: UUID) -> IncidentFacts | None:
        if self.away:
            raise StoreUnavailableError
        return self.known


def browser(incidents: Kept | None) -> TestClient:
    app = create_server(
        hub=Hub(version="test"),
        publisher=Log(),
        query=None,
        dead_letters=None,
        web_dir=None,
        maps_dir=None,
        vitals=lambda: WELL,
        incidents=incidents,
        element="demo.watchfloor.invalid",
    )
    return TestClient(app, base_url="http://127.0.0.1:8000")


FACTS = IncidentFacts(incident=KNOWN, calls=(CALL,), persons=tuple(of_type(read(LARGE), Person)))
PATH = f"/api/incidents/{KNOWN.incident_id}/eido"


def test_a9_the_route_gives_what_the_rights_allow_and_without_any_the_least() -> None:
    client = browser(Kept(FACTS))
    least = client.get(PATH)
    assert (least.status_code, least.headers["cache-control"]) == (200, "no-store")
    assert least.json()["issuingElementIdentification"] == "demo.watchfloor.invalid"
    assert not {"personComponent", "notesComponent", "locationComponent"} & least.json().keys()
    more = client.get(PATH, params={"right": ["notes", "location"]}).json()
    assert {"notesComponent", "locationComponent"} <= more.keys()
    assert "personComponent" not in more


def test_an_eido_of_no_incident_an_unknown_right_or_no_store_is_refused_plainly() -> None:
    assert browser(Kept(None)).get(PATH).status_code == 404
    assert browser(Kept(FACTS)).get(PATH, params={"right": "everything"}).status_code == 422
    assert browser(Kept(None, away=True)).get(PATH).status_code == 503
    assert browser(None).get(PATH).status_code == 503
