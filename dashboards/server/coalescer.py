"""What a client still has to be told of channels where only the newest counts.

A client that reads fast gets the message everybody gets. For one that does not, nothing is queued: the keys that
changed are noted, and when it reads again it gets their newest state in one message of its own.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Mapping

from dashboards.server.flow import KEPT
from dashboards.server.messages import channel_delta, delta


class Update:
    """What changed in the channels without numbers during one batch; encoded once per set of channels wanted.

    ``latest``: channel -> key -> row. ``flows``: channel -> (rows, how many were left out).
    ``on_encode`` is called for each channel that is put into JSON, so that encoding twice would show.
    ``trace``: the trace that something of it belongs to, if any.
    """

    def __init__(
        self,
        latest: Mapping[str, Mapping[str, bytes]],
        flows: Mapping[str, tuple[list[bytes], int]],
        now_ms: int,
        on_encode: Callable[[], None],
        trace: str = "",
    ) -> None:
        self.latest = latest
        self.flows = flows
        self._channels = frozenset(latest) | frozenset(flows)
        self._now_ms = now_ms
        self._bodies: dict[str, bytes] = {}
        self._texts: dict[frozenset[str], str] = {}
        self._on_encode = on_encode
        self._trace = trace

    def concerns(self, subscribed: frozenset[str]) -> bool:
        """Return whether any of these channels changed."""
        return not self._channels.isdisjoint(subscribed)

    def text(self, subscribed: frozenset[str]) -> str | None:
        """Return the message for clients that want these channels; None when nothing of it concerns them."""
        wanted = self._channels & subscribed
        if not wanted:
            return None
        text = self._texts.get(wanted)
        if text is None:
            text = delta([(name, self._body(name)) for name in sorted(wanted)], self._now_ms, self._trace)
            self._texts[wanted] = text
        return text

    def _body(self, name: str) -> bytes:
        body = self._bodies.get(name)
        if body is None:
            if name in self.latest:
                body = channel_delta(self.latest[name].values(), None)
            else:
                rows, dropped = self.flows[name]
                body = channel_delta(rows, dropped)
            self._bodies[name] = body
            self._on_encode()
        return body


class Coalescer:
    """Holds at most one shared message, one note per key and KEPT rows of each flow for one client."""

    def __init__(self) -> None:
        self.subscribed: frozenset[str] = frozenset()
        #: True while snapshots are under way: what is replaced meanwhile is not the client's fault.
        self.catching_up = True
        #: True for a client that wants to be told seldom: what is replaced meanwhile is what it asked for.
        self.is_paced = False
        self._shared: Update | None = None
        self._late: dict[str, dict[str, None]] = {}
        self._missed: dict[str, deque[bytes]] = {}
        self._left_out: Counter[str] = Counter()
        self._spared: Counter[str] = Counter()

    def offer(self, update: Update) -> bool:
        """Take in an update; return whether it concerns this client."""
        if not update.concerns(self.subscribed):
            return False
        if not self.is_paced and not self.holds:
            self._shared = update
        else:
            self._absorb_shared()
            self._absorb(update)
        return True

    @property
    def holds(self) -> bool:
        """Whether there is something to send."""
        return self._shared is not None or bool(self._late) or bool(self._missed)

    def forget(self, channel: str) -> None:
        """Drop what is held of a channel, as its snapshot is being taken now."""
        self._absorb_shared()
        self._late.pop(channel, None)
        self._missed.pop(channel, None)
        self._left_out.pop(channel, None)
        self._spared.pop(channel, None)

    def take(self, now_ms: int, row: Callable[[str, str], bytes | None]) -> tuple[str | None, dict[str, int]]:
        """Return the message to send now, if any, and how many updates the client was spared; hold nothing any more.

        ``row(channel, key)`` gives the newest state.
        """
        if self._shared is not None:  # then nothing else is held
            shared, self._shared = self._shared, None
            return shared.text(self.subscribed), {}
        bodies: list[tuple[str, bytes]] = []
        for name, keys in self._late.items():
            rows = [found for key in keys if (found := row(name, key)) is not None]
            if rows:
                bodies.append((name, channel_delta(rows, None)))
        for name, missed in self._missed.items():
            bodies.append((name, channel_delta(missed, self._left_out[name])))
        spared = {name: count for name, count in sorted(self._spared.items()) if count}
        self._late.clear()
        self._missed.clear()
        self._left_out.clear()
        self._spared.clear()
        return (delta(bodies, now_ms) if bodies else None), spared

    def _absorb_shared(self) -> None:
        if self._shared is not None:
            shared, self._shared = self._shared, None
            self._absorb(shared)

    def _absorb(self, update: Update) -> None:
        for name in self.subscribed & frozenset(update.latest):
            keys = self._late.setdefault(name, {})
            for key in update.latest[name]:
                if key in keys and not self.catching_up and not self.is_paced:
                    self._spared[name] += 1
                keys[key] = None
        for name in self.subscribed & frozenset(update.flows):
            rows, left_out = update.flows[name]
            missed = self._missed.setdefault(name, deque(maxlen=KEPT))
            overflow = max(0, len(missed) + len(rows) - KEPT)
            missed.extend(rows)
            self._left_out[name] += left_out + overflow
            if not self.catching_up and not self.is_paced:
                self._spared[name] += overflow
