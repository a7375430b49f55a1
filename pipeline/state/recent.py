"""A bounded memory of what was said lately, so that it is not said again."""

from __future__ import annotations

from collections import OrderedDict
from typing import Generic, TypeVar

K = TypeVar("K")
V = TypeVar("V")


class Recent(Generic[K, V]):
    """The newest ``limit`` keys with their values; older ones are forgotten."""

    def __init__(self, limit: int = 50_000) -> None:
        self._limit = limit
        self._values: OrderedDict[K, V] = OrderedDict()

    def get(self, key: K) -> V | None:
        """Return what was kept under a key."""
        return self._values.get(key)

    def keep(self, key: K, value: V) -> None:
        """Keep a value, as the newest."""
        self._values[key] = value
        self._values.move_to_end(key)
        if len(self._values) > self._limit:
            self._values.popitem(last=False)
