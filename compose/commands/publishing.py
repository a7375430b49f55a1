"""How commands reach the log: a publisher, or a clear word that nothing is running."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from compose.commands.output import fail
from compose.settings import Settings
from schemas.wire.producer import FrameProducer
from schemas.wire.publisher import BrokerUnavailableError
from schemas.wire.topics import create_topics


@contextlib.contextmanager
def publisher(settings: Settings, client_id: str, *, as_json: bool) -> Iterator[FrameProducer]:
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
        yield producer
    except BrokerUnavailableError as error:
        fail(
            f"The broker did not confirm: {error}. What was confirmed is safe; run the command again.", as_json=as_json
        )
    finally:
        producer.close()
