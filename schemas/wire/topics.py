"""The topics of the registry, made on a broker before anything is sent."""

from __future__ import annotations

import time
from typing import Any

from kafka.admin import KafkaAdminClient
from kafka.errors import KafkaError, TopicAlreadyExistsError
from msgspec import Struct

from schemas.event_type import EventType
from schemas.registry import EVENT_TYPES
from schemas.wire.connecting import connecting
from schemas.wire.publisher import BrokerUnavailableError

DAY_MS = 24 * 3600 * 1000
#: A broker that is there answers at once; a person who forgot to start one should not wait half a minute to hear it.
BROKER_ANSWERS_WITHIN_MS = 5_000


class TopicState(Struct, frozen=True):
    """A topic as it should be and whether it is there."""

    topic: str
    event_type: str
    partitions: int
    compacted: bool
    retention_days: int
    exists: bool


def topic_config(kind: EventType[Any]) -> dict[str, str]:
    """Return the broker's settings for an event type's topic.

    A message's time is the broker's, not its producer's: Kafka refuses what comes from a clock an hour ahead, so that
    one wrong clock stops an edge or a worker, and deletes as too old what comes from one that has fallen back to 1970.
    """
    times = {"message.timestamp.type": "LogAppendTime"}
    if kind.compacted:
        return {"cleanup.policy": "compact", **times}
    return {"cleanup.policy": "delete", "retention.ms": str(kind.retention_days * DAY_MS), **times}


def _admin(bootstrap: str, **kafka_config: Any) -> KafkaAdminClient:
    try:
        with connecting() as client:
            return KafkaAdminClient(
                kafka_client=client,
                bootstrap_servers=bootstrap,
                client_id="watchfloor-topics",
                bootstrap_timeout_ms=BROKER_ANSWERS_WITHIN_MS,
                **kafka_config,
            )
    except KafkaError as error:
        raise BrokerUnavailableError(f"no Kafka broker answers at {bootstrap}: {error}") from error


def create_topics(bootstrap: str, *, partitions: int, replication: int = 1, **kafka_config: Any) -> list[str]:
    """Make the topics that are missing and return their names. All have the same number of partitions,
    so that topics with the same key are co-partitioned. Raises BrokerUnavailableError."""
    admin = _admin(bootstrap, **kafka_config)
    made: list[str] = []
    until = time.monotonic() + BROKER_ANSWERS_WITHIN_MS / 1000
    try:
        while True:
            try:
                _create_missing(admin, made, partitions, replication)
                return made
            except KafkaError as error:
                # It may have asked the one node of several that is down, or that has only just come back.
                if not error.retriable or time.monotonic() > until:
                    raise
            time.sleep(0.2)
    except KafkaError as error:
        raise BrokerUnavailableError(f"topics could not be made: {error}") from error
    finally:
        admin.close()


def _create_missing(admin: KafkaAdminClient, made: list[str], partitions: int, replication: int) -> None:
    """Make what is missing, and add each to ``made`` when it is there. Raises KafkaError."""
    present = set(admin.list_topics())
    for kind in EVENT_TYPES:
        if kind.topic in present:
            continue
        wanted = {
            kind.topic: {
                "num_partitions": partitions,
                "replication_factor": replication,
                "configs": topic_config(kind),
            }
        }
        try:
            admin.create_topics(wanted)
        except TopicAlreadyExistsError:
            continue  # another role was quicker
        made.append(kind.topic)
    # Apache Kafka says yes before every partition has a leader that others know of.
    admin.wait_for_topics(made)


def topic_states(bootstrap: str, **kafka_config: Any) -> list[TopicState]:
    """Return each topic of the registry and whether the broker has it. Raises BrokerUnavailableError."""
    admin = _admin(bootstrap, **kafka_config)
    try:
        described = {topic["name"]: topic for topic in admin.describe_topics()}
    except KafkaError as error:
        raise BrokerUnavailableError(f"topics could not be listed: {error}") from error
    finally:
        admin.close()
    return [
        TopicState(
            kind.topic,
            kind.name,
            len(described[kind.topic]["partitions"]) if kind.topic in described else 0,
            kind.compacted,
            kind.retention_days,
            kind.topic in described,
        )
        for kind in EVENT_TYPES
    ]
