"""Earlier calls, people and markers of a number, a place and a person: one bounded question to the store for each."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from itertools import chain
from typing import Any

import msgspec
from msgspec import Struct

from pipeline.contact.call_keys import address_key, id_key, number_key, place_keys
from pipeline.contact.windows import LONGEST, WINDOWS, Window, windows
from pipeline.names.cards import names_of
from pipeline.names.matching import Reason, match
from pipeline.names.search import NEWEST_RECORDS, FoundPerson, NameSearch
from pipeline.names.words import named
from pipeline.store.async_store import AsyncStore
from pipeline.store.errors import Limits
from pipeline.store.parameters import Parameter
from schemas.contact import Contact, PersonQuery
from schemas.events.marker import Marker
from schemas.events.person import Person
from schemas.phone_number import last_digits, normalised, same_number
from schemas.place import plain_address

#: One question may take so long; the view itself stops at two seconds.
LIMITS = Limits(seconds=1.8, rows=20_000, memory_bytes=200 * 2**20)
#: A call so near is of the same place, metres.
NEAR_M = 50.0
#: Earlier calls that are counted, and shown; people and markers that are shown.
COUNTED, SHOWN, PEOPLE, MARKERS = 5_000, 10, 20, 100

_CALL = (
    "call_id, number, received_at, kind, category, priority, status, disposition, address, lat, lon, callback_number, "
    "is_number_withheld"
)
_NEWEST = "ORDER BY received_at DESC, updated_at DESC LIMIT 1 BY call_id"


class EarlierCall(Struct, frozen=True, kw_only=True):
    """An earlier call as its newest state says; ``distance_m`` from the place asked for."""

    call_id: str
    number: str
    received_at: datetime
    kind: str
    category: str
    priority: int | None = None
    status: str = ""
    disposition: str = ""
    address: str = ""
    lat: float | None = None
    lon: float | None = None
    distance_m: float | None = None


class Earlier(Struct, frozen=True, kw_only=True):
    """Earlier calls of one subject. ``rule``: "" or why nothing is joined or no flag is raised (withheld, shared,
    not_a_number). ``what``: whose a shared number is. ``repeat``: there were calls in the last 12 months."""

    rule: str = ""
    what: str = ""
    number: str = ""
    windows: tuple[Window, ...] = ()
    calls: tuple[EarlierCall, ...] = ()
    repeat: bool = False


class KnownPerson(Struct, frozen=True, kw_only=True):
    """A record of a person; ``why``: what speaks for its being the one asked for. Never merged with another."""

    person_id: str
    name: str
    birth_date: str
    role: str
    address: str
    call_id: str
    at: datetime
    grade: str = ""
    points: float = 0.0
    why: tuple[Reason, ...] = ()


class People(Struct, frozen=True, kw_only=True):
    """Records of people. ``victim_windows``: records as a victim in each window; ``repeat_victim``: there is one."""

    rule: str = ""
    people: tuple[KnownPerson, ...] = ()
    victim_windows: tuple[Window, ...] = ()
    repeat_victim: bool = False
    calls: tuple[EarlierCall, ...] = ()


class LiveMarker(Struct, frozen=True, kw_only=True):
    """A marker that holds now. ``review_due``: somebody must look at it again."""

    marker_id: str
    category: str
    kind: str
    subject_kind: str
    subject: str
    text: str
    origin: str
    review_at: datetime
    expires_at: datetime
    changed_by: str
    review_due: bool


class Markers(Struct, frozen=True, kw_only=True):
    """``live``: what holds now; ``expired``: how many were there that hold no more, which are not shown."""

    live: tuple[LiveMarker, ...] = ()
    expired: int = 0


class _CallRow(Struct):
    call_id: str
    number: str
    received_at: datetime
    kind: str
    category: str
    priority: int | None
    status: str
    disposition: str
    address: str
    lat: float | None
    lon: float | None
    callback_number: str
    is_number_withheld: bool
    distance_m: float | None = None

    def shown(self) -> EarlierCall:
        return EarlierCall(**{name: getattr(self, name) for name in EarlierCall.__struct_fields__})


class _Last(Struct):
    """``counts``: calls of the whole answer in each of WINDOWS, the same in every row."""

    call_id: str
    received_at: datetime
    counts: list[int]


_calls = msgspec.json.Decoder(_CallRow, strict=False)
_last = msgspec.json.Decoder(_Last, strict=False)
_persons = msgspec.json.Decoder(Person, strict=False)
_markers = msgspec.json.Decoder(Marker, strict=False)
_BY_KEY = NEWEST_RECORDS.format(
    ids="SELECT person_id FROM rtcc.person_keys WHERE key = {key:String} LIMIT {most:UInt32}"
)
_MARKER = ", ".join(Marker.__struct_fields__)
#: An address as ``plain_address`` makes it, in the engine.
_PLAIN_SUBJECT = r"trim(BOTH ' ' FROM replaceRegexpAll(upperUTF8(subject), '[^\\p{L}\\p{N}]+', ' '))"

_DISTANCE = "geoDistance(assumeNotNull(lon), assumeNotNull(lat), {lon:Float64}, {lat:Float64})"


#: Of each call the state that is near the point, else the newest that knows the address; the last of them first.
_HERE = """
SELECT {columns}, distance_m FROM (
  SELECT {columns}, updated_at, {distance} AS distance_m FROM rtcc.call_keys
  WHERE key IN {{keys:Array(String)}} AND received_at > {{since:DateTime64(3, 'UTC')}}
    AND (key = {{address:String}} OR isNotNull(distance_m)) AND {where}
  ORDER BY isNull(distance_m), received_at DESC, updated_at DESC LIMIT 1 BY call_id
) ORDER BY received_at DESC LIMIT {most}"""


def _last_here(distance: str) -> str:
    """Return the question which calls at an address or near a point are the last, and how many there are.

    ``distance``: metres from the point, NULL when that is not near. A call that both know counts as near. A house may
    have thousands of calls, so the engine counts them, by the few columns that it needs for that.
    """
    counts = ", ".join(f"countIf(received_at > {{since_{name}:DateTime64(3, 'UTC')}}) OVER ()" for name in WINDOWS)
    here = _HERE.format(columns="call_id, received_at", distance=distance, where="1", most=COUNTED)
    return f"""
        SELECT call_id, received_at, [{counts}] AS counts FROM ({here})
        WHERE received_at <= {{now:DateTime64(3, 'UTC')}} ORDER BY received_at DESC LIMIT {SHOWN}"""  # noqa: S608 - parts of our own


def _shown_here(distance: str) -> str:
    """Return the question for what is shown of these calls; the oldest of them bounds what is read."""
    return _HERE.format(columns=_CALL, distance=distance, where="call_id IN {ids:Array(String)}", most=SHOWN)


class ContactHistory:
    """Asks the store. Methods raise StoreUnavailableError, and QueryFailedError when a question takes too long."""

    def __init__(
        self,
        store: AsyncStore,
        *,
        region: str = "US",
        shared: Mapping[str, str] | None = None,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        limits: Limits = LIMITS,
    ) -> None:
        """``shared``: what each shared number is; ``region``: where numbers without a country are."""
        self._store = store
        self._region = region
        self._shared = shared or {}
        self._clock = clock
        self._limits = limits
        self._search = NameSearch(store, region=region, limits=limits)

    async def of_number(self, text: str) -> Earlier:
        """Return the earlier calls from a number. A withheld one is never joined; a shared one raises no flag."""
        number = normalised(text, self._region)
        if not number:
            return Earlier(rule="not_a_number" if any(sign.isdigit() for sign in text) else "withheld")
        rows = await self._earlier(number_key(number))
        own = [row for row in rows if same_number(row.callback_number, number, self._region)]
        what = self._shared.get(number, "")
        return self._told(own, rule="shared" if what else "", what=what, number=number)

    async def of_place(self, address: str, lat: float | None, lon: float | None) -> Earlier:
        """Return the earlier calls at an address, or within NEAR_M metres of a point."""
        now = self._clock()
        keys = [address_key(address)] if plain_address(address) else []
        params: dict[str, Parameter] = {"now": now, "since": now - LONGEST, "address": address_key(address)}
        distance = "CAST(NULL AS Nullable(Float64))"
        if lat is not None and lon is not None:
            keys += place_keys(lat, lon, NEAR_M)
            params |= {"lat": lat, "lon": lon, "near": NEAR_M}
            distance = f"if(isNotNull(lat) AND isNotNull(lon) AND {_DISTANCE} <= {{near:Float64}}, {_DISTANCE}, NULL)"
        if not keys:
            return self._told([])
        moments: dict[str, Parameter] = {f"since_{name}": now - length for name, length in WINDOWS.items()}
        params["keys"] = keys
        last = await self._read(_last, _last_here(distance), params | moments)
        if not last:
            return self._told([])
        # What was chosen of these calls is chosen again: the bound leaves out only what is older than all of them.
        since = last[-1].received_at - timedelta(milliseconds=1)
        ids: dict[str, Parameter] = {"ids": [row.call_id for row in last], "since": since}
        rows = await self._read(_calls, _shown_here(distance), params | ids)
        return Earlier(
            windows=tuple(map(Window, WINDOWS, last[0].counts)), calls=tuple(row.shown() for row in rows), repeat=True
        )

    async def find(self, contact: Contact) -> Sequence[FoundPerson]:
        """Return the records that may be the person by name, best first; none without a name."""
        if not contact.name:
            return ()
        query = PersonQuery(name=contact.name, born=contact.born, phone=contact.number, address=contact.address)
        return await self._search.find(query, limit=SHOWN)

    async def of_person(self, looked_for: Awaitable[Sequence[FoundPerson]]) -> People:
        """Return the records that may be the person, best first, and the calls that named the strong ones.

        ``looked_for``: what ``find`` gives; it may be shared with ``markers``.
        """
        found = [one for one in await looked_for if one.grade != "weak"]
        # Only what is strong speaks of this person: a flag on a namesake would be wrong.
        strong = [one for one in found if one.grade == "strong"]
        calls = await self._calls_by_id({one.person.call_id for one in strong if one.person.call_id})
        return self._people([_known(one) for one in found], [one.person for one in strong], calls=calls)

    async def of_people_by_number(self, text: str) -> People:
        """Return the records of people with a number; of a shared or withheld one none."""
        number = normalised(text, self._region)
        if not number or number in self._shared:
            return People(rule="shared" if number else "withheld")
        persons = await self._persons(f"t{last_digits(number)}", 200)
        own = [one for one in persons if any(same_number(number, phone, self._region) for phone in one.phones)]
        return self._people([_plain(one) for one in own], own)

    async def of_people_at(self, address: str, name: str, born: str) -> People:
        """Return the records of people at an address; those spelt nearly as ``name`` first, with the reasons."""
        key = plain_address(address)
        if not key:
            return People()
        persons = await self._persons(address_key(address), 500)
        here = [one for one in persons if plain_address(one.address) == key]
        known = [_plain(one) for one in here]
        asked = named(name)
        if asked.words:
            matches = [match(asked, born, names_of(one), one.birth_date) for one in here]
            known = [
                msgspec.structs.replace(one, grade=found.grade, points=round(found.points, 2), why=found.reasons)
                for one, found in zip(known, matches, strict=True)
            ]
            known.sort(key=lambda one: -one.points)
        return self._people(known, here)

    async def markers(self, contact: Contact, looked_for: Awaitable[Sequence[FoundPerson]]) -> Markers:
        """Return the markers of the number, the place and strongly matching people that hold now.

        ``looked_for``: what ``find`` gives; it may be shared with ``of_person``.
        """
        number = normalised(contact.number, self._region)
        where, params = ["0"], dict[str, Parameter]()
        if number and number not in self._shared:
            where.append("(subject_kind = 'phone' AND endsWith(subject, {digits:String}))")
            params["digits"] = last_digits(number)
        if key := plain_address(contact.address):
            where.append(f"(subject_kind = 'place' AND {_PLAIN_SUBJECT} = {{address:String}})")
            params["address"] = key
        if contact.lat is not None and contact.lon is not None:
            where.append(
                f"(subject_kind = 'place' AND isNotNull(lat) AND isNotNull(lon) AND {_DISTANCE} <= {{near:Float64}})"
            )
            params |= {"lat": contact.lat, "lon": contact.lon, "near": NEAR_M}
        # Those of the number and the place do not wait for the name.
        found = await asyncio.gather(
            self.marker_states(" OR ".join(where), params), self._markers_of_people(looked_for)
        )
        return self._live(sorted(chain(*found), key=lambda one: one.changed_at, reverse=True))

    async def _markers_of_people(self, looked_for: Awaitable[Sequence[FoundPerson]]) -> Sequence[Marker]:
        ids = [one.person.person_id for one in await looked_for if one.grade == "strong"]
        where = "subject_kind = 'person' AND subject IN {people:Array(String)}"
        return await self.marker_states(where, {"people": ids}) if ids else ()

    async def all_markers(self) -> Markers:
        """Return all markers that hold now."""
        return self._live(await self.marker_states("1", {}))

    async def marker(self, marker_id: str) -> Marker | None:
        """Return a marker's newest state, or None."""
        found = await self.marker_states("marker_id = {id:String}", {"id": marker_id})
        return found[0] if found else None

    async def marker_states(self, where: str, params: Mapping[str, Parameter]) -> Sequence[Marker]:
        """Return the newest states of markers that were not taken back."""
        # The newest state is taken first: an older one must not stand up again when the newest does not fit.
        rest = f"WHERE NOT is_removed AND ({where}) ORDER BY changed_at DESC LIMIT 1000"
        return await self._read(_markers, f"SELECT {_MARKER} FROM rtcc.markers {rest}", params)  # noqa: S608 - parts of our own

    def _live(self, found: Iterable[Marker]) -> Markers:
        now = self._clock()
        every = list(found)
        live = [one for one in every if one.expires_at > now]
        shown = tuple(_live_marker(one, now) for one in live[:MARKERS])
        return Markers(live=shown, expired=len(every) - len(live))

    async def _earlier(self, key: str) -> list[_CallRow]:
        now = self._clock()
        sql = (
            f"SELECT {_CALL} FROM rtcc.call_keys WHERE key = {{key:String}} "  # noqa: S608 - parts of our own
            f"AND received_at > {{since:DateTime64(3, 'UTC')}} {_NEWEST} LIMIT {COUNTED}"
        )
        rows = await self._read(_calls, sql, {"key": key, "since": now - LONGEST})
        return [row for row in rows if row.received_at <= now]

    async def _calls_by_id(self, ids: Iterable[str]) -> tuple[EarlierCall, ...]:
        wanted = sorted(map(id_key, ids))
        if not wanted:
            return ()
        where = f"WHERE key IN {{keys:Array(String)}} {_NEWEST} LIMIT {COUNTED}"
        sql = f"SELECT {_CALL} FROM rtcc.call_keys {where}"  # noqa: S608 - parts of our own
        return tuple(row.shown() for row in (await self._read(_calls, sql, {"keys": wanted}))[:SHOWN])

    async def _persons(self, key: str, most: int) -> list[Person]:
        """Return the newest records of people that any record with a key belongs to, newest first."""
        params: dict[str, Parameter] = {"key": key, "most": most}
        found = await self._read(_persons, _BY_KEY, params)
        known = sorted((one for one in found if not one.is_removed), key=lambda one: one.person_id)
        return sorted(known, key=lambda one: one.updated_at, reverse=True)

    async def _read(self, decoder: msgspec.json.Decoder[Any], sql: str, params: Mapping[str, Parameter]) -> list[Any]:
        answer = await self._store.query(sql, params, "JSONEachRow", limits=self._limits)
        return [decoder.decode(line) for line in answer.splitlines() if line.strip()]

    def _told(self, rows: Sequence[_CallRow], *, rule: str = "", what: str = "", number: str = "") -> Earlier:
        counted = windows([row.received_at for row in rows], self._clock())
        return Earlier(
            rule=rule,
            what=what,
            number=number,
            windows=counted,
            calls=tuple(row.shown() for row in rows[:SHOWN]),
            repeat=bool(rows) and not rule,
        )

    def _people(
        self, known: Sequence[KnownPerson], persons: Sequence[Person], *, calls: tuple[EarlierCall, ...] = ()
    ) -> People:
        harmed = windows([one.occurred_at for one in persons if one.role == "victim"], self._clock())
        return People(
            people=tuple(known[:PEOPLE]),
            victim_windows=harmed,
            repeat_victim=any(window.count for window in harmed),
            calls=calls,
        )


def _plain(person: Person) -> KnownPerson:
    name = person.full_name or " ".join(filter(None, (person.given_name, person.middle_name, person.family_name)))
    return KnownPerson(
        person_id=person.person_id,
        name=name,
        birth_date=person.birth_date,
        role=person.role,
        address=person.address,
        call_id=person.call_id,
        at=person.occurred_at,
    )


def _known(found: FoundPerson) -> KnownPerson:
    return msgspec.structs.replace(_plain(found.person), grade=found.grade, points=found.points, why=found.reasons)


def _live_marker(marker: Marker, now: datetime) -> LiveMarker:
    values = {name: getattr(marker, name) for name in LiveMarker.__struct_fields__ if name != "review_due"}
    return LiveMarker(**values, review_due=marker.review_at <= now)
