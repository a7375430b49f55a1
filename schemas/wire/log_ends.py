"""Asks where the log ends now: whoever has read that far knew, at the moment of asking, all there was to know."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from kafka import KafkaConsumer, TopicPartition
from kafka.errors import KafkaError

from schemas.event_type import EventType
from schemas.wire.connecting import connecting
from schemas.wire.publisher import BrokerUnavailableError
from schemas.wire.reader import RECONNECT_WITHIN_MS

#: A leader that does not answer for so long is asked again, or another one by then.
HANGS_AFTER_MS = 3_000


class LogEnds:
    """Asks for the ends of the topics of some event types. Blocking: use it in a thread."""

    def __init__(self, bootstrap: str, kinds: Sequence[EventType[Any]], *, client_id: str, **kafka_config: Any) -> None:
        """Connect. Raises BrokerUnavailableError when no broker answers or a topic is not there."""
        try:
            with connecting() as client:
                self._kafka = KafkaConsumer(
                    kafka_client=client,
                    bootstrap_servers=bootstrap,
                    client_id=client_id,
                    group_id=None,
                    enable_auto_commit=False,
                    request_timeout_ms=HANGS_AFTER_MS,
                    reconnect_backoff_max_ms=RECONNECT_WITHIN_MS,
                    allow_auto_create_topics=False,
                    **kafka_config,
                )
                self._places = [
                    TopicPartition(kind.topic, number)
                    for kind in kinds
                    for number in sorted(self._kafka.partitions_for_topic(kind.topic) or ())
                ]
        except KafkaError as error:
            raise BrokerUnavailableError(f"the ends of the log at {bootstrap} are not known: {error}") from error

    def ask(self) -> Mapping[tuple[str, int], int]:
        """Return by topic and partition the offset after the last message. Raises BrokerUnavailableError."""
        try:
            found = self._kafka.end_offsets(self._places)
        except KafkaError as error:
            raise BrokerUnavailableError(f"the ends of the log are not known: {error}") from error
        return {(place.topic, place.partition): int(end) for place, end in found.items()}

    def close(self) -> None:
        """Disconnect."""
        self._kafka.close()
