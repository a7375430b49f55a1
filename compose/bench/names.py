"""How well people are found whose names and birth dates are written otherwise: recall and time, on labelled records.

Every record of the file goes into a store of its own, as the writer stores it; then records are looked for by name and
birth date only, and what is found is held against the labels. The record that asks is left out of what it finds.
"""

from __future__ import annotations

import asyncio
import csv
import random
import re
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

from msgspec import Struct

from compose.spread import Spread, spread
from pipeline.names.search import NameSearch
from pipeline.names.words import named
from pipeline.store.async_store import AsyncStore
from pipeline.store.chdb_store import ChdbStore
from pipeline.store.store import Placed
from schemas.contact import PersonQuery
from schemas.events.person import PERSON, Person
from schemas.identity import identity

#: At how many results recall is told.
AT = (1, 5, 20)
#: Records stored at a time.
BATCH = 5_000
_FEBRL = re.compile(r"(rec-\d+)-(org|dup).*")
_MOMENT = datetime(2026, 1, 1, tzinfo=UTC)

#: What a column may be called.
_COLUMNS: Mapping[str, tuple[str, ...]] = {
    "id": ("rec_id", "unique_id", "id"),
    "cluster": ("cluster", "cluster_id", "person"),
    "full": ("full_name", "name", "first_and_surname"),
    "given": ("given_name", "first_name", "firstname", "forename"),
    "family": ("surname", "family_name", "last_name", "lastname"),
    "born": ("date_of_birth", "dob", "birth_date", "born"),
    "origin": ("origin", "name_origin", "ethnicity", "culture"),
}


class NamesError(Exception):
    """The file cannot be used; the text says why."""


class Labelled(Struct, frozen=True):
    """A record of the file. ``cluster``: records with the same one are the same person."""

    record_id: str
    cluster: str
    full: str
    given: str
    family: str
    born: str
    origin: str = ""


class Recall(Struct, frozen=True):
    """Of ``queries``: by number of results, the share of the true records among them (of as many as fit), and the
    share of queries that found at least one."""

    queries: int
    recall: dict[str, float]
    found: dict[str, float]


class NamesResult(Struct, frozen=True, kw_only=True):
    """``all``: every query; ``erroneous``: those whose name or birth date differs from each true record's;
    ``origins``: by origin, with ``largest_gap`` between their recalls at 20, in points. Times in milliseconds."""

    records: int
    asked_by: str
    all: Recall
    erroneous: Recall
    origins: dict[str, Recall]
    largest_gap: float | None
    search_ms: Spread
    store_s: float


class _Asked(Struct, frozen=True):
    record: Labelled
    truth: frozenset[str]
    erroneous: bool


def run(
    files: Sequence[Path], *, labels: Path | None, queries: int, seed: int, say: Callable[[str], None]
) -> NamesResult:
    """Measure. Two files are linked: records of the second ask for those of the first. Raises NamesError."""
    kept = records(files[0])
    asking = records(files[1]) if len(files) > 1 else kept
    asked = _queries(kept, asking, labels, queries, seed)
    if not asked:
        raise NamesError("no record of the file has another of the same person to be found")
    with tempfile.TemporaryDirectory(prefix="watchfloor-names-") as folder:
        store = ChdbStore(folder)
        try:
            store.migrate()
            began = time.perf_counter()
            _store(store, kept)
            store_s = time.perf_counter() - began
            say(f"{len(kept):,} records stored in {store_s:.1f} s; {len(asked):,} are looked for")
            return asyncio.run(_measure(store, kept, asked, store_s))
        finally:
            store.close()


def records(path: Path) -> list[Labelled]:
    """Read a file: FEBRL's and Splink's columns, or any table with names, birth date and a cluster. CSV or Parquet."""
    rows = _rows(path)
    if not rows:
        raise NamesError(f"{path.name} has no rows")
    column = {what: _column(rows[0], names) for what, names in _COLUMNS.items()}
    if not (column["full"] or column["family"]):
        raise NamesError(f"{path.name} has no column with names: {', '.join(_COLUMNS['full'] + _COLUMNS['family'])}")
    found = []
    for number, row in enumerate(rows):

        def cell(what: str, row: Mapping[str, str] = row) -> str:
            return row.get(column[what], "").strip() if column[what] else ""

        record_id = cell("id") or str(number)
        febrl = _FEBRL.fullmatch(record_id)
        cluster = cell("cluster") or (febrl[1] if febrl else "")
        given, family = cell("given"), cell("family")
        found.append(Labelled(record_id, cluster, cell("full"), given, family, _date(cell("born")), cell("origin")))
    return found


def _rows(path: Path) -> list[dict[str, str]]:
    if path.suffix == ".parquet":
        import pyarrow.parquet as parquet  # type: ignore[import-untyped, unused-ignore]

        table = parquet.read_table(path)
        return [{name: _text(value) for name, value in row.items()} for row in table.to_pylist()]
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            reader = csv.DictReader(file, skipinitialspace=True)
            return [{name.strip(): _text(value) for name, value in row.items() if name} for row in reader]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise NamesError(f"{path} cannot be read: {error}") from error


def _text(value: object) -> str:
    text = "" if value is None else str(value).strip()
    return "" if text.lower() in ("nan", "none", "null") else text


def _column(row: Mapping[str, str], names: Sequence[str]) -> str:
    known = {name.lower(): name for name in row}
    return next((known[name] for name in names if name in known), "")


def _date(text: str) -> str:
    digits = re.sub(r"\D", "", text)
    return f"{digits[:4]}-{digits[4:6]}-{digits[6:8]}" if len(digits) >= 8 else digits


def _queries(
    kept: Sequence[Labelled], asking: Sequence[Labelled], labels: Path | None, most: int, seed: int
) -> list[_Asked]:
    pairs: dict[str, set[str]] = defaultdict(set)
    if labels is not None:
        for row in _rows(labels):
            if float(row.get("clerical_match_score") or 0) >= 0.5:
                pairs[row["unique_id_l"]].add(row["unique_id_r"])
                pairs[row["unique_id_r"]].add(row["unique_id_l"])
    else:
        members: dict[str, set[str]] = defaultdict(set)
        for one in kept:
            if one.cluster:
                members[one.cluster].add(one.record_id)
        for one in asking:
            pairs[one.record_id] = members[one.cluster] - {one.record_id} if one.cluster else set()
    by_id = {one.record_id: one for one in kept}
    found = []
    for one in asking:
        truth = frozenset(pairs.get(one.record_id, ())) & by_id.keys()
        nameless = not (one.full or one.given or one.family)
        if truth and not nameless:
            erroneous = all(_as_compared(one) != _as_compared(by_id[other]) for other in truth)
            found.append(_Asked(one, truth, erroneous))
    if len(found) > most:
        found = random.Random(seed).sample(found, most)  # noqa: S311 - which records are asked, not a secret
    return found


def _as_compared(one: Labelled) -> tuple[object, ...]:
    return (named(one.full, one.given, "", one.family), one.born)


def _store(store: ChdbStore, kept: Sequence[Labelled]) -> None:
    for start in range(0, len(kept), BATCH):
        rows = [
            Placed(_person(one), PERSON.topic, 0, start + place)
            for place, one in enumerate(kept[start : start + BATCH])
        ]
        store.insert(PERSON, rows)


def _person(one: Labelled) -> Person:
    return Person(
        event_id=identity("bench-name", one.record_id),
        occurred_at=_MOMENT,
        observed_at=_MOMENT,
        source="bench/names",
        person_id=one.record_id,
        updated_at=_MOMENT,
        role="other",
        full_name=one.full[:300],
        given_name=one.given[:100],
        family_name=one.family[:100],
        birth_date=one.born[:10],
    )


async def _measure(inner: ChdbStore, kept: Sequence[Labelled], asked: Sequence[_Asked], store_s: float) -> NamesResult:
    search = NameSearch(AsyncStore(inner))
    times: list[float] = []
    ranks: list[list[int]] = []
    for one in asked:
        record = one.record
        query = PersonQuery(name=record.full, given=record.given, family=record.family, born=record.born)
        began = time.perf_counter()
        found = await search.find(query, limit=max(AT) + 1)
        times.append((time.perf_counter() - began) * 1000)
        ids = [person.person.person_id for person in found if person.person.person_id != record.record_id]
        ranks.append([place for place, person_id in enumerate(ids, 1) if person_id in one.truth])
    took = spread(times)
    assert took is not None
    origins = sorted({one.record.origin for one in asked if one.record.origin})
    every = list(zip(asked, ranks, strict=True))
    by_origin = {origin: _recall([pair for pair in every if pair[0].record.origin == origin]) for origin in origins}
    told = [recall.recall[str(max(AT))] for recall in by_origin.values()]
    return NamesResult(
        records=len(kept),
        asked_by="name and birth date",
        all=_recall(every),
        erroneous=_recall([pair for pair in every if pair[0].erroneous]),
        origins=by_origin,
        largest_gap=round(100 * (max(told) - min(told)), 1) if len(told) > 1 else None,
        search_ms=took,
        store_s=round(store_s, 1),
    )


def _recall(pairs: Sequence[tuple[_Asked, list[int]]]) -> Recall:
    def share(values: Sequence[float]) -> float:
        return round(sum(values) / len(values), 4) if values else 0.0

    return Recall(
        queries=len(pairs),
        recall={
            str(at): share([sum(rank <= at for rank in ranks) / min(at, len(one.truth)) for one, ranks in pairs])
            for at in AT
        },
        found={str(at): share([float(any(rank <= at for rank in ranks)) for _, ranks in pairs]) for at in AT},
    )
