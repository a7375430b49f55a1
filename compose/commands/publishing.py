"""How commands reach the log: a publisher, or a clear word that nothing is running."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence

from compose.commands.output import fail
from compose.settings import Settings
from connectors.edge.accepted_counts import AcceptedCounts
from schemas.envelope import Event
from schemas.wire.producer import FrameProducer
from schemas.wire.publisher import BrokerUnavailableError
from schemas.wire.topics import create_topics


class CountedProducer(AcceptedCounts):
    """A producer whose confirmed events are reported to the ledger, as the edge's are."""

    def __init__(self, producer: FrameProducer, name: str) -> None:
        super().__init__(producer, name)
        self._producer = producer

    def publish_sync(self, events: Sequence[Event]) -> None:
        """As ``FrameProducer.publish_sync``."""
        self._producer.publish_sync(events)
        self.count(events)

    def report_sync(self) -> None:
        """As ``report``, for callers without an event loop."""
        while due := self.due():
            self._producer.publish_sync(due)
            self.confirmed()


@contextlib.contextmanager
def publisher(settings: Settings, client_id: str, *, as_json: bool) -> Iterator[CountedProducer]:
    """Give a connected producer, with the topics there; ends the command with a hint when there is no broker."""
    try:
        access = settings.kafka_config()
        create_topics(
            settings.bootstrap,
            partitions=settings.kafka_partitions,
            replication=settings.kafka_replication,
            **access,
        )
        producer = FrameProducer(settings.bootstrap, client_id=client_id, **access)
    except BrokerUnavailableError:
        fail(
            f"No broker answers at {settings.bootstrap}. Start `watchfloor up` first, or set WATCHFLOOR_KAFKA.",
            as_json=as_json,
        )
    try:
        counted = CountedProducer(producer, client_id)
        try:
            yield counted
        finally:
            # Also when it ends in the middle: what was confirmed until then is in the log.
            counted.report_sync()
    except BrokerUnavailableError as error:
        fail(
            f"The broker did not confirm: {error}. What was confirmed is safe; run the command again.", as_json=as_json
        )
    finally:
        producer.close()
