"""A person's record as search keys with a card: the names and the birth date that a candidate is ranked by."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from uuid import UUID

from pipeline.names import keys
from pipeline.names.words import Named, named
from schemas.events.person import Person

#: Aliases of one record that count.
MAX_ALIASES = 20

#: A row of ``person_keys``: key, person_id, of_event, names, birth_date, version.
KeyRow = tuple[str, str, UUID, list[str], str, int]


def names_of(person: Person) -> list[Named]:
    """Return all names of a record, its own first."""
    own = named(person.full_name, person.given_name, person.middle_name, person.family_name)
    others = [named(alias) for alias in person.aliases[:MAX_ALIASES]]
    return [name for name in dict.fromkeys((own, *others)) if name.words]


def key_rows(persons: Iterable[Person]) -> Sequence[KeyRow]:
    """Return the rows of the key table for some records; a record that was taken back has none."""
    rows: list[KeyRow] = []
    for person in persons:
        if person.is_removed:
            continue
        names = names_of(person)
        card = [name.text for name in names]
        rows += [
            (key, person.person_id, person.event_id, card, person.birth_date, keys.KEYS_VERSION)
            for key in sorted(keys.record_keys(names, person.birth_date, person.phones, person.address))
        ]
    return rows
