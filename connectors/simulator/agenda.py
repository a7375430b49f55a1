"""What is due next in the demo city."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterator
from typing import Any

from msgspec import Struct

from connectors.simulator.ground_truth import ExpectedAlert
from schemas.envelope import Event


class Step(Struct, frozen=True, gc=False):
    """What happens at one moment: ``offset_s`` seconds after the start, the events, and the alerts they must raise."""

    offset_s: float
    events: tuple[Event, ...]
    expected: tuple[ExpectedAlert, ...] = ()


#: Does what is due at a moment; returns None when nothing can be seen of it.
Action = Callable[[float, Any], Step | None]


class Agenda:
    """Actions in order of time; those at the same time in the order in which they were put down."""

    def __init__(self) -> None:
        self._due: list[tuple[float, int, Action, Any]] = []
        self._count = 0

    def put(self, offset_s: float, action: Action, about: Any = None) -> None:
        """Have ``action(offset_s, about)`` done at ``offset_s``."""
        self._count += 1
        heapq.heappush(self._due, (offset_s, self._count, action, about))

    def run(self) -> Iterator[Step]:
        """Yield what happens, in order of time, for as long as anything is due."""
        while self._due:
            offset_s, _, action, about = heapq.heappop(self._due)
            step = action(offset_s, about)
            if step is not None:
                yield step
