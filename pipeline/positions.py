"""How far a consumer group has come and where the log ends, asked of the broker. Blocking: run it in a thread."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import Any

from kafka import KafkaConsumer, TopicPartition
from kafka.admin import KafkaAdminClient
from kafka.errors import KafkaError

from pipeline.progress import Place
from pipeline.stall import Standing
from schemas.wire.connecting import connecting
from schemas.wire.publisher import BrokerUnavailableError

#: A broker that does not answer for so long is taken to be away.
HANGS_AFTER_MS = 5_000
#: How long to wait for a message that should be there, milliseconds.
READ_WITHIN_MS = 5_000


class GroupPositions:
    """Implements ``pipeline.stall.Positions`` and ``pipeline.lag.Log`` for one consumer
    group and its topics, with connections of its own."""

    def __init__(self, bootstrap: str, group: str, topics: Sequence[str], **kafka_config: Any) -> None:
        """Connect. Raises BrokerUnavailableError."""
        self._group = group
        config = {"bootstrap_servers": bootstrap, "client_id": f"{group}-watch", **kafka_config}
        try:
            with connecting() as client:
                self._consumer = KafkaConsumer(
                    kafka_client=client,
                    group_id=None,
                    enable_auto_commit=False,
                    auto_offset_reset="earliest",
                    request_timeout_ms=HANGS_AFTER_MS,
                    fetch_max_wait_ms=200,
                    max_partition_fetch_bytes=64 * 1024,
                    max_poll_records=1,
                    allow_auto_create_topics=False,
                    **config,
                )
                self._admin = KafkaAdminClient(kafka_client=client, request_timeout_ms=HANGS_AFTER_MS, **config)
                self._places = [
                    TopicPartition(topic, number)
                    for topic in topics
                    for number in sorted(self._consumer.partitions_for_topic(topic) or ())
                ]
        except KafkaError as error:
            raise BrokerUnavailableError(f"positions cannot be asked: {error}") from error

    def standing(self) -> Mapping[Place, Standing]:
        """Return how every partition of the topics stands: what the group has committed, and where the log ends."""
        try:
            ends = self._consumer.end_offsets(self._places)
            committed = {
                place: meta.offset
                for place, meta in self._admin.list_group_offsets({self._group: None})[self._group].items()
                if meta.offset >= 0
            }
            begins = self._consumer.beginning_offsets([place for place in self._places if place not in committed])
        except KafkaError as error:
            raise BrokerUnavailableError(f"positions cannot be asked: {error}") from error
        return {
            (place.topic, place.partition): Standing(committed.get(place, begins.get(place, 0)), ends[place])
            for place in self._places
            if place in ends
        }

    def sent_at(self, offsets: Mapping[Place, int]) -> Mapping[Place, float]:
        """Return when the message at these offsets, or the next one, was sent, epoch seconds; no entry: none there."""
        found: dict[Place, float] = {}
        wanted = {TopicPartition(*place): offset for place, offset in offsets.items()}
        try:
            self._consumer.assign(list(wanted))
            for where, offset in wanted.items():
                self._consumer.seek(where, offset)
            until = time.monotonic() + READ_WITHIN_MS / 1000
            while len(found) < len(wanted) and time.monotonic() < until:
                for where, messages in self._consumer.poll(timeout_ms=500).items():
                    found[where.topic, where.partition] = messages[0].timestamp / 1000
                    self._consumer.pause(where)
        except KafkaError as error:
            raise BrokerUnavailableError(f"the log cannot be read: {error}") from error
        return found

    def readable(self, place: Place, offset: int) -> bool:
        """Return whether there is a message at or after this offset that can be read."""
        where = TopicPartition(*place)
        try:
            self._consumer.assign([where])
            self._consumer.seek(where, offset)
            return bool(self._consumer.poll(timeout_ms=READ_WITHIN_MS))
        except KafkaError as error:
            raise BrokerUnavailableError(f"the log cannot be read: {error}") from error

    def close(self) -> None:
        """Disconnect."""
        for client in (self._consumer, self._admin):
            client.close()
