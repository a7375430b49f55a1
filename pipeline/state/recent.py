"""A bounded memory of what was said lately, so that it is not said again."""

from __future__ import annotations

from collections import OrderedDict
from typing import Generic, TypeVar

K = TypeVar("K")
V = TypeVar("V")

#: What nobody has shown in the log after so long is said again, seconds.
AGAIN_AFTER_S = 10.0


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


class SaidLately(Generic[K]):
    """What was said, so that it is said again only after a while: whoever took it may have been killed."""

    def __init__(self, again_after_s: float = AGAIN_AFTER_S) -> None:
        self._again_after_s = again_after_s
        self._said: Recent[K, float] = Recent()

    def may_say(self, key: K, now_s: float) -> bool:
        """Return whether this was not said just now, and take it as said. ``now_s``: seconds of any steady clock."""
        said = self._said.get(key)
        if said is not None and now_s - said < self._again_after_s:
            return False
        self._said.keep(key, now_s)
        return True
