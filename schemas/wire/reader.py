"""The log reader: reads topics whole, then follows them, outside any consumer group.

Reference facts (cameras, zones, hotlists) and live views (the hub) are folds of the log: whoever needs one reads
every partition from the beginning. It acknowledges nothing, so it can lose nothing. Blocking: run it in a thread.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from kafka import KafkaConsumer, TopicPartition
from kafka.errors import KafkaError
from msgspec import Struct

from schemas.event_type import EventType
from schemas.registry import BY_TOPIC
from schemas.wire.connecting import connecting
from schemas.wire.publisher import BrokerUnavailableError

#: A request that is not answered for so long is given up, and tried with whoever leads by then.
HANGS_AFTER_MS = 5_000
#: A broker that is back is found again within a second; by default the wait grows to half a minute.
RECONNECT_WITHIN_MS = 1_000


class Record(Struct, frozen=True):
    """One Kafka message as read, undecoded. ``timestamp_ms``: when the broker took it, epoch milliseconds;
    in topics made by older versions, when its producer sent it."""

    kind: EventType[Any]
    partition: int
    offset: int
    key: bytes | None
    value: bytes | None
    headers: list[tuple[str, bytes]]
    timestamp_ms: int = 0


def records_of(batches: Mapping[TopicPartition, Sequence[Any]]) -> list[Record]:
    """Return what kafka-python's poll brought, in order within each partition."""
    return [
        Record(
            BY_TOPIC[place.topic],
            place.partition,
            message.offset,
            message.key,
            message.value,
            list(message.headers),
            message.timestamp,
        )
        for place, messages in batches.items()
        for message in messages
    ]


class LogReader:
    """Reads the topics of some event types from the beginning, or from where ``since_ms`` or ``from_offsets`` say.

    ``since_ms``: by topic, epoch ms. ``from_offsets``: by topic and partition; only these partitions are read then.
    An offset that the log no longer has is read from where the log begins.
    """

    def __init__(
        self,
        bootstrap: str,
        kinds: Sequence[EventType[Any]],
        *,
        client_id: str,
        fetch_max_wait_ms: int = 500,
        since_ms: dict[str, int] | None = None,
        from_offsets: Mapping[tuple[str, int], int] | None = None,
        **kafka_config: Any,
    ) -> None:
        """Connect and seek. Raises BrokerUnavailableError when no broker answers or a topic is not there."""
        try:
            with connecting() as client:
                self._kafka = KafkaConsumer(
                    kafka_client=client,
                    bootstrap_servers=bootstrap,
                    client_id=client_id,
                    group_id=None,
                    enable_auto_commit=False,
                    auto_offset_reset="earliest",
                    fetch_max_wait_ms=fetch_max_wait_ms,
                    # A broker that hangs is given up soon: its partitions have other leaders within nine seconds.
                    request_timeout_ms=fetch_max_wait_ms + HANGS_AFTER_MS,
                    reconnect_backoff_max_ms=RECONNECT_WITHIN_MS,
                    max_partition_fetch_bytes=4 * 1024 * 1024,
                    max_poll_records=2000,
                    allow_auto_create_topics=False,
                    **kafka_config,
                )
                places = []
                for kind in kinds:
                    partitions = self._kafka.partitions_for_topic(kind.topic)
                    if not partitions:
                        raise BrokerUnavailableError(f"topic {kind.topic} is not there; run `watchfloor topics create`")
                    places += [TopicPartition(kind.topic, number) for number in sorted(partitions)]
                if from_offsets is not None:
                    places = [place for place in places if (place.topic, place.partition) in from_offsets]
                self._kafka.assign(places)
                self._ends: dict[TopicPartition, int] = dict(self._kafka.end_offsets(places))
                self._kafka.seek_to_beginning(*places)
                self._seek_since(places, since_ms or {})
                for place in places:
                    if from_offsets is not None:
                        first = self._kafka.position(place)
                        self._kafka.seek(place, max(first, from_offsets[place.topic, place.partition]))
                self._next: dict[TopicPartition, int] = {place: self._kafka.position(place) for place in places}
        except KafkaError as error:
            raise BrokerUnavailableError(f"the log at {bootstrap} cannot be read: {error}") from error
        # The client times each answer to a fetch, and keeps no other trace of it: from a broker that hangs a poll
        # returns too, with nothing.
        self._answers = self._kafka._metrics.get_sensor("fetch-latency")

    @property
    def answered_at(self) -> float:
        """When a broker last answered a fetch, or when this began to read if none has: monotonic seconds."""
        at: float = self._answers._last_record_time
        return at / 1000

    def _seek_since(self, places: list[TopicPartition], since_ms: dict[str, int]) -> None:
        wanted = {place: since_ms[place.topic] for place in places if place.topic in since_ms}
        if not wanted:
            return
        found = self._kafka.offsets_for_times(wanted)
        for place in wanted:
            offset = found.get(place)
            self._kafka.seek(place, self._ends[place] if offset is None else offset.offset)

    @property
    def places(self) -> list[tuple[str, int]]:
        """The topics and partitions that are read."""
        return [(place.topic, place.partition) for place in self._next]

    @property
    def position(self) -> dict[tuple[str, int], int]:
        """By topic and partition the offset after the last one read."""
        return {(place.topic, place.partition): offset for place, offset in self._next.items()}

    @property
    def caught_up(self) -> bool:
        """True once everything that was in the log when we connected has been read."""
        return all(self._next[place] >= end for place, end in self._ends.items())

    def behind(self, topic: str) -> int:
        """Return how many messages of a topic were not read yet, as of the last fetch. May be asked from any thread."""
        ends = [(self._kafka.highwater(place), at) for place, at in list(self._next.items()) if place.topic == topic]
        return sum(max(end - at, 0) for end, at in ends if end is not None)

    def has_read(self, ends: Mapping[tuple[str, int], int]) -> bool:
        """Return whether everything before these offsets, by topic and partition, has been given out by ``poll``."""
        return all(
            self._next.get(TopicPartition(topic, partition), end) >= end for (topic, partition), end in ends.items()
        )

    def poll(self, timeout_s: float) -> list[Record]:
        """Return what has arrived, in order within each partition; empty after ``timeout_s`` without any.

        Raises BrokerUnavailableError for errors that kafka-python does not retry by itself.
        """
        try:
            batches = self._kafka.poll(timeout_ms=int(timeout_s * 1000))
        except KafkaError as error:
            raise BrokerUnavailableError(f"the log cannot be read: {error}") from error
        records = records_of(batches)
        for record in records:
            self._next[TopicPartition(record.kind.topic, record.partition)] = record.offset + 1
        if not batches:
            # A broker's end offset may point past the last readable record (aborted batches, compaction).
            for place in self._next:
                self._next[place] = max(self._next[place], self._kafka.position(place))
        return records

    def read_to_end(self, deadline_s: float = 60.0) -> Iterator[list[Record]]:
        """Yield batches until ``caught_up``. Raises BrokerUnavailableError past the deadline."""
        until = time.monotonic() + deadline_s
        while not self.caught_up:
            if time.monotonic() > until:
                raise BrokerUnavailableError(f"the log could not be read to its end within {deadline_s:.0f} s")
            batch = self.poll(0.5)
            if batch:
                yield batch

    def close(self) -> None:
        """Disconnect."""
        self._kafka.close()
