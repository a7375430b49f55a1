"""Folds: what is known now, made of the events seen so far. Rows are the events' own JSON, encoded once."""

from __future__ import annotations

import heapq
from collections import OrderedDict
from typing import Any

import msgspec
from msgspec import Struct

from dashboards.server.audience import Sight
from dashboards.server.channel import Channel
from schemas.envelope import Event
from schemas.wire.frame import encode_event

#: So many event ids are remembered per channel to know a repeated event whose state is no longer kept.
REMEMBERED = 50_000


class Memory:
    """Remembers the last ids seen, so that an event that comes twice is told once."""

    def __init__(self, size: int = REMEMBERED) -> None:
        self._size = size
        # In order of coming. The first key of a plain dict is looked for past all those that were deleted before it:
        # 30 µs and more of these many.
        self._seen: OrderedDict[bytes, None] = OrderedDict()

    def first_time(self, event: Event) -> bool:
        """Return whether this event's id is new, and remember it."""
        event_id = event.event_id.bytes
        if event_id in self._seen:
            return False
        self._seen[event_id] = None
        if len(self._seen) > self._size:
            self._seen.popitem(last=False)
        return True

    def copy(self) -> Memory:
        """Return one that has seen the same."""
        memory = Memory(self._size)
        memory._seen = self._seen.copy()
        return memory


class _State(Struct, gc=False):
    version: Any
    row: bytes
    ended: float | None
    hidden: bool


class Fold:
    """The newest state of every key of one channel, within the channel's bounds."""

    def __init__(self, channel: Channel, remembered: int = REMEMBERED) -> None:
        self._channel = channel
        self._version_field: str = channel.kind.version_field or ""
        self._states: dict[str, _State] = {}
        self._going: OrderedDict[str, None] = OrderedDict()
        self._ended: list[tuple[float, str]] = []  # a heap; an entry whose state has changed since is ignored
        self._ended_count = 0
        self._memory = Memory(remembered)
        self.duplicates = 0
        self.outdated = 0
        self.crowded_out = 0

    def __len__(self) -> int:
        return len(self._states)

    def seen_by(self, sight: Sight) -> Fold:
        """Return a fold of its own of those things that may be seen: whole or not at all, as they are no flow."""
        fold, kind = Fold(self._channel), self._channel.kind
        if sight.is_whole(kind):
            fold._states = self._states.copy()
        else:
            decoder = msgspec.json.Decoder(kind.cls)
            known = [decoder.decode(state.row) for state in self._states.values()]
            seen = {kind.key_of(event) for event in sight.of(kind, known)}
            fold._states = {key: state for key, state in self._states.items() if key in seen}
        fold._going = OrderedDict((key, None) for key in self._going if key in fold._states)
        fold._ended = [(ended, key) for ended, key in self._ended if key in fold._states]
        heapq.heapify(fold._ended)
        fold._ended_count = sum(state.ended is not None for state in fold._states.values())
        fold._memory = self._memory.copy()
        return fold

    def offer(self, event: Event, now: float) -> tuple[str, bytes] | None:
        """Take in an event; return its key and row if it is news, None if it was known or is older than what is.

        ``now``: seconds since 1970, for the bound on how long ended things are kept.
        """
        key = self._channel.kind.key_of(event)
        version = getattr(event, self._version_field)
        state = self._states.get(key)
        if state is not None and version <= state.version:
            if version == state.version:
                self.duplicates += 1
            else:
                self.outdated += 1
            return None
        if not self._memory.first_time(event):
            self.duplicates += 1
            return None
        ended_at = self._channel.ended_at(event)
        ended = None if ended_at is None else ended_at.timestamp()
        row = encode_event(event)
        if state is not None and state.ended is not None:
            self._ended_count -= 1
        self._states[key] = _State(version, row, ended, self._channel.hidden(event))
        if ended is None:
            self._going[key] = None
            self._crowd_out()
        else:
            self._going.pop(key, None)
            self._ended_count += 1
            heapq.heappush(self._ended, (ended, key))
            self.forget_ended(now)
        return key, row

    def withdraw(self, event: Event) -> tuple[str, bytes] | None:
        """Take in an event of a thing that may be seen no longer; return its key and the row that says that it is gone,
        None if nothing was known of it. It comes back with the next state that may be seen."""
        key = self._channel.kind.key_of(event)
        version = getattr(event, self._version_field)
        state = self._states.get(key)
        if state is None or version <= state.version:
            return None
        row = gone_row(self._channel, key)
        if state.ended is not None:
            self._ended_count -= 1
        self._states[key] = _State(version, row, None, hidden=True)
        self._going[key] = None
        self._crowd_out()
        return None if state.hidden else (key, row)

    def row(self, key: str) -> bytes | None:
        """Return the newest state of a key as JSON, or None when it is not known (any more)."""
        state = self._states.get(key)
        return None if state is None else state.row

    def rows(self) -> list[bytes]:
        """Return the state of everything that is there, as JSON."""
        return [state.row for state in self._states.values() if not state.hidden]

    def forget_ended(self, now: float) -> None:
        """Let go of ended things beyond the channel's bounds: the first to end go first."""
        keep_s = self._channel.keep_ended_s
        while self._ended:
            ended, key = self._ended[0]
            state = self._states.get(key)
            if state is None or state.ended != ended:
                heapq.heappop(self._ended)
                continue
            if self._ended_count <= self._channel.keep_ended and (keep_s is None or ended >= now - keep_s):
                return
            heapq.heappop(self._ended)
            del self._states[key]
            self._ended_count -= 1

    def _crowd_out(self) -> None:
        if len(self._going) > self._channel.keep_going:
            oldest, _ = self._going.popitem(last=False)
            del self._states[oldest]
            self.crowded_out += 1


def gone_row(channel: Channel, key: str) -> bytes:
    """Return what is told of a thing that whoever watches may see no longer: its key, and nothing of its new state."""
    return msgspec.json.encode({channel.kind.key: key, "gone": True})
