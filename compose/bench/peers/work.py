"""The same work for every engine: reads on topics, the list and the zones in files, and the alerts that are due."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

import msgspec
from kafka import KafkaConsumer, KafkaProducer, TopicPartition
from kafka.admin import KafkaAdminClient

from compose.bench.peers.report import Due
from compose.bench.peers.task import ZoneLine
from compose.bench.workload import PARTITIONS, Size, framed, plate, reads, reference
from pipeline.rules.hotlist_match import NOTHING, match_frame
from pipeline.state.reference import Reference
from schemas.events.alert import ALERT
from schemas.events.plate_read import PLATE_READ, PlateRead
from schemas.events.sighting import Hit
from schemas.wire.frame import MAX_EVENTS

#: One read in each message, for those who know no frames.
SINGLES_TOPIC = "bench.reads"
#: A repetition is left out of the reads, and others come in: no more than this many are.
SPARE_READS = 10_000
READ_WITHIN_S = 30.0
SENT_WITHIN_S = 120.0

#: Partition, key, value.
Messages = list[tuple[int, bytes, bytes]]


class Work(msgspec.Struct, frozen=True):
    """What all are given, and the alerts that are due."""

    hotlist: Path
    zones: Path
    frames: Messages
    singles: Messages
    due: frozenset[Due]


def alerts_topic(engine: str) -> str:
    """Return where an engine of others writes its alerts."""
    return f"bench.alerts.{engine}"


def prepare(size: Size, per_frame: int, folder: Path) -> Work:
    """Make the work, and write the list and the zones to ``folder``. Takes a minute for a million entries."""
    facts = reference(size)
    hotlist, zones = folder / "hotlist.tsv", folder / "zones.json"
    _write_hotlist(size, hotlist)
    lines = [ZoneLine(zone.zone_id, zone.polygons[0][0]) for zone in facts.zones.zones]
    zones.write_bytes(msgspec.json.encode(lines))
    more = msgspec.structs.replace(size, reads=size.reads + SPARE_READS)
    events, hits = _without_repeated_passes(reads(more, facts), facts, size.reads)
    return Work(
        hotlist, zones, framed(iter(events), per_frame), framed(iter(events), per_frame=1), _due(events, hits, facts)
    )


def _write_hotlist(size: Size, file: Path) -> None:
    """Write the very entries that ``reference`` makes: it draws their plates first."""
    import random

    dice = random.Random(size.seed)  # noqa: S311 - as in the workload
    with file.open("w", encoding="utf-8") as lines:
        lines.writelines(f"bench\tB{number}\t{plate(dice)}\n" for number in range(size.hotlist))


def _without_repeated_passes(
    events: Iterator[PlateRead], facts: Reference, count: int
) -> tuple[list[PlateRead], list[tuple[Hit, ...]]]:
    """Return so many reads with their matches, none of which is of an entry that its camera has seen already.

    Our own processor raises one alert for a pass. What belongs to a pass depends on what was read before, which no
    order across partitions decides; so there are no repetitions, and the same alerts are due from all.
    """
    seen: set[tuple[str, str, str]] = set()
    index = facts.hotlists.index

    def matched() -> Iterator[tuple[PlateRead, tuple[Hit, ...]]]:
        while frame := list(islice(events, MAX_EVENTS)):
            found = match_frame(frame, index)
            yield from ((read, found.get(at, NOTHING).hits) for at, read in enumerate(frame))

    def fresh() -> Iterator[tuple[PlateRead, tuple[Hit, ...]]]:
        for read, hits in matched():
            passes = {(hit.list_id, hit.entry_id, read.camera_id) for hit in hits}
            if not passes & seen:
                seen.update(passes)
                yield read, hits

    kept = list(islice(fresh(), count))
    return [read for read, _ in kept], [hits for _, hits in kept]


def _due(events: Sequence[PlateRead], hits: Sequence[tuple[Hit, ...]], facts: Reference) -> frozenset[Due]:
    listed = [(read, found) for read, found in zip(events, hits, strict=True) if found]
    lats: list[Any] = [read.lat for read, _ in listed]
    lons: list[Any] = [read.lon for read, _ in listed]
    held = facts.zones.containing(lats, lons)
    return frozenset(
        Due(str(read.event_id), hit.list_id, hit.entry_id, tuple(sorted(inside)))
        for (read, found), inside in zip(listed, held, strict=True)
        for hit in found
    )


def publish(work: Work, bootstrap: str, engines: Iterable[str], **kafka_config: Any) -> None:
    """Make the topics, and put the reads there, both ways. Raises kafka.errors.KafkaError."""
    topics = [SINGLES_TOPIC, *map(alerts_topic, engines)]
    admin = KafkaAdminClient(bootstrap_servers=bootstrap, **kafka_config)
    try:
        admin.create_topics({topic: {"num_partitions": PARTITIONS, "replication_factor": 1} for topic in topics})
        admin.wait_for_topics(topics)
    finally:
        admin.close()
    producer = KafkaProducer(
        bootstrap_servers=bootstrap, acks="all", linger_ms=20, batch_size=512 * 1024,
        max_request_size=4 * 1024 * 1024, **kafka_config,
    )  # fmt: skip
    try:
        for topic, messages in ((PLATE_READ.topic, work.frames), (SINGLES_TOPIC, work.singles)):
            waiting = [producer.send(topic, value, key=key, partition=at) for at, key, value in messages]
            for sent in waiting:
                sent.get(SENT_WITHIN_S)
    finally:
        producer.close()


class AlertsOf:
    """The alerts that are written to a topic after this was made."""

    def __init__(self, topic: str, bootstrap: str, **kafka_config: Any) -> None:
        self._partitions = [TopicPartition(topic, at) for at in range(PARTITIONS)]
        self._consumer = KafkaConsumer(
            bootstrap_servers=bootstrap, enable_auto_commit=False, group_id=None, **kafka_config
        )
        self._from = self._consumer.end_offsets(self._partitions)

    def read(self, parse: Callable[[bytes], list[Due]]) -> list[Due]:
        """Return them. Raises msgspec.DecodeError for what is no alert, RuntimeError when the topic cannot be read."""
        try:
            until = self._consumer.end_offsets(self._partitions)
            self._consumer.assign(self._partitions)
            for partition in self._partitions:
                self._consumer.seek(partition, self._from[partition])
            found: list[Due] = []
            while any(self._consumer.position(one) < until[one] for one in self._partitions):
                polled = self._consumer.poll(timeout_ms=READ_WITHIN_S * 1000)
                if not polled:
                    raise RuntimeError(f"{self._partitions[0].topic} could not be read to its end")
                for records in polled.values():
                    for record in records:
                        found += parse(record.value)
            return found
        finally:
            self._consumer.close()


def topic_of(engine: str, *, ours: bool) -> str:
    """Return where an engine's alerts are."""
    return ALERT.topic if ours else alerts_topic(engine)
