"""The hub: the live state of the control room, folded from the log, and the pages that watch it.

It knows nothing of Kafka: whoever reads the log calls ``offer`` with decoded events, on the event loop, and
``caught_up`` once the log has been read to where it stood at the start. Nothing here awaits between reading and
changing state, so a snapshot and the deltas after it always fit together.
"""

from __future__ import annotations

import asyncio
import secrets
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from typing import Any

from dashboards.server.audience import Sight
from dashboards.server.channel import BY_KIND, CHANNELS
from dashboards.server.client import Behind, Client
from dashboards.server.coalescer import Update
from dashboards.server.held import Held
from dashboards.server.messages import CLOSE_FULL, HEARTBEAT_S, ping
from dashboards.server.snapshot import Snapshot
from dashboards.server.streams import Flowing, Latest, Lossless
from dashboards.server.tail import Tail
from schemas import tracing
from schemas.envelope import Event
from schemas.event_type import EventType, Push

#: Seconds between batches, and how long an urgent event waits for company.
BATCH_S = 0.1
URGENT_S = 0.005
#: Clients of one hub (interface reference §6).
MAX_CLIENTS = 1_000
_CHECK_S = 0.5
#: A stage whose oldest event has waited for less is not called delayed, seconds.
DELAYED_S = 2.0
#: When our own loop was this late, clients are not to blame for being behind.
_LATE_S = 0.5


class HubFullError(Exception):
    """As many clients are connected as the hub takes. ``code``: the close code to say so."""

    code = CLOSE_FULL


class Hub:
    """Folds events into live state and tells the connected clients.

    ``wall``: seconds since 1970; ``mono``: monotonic seconds; both are for tests and replays to replace.
    ``is_replay``: what it is offered is past, and no measure of how this server does. ``sight``: of those who watch;
    what they may not see does not come in, and what they may see no longer is told to be gone. None: all is seen.
    """

    def __init__(
        self,
        *,
        version: str = "",
        max_clients: int = MAX_CLIENTS,
        wall: Callable[[], float] = time.time,
        mono: Callable[[], float] = time.monotonic,
        tails: Callable[[str], Tail] = Tail,
        is_replay: bool = False,
        sight: Sight | None = None,
    ) -> None:
        self.version = version
        self.epoch = secrets.token_hex(4)
        self.mono = mono
        self.violations = 0
        self._wall = wall
        self._is_replay = is_replay
        self._sight = sight
        self._tails = tails
        self.max_clients = max_clients
        #: Stages that are delayed, with the seconds their oldest event has waited (``delayed``).
        self.delays: Mapping[str, float] = {}
        self._caught_up = False
        self._clients: dict[Client, None] = {}  # in order, so that rounds are the same every time
        self._lossless: dict[str, Lossless] = {}
        self._latest: dict[str, Latest] = {}
        self._flows: dict[str, Flowing] = {}
        for name, channel in CHANNELS.items():
            if channel.push is Push.LOSSLESS:
                self._lossless[name] = Lossless(channel, tails(name))
            elif channel.push is Push.LATEST:
                self._latest[name] = Latest(channel)
            else:
                self._flows[name] = Flowing(channel)
        self._urgent: asyncio.TimerHandle | None = None
        self._ping = 0
        self._ticked_at: float | None = None
        self._checked_at = 0.0
        self._pinged_at = 0.0
        self._encoded = 0
        self._closed: Counter[str] = Counter()
        self._sent_messages = 0
        self._sent_bytes = 0
        self._held = {name: Held(channel.kind) for name, channel in CHANNELS.items()}

    def seen_by(self, sight: Sight) -> Hub:
        """Return a hub of its own that knows what this one knows, as far as it may be seen; nobody watches it yet."""
        hub = Hub(
            version=self.version, max_clients=self.max_clients, wall=self._wall, mono=self.mono, tails=self._tails,
            sight=sight,
        )  # fmt: skip
        hub.look_anew(self)
        return hub

    def look_anew(self, whole: Hub) -> None:
        """Know what another hub knows, as far as it may be seen now. Who watches begins anew."""
        assert self._sight is not None
        self.epoch = secrets.token_hex(4)
        for name, stream in whole._lossless.items():
            self._lossless[name] = stream.seen_by(self._sight, self._tails(name))
        for name, latest in whole._latest.items():
            self._latest[name] = latest.seen_by(self._sight)
        for name, flowing in whole._flows.items():
            self._flows[name] = flowing.seen_by(self._sight)
        self.delays = whole.delays
        self._caught_up = whole._caught_up
        for client in self._clients:
            client.move(self, tuple(client.channels))

    # What the log reader calls.

    def offer(
        self,
        kind: EventType[Any],
        events: Sequence[Event],
        at: float,
        *,
        logged_at: float | None = None,
        span: tracing.Span | None = None,
    ) -> None:
        """Take in events of one type, in the order of the log. ``at``: when they were read, seconds since 1970.

        ``logged_at``: when they came into the log, likewise, if known. ``span``: their part of a trace, ended here.

        Must be called on the event loop. Types that nobody watches are ignored; so are states older than the one
        known and events that were seen before.
        """
        channel = BY_KIND.get(kind.name)
        if channel is None:
            if span is not None:
                span.end()
            return
        live = self._caught_up
        unseen: Collection[Event] = ()
        if self._sight is not None and not self._sight.is_whole(kind):
            offered, events = events, self._sight.of(kind, events)
            if len(events) < len(offered) and channel.push is not Push.FLOW:
                seen = set(map(id, events))
                unseen = [event for event in offered if id(event) not in seen]
        if events and not self._is_replay:
            self._held[channel.name].note(events, logged_at if live else None, span)
        elif span is not None:
            span.end()
        if channel.push is Push.LOSSLESS:
            news = self._lossless[channel.name].offer(events, at, self.mono(), live, unseen)
            if span is not None and news and live:
                self._lossless[channel.name].tail.mark(tracing.trace_id(span.traceparent))
            if news and live and channel.urgent and self._urgent is None:
                self._urgent = asyncio.get_running_loop().call_later(URGENT_S, self._flush_urgent)
        elif channel.push is Push.LATEST:
            self._latest[channel.name].offer(events, at, live, unseen)
        else:
            self._flows[channel.name].offer(events, live)

    def pass_over(self, kind: EventType[Any], count: int) -> None:
        """Count events of a flow that were not read because too many are behind; clients are told how many."""
        channel = BY_KIND.get(kind.name)
        if channel is not None and channel.name in self._flows:
            self._flows[channel.name].flow.pass_over(count)

    def caught_up(self) -> None:
        """The log has been read to where it stood at the start: clients get their snapshots now."""
        self._caught_up = True
        for client in self._clients:
            client.wake()

    def delayed(self, behind: Mapping[str, float]) -> None:
        """Take how long the oldest event that waits for each stage has waited, in seconds; screens are told.

        A stage that begins or ceases to be delayed is told with the next round, else with the next heartbeat.
        """
        late = {stage: seconds for stage, seconds in behind.items() if seconds >= DELAYED_S}
        if late.keys() != self.delays.keys():
            self._pinged_at = float("-inf")
        self.delays = late

    # What the server asks.

    @property
    def is_caught_up(self) -> bool:
        """Whether the log has been read to where it stood at the start."""
        return self._caught_up

    @property
    def clients(self) -> int:
        """How many clients are connected."""
        return len(self._clients)

    def behind(self) -> Behind:
        """Return how far the clients are behind."""
        now = self.mono()
        each = [client.behind(now) for client in list(self._clients)]
        return Behind(
            max((one.seconds for one in each), default=0.0),
            sum(one.bytes for one in each),
        )

    def ticked_ago_s(self) -> float | None:
        """Return how long ago the hub last did its round, in seconds; None when it never did."""
        return None if self._ticked_at is None else self.mono() - self._ticked_at

    def row(self, channel: str, key: str) -> bytes | None:
        """Return the newest state of a thing as JSON, or None when the hub does not know it (any more)."""
        if channel in self._lossless:
            return self._lossless[channel].fold.row(key)
        return self._latest[channel].fold.row(key)

    def rows(self, channel: str) -> list[bytes]:
        """Return the newest state of everything that is there in a channel that is no flow, as JSON."""
        if channel in self._lossless:
            return self._lossless[channel].fold.rows()
        return self._latest[channel].fold.rows()

    def figures(self) -> dict[str, Any]:
        """Return counts for /api/status; nothing in them is about a person or a plate."""
        streams: dict[str, Lossless | Latest | Flowing] = {**self._lossless, **self._latest, **self._flows}
        return {
            "epoch": self.epoch,
            "caught_up": self._caught_up,
            "clients": len(self._clients),
            "max_clients": self.max_clients,
            "closed": dict(self._closed),
            "violations": self.violations,
            "encoded": self._encoded + sum(stream.tail.encoded for stream in self._lossless.values()),
            "sent_messages": self._sent_messages + sum(client.sent_messages for client in self._clients),
            "sent_bytes": self._sent_bytes + sum(client.sent_bytes for client in self._clients),
            "channels": {name: streams[name].figures() for name in CHANNELS},
        }

    # What clients draw from.

    def join(self, send: Callable[[str], Awaitable[None]]) -> Client:
        """Return a new client. Raises HubFullError."""
        if len(self._clients) >= self.max_clients:
            raise HubFullError
        client = Client(self, send)
        self._clients[client] = None
        return client

    def take_over(self, client: Client, channels: Sequence[str]) -> None:
        """Have a client of another hub as one of this; it begins anew."""
        self._clients[client] = None
        client.move(self, channels)

    def leave(self, client: Client) -> None:
        """Forget a client."""
        if client in self._clients:
            del self._clients[client]
            self._sent_messages += client.sent_messages
            self._sent_bytes += client.sent_bytes
            self._closed[str(client.close_code) if client.close_code else "by_client"] += 1

    def tail(self, channel: str) -> Tail:
        """Return the tail of a lossless channel."""
        return self._lossless[channel].tail

    def snapshot(self, channel: str, not_before: int = 0) -> Snapshot:
        """Return the state of a channel now, or of a lossless one at a position that its tail can be followed from.

        ``not_before``: the position must not be lower, so that nobody is told again what they were told already.
        """
        if channel in self._lossless:
            self._flush_lossless(self._lossless[channel])
            return self._lossless[channel].snapshot(self._wall(), self.mono(), not_before)
        if channel in self._latest:
            return self._latest[channel].snapshot(self.mono())
        return self._flows[channel].snapshot(self.mono())

    def now_ms(self) -> int:
        """Return milliseconds since 1970."""
        return int(self._wall() * 1000)

    # The round.

    def flush(self) -> None:
        """Hand everything that came in to the clients."""
        for stream in self._lossless.values():
            self._flush_lossless(stream)
        self._flush_soft()

    def tick(self) -> None:
        """Do one round: flush; see to slow clients; send heartbeats. ``Hubs.run`` calls it ten times a second."""
        now = self.mono()
        late = self._ticked_at is not None and now - self._ticked_at > BATCH_S + _LATE_S
        self._ticked_at = now
        self.flush()
        if now - self._checked_at >= _CHECK_S and not late:
            self._checked_at = now
            for client in self._clients:
                client.check()
        if now - self._pinged_at >= HEARTBEAT_S:
            self._pinged_at = now
            self._ping += 1
            text = ping(self._ping, self.now_ms(), not self._caught_up, self.delays)
            for client in self._clients:
                client.ping(text)

    def _flush_urgent(self) -> None:
        self._urgent = None
        for stream in self._lossless.values():
            if stream.channel.urgent:
                self._flush_lossless(stream)

    def _flush_lossless(self, stream: Lossless) -> None:
        self._held[stream.channel.name].handed_over(self._wall(), len(self._clients))
        if stream.tail.flush():
            for client in self._clients:
                if stream.channel.name in client.channels:
                    client.wake()

    def _flush_soft(self) -> None:
        latest = {name: changed for name, stream in self._latest.items() if (changed := stream.take())}
        flows = {name: taken for name, stream in self._flows.items() if any(taken := stream.flow.take(self.mono()))}
        trace = ""
        for name in (*self._latest, *self._flows):
            trace = self._held[name].handed_over(self._wall(), len(self._clients)) or trace
        if not latest and not flows:
            return
        update = Update(latest, flows, self.now_ms(), self._count_encoding, trace)
        for client in self._clients:
            client.offer(update)

    def _count_encoding(self) -> None:
        self._encoded += 1
