"""The live side of a channel: its fold, and what of it is on its way to the clients."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import msgspec
from msgspec import Struct

from dashboards.server.audience import FOR_SOME
from dashboards.server.channel import Channel
from dashboards.server.flow import Flow
from dashboards.server.fold import Fold
from dashboards.server.snapshot import Snapshot
from dashboards.server.tail import Tail
from schemas.envelope import Event
from schemas.event_type import EventType

#: What somebody may see of events of one type.
AsSeen = Callable[[EventType[Any], Sequence[Event]], Sequence[Event]]

#: A snapshot of a lossless channel is handed to further clients this long; what came since follows from the tail.
SNAPSHOT_SHARED_S = 2.0


class _Whose(Struct, frozen=True, gc=False):
    jurisdiction: str


class Lossless:
    """A channel of which nobody may miss a row."""

    def __init__(self, channel: Channel, tail: Tail | None = None) -> None:
        self.channel = channel
        self.fold = Fold(channel)
        self.tail = tail or Tail(channel.name)
        self._snapshot: Snapshot | None = None

    def seen_by(self, as_seen: AsSeen, tail: Tail) -> Lossless:
        """Return this channel as it may be seen, with positions of its own."""
        one = Lossless(self.channel, tail)
        one.fold = self.fold.seen_by(_may_see(self.channel, as_seen))
        return one

    def offer(self, events: Sequence[Event], at: float, mono: float, live: bool) -> bool:
        """Take in events; return whether any was news. ``live``: clients may have been told a position."""
        before = self.tail.pos
        for event in events:
            news = self.fold.offer(event, at)
            if news is None:
                continue
            if live:
                self.tail.append(news[1], int(at * 1000), mono)
            else:
                self.tail.skip()
        return self.tail.pos != before

    def snapshot(self, now: float, mono: float, not_before: int = 0) -> Snapshot:
        """Return the state at a position that the tail, flushed by the caller, can be followed from."""
        shared = self._snapshot
        if (
            shared is not None
            and mono - shared.taken_at <= SNAPSHOT_SHARED_S
            and shared.pos >= not_before
            and self.tail.covers(shared.pos)
        ):
            return shared
        if shared is not None:
            shared.retire()
        self.fold.forget_ended(now)
        self._snapshot = Snapshot(self.channel.name, self.tail.pos, self.fold.rows(), mono)
        return self._snapshot

    def figures(self) -> dict[str, Any]:
        """Return counts for /api/status."""
        return {
            "kept": len(self.fold),
            "pos": self.tail.pos,
            "resumable_from": self.tail.first - 1,
            "duplicates": self.fold.duplicates,
            "outdated": self.fold.outdated,
            "crowded_out": self.fold.crowded_out,
        }


class Latest:
    """A channel of which only the newest state of each key counts."""

    def __init__(self, channel: Channel) -> None:
        self.channel = channel
        self.fold = Fold(channel)
        self.changes = 0
        self._pending: dict[str, bytes] = {}
        self._snapshot: Snapshot | None = None

    def seen_by(self, as_seen: AsSeen) -> Latest:
        """Return this channel as it may be seen."""
        one = Latest(self.channel)
        one.fold = self.fold.seen_by(_may_see(self.channel, as_seen))
        return one

    def offer(self, events: Sequence[Event], at: float, live: bool) -> None:
        """Take in events."""
        for event in events:
            news = self.fold.offer(event, at)
            if news is not None:
                self.changes += 1
                if live:
                    self._pending[news[0]] = news[1]

    def take(self) -> dict[str, bytes]:
        """Return what changed since the last call, by key."""
        pending, self._pending = self._pending, {}
        return pending

    def snapshot(self, mono: float) -> Snapshot:
        """Return the state now; what changed and was not taken yet is in it, and will be told again."""
        if self._snapshot is None or self._snapshot.pos != self.changes:
            if self._snapshot is not None:
                self._snapshot.retire()
            self._snapshot = Snapshot(self.channel.name, self.changes, self.fold.rows(), mono)
        return self._snapshot

    def figures(self) -> dict[str, Any]:
        """Return counts for /api/status."""
        return {
            "kept": len(self.fold),
            "pos": self.changes,
            "duplicates": self.fold.duplicates,
            "outdated": self.fold.outdated,
            "crowded_out": self.fold.crowded_out,
        }


class Flowing:
    """A channel that shows what passes by."""

    def __init__(self, channel: Channel) -> None:
        self.channel = channel
        self.flow = Flow()

    def seen_by(self, as_seen: AsSeen) -> Flowing:
        """Return this channel as it may be seen."""
        one = Flowing(self.channel)
        decoder = msgspec.json.Decoder(self.channel.kind.cls)
        one.flow = self.flow.seen_by(lambda events: as_seen(self.channel.kind, events), decoder.decode)
        return one

    def offer(self, events: Sequence[Event], live: bool) -> None:
        """Take in events."""
        if not live:
            self.flow.seed(events)
            return
        for event in events:
            self.flow.offer(event)

    def snapshot(self, mono: float) -> Snapshot:
        """Return the newest events shown; what was not taken yet is not in it, and will be told."""
        return Snapshot(self.channel.name, self.flow.shown, self.flow.rows(), mono)

    def figures(self) -> dict[str, Any]:
        """Return counts for /api/status."""
        return {
            "kept": len(self.flow.rows()),
            "pos": self.flow.shown,
            "duplicates": self.flow.duplicates,
            "dropped": self.flow.dropped,
        }


def _may_see(channel: Channel, as_seen: AsSeen) -> Callable[[bytes], bool]:
    """Return whether a row may be seen, which is whole or not at all in channels that are no flow."""
    # Of most only whose they are decides, and there are many: no more of them is read.
    decoder = msgspec.json.Decoder[Any](channel.kind.cls if channel.kind in FOR_SOME else _Whose)
    return lambda row: bool(as_seen(channel.kind, [decoder.decode(row)]))
