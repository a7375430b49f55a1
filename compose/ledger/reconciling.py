"""Brings log, store, reports and groups together and asks for a verdict of every bucket of a period."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable
from typing import Any
from uuid import UUID

import structlog
from msgspec import Struct
from msgspec.structs import replace

from compose.ledger.log import Ends, Groups, LogSeen, read_again
from compose.roles.broker_settings import PROCESS_GROUP, STORE_GROUP
from compose.settings import Settings
from pipeline.ledger.bucket import Bucket, Tally
from pipeline.ledger.comparison import Place, compared, not_in_bucket
from pipeline.ledger.due_alerts import Chain, due_alerts, plate_chains
from pipeline.ledger.log_tally import UNREADABLE, Logged
from pipeline.ledger.stored import (
    MAX_IDS,
    Asked,
    TooManyError,
    accepted_tallies,
    alerted_reports,
    call_ids,
    dead_places,
    hits_seen,
    raised_alerts,
    stop_chains,
    stored_anywhere,
    stored_ids,
    stored_tallies,
)
from pipeline.ledger.verdict import Due, Exact, Facts, Verdict, judge, wants_processed_exact, wants_store_exact
from schemas.event_type import EventType
from schemas.events.alert import ALERT
from schemas.events.camera_health import CAMERA_HEALTH
from schemas.events.emergency_call import EMERGENCY_CALL
from schemas.events.incident import INCIDENT
from schemas.events.plate_read import PLATE_READ
from schemas.events.sighting import SIGHTING
from schemas.id_digest import id_digest
from schemas.registry import BY_NAME

log = structlog.get_logger(__name__)

#: A bucket is judged when nothing has come for so long: reports come every 2 s, batches are stored every second, s.
GRACE_S = 15.0
#: Events read again to be compared id by id, at a time.
READ_AGAIN = 200_000
#: By which step a dead letter says that an event goes no further.
NOT_STORED = ("decode", "store")
NOT_PROCESSED = {"plate_read": ("decode", "sightings"), "emergency_call": ("decode", "calls")}
_MADE_OF: dict[str, EventType[Any]] = {"plate_read": SIGHTING, "emergency_call": INCIDENT}


#: Event types whose stored rows say that alerts are due, and the topics whose processing raises them.
ALERTED = ("plate_read", "camera_health")
RAISING = (PLATE_READ.topic, CAMERA_HEALTH.topic)
#: How long to wait for the groups before judging without them, seconds.
WAIT_S = 5.0


class Known(Struct, frozen=True):
    """An exact comparison and the counts it was made for; good as long as they are the same."""

    logged: Tally
    stored: Tally
    exact: Exact


class Reached(Struct, frozen=True):
    """How far the groups have come: by topic and partition, the offset after the last one acknowledged."""

    stored: Ends
    processed: Ends

    def lag(self, ends: Ends) -> dict[str, int]:
        """Return by hop how many messages are not acknowledged yet."""
        return {
            "stored": sum(max(0, end - self.stored.get(place, 0)) for place, end in ends.items()),
            "processed": sum(max(0, end - at) for place, at in self.processed.items() if (end := ends.get(place))),
        }


class Reconciler:
    """Judges periods. Not for several tasks at once."""

    def __init__(self, settings: Settings, store: Asked) -> None:
        self._settings = settings
        self._store = store
        self._groups = Groups(settings)
        self._known: dict[Bucket, Known] = {}
        #: Calls of which everything was made, with the count of them that this was found for.
        self._whole_calls: dict[Bucket, tuple[Tally, tuple[Tally, Exact]]] = {}

    def close(self) -> None:
        """Disconnect."""
        self._groups.close()

    async def reached(self) -> Reached:
        """Return how far the groups have come. Raises BrokerUnavailableError."""
        stored = await asyncio.to_thread(self._groups.acknowledged, STORE_GROUP)
        return Reached(stored, await asyncio.to_thread(self._groups.acknowledged, PROCESS_GROUP))

    async def judge(self, seen: LogSeen, begin: int, end: int, *, now: float | None = None) -> list[Verdict]:
        """Return a verdict of every bucket of the minutes ``begin`` to ``end`` (exclusive), oldest first.

        Raises BrokerUnavailableError or StoreError.
        """
        at = time.time() if now is None else now
        # First how far the groups have come, then the store: what is acknowledged before is stored after.
        reached = await self._reached_past(seen.ends)
        stored = await stored_tallies(self._store, begin, end)
        accepted = await accepted_tallies(self._store, begin, end)
        alerts = await self._alerts(seen, reached, begin, end)
        calls = await self._calls(reached, stored)
        facts = {}
        for bucket in sorted(seen.buckets.keys() | stored.keys() | accepted.keys()):
            facts[bucket] = Facts(
                bucket=bucket,
                accepted=accepted.get(bucket),
                logged=seen.buckets[bucket].tally if bucket in seen.buckets else Tally(),
                stored=stored.get(bucket, Tally()),
                processed=self._processed(bucket, stored, calls),
                alerts=alerts.get(bucket) if alerts is not None else None,
                alerts_checked=alerts is not None or bucket.event_type not in ALERTED,
                quiet=self._quiet(bucket, seen, at),
                covered=seen.complete_from is not None and bucket.minute * 60 >= seen.complete_from,
                processed_exact=calls[bucket][1] if bucket in calls else None,
            )
        await self._compare_with_store(facts, seen, reached)
        await self._compare_with_processed(facts, seen, reached)
        return [judge(one) for one in facts.values()]

    async def _reached_past(self, ends: Ends) -> Reached:
        """Return how far the groups have come, after waiting a little for what was in the log to be through."""
        until = time.monotonic() + WAIT_S
        while True:
            reached = await self.reached()
            if _is_past(reached, ends) or time.monotonic() > until:
                return reached
            await asyncio.sleep(0.5)

    def forget_before(self, minute: int) -> None:
        """Let go of comparisons of older minutes."""
        self._known = {bucket: known for bucket, known in self._known.items() if bucket.minute >= minute}
        self._whole_calls = {bucket: known for bucket, known in self._whole_calls.items() if bucket.minute >= minute}

    def look_anew(self) -> None:
        """Have what was whole compared again: what was made of it may have been lost since."""
        self._whole_calls.clear()

    @staticmethod
    def _quiet(bucket: Bucket, seen: LogSeen, at: float) -> bool:
        logged = seen.buckets.get(bucket)
        changed = logged.changed_at if logged is not None else 0.0
        return seen.whole and at >= max((bucket.minute + 1) * 60, changed) + GRACE_S

    @staticmethod
    def _processed(
        bucket: Bucket, stored: dict[Bucket, Tally], calls: dict[Bucket, tuple[Tally, Exact]]
    ) -> Tally | None:
        if bucket.event_type == "plate_read":
            return stored.get(Bucket("sighting", bucket.source, bucket.minute), Tally())
        return calls[bucket][0] if bucket in calls else None

    async def _compare_with_store(self, facts: dict[Bucket, Facts], seen: LogSeen, reached: Reached) -> None:
        """Compare by id, between log and store, the buckets that counts do not settle."""
        todo: dict[Bucket, Logged] = {}
        for bucket, one in facts.items():
            if not one.quiet or not wants_store_exact(one):
                continue
            counts, known = (one.logged, one.stored), self._known.get(bucket)
            settled = known is not None and (known.logged, known.stored) == counts
            if known is not None and settled and not (known.exact.missing or known.exact.behind):
                facts[bucket] = replace(one, store_exact=known.exact)
            elif one.logged.count <= MAX_IDS:
                todo[bucket] = seen.buckets[bucket]
        for some in _groups(todo):
            ids = await asyncio.to_thread(read_again, self._settings, some)
            for bucket, logged in ids.items():
                exact = await self._store_exact(bucket, logged, reached)
                if exact is not None:
                    one = facts[bucket]
                    facts[bucket] = replace(one, store_exact=exact)
                    self._known[bucket] = Known(one.logged, one.stored, exact)

    async def _store_exact(self, bucket: Bucket, logged: dict[UUID, list[Place]], reached: Reached) -> Exact | None:
        kind = BY_NAME[bucket.event_type]
        try:
            stored = set(await stored_ids(self._store, bucket))
        except TooManyError:
            return None
        absent = not_in_bucket(logged, stored)
        elsewhere = await stored_anywhere(self._store, kind, absent) if absent else set()
        absent = [one for one in absent if one not in elsewhere]
        offsets = {place.offset for one in absent for place in logged[one]}
        dead = None
        if absent:
            named = absent if bucket.source == UNREADABLE else ()
            dead = await dead_places(self._store, kind.topic, offsets, NOT_STORED, named)
        return compared(logged, stored, elsewhere=elsewhere, dead=dead, reached=_last(reached.stored, kind.topic))

    async def _compare_with_processed(self, facts: dict[Bucket, Facts], seen: LogSeen, reached: Reached) -> None:
        """Compare by id, between reads and sightings in the store, the buckets that counts do not settle."""
        for bucket, one in facts.items():
            if bucket.event_type != "plate_read" or not one.quiet or not wants_processed_exact(one):
                continue
            try:
                reads = await stored_ids(self._store, bucket)
            except TooManyError:
                continue
            sighted = set(await stored_ids(self._store, Bucket("sighting", bucket.source, bucket.minute)))
            exact = await self._processed_exact(bucket, reads, {one: one for one in reads}, sighted, reached)
            if exact.missing and not _all_stored(seen, Bucket("sighting", bucket.source, bucket.minute), reached):
                # Processed, as far as anyone knows, and on its way into the store.
                exact = replace(exact, missing=(), behind=exact.behind + len(exact.missing))
            facts[bucket] = replace(one, processed_exact=exact)

    async def _processed_exact(
        self, bucket: Bucket, places: dict[UUID, Place], makes: dict[UUID, UUID], made: set[UUID], reached: Reached
    ) -> Exact:
        """Compare stored events with what must come of them. ``makes``: by event id the id of what it makes."""
        kind, product = BY_NAME[bucket.event_type], _MADE_OF[bucket.event_type]
        absent = [event_id for event_id, makes_id in makes.items() if makes_id not in made]
        elsewhere = await stored_anywhere(self._store, product, [makes[one] for one in absent]) if absent else set()
        absent = [one for one in absent if makes[one] not in elsewhere]
        dead = None
        if absent:
            offsets = {places[one].offset for one in absent}
            dead = await dead_places(self._store, kind.topic, offsets, NOT_PROCESSED[bucket.event_type])
        done = makes.keys() - set(absent)
        upstream = {event_id: [place] for event_id, place in places.items() if event_id in makes}
        return compared(upstream, set(done), dead=dead, reached=_last(reached.processed, kind.topic))

    async def _calls(self, reached: Reached, stored: dict[Bucket, Tally]) -> dict[Bucket, tuple[Tally, Exact]]:
        """Return by bucket of calls those whose incident is stored, and the comparison.

        A bucket that was whole is not compared again while it has the same calls: in a storm that is thousands of ids,
        worked out beside the screens.
        """
        counted = {bucket: tally for bucket, tally in stored.items() if bucket.event_type == EMERGENCY_CALL.name}
        result = {}
        for bucket, tally in counted.items():
            known = self._whole_calls.get(bucket)
            if known is not None and known[0] == tally:
                result[bucket] = known[1]
        open_minutes = [bucket.minute for bucket in counted if bucket not in result]
        if not open_minutes:
            return result
        try:
            found = await call_ids(self._store, min(open_minutes), max(open_minutes) + 1)
        except TooManyError:
            return result
        for bucket, makes in found.items():
            if bucket in result:
                continue
            places = await stored_ids(self._store, bucket)
            exact = await self._processed_exact(bucket, places, makes, set(), reached)
            missing = set(exact.missing)
            done = [event_id for event_id in makes if event_id not in missing]
            result[bucket] = (Tally(len(done), id_digest(done)), exact)
            if bucket in counted and not (exact.missing or exact.behind):
                self._whole_calls[bucket] = (counted[bucket], result[bucket])
        return result

    async def _alerts(self, seen: LogSeen, reached: Reached, begin: int, end: int) -> dict[Bucket, Due] | None:
        """Return the alerts that are due; None while processors or store are behind, or when there are too many."""
        if not _is_past(reached, seen.ends):
            return None
        try:
            chains: list[Chain] = plate_chains(await hits_seen(self._store, begin, end))
        except TooManyError:
            return None
        raised = await raised_alerts(self._store, [one for chain in chains for one in chain.raisers])
        stops = await stop_chains(self._store, begin, end)
        raised |= await alerted_reports(self._store, [one for chain in stops for one in chain.raisers])
        every = due_alerts([*chains, *stops], raised)
        return {bucket: due for bucket, due in every.items() if begin <= bucket.minute < end}


def _is_past(reached: Reached, ends: Ends) -> bool:
    """Return whether all alerts up to ``ends`` are stored, and all that can raise one is processed."""
    return all(
        (topic != ALERT.topic or reached.stored.get((topic, partition), 0) >= at)
        and (topic not in RAISING or reached.processed.get((topic, partition), 0) >= at)
        for (topic, partition), at in ends.items()
    )


def _last(ends: Ends, topic: str) -> dict[int, int]:
    return {partition: at - 1 for (name, partition), at in ends.items() if name == topic}


def _all_stored(seen: LogSeen, bucket: Bucket, reached: Reached) -> bool:
    """Return whether the store has come past what the log has of a bucket."""
    logged = seen.buckets.get(bucket)
    topic = BY_NAME[bucket.event_type].topic
    return logged is None or all(
        reached.stored.get((topic, partition), 0) > high for partition, (_, high) in logged.offsets.items()
    )


def _groups(todo: dict[Bucket, Logged]) -> Iterable[dict[Bucket, Logged]]:
    """Yield the buckets in groups of no more events than are held at a time."""
    group: dict[Bucket, Logged] = {}
    held = 0
    for bucket, logged in todo.items():
        if group and held + logged.count > READ_AGAIN:
            yield group
            group, held = {}, 0
        group[bucket] = logged
        held += logged.count
    if group:
        yield group
