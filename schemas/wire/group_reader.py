"""The group reader: one member of a consumer group, which says itself what it has made durable.

For work that waits for batches to fill (the store): it takes all that has come in one poll, where a stream engine hands
over message by message. Blocking, and not thread-safe: run every call on one thread.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

from kafka import ConsumerRebalanceListener, KafkaConsumer, TopicPartition
from kafka.errors import CommitFailedError, KafkaError, RebalanceInProgressError
from kafka.structs import OffsetAndMetadata
from msgspec import Struct

from schemas.event_type import EventType
from schemas.wire.connecting import connecting
from schemas.wire.publisher import BrokerUnavailableError
from schemas.wire.reader import HANGS_AFTER_MS, RECONNECT_WITHIN_MS, Record, records_of

#: A topic and the number of its partition.
Place = tuple[str, int]


class Fetched(Struct, frozen=True):
    """What one poll brought, to be acknowledged once all of it is durable. ``terms``: whose the partitions were."""

    records: list[Record]
    terms: dict[Place, int]

    @property
    def offsets(self) -> dict[Place, int]:
        """By place the offset after the last message."""
        return {(one.kind.topic, one.partition): one.offset + 1 for one in self.records}


class _Terms(ConsumerRebalanceListener):  # type: ignore[misc]
    """Counts how often each partition was lost to another member: what was read before is theirs to acknowledge.

    A partition that is ours before and after a rebalance is not lost: the client goes on where it was.
    """

    def __init__(self) -> None:
        self.of: Counter[Place] = Counter()
        self._revoked: set[Place] = set()

    def on_partitions_revoked(self, revoked: Iterable[TopicPartition]) -> None:
        self._revoked |= {(place.topic, place.partition) for place in revoked}

    def on_partitions_assigned(self, assigned: Iterable[TopicPartition]) -> None:
        self.of.update(self._revoked - {(place.topic, place.partition) for place in assigned})
        self._revoked = set()


class GroupReader:
    """Reads the topics of some event types as a member of ``group``, from where the group has acknowledged."""

    def __init__(
        self,
        bootstrap: str,
        kinds: Sequence[EventType[Any]],
        *,
        group: str,
        client_id: str,
        fetch_max_wait_ms: int,
        fetch_min_bytes: int = 1,
        session_timeout_s: float = 15.0,
        heartbeat_s: float = 3.0,
        **kafka_config: Any,
    ) -> None:
        """Connect and ask to join. Raises BrokerUnavailableError when no broker answers."""
        self._terms = _Terms()
        self._held: list[Record] = []
        self._owed: dict[Place, tuple[int, int]] = {}
        try:
            with connecting() as client:
                self._kafka = KafkaConsumer(
                    kafka_client=client,
                    bootstrap_servers=bootstrap,
                    client_id=client_id,
                    group_id=group,
                    enable_auto_commit=False,
                    auto_offset_reset="earliest",
                    fetch_max_wait_ms=fetch_max_wait_ms,
                    fetch_min_bytes=fetch_min_bytes,
                    request_timeout_ms=int(max(session_timeout_s * 1000, fetch_max_wait_ms)) + HANGS_AFTER_MS,
                    reconnect_backoff_max_ms=RECONNECT_WITHIN_MS,
                    session_timeout_ms=int(session_timeout_s * 1000),
                    heartbeat_interval_ms=int(heartbeat_s * 1000),
                    max_partition_fetch_bytes=4 * 1024 * 1024,
                    max_poll_records=2000,
                    allow_auto_create_topics=False,
                    **kafka_config,
                )
                self._kafka.subscribe([kind.topic for kind in kinds], listener=self._terms)
        except KafkaError as error:
            raise BrokerUnavailableError(f"the log at {bootstrap} cannot be read: {error}") from error

    # These may be asked from any thread, while partitions come and go: what cannot be told is not.

    def assigned(self) -> set[Place]:
        """Return the partitions that are ours now."""
        try:
            return {(place.topic, place.partition) for place in self._kafka.assignment()}
        except Exception:
            return set()

    def end(self, place: Place) -> int | None:
        """Return the offset after the last message of a partition, as of the last fetch; None: not known."""
        try:
            end: int | None = self._kafka.highwater(TopicPartition(*place))
        except Exception:
            return None
        return end

    def poll(self, timeout_s: float) -> Fetched:
        """Return what has arrived, in order within each partition; nothing after ``timeout_s`` without any.

        Raises BrokerUnavailableError for errors that kafka-python does not retry by itself.
        """
        if self._owed:
            self._pay()
        held, self._held = self._held, []
        records = held or self._poll(timeout_s)
        return Fetched(
            records, {place: self._terms.of[place] for place in {(r.kind.topic, r.partition) for r in records}}
        )

    def stay(self) -> None:
        """Remain a member while nothing more can be taken. To be called every few seconds then."""
        self._kafka.pause(*self._kafka.assignment())
        before = self._terms.of.copy()
        came = self._poll(0.0)
        # Partitions that were assigned in it are not paused, so they may bring messages already.
        ours = [one for one in self._held if before[at := (one.kind.topic, one.partition)] == self._terms.of[at]]
        self._held = ours + came
        self._kafka.resume(*self._kafka.assignment())

    def acknowledge(self, fetched: Fetched) -> bool:
        """Tell the group that all of this is durable, and everything before it; False when nothing of it is ours now.

        What the group does not take while it shares partitions out anew is told again with the next poll. Raises
        BrokerUnavailableError.
        """
        ours = {
            place: (offset, fetched.terms[place])
            for place, offset in fetched.offsets.items()
            if fetched.terms[place] == self._terms.of[place]
        }
        self._owed.update(ours)
        self._pay()
        return bool(ours)

    def _pay(self) -> None:
        self._owed = {place: owed for place, owed in self._owed.items() if owed[1] == self._terms.of[place]}
        if not self._owed:
            return
        try:
            self._kafka.commit(
                {TopicPartition(*place): OffsetAndMetadata(offset, "", -1) for place, (offset, _) in self._owed.items()}
            )
        except (CommitFailedError, RebalanceInProgressError):
            return
        except KafkaError as error:
            raise BrokerUnavailableError(f"the log takes no acknowledgement: {error}") from error
        self._owed = {}

    def close(self) -> None:
        """Leave the group, without acknowledging anything more."""
        self._kafka.close(autocommit=False)

    def _poll(self, timeout_s: float) -> list[Record]:
        try:
            return records_of(self._kafka.poll(timeout_ms=int(timeout_s * 1000)))
        except KafkaError as error:
            raise BrokerUnavailableError(f"the log cannot be read: {error}") from error
