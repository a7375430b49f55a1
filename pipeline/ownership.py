"""Which keys are a worker's to speak for, when nobody's event but time alone makes it speak."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any

from pipeline.progress import Place
from schemas.event_type import EventType
from schemas.wire.partition import partition_of


class Ownership:
    """A key belongs to the worker that has its partition; in a rebalance two may think so, so what they say must be one
    event by its id.

    ``assigned``: this worker's partitions. ``partitions``: of every topic.
    """

    def __init__(self, assigned: Callable[[], Collection[Place]], partitions: int) -> None:
        self._assigned = assigned
        self._partitions = partitions

    def of(self, kind: EventType[Any]) -> Callable[[str], bool]:
        """Return what tells whether a key of this kind is ours, as of now."""
        mine = self.partitions(kind)
        return lambda key: partition_of(key, self._partitions) in mine

    def partitions(self, kind: EventType[Any]) -> frozenset[int]:
        """Return the partitions of this kind's topic that are ours now."""
        return frozenset(partition for topic, partition in self._assigned() if topic == kind.topic)
