"""Learns from what is stored which texts are read all day at one place, and says so in the log.

From the store, not in the stream: it takes days of counts that no restart may forget, of all partitions together, and
costs the reads nothing. Whoever asks can count the same again (docs/explanation/passes.md).
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any

import msgspec
import structlog

from compose.stored import stored_events
from pipeline.rules.looks_like_sign import WINDOW_H, SignCounts, evaluate
from pipeline.state.noise import outranks
from pipeline.store.async_store import AsyncStore
from pipeline.store.errors import StoreError
from schemas.events.plate_noise import PLATE_NOISE, PlateNoise, noise_id
from schemas.identity import identity
from schemas.wire.frame import utc_now
from schemas.wire.publisher import BrokerUnavailableError, Publisher

log = structlog.get_logger(__name__)

#: Seconds from the start to the first look, and from one look to the next.
FIRST_S, EVERY_S = 120.0, 1800.0
#: Only what was read lately in so many of the six times ten minutes is counted further: cars are read in bursts.
LATELY, SLOT_S, SLOTS = timedelta(hours=1), 600, 4
#: Texts that are counted at a time, those read longest in the hour.
MOST = 1_000
#: Learnt noise that was not read for so long is a plate again: what stood there has left.
RELEASE_AFTER = timedelta(hours=24)

Row = dict[str, Any]
_rows = msgspec.json.Decoder(dict[str, Any])


class NoiseLearning:
    """Publishes what it learns, with ids by which the same, learnt twice within an hour, is one fact."""

    def __init__(self, store: AsyncStore, publisher: Publisher, clock: Callable[[], datetime] = utc_now) -> None:
        self._store = store
        self._publisher = publisher
        self._clock = clock

    async def run(self) -> None:
        """Learn now and then, for ever. What cannot be learnt now is learnt the next time."""
        await asyncio.sleep(FIRST_S)
        while True:
            try:
                told = await self.learn()
                if told:
                    log.info("noise was learnt", texts=len(told))
            except (StoreError, BrokerUnavailableError) as error:
                log.warning("noise cannot be learnt now", error=type(error).__name__)
            await asyncio.sleep(EVERY_S)

    async def learn(self) -> list[PlateNoise]:
        """Look once; return what was published. Raises StoreError and BrokerUnavailableError."""
        now = self._clock()
        known: dict[str, PlateNoise] = {}
        for event in await stored_events(self._store, PLATE_NOISE, "plate_noise_states"):
            if event.noise_id not in known or outranks(event, known[event.noise_id]):
                known[event.noise_id] = event
        told = [*await self._signs(now, known), *await self._gone(now, known)]
        if told:
            await self._publisher.publish(told)
        return told

    async def _signs(self, now: datetime, known: dict[str, PlateNoise]) -> list[PlateNoise]:
        lately = await self._ask(
            "SELECT camera_id, plate, any(plate_region) AS region, any(jurisdiction) AS agency, "
            "min(synthetic) AS made_up FROM rtcc.sightings WHERE occurred_at >= {since:DateTime64(3,'UTC')} "
            "GROUP BY plate, camera_id "
            "HAVING uniqExact(intDiv(toUnixTimestamp(occurred_at), {slot:UInt32})) >= {slots:UInt32} "
            "ORDER BY uniqExact(intDiv(toUnixTimestamp(occurred_at), {slot:UInt32})) DESC LIMIT {most:UInt32} "
            # The table is sorted by plate: so one plate after the other needs memory, and not all at once.
            "SETTINGS optimize_aggregation_in_order = 1",
            since=now - LATELY,
            slot=SLOT_S,
            slots=SLOTS,
            most=MOST,
        )
        texts = {
            noise_id(row["camera_id"], row["plate"]): row
            for row in lately
            if len(noise_id(row["camera_id"], row["plate"])) <= 200
        }
        open_ones = {name: row for name, row in texts.items() if name not in known or _may_learn(known[name])}
        end = now.replace(minute=0, second=0, microsecond=0)
        counts: dict[str, list[int]] = {}
        for plates in _portions(sorted({row["plate"] for row in open_ones.values()})):
            for row in await self._ask(
                "SELECT camera_id, plate, groupArray(reads) AS counts FROM ("
                "SELECT camera_id, plate, count() AS reads FROM rtcc.sightings WHERE plate IN {plates:Array(String)} "
                "AND occurred_at >= {begin:DateTime64(3,'UTC')} AND occurred_at < {end:DateTime64(3,'UTC')} "
                "GROUP BY camera_id, plate, toStartOfHour(occurred_at)) GROUP BY camera_id, plate",
                plates=plates,
                begin=end - timedelta(hours=WINDOW_H),
                end=end,
            ):
                counts[noise_id(row["camera_id"], row["plate"])] = [int(count) for count in row["counts"]]
        found = []
        for name, row in open_ones.items():
            sign = evaluate(counts.get(name, ()), row["plate"], row["region"])
            if sign is not None:
                found.append(_learnt(name, row, sign, now))
        return found

    async def _gone(self, now: datetime, known: dict[str, PlateNoise]) -> list[PlateNoise]:
        held = {
            name: event
            for name, event in known.items()
            if event.is_learnt and event.is_noise and event.changed_at < now - RELEASE_AFTER
        }
        still: set[str] = set()
        for plates in _portions(sorted({event.plate for event in held.values()})):
            rows = await self._ask(
                "SELECT DISTINCT camera_id, plate FROM rtcc.sightings WHERE plate IN {plates:Array(String)} "
                "AND occurred_at >= {since:DateTime64(3,'UTC')}",
                plates=plates,
                since=now - RELEASE_AFTER,
            )
            still |= {noise_id(row["camera_id"], row["plate"]) for row in rows}
        return [_released(event, now) for name, event in held.items() if name not in still]

    async def _ask(self, sql: str, **params: Any) -> list[Row]:
        answer = _rows.decode(await self._store.query(sql, params, "JSON"))
        return list(answer["data"])


def _may_learn(known: PlateNoise) -> bool:
    """What a person said is left as it is; what was learnt and has left may come back."""
    return known.is_learnt and not known.is_noise


def _learnt(name: str, row: Row, sign: SignCounts, now: datetime) -> PlateNoise:
    return PlateNoise(
        event_id=identity("plate_noise", name, "learnt", _hour(now)),
        occurred_at=now,
        observed_at=now,
        source="learning/plate_noise",
        jurisdiction=row["agency"],
        synthetic=bool(row["made_up"]),
        noise_id=name,
        camera_id=row["camera_id"],
        plate=row["plate"],
        is_learnt=True,
        changed_at=now,
        reason=sign.sentence,
        hours=sign.hours,
        reads=sign.reads,
        fewest_in_an_hour=sign.fewest_in_an_hour,
        most_in_an_hour=sign.most_in_an_hour,
        doubts=sign.doubts,
    )


def _released(event: PlateNoise, now: datetime) -> PlateNoise:
    return msgspec.structs.replace(
        event,
        event_id=identity("plate_noise", event.noise_id, "released", _hour(now)),
        occurred_at=now,
        observed_at=now,
        is_noise=False,
        changed_at=now,
        reason=f"Not read here for {RELEASE_AFTER // timedelta(hours=1)} hours.",
    )


def _hour(moment: datetime) -> str:
    return moment.isoformat(timespec="hours")


def _portions(plates: Sequence[str]) -> Iterator[list[str]]:
    for at in range(0, len(plates), 400):
        yield list(plates[at : at + 400])
