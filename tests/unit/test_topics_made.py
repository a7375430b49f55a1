"""Making topics on a broker of several of which one is down or has only just come back."""

from __future__ import annotations

from typing import Any

import pytest
from kafka.errors import KafkaConnectionError, KafkaError, TopicAuthorizationFailedError

from schemas.registry import EVENT_TYPES
from schemas.wire import topics
from schemas.wire.publisher import BrokerUnavailableError


class Brokers:
    """An administrator's client of brokers that fail so many times."""

    def __init__(self, failures: int, error: type[KafkaError]) -> None:
        self.failures = failures
        self.error = error
        self.topics: list[str] = []
        self.closed = False

    def list_topics(self) -> list[str]:
        return list(self.topics)

    def create_topics(self, wanted: dict[str, Any]) -> None:
        if len(self.topics) == 2 and self.failures:
            self.failures -= 1
            raise self.error("node 2 is down")
        self.topics += wanted

    def wait_for_topics(self, made: list[str]) -> None:
        assert set(made) <= set(self.topics)

    def close(self) -> None:
        self.closed = True


def test_topics_are_made_once_the_node_that_was_asked_is_back(monkeypatch: pytest.MonkeyPatch) -> None:
    brokers = Brokers(3, KafkaConnectionError)
    monkeypatch.setattr(topics, "_admin", lambda *_args, **_config: brokers)
    made = topics.create_topics("127.0.0.1:1", partitions=1)
    assert made == brokers.topics == [kind.topic for kind in EVENT_TYPES]
    assert brokers.closed


def test_what_waiting_does_not_mend_is_said_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    brokers = Brokers(1, TopicAuthorizationFailedError)
    monkeypatch.setattr(topics, "_admin", lambda *_args, **_config: brokers)
    with pytest.raises(BrokerUnavailableError, match="node 2 is down"):
        topics.create_topics("127.0.0.1:1", partitions=1)
    assert brokers.closed
