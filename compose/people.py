"""Name search and contact view, given to the server: the ports of ``dashboards`` over the store of ``pipeline``."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Generator, Mapping, Sequence
from typing import Any, TypeVar

from compose.settings import ConfigError, Settings
from compose.store_answers import for_the_server
from pipeline.contact.history import ContactHistory
from pipeline.contact.shared_numbers import SharedNumbersError, read_shared_numbers
from pipeline.names.search import NameSearch
from pipeline.store.async_store import AsyncStore
from schemas.contact import Contact, PersonQuery
from schemas.events.marker import Marker
from schemas.phone_number import normalised

T = TypeVar("T")

#: Searches that run at once; the contact view must find readers free.
SEARCHES = 2


def shared_numbers(settings: Settings) -> Mapping[str, str]:
    """Return what each shared number is. Raises ConfigError."""
    if settings.shared_numbers is None:
        return {}
    try:
        return read_shared_numbers(settings.shared_numbers, settings.phone_region)
    except SharedNumbersError as error:
        raise ConfigError(f"shared_numbers: {error}") from error


class StoredPeople:
    """Implements ``ports.People``."""

    def __init__(self, store: AsyncStore, region: str) -> None:
        self._search = NameSearch(store, region=region)
        self._turns = asyncio.Semaphore(SEARCHES)

    async def find(self, asked: PersonQuery, limit: int) -> Sequence[object]:
        """See ``ports.People.find``."""
        async with self._turns:
            return await _told(self._search.find(asked, limit))


class StoredContact:
    """Implements ``ports.ContactHistory``."""

    def __init__(self, store: AsyncStore, region: str, shared: Mapping[str, str]) -> None:
        self._history = ContactHistory(store, region=region, shared=shared)
        self._region = region

    def parts(self, asked: Contact) -> Mapping[str, Coroutine[Any, Any, object]]:
        """See ``ports.ContactHistory.parts``. What was not asked for is not looked for."""
        history = self._history
        # One search for the two parts that need it.
        looked_for = _Once(lambda: history.find(asked))
        parts: dict[str, Coroutine[Any, Any, object]] = {"number": _told(history.of_number(asked.number))}
        if asked.number:
            parts["people_by_number"] = _told(history.of_people_by_number(asked.number))
        if asked.address or asked.lat is not None:
            parts["place"] = _told(history.of_place(asked.address, asked.lat, asked.lon))
        if asked.address:
            parts["people_at_address"] = _told(history.of_people_at(asked.address, asked.name, asked.born))
        if asked.name:
            parts["person"] = _told(history.of_person(looked_for))
        parts["markers"] = _told(history.markers(asked, looked_for))
        return parts

    async def markers(self) -> object:
        """See ``ports.ContactHistory.markers``."""
        return await _told(self._history.all_markers())

    async def marker(self, marker_id: str) -> Marker | None:
        """See ``ports.ContactHistory.marker``."""
        return await _told(self._history.marker(marker_id))

    def number(self, text: str) -> str:
        """See ``ports.ContactHistory.number``."""
        return normalised(text, self._region)


class _Once(Awaitable[T]):
    """A question that several wait for and that is asked once, when the first one waits."""

    def __init__(self, ask: Callable[[], Coroutine[Any, Any, T]]) -> None:
        self._ask = ask
        self._task: asyncio.Task[T] | None = None

    def __await__(self) -> Generator[Any, None, T]:
        if self._task is None:
            self._task = asyncio.create_task(self._ask(), name="contact-search")
        # Shielded: who stops waiting must not end it for the other.
        return asyncio.shield(self._task).__await__()


async def _told(answer: Coroutine[Any, Any, T]) -> T:
    """Await an answer of the store; its errors become the ports' own."""
    with for_the_server():
        return await answer
