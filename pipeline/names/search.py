"""Name search: candidates by key from the store, ranked here, each with what speaks for it."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import msgspec
from msgspec import Struct

from pipeline.names.cards import names_of
from pipeline.names.keys import query_keys
from pipeline.names.matching import Match, Reason, match
from pipeline.names.words import Named, named, read_card
from pipeline.store.async_store import AsyncStore
from pipeline.store.errors import Limits
from schemas.contact import PersonQuery
from schemas.events.person import Person
from schemas.phone_number import same_number
from schemas.place import plain_address

#: Candidates that are ranked; the store hands over those that share most with what was asked.
CANDIDATES = 400
#: Of the best, so many for each that is wanted are read whole: other evidence may move them up.
READ_FOR_EACH = 2
#: What one search may use of the store.
LIMITS = Limits(seconds=5.0, memory_bytes=300 * 2**20)
#: A phone number or an address that is the record's too.
PHONE_SAME, ADDRESS_SAME = 6.0, 4.0

#: Rows of keys that one search looks at: the rarest keys first. A key that a tenth of all people share finds nobody.
LOOKED_AT = 40_000

_COMMON = "SELECT key, count() AS rows FROM rtcc.person_keys WHERE key IN {keys:Array(String)} GROUP BY key"
#: Keys that were written twice, after a crash, count twice here: that lets a record in, and moves none in the answer.
_CANDIDATES = """
SELECT person_id, names, birth_date,
  sum(transform(key, {keys:Array(String)}, {weights:Array(Float64)}, 0.0))
    + 8 * arrayMax(name -> jaroWinklerSimilarity(name, {text:String}), names) AS promise
FROM rtcc.person_keys WHERE key IN {keys:Array(String)}
GROUP BY person_id, of_event, names, birth_date ORDER BY promise DESC, person_id LIMIT {most:UInt32}
"""
#: The columns of a record, for those who read it whole.
PERSON_COLUMNS = """event_id, occurred_at, observed_at, source, jurisdiction, synthetic, person_id, updated_at, role,
  full_name, given_name, middle_name, family_name, aliases, birth_date, sex, phones, address, lat, lon, call_id,
  is_removed"""
#: The newest states of the records with these ids, ``{ids}`` being a question for them. By the hash, because that is
#: the order of the small granules that records are looked up in (docs/adr/0015-finding-people.md).
NEWEST_RECORDS = f"""
SELECT {PERSON_COLUMNS}
FROM rtcc.person_states WHERE cityHash64(person_id) IN (SELECT cityHash64(person_id) FROM ({{ids}}))
ORDER BY updated_at DESC, stored_at DESC, _offset DESC, event_id DESC LIMIT 1 BY person_id
"""  # noqa: S608 - parts of our own
_RECORDS = NEWEST_RECORDS.format(ids="SELECT arrayJoin({ids:Array(String)}) AS person_id")


class FoundPerson(Struct, frozen=True, kw_only=True):
    """A record, how strongly it matches (strong, likely, weak), its points, and the reasons for them."""

    person: Person
    grade: str
    points: float
    reasons: tuple[Reason, ...]


class _Candidate(Struct):
    person_id: str
    names: list[str]
    birth_date: str


class _Count(Struct):
    key: str
    rows: int


_counts = msgspec.json.Decoder(_Count)
_candidates = msgspec.json.Decoder(_Candidate)
_persons = msgspec.json.Decoder(Person, strict=False)


class NameSearch:
    """Looks for people. It reads only, and merges nobody: each record stands for itself."""

    def __init__(self, store: AsyncStore, *, region: str = "US", limits: Limits = LIMITS) -> None:
        """``region``: where numbers without a country are (ISO 3166)."""
        self._store = store
        self._region = region
        self._limits = limits

    async def find(self, query: PersonQuery, limit: int = 20) -> Sequence[FoundPerson]:
        """Return up to ``limit`` records, best first; none for a name without letters.

        Raises QueryFailedError when it takes too long and StoreUnavailableError.
        """
        asked = named(query.name, query.given, "", query.family)
        ranked = await self.ranked(asked, query.born)
        best = ranked[: READ_FOR_EACH * limit]
        records = await self._records([person_id for person_id, _ in best])
        found = [self._found(query, records[person_id], matched) for person_id, matched in best if person_id in records]
        found.sort(key=lambda one: (-one.points, one.person.person_id))
        return found[:limit]

    async def ranked(self, asked: Named, born: str) -> list[tuple[str, Match]]:
        """Return the ids of the candidates with their matches, best first."""
        keys = query_keys(asked, born)
        rare = await self._rarest(list(keys))
        if not rare:
            return []
        answer = await self._store.query(
            _CANDIDATES,
            {
                "keys": rare,
                "weights": [keys[key] for key in rare],
                "text": asked.text,
                "most": CANDIDATES,
            },
            "JSONEachRow",
            limits=self._limits,
        )
        # Tens of milliseconds, for which no alert should wait.
        return await asyncio.to_thread(_ranked, asked, born, answer)

    async def _rarest(self, keys: Sequence[str]) -> list[str]:
        """Return the keys that somebody has, rarest first, as many as LOOKED_AT allows; at least one."""
        if not keys:
            return []
        answer = await self._store.query(_COMMON, {"keys": list(keys)}, "JSONEachRow", limits=self._limits)
        found: list[str] = []
        left = LOOKED_AT
        for one in sorted((_counts.decode(line) for line in answer.splitlines()), key=lambda one: (one.rows, one.key)):
            left -= one.rows
            if left < 0 and found:
                break
            found.append(one.key)
        return found

    async def _records(self, ids: Sequence[str]) -> dict[str, Person]:
        if not ids:
            return {}
        answer = await self._store.query(_RECORDS, {"ids": list(ids)}, "JSONEachRow", limits=self._limits)
        persons = [_persons.decode(line) for line in answer.splitlines()]
        return {person.person_id: person for person in persons if not person.is_removed}

    def _found(self, query: PersonQuery, person: Person, matched: Match) -> FoundPerson:
        reasons = list(matched.reasons)
        if matched.name not in names_of(person):
            reasons.append(Reason("name", "earlier_name", 0.0))
        if query.phone and any(same_number(query.phone, phone, self._region) for phone in person.phones):
            reasons.append(Reason("phone", "same", PHONE_SAME))
        if query.address and plain_address(query.address) == plain_address(person.address):
            reasons.append(Reason("address", "same", ADDRESS_SAME))
        matched = Match(sum(reason.points for reason in reasons), tuple(reasons), matched.name)
        return FoundPerson(person=person, grade=matched.grade, points=round(matched.points, 2), reasons=tuple(reasons))


def _ranked(asked: Named, born: str, answer: bytes) -> list[tuple[str, Match]]:
    best: dict[str, Match] = {}
    for line in answer.splitlines():
        card = _candidates.decode(line)
        found = match(asked, born, [read_card(name) for name in card.names], card.birth_date)
        known = best.get(card.person_id)
        if known is None or found.points > known.points:
            best[card.person_id] = found
    return sorted(best.items(), key=lambda one: (-one[1].points, one[0]))
