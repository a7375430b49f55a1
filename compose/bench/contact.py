"""How long the contact view takes over millions of calls and people, made by the engine itself from a seed.

The calls lie in one city over a year; one in a hundred people calls from one of few numbers that are asked most. What
is asked is drawn from what is stored, so every part of the view has something to find. "Cold" is the first question
after the engine's caches of marks and blocks were dropped; the pages of the operating system stay warm, which is said.
"""

from __future__ import annotations

import asyncio
import random
import shutil
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec
from msgspec import Struct

from compose.people import StoredContact
from compose.spread import Spread, spread
from pipeline.names.cards import key_rows
from pipeline.store.async_store import AsyncStore
from pipeline.store.chdb_store import ChdbStore
from schemas.contact import Contact
from schemas.events.emergency_call import HISTORY
from schemas.events.person import PERSON

#: Rows made at a time, so that the engine's memory stays bounded.
BATCH = 200_000
#: What the engine may allocate while the rows are made: a batch lies in all months, each in five orders at once.
MAKING_BYTES = 4 * 2**30
READERS = 4
_GIVEN_NAMES = """
James Mary Robert Patricia John Jennifer Michael Linda David Elizabeth William Barbara Richard Susan Joseph Jessica
Thomas Karen Charles Sarah Christopher Lisa Daniel Nancy Matthew Sandra Anthony Betty Mark Ashley Donald Emily Steven
Kimberly Andrew Margaret Paul Donna Joshua Michelle Kenneth Carol Kevin Amanda Brian Melissa Maria Jose Juan Carlos Luis
Ana Guadalupe Minh Linh Thanh Mohammed Fatima Ahmed Aisha Wei Mei Hiroshi Yuki Priya Rahul
"""
_STARTS = "B Br C Ch D F G Gr H J K L M N P R S St T W Z V"
_MIDDLES = "a e i o u ar er on all ill"
_ENDS = "n son man ton ler ner ez ski well ford ley berg"


class ContactResult(Struct, frozen=True, kw_only=True):
    """Milliseconds of whole views, of their slowest kind of part, and of name searches alone.

    ``by_part``: of each part in the warm views. ``unavailable``: parts that did not come within their time.
    """

    calls: int
    people: int
    views: int
    warm_ms: Spread
    cold_ms: Spread
    by_part: dict[str, Spread]
    unavailable: int
    store_mb: int
    made_s: float


def family_names() -> list[str]:
    """Return some 2,600 made-up family names that sound like names."""
    return [start + middle + end for start in _STARTS.split() for middle in _MIDDLES.split() for end in _ENDS.split()]


def run(
    *, calls: int, people: int, views: int, seed: int, folder: Path | None, say: Callable[[str], None]
) -> ContactResult:
    """Make the store and measure. ``folder``: where it is made and kept for the next run; None: it goes afterwards."""
    if folder is not None:
        return _run(folder / f"{calls}-calls-{people}-people", calls, people, views, seed, say)
    with tempfile.TemporaryDirectory(prefix="watchfloor-contact-") as path:
        return _run(Path(path), calls, people, views, seed, say)


def _run(path: Path, calls: int, people: int, views: int, seed: int, say: Callable[[str], None]) -> ContactResult:
    began = time.perf_counter()
    # Last of all: a store that was broken off while it was made is made again.
    made = path / "made"
    if not made.exists():
        shutil.rmtree(path, ignore_errors=True)
        store = ChdbStore(path, readers=READERS, memory_bytes=MAKING_BYTES)
        try:
            store.migrate()
            _make_calls(store, calls, say)
            _make_people(store, people, say)
            _settle(store)
        finally:
            store.close()
        made.touch()
    made_s = time.perf_counter() - began
    # Opened anew, as the server opens it: with its bound on memory, and with nothing in its caches.
    store = ChdbStore(path, readers=READERS)
    try:
        store.migrate()
        _settle(store)
        return asyncio.run(_measure(store, calls, people, views, seed, made_s))
    finally:
        store.close()


def _settle(store: ChdbStore) -> None:
    """Wait until the engine has put its parts together: otherwise that work is measured with the views."""
    while store._rows("SELECT 1 FROM system.merges") or store._rows("SELECT 1 FROM system.mutations WHERE NOT is_done"):
        time.sleep(1)


def _make_calls(store: ChdbStore, calls: int, say: Callable[[str], None]) -> None:
    for start in range(0, calls, BATCH):
        count = min(BATCH, calls - start)
        # Numbers: a few call often (a power of an even draw), most seldom.
        store._command(
            f"""INSERT INTO rtcc.call_states (event_id, occurred_at, observed_at, source, jurisdiction, synthetic,
              call_id, number, received_at, updated_at, kind, category, status, address, lat, lon, callback_number)
            SELECT toUUID(UUIDNumToString(sipHash128(number))), at, at, 'bench/contact', 'default', true,
              'bench:' || toString(number), toString(number), at, at, 'Disturbance', 'disturbance', 'closed',
              toString(house) || ' ' || toString(house % 997) || 'TH ST', 29.9 + (house % 1009) / 10000,
              -90.1 + intDiv(house, 1009) / 10000,
              '+1504' || toString(2000000 + toUInt32(7999999 * pow(cityHash64(number, 1) / 18446744073709551615, 2)))
            FROM (SELECT number, now64(3) - toIntervalSecond(cityHash64(number, 2) % 31500000) AS at,
              cityHash64(number, 3) % 200000 AS house FROM numbers({start}, {count}))
            SETTINGS max_partitions_per_insert_block = 0"""  # noqa: S608 - numbers of our own
        )
        store._command(
            f"""INSERT INTO rtcc.call_keys SELECT arrayJoin(['i' || call_id,
              'n' || right(callback_number, 10), 'a' || address,
              'g' || toString(toInt64(floor(assumeNotNull(lat) * 1000))) || ':'
                || toString(toInt64(floor(assumeNotNull(lon) * 1000)))]) AS key, {", ".join(HISTORY)}
            FROM rtcc.call_states WHERE toUInt64(number) >= {start} AND toUInt64(number) < {start + count}"""  # noqa: S608
        )
        say(f"{start + count:,} calls")


def _make_people(store: ChdbStore, people: int, say: Callable[[str], None]) -> None:
    """Make people and their keys: keys are of words, so they are made once for each word and put together by SQL."""
    givens, families = _GIVEN_NAMES.split(), family_names()
    given_keys, family_keys = (
        [_word_keys(name, "given") for name in givens],
        [_word_keys(name, "") for name in families],
    )
    lists: dict[str, Sequence[object]] = {
        "given": givens,
        "family": families,
        "given_keys": given_keys,
        "family_keys": family_keys,
    }
    for name, values in lists.items():
        store._command(f"DROP TABLE IF EXISTS rtcc.bench_{name}")
        kind = "Array(String)" if name.endswith("_keys") else "String"
        store._command(f"CREATE TABLE rtcc.bench_{name} (i UInt32, v {kind}) ENGINE = Memory")
        rows = b"\n".join(msgspec.json.encode({"i": i, "v": v}) for i, v in enumerate(values))
        store._writer.insert(f"INSERT INTO rtcc.bench_{name} (i, v)", "JSONEachRow", rows)
    who = (
        "SELECT number, 'bench:' || toString(number) AS person_id, "
        "toUUID(UUIDNumToString(sipHash128(number, 9))) AS id, "
        # The most common given name is that of 3 % of all people, the most common family name of 0.7 %.
        f"toUInt32({len(givens)} * pow(cityHash64(number, 4) / 18446744073709551616, 1.2)) AS g, "
        f"toUInt32({len(families)} * pow(cityHash64(number, 5) / 18446744073709551616, 1.6)) AS f, "
        "toString(toDate32('1935-01-01') + toIntervalDay(cityHash64(number, 6) % 27000)) AS born, "
        "cityHash64(number, 7) % 200000 AS house, "
        "'+1504' || toString(2000000 + toUInt32(7999999 * pow(cityHash64(number, 8) / 18446744073709551615, 2))) "
        "AS phone"
    )
    names = (
        "(SELECT groupArray(v) FROM (SELECT v FROM rtcc.bench_given ORDER BY i))[g + 1] AS given, "
        "(SELECT groupArray(v) FROM (SELECT v FROM rtcc.bench_family ORDER BY i))[f + 1] AS family"
    )
    for start in range(0, people, BATCH // 2):
        count = min(BATCH // 2, people - start)
        source = f"({who} FROM numbers({start}, {count}))"
        store._command(
            f"""INSERT INTO rtcc.person_states (event_id, occurred_at, observed_at, source, jurisdiction, synthetic,
              person_id, updated_at, role, full_name, given_name, family_name, birth_date, phones, address, call_id)
            SELECT id, now64(3), now64(3), 'bench/contact', 'default', true, person_id, now64(3),
              if(number % 5 = 0, 'victim', 'caller'), given || ' ' || family, given, family, born, [phone],
              toString(house) || ' ' || toString(house % 997) || 'TH ST', person_id
            FROM (SELECT *, {names} FROM {source})"""  # noqa: S608 - numbers of our own
        )
        store._command(
            f"""INSERT INTO rtcc.person_keys (key, person_id, of_event, names, birth_date)
            SELECT arrayJoin(arrayDistinct(arrayConcat(
                (SELECT groupArray(v) FROM (SELECT v FROM rtcc.bench_given_keys ORDER BY i))[g + 1],
                (SELECT groupArray(v) FROM (SELECT v FROM rtcc.bench_family_keys ORDER BY i))[f + 1],
                ['b' || replaceAll(born, '-', ''), 't' || right(phone, 10),
                 'a' || toString(house) || ' ' || toString(house % 997) || 'TH ST']))),
              person_id, id, [lower(given || ',' || family)], born
            FROM (SELECT *, {names} FROM {source})"""  # noqa: S608 - numbers of our own
        )
    for name in lists:
        store._command(f"DROP TABLE rtcc.bench_{name}")
    say(f"{people:,} people")


def _word_keys(word: str, part: str) -> list[str]:
    example = PERSON.examples[0]
    values = {"full_name": "", "given_name": "", "family_name": "", "birth_date": "", "phones": (), "aliases": ()}
    person = msgspec.structs.replace(example, **(values | {f"{part or 'family'}_name": word}))
    return [row[0] for row in key_rows([person])]


async def _measure(inner: ChdbStore, calls: int, people: int, views: int, seed: int, made_s: float) -> ContactResult:
    contact = StoredContact(AsyncStore(inner, readers=READERS), "US", {})
    asked = _asked(inner, calls, people, 2 * views, seed)
    cold: list[float] = []
    warm: list[float] = []
    parts: dict[str, list[float]] = {}
    missing = 0
    for one in asked[:views]:
        for cache in ("MARK CACHE", "UNCOMPRESSED CACHE", "QUERY CONDITION CACHE"):
            inner._command(f"SYSTEM DROP {cache}")
        took, _, lost = await _view(contact, one)
        cold.append(took)
        missing += lost
    for one in asked[views:]:
        took, each, lost = await _view(contact, one)
        warm.append(took)
        missing += lost
        for name, ms in each.items():
            parts.setdefault(name, []).append(ms)
    size = inner._rows("SELECT toInt64(sum(bytes_on_disk)) FROM system.parts WHERE active AND database = 'rtcc'")
    warm_ms, cold_ms = spread(warm), spread(cold)
    assert warm_ms is not None
    assert cold_ms is not None
    return ContactResult(
        calls=calls,
        people=people,
        views=views,
        warm_ms=warm_ms,
        cold_ms=cold_ms,
        by_part={name: told for name, times in parts.items() if (told := spread(times)) is not None},
        unavailable=missing,
        store_mb=int(size[0][0]) // 2**20,
        made_s=round(made_s, 1),
    )


async def _view(contact: StoredContact, asked: Contact) -> tuple[float, dict[str, float], int]:
    """Return how long all parts took side by side, each of them, and how many failed; milliseconds."""
    began = time.perf_counter()
    each: dict[str, float] = {}

    async def timed(name: str, part: object) -> None:
        await part  # type: ignore[misc]
        each[name] = (time.perf_counter() - began) * 1000

    done = await asyncio.gather(*(timed(*pair) for pair in contact.parts(asked).items()), return_exceptions=True)
    return (time.perf_counter() - began) * 1000, each, sum(isinstance(one, BaseException) for one in done)


def _asked(inner: ChdbStore, calls: int, people: int, count: int, seed: int) -> Sequence[Contact]:
    """Draw who calls: the number and place of a stored call, and a stored person, misspelt."""
    draw = random.Random(seed)  # noqa: S311 - which rows are asked for
    call_ids = [f"bench:{draw.randrange(calls)}" for _ in range(count)]
    person_ids = [f"bench:{draw.randrange(people)}" for _ in range(count)]
    found_calls = inner._rows(
        "SELECT call_id, callback_number, address, lat, lon FROM rtcc.call_states WHERE call_id IN {ids:Array(String)}",
        {"ids": call_ids},
    )
    found_people = inner._rows(
        "SELECT full_name, birth_date FROM rtcc.person_states WHERE person_id IN {ids:Array(String)}",
        {"ids": person_ids},
    )
    asked = []
    for place, row in enumerate(found_calls):
        name, born = found_people[place % len(found_people)]
        letter = draw.randrange(1, len(str(name)) - 1)
        wrong = str(name)[:letter] + str(name)[letter + 1 :]
        asked.append(
            Contact(
                number=str(row[1]),
                address=str(row[2]),
                lat=float(row[3]),
                lon=float(row[4]),
                name=wrong,
                born=str(born) if draw.random() < 0.5 else "",
            )
        )
    draw.shuffle(asked)
    return (asked * (count // max(len(asked), 1) + 1))[:count]
