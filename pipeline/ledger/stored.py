"""What the store can tell the ledger: counts and digests by bucket, ids, dead letters. SQL of our own only."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Protocol
from uuid import UUID

import msgspec

from pipeline.ledger.bucket import RECONCILED, Bucket, Tally, minute_begins
from pipeline.ledger.comparison import DeadPlaces, Place
from pipeline.ledger.due_alerts import Chain, HitSeen
from pipeline.rules import camera_stopped
from pipeline.state.vehicle_pass import PARKED_PASS, STEADY_GAPS
from pipeline.store.errors import Limits
from pipeline.store.parameters import Parameter
from pipeline.store.store import Format
from schemas.event_type import EventType
from schemas.events.camera_health import STOPPED
from schemas.identity import identity
from schemas.registry import BY_NAME

#: The low 64 bits of an id, as schemas/id_digest.py takes them.
LOW_64 = "reinterpretAsUInt64(reverse(substring(UUIDToNum(event_id), 9, 8)))"
_MINUTE = "toInt64(intDiv(toUnixTimestamp(observed_at), 60))"
#: Ids asked for or listed at a time.
PORTION = 5_000
#: Ids of one bucket that are compared one by one; a larger bucket is only counted.
MAX_IDS = 200_000
LIMITS = Limits(seconds=30.0, rows=MAX_IDS + 1, answer_bytes=64 * 2**20)
#: How far back reads are looked at to know whether one begins a pass: gaps as long as those of a parked car.
PASS_BACK = (STEADY_GAPS + 2) * PARKED_PASS


class Asked(Protocol):
    """The store as the ledger needs it: ``pipeline.store.async_store.AsyncStore``."""

    async def query(
        self, sql: str, params: Mapping[str, Parameter] | None = ..., fmt: Format = ..., *, limits: Limits = ...
    ) -> bytes:
        """See Store.query."""
        ...


class TooManyError(Exception):
    """More rows than can be compared id by id here."""


_rows = msgspec.json.Decoder(dict[str, Any])


async def _ask(store: Asked, sql: str, params: Mapping[str, Parameter]) -> list[list[Any]]:
    answer = _rows.decode(await store.query(sql, params, "JSONCompact", limits=LIMITS))
    return list(answer["data"])


def _period(begin: int, end: int) -> dict[str, Parameter]:
    return {"begin": minute_begins(begin), "end": minute_begins(end)}


_BETWEEN = "observed_at >= {begin:DateTime64(3,'UTC')} AND observed_at < {end:DateTime64(3,'UTC')}"


def _table(kind: EventType[Any]) -> str:
    assert kind.table is not None
    return f"rtcc.{kind.table.name}"


async def stored_tallies(store: Asked, begin: int, end: int) -> dict[Bucket, Tally]:
    """Return what is stored, by bucket, of the minutes ``begin`` to ``end`` (exclusive)."""
    parts = [
        f"SELECT '{kind.name}', source, {_MINUTE} AS minute, count(), sumWithOverflow({LOW_64}) "  # noqa: S608
        f"FROM {_table(kind)} WHERE {_BETWEEN} GROUP BY source, minute"
        for kind in RECONCILED
    ]
    rows = await _ask(store, " UNION ALL ".join(parts), _period(begin, end))
    return {Bucket(name, source, int(minute)): Tally(int(n), int(digest)) for name, source, minute, n, digest in rows}


async def accepted_tallies(store: Asked, begin: int, end: int) -> dict[Bucket, Tally]:
    """Return what processes reported as accepted, by bucket. A report that is stored twice is added once."""

    sql = (
        "SELECT counted_type, counted_source, m, sum(n), sumWithOverflow(digest) FROM ("
        "SELECT counted_type, counted_source, toInt64(intDiv(toUnixTimestamp(minute), 60)) AS m, any(count) AS n, "
        "any(reinterpretAsUInt64(reverse(unhex(digest)))) AS digest FROM rtcc.ledger_counts "
        "WHERE hop = 'accepted' AND minute >= {begin:DateTime64(3,'UTC')} AND minute < {end:DateTime64(3,'UTC')} "
        "GROUP BY event_id, counted_type, counted_source, m) GROUP BY counted_type, counted_source, m"
    )
    rows = await _ask(store, sql, _period(begin, end))
    return {Bucket(name, source, int(minute)): Tally(int(n), int(digest)) for name, source, minute, n, digest in rows}


async def sequence_ranges(store: Asked, begin: int, end: int) -> list[list[Any]]:
    """Return device, first and last number, and count of each report of a device that numbers its events."""
    sql = (
        "SELECT counted_source, device, first_sequence, last_sequence, count, "
        "toInt64(intDiv(toUnixTimestamp(minute), 60)) FROM rtcc.ledger_counts "
        "WHERE device IS NOT NULL AND first_sequence IS NOT NULL AND last_sequence IS NOT NULL "
        "AND minute >= {begin:DateTime64(3,'UTC')} AND minute < {end:DateTime64(3,'UTC')} "
        "ORDER BY counted_source, device, first_sequence"
    )
    return await _ask(store, sql, _period(begin, end))


async def stored_ids(store: Asked, bucket: Bucket) -> dict[UUID, Place]:
    """Return the ids stored of a bucket with their places in the log. Raises TooManyError."""
    sql = (
        f"SELECT event_id, _partition, _offset FROM {_table(BY_NAME[bucket.event_type])} "  # noqa: S608
        f"WHERE {_BETWEEN} AND source = {{source:String}} LIMIT {MAX_IDS + 1}"
    )
    rows = await _ask(store, sql, {**_period(bucket.minute, bucket.minute + 1), "source": bucket.source})
    if len(rows) > MAX_IDS:
        raise TooManyError
    return {UUID(event_id): Place(int(partition), int(offset)) for event_id, partition, offset in rows}


async def stored_anywhere(store: Asked, kind: EventType[Any], event_ids: Sequence[UUID]) -> set[UUID]:
    """Return which of these ids the table of ``kind`` has, at whatever time."""
    sql = f"SELECT DISTINCT event_id FROM {_table(kind)} WHERE event_id IN {{ids:Array(UUID)}}"  # noqa: S608
    found: set[UUID] = set()
    for some in _portions(event_ids):
        found |= {UUID(row[0]) for row in await _ask(store, sql, {"ids": list(some)})}
    return found


async def dead_places(
    store: Asked, topic: str, offsets: Collection[int], steps: Sequence[str], event_ids: Collection[UUID] = ()
) -> DeadPlaces:
    """Return what dead letters of these steps say about frames of a topic at these offsets.

    ``event_ids``: also letters that have one of these ids themselves (unreadable bytes are known by their letter's).
    """
    sql = (
        "SELECT partition, offset, index, event_id, JSONExtractString(original, 'event_id') FROM rtcc.dead_letters "
        "WHERE topic = {topic:String} AND step IN {steps:Array(String)} AND offset IN {offsets:Array(Int64)}"
    )
    places: set[Place] = set()
    named: set[UUID] = set()
    wanted = set(event_ids)
    for some in _portions(sorted(set(offsets))):
        for partition, offset, index, letter_id, original_id in await _ask(
            store, sql, {"topic": topic, "steps": list(steps), "offsets": list(some)}
        ):
            places.add(Place(int(partition), int(offset), int(index)))
            if UUID(letter_id) in wanted:
                named.add(UUID(letter_id))
            if (original := _uuid(original_id)) is not None:
                named.add(original)
    return DeadPlaces(frozenset(places), frozenset(named))


async def reached_offsets(store: Asked, kind: EventType[Any], since: datetime) -> dict[int, int]:
    """Return by partition the highest offset of which a row was stored since a moment."""
    sql = (
        f"SELECT _partition, max(_offset) FROM {_table(kind)} "  # noqa: S608
        "WHERE observed_at >= {begin:DateTime64(3,'UTC')} GROUP BY _partition"
    )
    return {int(partition): int(offset) for partition, offset in await _ask(store, sql, {"begin": since})}


async def call_ids(store: Asked, begin: int, end: int) -> dict[Bucket, dict[UUID, UUID]]:
    """Return by bucket of calls: each call state's id, and the id of the incident state that must come of it."""
    sql = (
        f"SELECT source, {_MINUTE}, event_id, call_id FROM rtcc.call_states WHERE {_BETWEEN} "  # noqa: S608
        f"LIMIT {MAX_IDS + 1}"
    )
    rows = await _ask(store, sql, _period(begin, end))
    if len(rows) > MAX_IDS:
        raise TooManyError
    found: dict[Bucket, dict[UUID, UUID]] = {}
    for source, minute, event_id, call_id in rows:
        state_id = UUID(event_id)
        expected = identity("incident_state", identity("incident", call_id), state_id)
        found.setdefault(Bucket("emergency_call", source, int(minute)), {})[state_id] = expected
    return found


async def hits_seen(store: Asked, begin: int, end: int) -> list[HitSeen]:
    """Return the hits of stored sightings that are neither previews nor noise, from some time before the period on."""
    sql = (
        f"SELECT source, {_MINUTE}, event_id, toUnixTimestamp64Milli(occurred_at), camera_id, hit.list_id, "  # noqa: S608
        f"hit.entry_id, track_id, is_parked FROM rtcc.sightings ARRAY JOIN hits AS hit WHERE {_BETWEEN} "
        "AND NOT is_preview AND NOT is_noise "
        f"LIMIT {MAX_IDS + 1}"
    )
    rows = await _ask(store, sql, {**_period(begin, end), "begin": minute_begins(begin) - PASS_BACK})
    if len(rows) > MAX_IDS:
        raise TooManyError
    return [
        HitSeen(
            Bucket("plate_read", source, int(minute)),
            UUID(event_id),
            minute_begins(0) + timedelta(milliseconds=int(ms)),
            camera_id,
            list_id,
            entry_id,
            track_id,
            bool(is_parked),
        )
        for source, minute, event_id, ms, camera_id, list_id, entry_id, track_id, is_parked in rows
    ]


async def raised_alerts(store: Asked, alert_ids: Sequence[UUID]) -> set[UUID]:
    """Return which of these alerts are stored, in whatever state."""
    sql = "SELECT DISTINCT alert_id FROM rtcc.alert_states WHERE alert_id IN {ids:Array(UUID)}"
    found: set[UUID] = set()
    for some in _portions(alert_ids):
        found |= {UUID(row[0]) for row in await _ask(store, sql, {"ids": list(some)})}
    return found


async def stop_chains(store: Asked, begin: int, end: int) -> list[Chain]:
    """Return the reports of each camera's stop that began in the period; ``raisers`` are ids of reports."""
    sql = (
        f"SELECT argMin(source, observed_at), min({_MINUTE}), argMin(event_id, observed_at), groupArray(event_id) "  # noqa: S608
        "FROM rtcc.camera_health WHERE status IN {stopped:Array(String)} AND since >= {begin:DateTime64(3,'UTC')} "
        f"AND {_BETWEEN} GROUP BY camera_id, since LIMIT {MAX_IDS}"
    )
    rows = await _ask(store, sql, {**_period(begin, end), "stopped": sorted(STOPPED)})
    return [
        Chain(Bucket("camera_health", source, int(minute)), UUID(first), frozenset(map(UUID, event_ids)))
        for source, minute, first, event_ids in rows
    ]


async def alerted_reports(store: Asked, event_ids: Sequence[UUID]) -> set[UUID]:
    """Return which of these reports of cameras raised an alert."""
    sql = (
        "SELECT DISTINCT arrayJoin(triggers) AS cause FROM rtcc.alert_states "
        "WHERE rule = {rule:String} AND hasAny(triggers, {ids:Array(UUID)})"
    )
    found: set[UUID] = set()
    for some in _portions(event_ids):
        rows = await _ask(store, sql, {"rule": camera_stopped.RULE, "ids": list(some)})
        found |= {UUID(row[0]) for row in rows}
    return found


def _portions(values: Iterable[Any]) -> Iterator[list[Any]]:
    whole = list(values)
    for begin in range(0, len(whole), PORTION):
        yield whole[begin : begin + PORTION]


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
