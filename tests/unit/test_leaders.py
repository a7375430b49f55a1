"""Who asks where the log ends learns who leads, when the one it asked does no more or nobody does."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import Any

import pytest
from kafka import TopicPartition
from kafka.consumer import group
from kafka.consumer.fetcher import Fetcher
from kafka.errors import InvalidMetadataError

import schemas.wire.connecting  # noqa: F401 # what is tested

PLACES = {TopicPartition("reads", number): -1 for number in range(2)}


class _Cluster:
    def __init__(self, leaders: list[int | None]) -> None:
        self.leaders = leaders
        self.topics: set[str] = set()

    def leader_for_partition(self, place: TopicPartition) -> int | None:
        return self.leaders[place.partition]

    def add_topic(self, topic: str) -> None:
        self.topics.add(topic)


def asked(leaders: list[int | None], answer: tuple[Any, Any], monkeypatch: pytest.MonkeyPatch) -> Any:
    async def sent(_self: Fetcher, _timestamps: object) -> Any:
        return answer

    monkeypatch.setattr(Fetcher, "_send_list_offsets_requests", sent)
    fetcher = group.Fetcher.__new__(group.Fetcher)
    fetcher._manager = SimpleNamespace(cluster=_Cluster(leaders))
    return asyncio.run(fetcher._send_list_offsets_requests(PLACES))


def test_a_broker_that_leads_no_more_makes_the_client_ask_who_does(monkeypatch: pytest.MonkeyPatch) -> None:
    # kafka-python asks for new metadata only for this error; the answer by itself it would ask for again at once.
    with pytest.raises(InvalidMetadataError):
        asked([1, 2], ({}, set(PLACES)), monkeypatch)


@pytest.mark.parametrize("nobody", [None, -1])
def test_a_partition_without_a_leader_is_waited_for_and_not_left_out(
    nobody: int | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(InvalidMetadataError):
        asked([1, nobody], ({TopicPartition("reads", 0): 7}, set()), monkeypatch)


def test_what_the_leaders_answer_is_the_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    found = dict.fromkeys(PLACES, 7)
    assert asked([1, 2], (found, set()), monkeypatch) == (found, set())
