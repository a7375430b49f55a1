"""Which rows of search keys go with rows of a table (docs/adr/0015-finding-people.md)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from pipeline.contact.call_keys import call_rows
from pipeline.names.cards import key_rows
from schemas.envelope import Event
from schemas.event_type import KeyTable
from schemas.events.emergency_call import EMERGENCY_CALL
from schemas.events.person import PERSON

#: By table: what makes its rows of events.
_MAKERS: Mapping[str, Callable[[Iterable[Any]], Sequence[Sequence[Any]]]] = {
    kind.table.keys.name: maker
    for kind, maker in ((PERSON, key_rows), (EMERGENCY_CALL, call_rows))
    if kind.table is not None and kind.table.keys is not None
}


def search_keys(table: KeyTable, events: Iterable[Event]) -> Sequence[Sequence[Any]]:
    """Return the rows of keys for some events, in the order of the key table's columns."""
    return _MAKERS[table.name](events)
