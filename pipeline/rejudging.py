"""Judges again what was judged by facts that turn out to have been old.

A zone or a hotlist that was confirmed while the leader of its partition hangs reaches a worker many seconds late. What
it judges meanwhile goes on at once, as known plates must not wait, but is kept here until the facts are known to be as
new as the judgement. If they changed in between, or if nobody could tell for long, it is judged once more: what is new
comes out, the rest is the same events with the same ids, which every reader takes for one.

Kept in memory only: what a worker had acknowledged when it was killed is not judged again by the next one.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from typing import Protocol

from msgspec import Struct

from pipeline.message import Message, Outgoing

#: When nobody could tell for so long how far the facts go, open incidents may have been old too, which change all the
#: time and so are not in ``generation``. Far more than a busy machine takes: judging again is work, too. Seconds.
OLD_AFTER_S = 8.0
#: Messages kept, and their bytes, at most: beyond it the line is held until the facts are known.
MOST_MESSAGES, MOST_BYTES = 20_000, 64 * 1024 * 1024


class Facts(Protocol):
    """What is asked of the facts. ``fresh_as_of``: a moment of the monotonic clock; all that was in the log then is
    known. None before the first time. ``generation``: another number whenever lists, zones or cameras changed."""

    @property
    def fresh_as_of(self) -> float | None: ...
    @property
    def generation(self) -> int: ...


class _Judged(Struct, frozen=True, gc=False):
    at: float
    generation: int
    message: Message
    judge: Callable[[Message], Awaitable[Sequence[Outgoing]]]


class Rejudging:
    """Keeps messages in the order in which they were judged. For one task at a time."""

    def __init__(
        self,
        facts: Facts,
        *,
        clock: Callable[[], float] = time.monotonic,
        most_messages: int = MOST_MESSAGES,
        most_bytes: int = MOST_BYTES,
    ) -> None:
        self.again = 0
        self._facts = facts
        self._clock = clock
        self._most_messages, self._most_bytes = most_messages, most_bytes
        self._kept: deque[_Judged] = deque()
        self._bytes = 0
        self._fresh = clock()

    @property
    def full(self) -> bool:
        """True when no more may be judged before the facts are known to be new."""
        return len(self._kept) >= self._most_messages or self._bytes >= self._most_bytes

    async def judge(
        self, message: Message, judge: Callable[[Message], Awaitable[Sequence[Outgoing]]]
    ) -> Sequence[Outgoing]:
        """Return what ``judge`` makes of a message, and keep the message."""
        # Both before: what changes while it is judged counts as changed after.
        at, generation = self._clock(), self._facts.generation
        made = await judge(message)
        self._kept.append(_Judged(at, generation, message, judge))
        self._bytes += _size(message)
        return made

    async def due(self) -> Sequence[Outgoing]:
        """Let go of what was judged by facts that were new, and return what judging the rest again makes."""
        made: list[Outgoing] = []
        # In this order: what changes in between is judged again once too often, not once too seldom.
        fresh, generation = self._facts.fresh_as_of, self._facts.generation
        if fresh is None:
            return made
        were_old = fresh - self._fresh > OLD_AFTER_S
        self._fresh = fresh
        while self._kept and self._kept[0].at <= fresh:
            one = self._kept.popleft()
            self._bytes -= _size(one.message)
            if were_old or one.generation != generation:
                self.again += 1
                made += await one.judge(one.message)
        return made


def _size(message: Message) -> int:
    return len(message.value or b"")
