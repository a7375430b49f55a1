"""Search keys are made again while everything goes on, on the real engine."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import httpx2
import pytest

from compose.name_keys import NameKeys
from pipeline.names import keys
from pipeline.names.key_rebuild import KeyRebuild
from pipeline.names.search import NameSearch
from pipeline.store.async_store import AsyncStore
from pipeline.store.chdb_store import ChdbStore
from pipeline.store.errors import StoreUnavailableError
from pipeline.store.store import Placed
from schemas.contact import PersonQuery
from schemas.events.person import PERSON, Person
from tests.component.server_fixtures import World
from tests.component.test_contact_history import DAY, NOW, person

KEYS = "SELECT DISTINCT key, person_id, toString(of_event), version FROM rtcc.person_keys ORDER BY ALL"
PEOPLE = [person(f"{number:02}", full_name=f"Katherine Example{number}") for number in range(9)]
MOVED = person("04", full_name="Katherine Married", updated_at=NOW)
GONE = person("07", is_removed=True, updated_at=NOW)


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ChdbStore]:
    store = ChdbStore(tmp_path_factory.mktemp("store"))
    store.migrate()
    yield store
    store.close()


@pytest.fixture
def store(opened: ChdbStore) -> ChdbStore:
    for table in ("person_states", "person_keys"):
        opened._command(f"TRUNCATE TABLE rtcc.{table}")
    put(opened, *PEOPLE, MOVED, GONE)
    return opened


def put(store: ChdbStore, *people: Person) -> None:
    store.insert(PERSON, [Placed(one, PERSON.topic, 0, place) for place, one in enumerate(people)])


def found(store: ChdbStore, name: str) -> set[str]:
    people = asyncio.run(NameSearch(AsyncStore(store)).find(PersonQuery(name=name)))
    return {one.person.person_id for one in people}


@pytest.fixture
def changed(store: ChdbStore, monkeypatch: pytest.MonkeyPatch) -> ChdbStore:
    """The store after an upgrade to a program that makes one more key of each word."""
    before = keys.name_keys
    monkeypatch.setattr(keys, "KEYS_VERSION", 2)
    monkeypatch.setattr(keys, "name_keys", lambda name: before(name) | {f"d2{word}" for word in name.words})
    return store


def test_keys_of_this_version_need_nothing(store: ChdbStore) -> None:
    rows = store._rows(KEYS)
    rebuild = KeyRebuild(AsyncStore(store))
    assert asyncio.run(rebuild.look()).old == 0
    state = asyncio.run(rebuild.run())
    assert (state.old, state.done, state.todo, state.fault, state.is_running) == (0, 0, 0, "", False)
    assert store._rows(KEYS) == rows != []


@pytest.mark.parametrize("page", [1, 3, 100])
def test_older_keys_are_told_and_made_again_for_every_state_whatever_the_page(changed: ChdbStore, page: int) -> None:
    rebuild = KeyRebuild(AsyncStore(changed), page=page)
    assert asyncio.run(rebuild.look()).old == len(PEOPLE) + 1
    state = asyncio.run(rebuild.run())
    assert (state.version, state.old, state.done, state.todo, state.fault) == (2, 0, 10, 10, "")
    rows = changed._rows(KEYS)
    assert {row[3] for row in rows} == {2}
    assert len({row[2] for row in rows}) == 10
    assert len([row for row in rows if row[0].startswith("d2")]) == 2 * 10
    assert found(changed, "Katherine Married") >= {MOVED.person_id}


def test_run_again_it_does_nothing(changed: ChdbStore) -> None:
    asyncio.run(KeyRebuild(AsyncStore(changed)).run())
    rows = changed._rows("SELECT * FROM rtcc.person_keys ORDER BY ALL")
    state = asyncio.run(KeyRebuild(AsyncStore(changed)).run())
    assert (state.done, state.todo) == (0, 0)
    assert changed._rows("SELECT * FROM rtcc.person_keys ORDER BY ALL") == rows


class Breaking(AsyncStore):
    """A store that is away when the third page comes, and that takes a person meanwhile."""

    def __init__(self, store: ChdbStore) -> None:
        super().__init__(store)
        self.pages = 0

    async def add_keys(self, kind: Any, events: Any) -> int:
        self.pages += 1
        if self.pages == 3:
            put(self._store, person("00a", full_name="Newly Come"))  # type: ignore[arg-type]
            raise StoreUnavailableError("away")
        return await super().add_keys(kind, events)


def test_broken_off_it_says_why_loses_nobody_and_the_next_run_goes_on_where_it_was(changed: ChdbStore) -> None:
    rebuild = KeyRebuild(Breaking(changed), page=2)
    state = asyncio.run(rebuild.run())
    assert (state.fault, state.is_running, state.done, state.old) == ("away", False, 4, None)
    assert len(found(changed, "Katherine Example")) == 8  # all but the one that was taken back
    state = asyncio.run(KeyRebuild(AsyncStore(changed), page=2).run())
    assert (state.todo, state.done, state.old, state.fault) == (6, 6, 0, "")
    assert found(changed, "Newly Come") == {"test:00a"}
    assert len({row[2] for row in changed._rows(KEYS)}) == 11


def test_a_server_tells_of_older_keys_and_makes_them_again_when_it_is_asked(changed: ChdbStore) -> None:
    asyncio.run(_told_and_made_again(changed))


async def _told_and_made_again(changed: ChdbStore) -> None:
    name_keys = NameKeys(AsyncStore(changed))
    world = World(name_keys=name_keys)
    assert name_keys.told() == ""
    await name_keys._rebuild.look()
    assert name_keys.told().startswith("10 records of people have search keys of an older version")
    async with httpx2.AsyncClient(
        transport=httpx2.ASGITransport(world.app), base_url="http://127.0.0.1:8000",
        headers={"origin": "http://127.0.0.1:8000", "content-type": "application/json"},
    ) as page:  # fmt: skip
        begun = (await page.post("/api/names/keys/rebuild")).json()
        again = (await page.post("/api/names/keys/rebuild")).json()
        assert (begun["is_running"], again["is_running"], begun["old"]) == (True, True, 10)
        async with asyncio.timeout(60):
            while (state := (await page.get("/api/names/keys")).json())["is_running"]:
                assert "are being made again" in name_keys.told()
                await asyncio.sleep(0.01)
    assert state == {"version": 2, "old": 0, "is_running": False, "done": 10, "todo": 10, "fault": ""}
    assert name_keys.told() == ""
    await name_keys.stop()


def test_a_server_without_a_store_has_no_keys_to_tell_of() -> None:
    assert World().browser().get("/api/names/keys").status_code == 503


def test_two_at_once_in_one_server_are_one(changed: ChdbStore) -> None:
    async def both() -> tuple[Any, Any]:
        rebuild = KeyRebuild(AsyncStore(changed), page=2)
        first = asyncio.create_task(rebuild.run())
        await asyncio.sleep(0)
        second = await rebuild.run()
        return await first, second

    first, second = asyncio.run(both())
    assert second.is_running
    assert (first.done, first.old) == (10, 0)


def test_what_an_older_program_stored_a_moment_ago_keeps_its_keys(changed: ChdbStore) -> None:
    late = person("99", full_name="Late Comer", occurred_at=NOW - DAY)

    class Late(AsyncStore):
        """An older program stores a record after all pages were read."""

        async def drop_keys(self, kind: Any, where: str) -> None:
            put(changed, late)
            changed._command("DELETE FROM rtcc.person_keys WHERE person_id = 'test:99'")
            changed._command(
                "INSERT INTO rtcc.person_keys (key, person_id, of_event, names, birth_date) "
                f"SELECT 'dLT', 'test:99', '{late.event_id}', ['late comer'], ''"
            )
            await super().drop_keys(kind, where)

    state = asyncio.run(KeyRebuild(Late(changed)).run())
    assert (state.done, state.old) == (10, 1)
    assert [row[3] for row in changed._rows(KEYS) if row[1] == "test:99"] == [1]
    state = asyncio.run(KeyRebuild(AsyncStore(changed)).run())
    assert (state.done, state.old) == (1, 0)
