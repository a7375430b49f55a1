"""One connected page: what it subscribed to, how far it has got, and whether it keeps up.

Nothing lossless is queued per client. A client has a cursor in each lossless channel's tail and draws from there at
its own pace; a snapshot is drawn part by part, and what came meanwhile follows from the tail. So a delta can neither
overtake its snapshot nor be missed or sent twice, and a slow client costs a few hundred bytes.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Protocol

from msgspec import Struct

from dashboards.server.channel import CHANNELS
from dashboards.server.coalescer import Coalescer, Update
from dashboards.server.messages import CLOSE_SLOW, Resume, View, gap, slow, welcome
from dashboards.server.snapshot import Snapshot
from dashboards.server.tail import Tail
from dashboards.server.view import Looking
from schemas.event_type import Push

#: A live client is cut off when it is this far behind (interface reference §6); it resumes where it was.
MAX_BEHIND_S = 5.0
MAX_BEHIND_BYTES = 1024 * 1024
#: ... the bytes counting only when it also is not reading: a burst alone is not the client's fault.
NOT_READING_S = 1.0
#: A client that takes a snapshot or catches up may be slower, but some message must get through in this time.
MAX_STALL_S = 30.0
#: A client that has not answered pings for so long is gone.
MAX_SILENCE_S = 30.0

_LOSSLESS = tuple(name for name, channel in CHANNELS.items() if channel.push is Push.LOSSLESS)
_YIELD_ABOVE = 64 * 1024


class Source(Protocol):
    """What a client draws from: the hub."""

    epoch: str
    version: str
    delays: Mapping[str, float]

    @property
    def is_caught_up(self) -> bool:
        """Whether the log has been read to where it was at the start."""
        ...

    def tail(self, channel: str) -> Tail:
        """Return the tail of a lossless channel."""
        ...

    def snapshot(self, channel: str, not_before: int = 0) -> Snapshot:
        """Return the state of a channel now, or at a position that is not before the one given."""
        ...

    def row(self, channel: str, key: str) -> bytes | None:
        """Return the newest state of a key."""
        ...

    def now_ms(self) -> int:
        """Return milliseconds since 1970."""
        ...

    def mono(self) -> float:
        """Return monotonic seconds."""
        ...


class Behind(Struct, frozen=True):
    """How far behind somebody is: for how long the oldest message he lacks has been waiting, and how much he lacks."""

    seconds: float
    bytes: int


class Client:
    """One connected page. ``send`` returns when the transport can take more; only ``run`` calls it."""

    def __init__(self, hub: Source, send: Callable[[str], Awaitable[None]]) -> None:
        self._hub = hub
        self._send = send
        self._control: deque[str] = deque()
        self._last: str | None = None
        self._wanted: dict[str, Snapshot | None] = {}
        self._next_part = 1
        self._cursors: dict[str, int] = {}
        self._told: dict[str, int] = {}
        self._coalescer = Coalescer()
        self._awake = asyncio.Event()
        self._live = False
        self._looking: Looking | None = None
        self._told_soft_at = float("-inf")
        self._sending_since: float | None = None
        self._in_flight_since: float | None = None
        self._heard_at = hub.mono()
        self.channels: frozenset[str] = frozenset()
        self.must_close = asyncio.Event()
        self.close_code = 0
        self.close_reason = ""
        self.sent_messages = 0
        self.sent_bytes = 0

    def start(self, channels: Iterable[str], resume: Resume | None, view: View | None = None) -> None:
        """Answer a hello: welcome, then snapshots, or what was missed since the positions given."""
        hub = self._hub
        if view is not None:
            self.look(view)
        resumed = hub.is_caught_up and resume is not None and resume.epoch == hub.epoch
        mode = "resume" if resumed else "snapshot"
        self._control.append(welcome(hub.epoch, hub.now_ms(), mode, hub.version, not hub.is_caught_up, hub.delays))
        self.subscribe(channels, resume.pos if resumed and resume is not None else {})

    def subscribe(self, channels: Iterable[str], pos: dict[str, int] | None = None) -> None:
        """Want these channels from now on, and no others. ``pos``: what the client has of them already."""
        wanted = frozenset(channels)
        added = wanted - self.channels
        for name in self.channels - wanted:
            self._drop(name)
        self.channels = wanted
        self._coalescer.subscribed = wanted - frozenset(_LOSSLESS)
        for name in CHANNELS:
            if name not in added:
                continue
            have = (pos or {}).get(name)
            if have is None or name not in _LOSSLESS:
                self._want_snapshot(name)
            else:
                self._cursors[name] = have
        self._go_on()

    def look(self, view: View) -> None:
        """Send only what this view takes in, from now on."""
        self._looking = Looking(view)
        self._coalescer.is_paced = True
        if "units" in self.channels:
            self._drop("units")
            self._want_snapshot("units")
            self._go_on()

    def resync(self, channel: str) -> None:
        """Give the snapshot of a channel again, one that goes back behind nothing that was told."""
        told = self._cursors.get(channel, self._told.get(channel, 0))
        self._drop(channel)
        self._told[channel] = told
        self._want_snapshot(channel)
        self._go_on()

    def ping(self, text: str) -> None:
        """Send a heartbeat, unless the last one is still waiting to be sent."""
        if not self._control:
            self._control.append(text)
            self._awake.set()

    def tell(self, text: str) -> None:
        """Send a message that belongs to no channel."""
        self._control.append(text)
        self._awake.set()

    def tell_last(self, text: str) -> None:
        """Send a message when nothing else waits; a newer one replaces it."""
        self._last = text
        self._awake.set()

    def knows(self, channel: str, key: str) -> bool:
        """Return whether this client is told of a thing: it has the channel, and its hub knows the thing."""
        return channel in self.channels and self._hub.is_caught_up and self._hub.row(channel, key) is not None

    def now_ms(self) -> int:
        """Return milliseconds since 1970."""
        return self._hub.now_ms()

    def silent_s(self) -> float:
        """Return for how long nothing was heard of the client, seconds."""
        return self._hub.mono() - self._heard_at

    def move(self, hub: Source, channels: Iterable[str]) -> None:
        """Draw from another hub from now on: a new welcome and new snapshots. What waited of the old one is let go."""
        for name in self.channels:
            self._drop(name)
        self.channels = frozenset()
        self._control.clear()
        self._in_flight_since = None
        self._hub = hub
        self.start(channels, None)

    def heard(self) -> None:
        """Note that the client is there."""
        self._heard_at = self._hub.mono()

    def wake(self) -> None:
        """Look for something to send."""
        self._awake.set()

    def offer(self, update: Update) -> None:
        """Take in an update of the channels without numbers."""
        if self._coalescer.offer(update):
            self._awake.set()

    def close(self, code: int, reason: str) -> None:
        """Ask that the connection be closed."""
        if not self.must_close.is_set():
            self.close_code, self.close_reason = code, reason
            self.must_close.set()

    def check(self) -> bool:
        """Close the connection when the client does not keep up; return whether it does."""
        now = self._hub.mono()
        sending_s = 0.0 if self._sending_since is None else now - self._sending_since
        reason = ""
        if sending_s > MAX_STALL_S:
            reason = "not reading"
        elif now - self._heard_at > MAX_SILENCE_S:
            reason = "no answer to pings"
        elif self._live:
            if self._behind_s(now) > MAX_BEHIND_S:
                reason = "too far behind in time"
            elif sending_s > NOT_READING_S and self._behind_bytes() > MAX_BEHIND_BYTES:
                reason = "too far behind in bytes"
        if reason:
            self.close(CLOSE_SLOW, reason)
        return not reason

    def behind(self, now: float) -> Behind:
        """Return how far this client is behind. ``now``: monotonic seconds."""
        return Behind(self._behind_s(now), self._behind_bytes())

    async def run(self) -> None:
        """Send until cancelled. Raises what ``send`` raises when the connection is lost."""
        while True:
            text = self._next()
            if text is None:
                self._awake.clear()
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._awake.wait(), self._pause_s() or None)
                continue
            self._sending_since = self._hub.mono()
            await self._send(text)
            self._sending_since = None
            self._in_flight_since = None
            self.sent_messages += 1
            self.sent_bytes += len(text)
            if len(text) > _YIELD_ABOVE:
                await asyncio.sleep(0)  # the transport may have taken it at once; others want their turn

    def _next(self) -> str | None:
        """Return the next message: control, deltas, snapshots, then what may be coalesced."""
        if self._control:
            return self._control.popleft()
        if not self._hub.is_caught_up:
            return None
        text = self._next_delta()
        if text is None:
            text = self._next_part_of_snapshot()
        if text is not None:
            return text
        self._live = True
        if self._pause_s() > 0:
            return None
        text, spared = self._coalescer.take(self._hub.now_ms(), self._row)
        if text is not None:
            self._told_soft_at = self._hub.mono()
        if spared:
            self._control.append(slow(spared))
        if text is None and not self._control:
            text, self._last = self._last, None
        return text

    def _pause_s(self) -> float:
        """Return in how many seconds a client that wants to be told seldom is told what is held for it; 0: now."""
        if self._looking is None or not self._coalescer.holds:
            return 0.0
        return max(0.0, self._told_soft_at + self._looking.every_s - self._hub.mono())

    def _row(self, channel: str, key: str) -> bytes | None:
        row = self._hub.row(channel, key)
        return row if row is None or self._looking is None or self._looking.wants(channel, row) else None

    def _next_delta(self) -> str | None:
        for name in _LOSSLESS:
            cursor = self._cursors.get(name)
            if cursor is None:
                continue
            tail = self._hub.tail(name)
            if not tail.covers(cursor):
                self.resync(name)
                return gap(name)
            batch = tail.batch(cursor, self._hub.now_ms(), self._hub.mono())
            if batch is not None:
                self._cursors[name] = batch.last
                self._in_flight_since = batch.since
                return batch.text
        return None

    def _next_part_of_snapshot(self) -> str | None:
        name = next(iter(self._wanted), None)
        if name is None:
            return None
        snapshot = self._wanted[name]
        if snapshot is None:
            snapshot = self._hub.snapshot(name, self._told.pop(name, 0))
            if self._looking is not None:
                snapshot = self._looking.of(snapshot)
            self._wanted[name] = snapshot
            self._next_part = 1
            self._coalescer.forget(name)
        text = snapshot.part(self._next_part)
        self._next_part += 1
        if self._next_part > snapshot.of:
            del self._wanted[name]
            if name in _LOSSLESS:
                self._cursors[name] = snapshot.pos
            self._go_on()
        return text

    def _want_snapshot(self, name: str) -> None:
        self._wanted[name] = None
        self._live = False

    def _drop(self, name: str) -> None:
        self._cursors.pop(name, None)
        self._told.pop(name, None)
        self._wanted.pop(name, None)
        self._coalescer.forget(name)

    def _go_on(self) -> None:
        self._coalescer.catching_up = bool(self._wanted)
        self._awake.set()

    def _behind_s(self, now: float) -> float:
        since = [] if self._in_flight_since is None else [self._in_flight_since]
        for name, cursor in list(self._cursors.items()):
            waiting = self._hub.tail(name).waiting_since(cursor)
            if waiting is not None:
                since.append(waiting)
        return now - min(since) if since else 0.0

    def _behind_bytes(self) -> int:
        return sum(self._hub.tail(name).bytes_after(cursor) for name, cursor in list(self._cursors.items()))
