"""Makes the search keys of all people again, when the way they are made has changed, while everything goes on."""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec import Struct

from pipeline.names import keys
from pipeline.names.search import PERSON_COLUMNS
from pipeline.store.async_store import AsyncStore
from pipeline.store.errors import Limits, StoreError
from pipeline.store.parameters import Parameter
from schemas.events.person import PERSON, Person

#: Records of people (their states) that are made keys for at a time. The writer waits for no more than these.
PAGE = 2_000
#: What one question may use of the store: it looks at all keys.
LIMITS = Limits(seconds=120.0, memory_bytes=600 * 2**20, rows=50_000_000)
#: A row that is older than this when the rebuild begins is surely seen by it; of younger ones, older keys stay.
SETTLED_S = 600

_TODO = "NOT is_removed AND event_id NOT IN (SELECT of_event FROM rtcc.person_keys WHERE version >= {version:UInt16})"
_COUNT = f"SELECT count() AS n, toUnixTimestamp(now()) AS at FROM rtcc.person_states WHERE {_TODO}"  # noqa: S608
# With ties, so that no state of the last person is left out: the next page begins after that person.
_PAGE = f"""
SELECT {PERSON_COLUMNS} FROM rtcc.person_states WHERE person_id > {{after:String}} AND {_TODO}
ORDER BY person_id LIMIT {{most:UInt32}} WITH TIES
"""  # noqa: S608
_OLD = """
SELECT uniqExact(of_event) AS n FROM rtcc.person_keys
WHERE version < {version:UInt16} AND of_event IN (SELECT event_id FROM rtcc.person_states)
"""
# Keys of a row that an older program stored a moment ago, and that has no new ones yet, must stay.
_SPENT = """version < {version} AND (of_event IN (SELECT of_event FROM rtcc.person_keys WHERE version >= {version})
  OR of_event IN (SELECT event_id FROM rtcc.person_states WHERE stored_at < toDateTime64({settled}, 3, 'UTC')))"""

_persons = msgspec.json.Decoder(Person, strict=False)
_figures = msgspec.json.Decoder(dict[str, int], strict=False)


class KeyState(Struct, frozen=True, kw_only=True):
    """How the search keys stand. ``version``: of this program; ``old``: records with keys of an older one, None: not
    counted yet. ``done`` of ``todo`` records have been made keys for by the newest run; ``fault``: why it ended early.
    """

    version: int
    old: int | None = None
    is_running: bool = False
    done: int = 0
    todo: int = 0
    fault: str = ""


class KeyRebuild:
    """Finds the records without keys of this version, makes them, and takes the older ones away at the end.

    It remembers nothing: what is still to do is seen in the store, so after a crash it goes on where it was, and run
    again it finds nothing to do. Searches find what has old keys by them until the new ones are there.
    """

    def __init__(self, store: AsyncStore, *, page: int = PAGE) -> None:
        self._store = store
        self._page = page
        self.state = KeyState(version=keys.KEYS_VERSION)

    async def look(self) -> KeyState:
        """Count the records whose keys are older. Raises StoreError."""
        (found,) = await self._ask(_OLD)
        self._note(old=found["n"])
        return self.state

    async def run(self) -> KeyState:
        """Make all keys; return how they stand then. A store that fails is told of in ``fault``, not raised."""
        if self.state.is_running:
            return self.state
        self._note(is_running=True, done=0, todo=0, fault="")
        try:
            (begin,) = await self._ask(_COUNT)
            self._note(todo=begin["n"])
            after = ""
            while persons := await self._next(after):
                await self._store.add_keys(PERSON, persons)
                after = persons[-1].person_id
                self._note(done=self.state.done + len(persons))
            spent = _SPENT.format(version=self.state.version, settled=begin["at"] - SETTLED_S)
            await self._store.drop_keys(PERSON, spent)
            await self.look()
        except StoreError as error:
            self._note(fault=str(error))
        except Exception as error:
            self._note(fault=f"{type(error).__name__}; see the log of the server")
            raise
        finally:
            self._note(is_running=False)
        return self.state

    async def _next(self, after: str) -> list[Person]:
        params: dict[str, Parameter] = {"after": after, "most": self._page, "version": self.state.version}
        answer = await self._store.query(_PAGE, params, "JSONEachRow", limits=LIMITS)
        return [_persons.decode(line) for line in answer.splitlines()]

    async def _ask(self, sql: str) -> list[dict[str, int]]:
        answer = await self._store.query(sql, {"version": self.state.version}, "JSONEachRow", limits=LIMITS)
        return [_figures.decode(line) for line in answer.splitlines()]

    def _note(self, **changes: Any) -> None:
        self.state = msgspec.structs.replace(self.state, **changes)
