"""The crowd of `bench end-to-end` and `bench hub`: many clients of the live map, in a process of their own.

``python -m compose.bench.crowd ORDER`` says a line when all see the map, then waits for a line of input, a Due; it
answers with a Told as soon as every client has been given what was due, or when the time for that is over.
"""

from __future__ import annotations

import asyncio
import contextlib
import sys
import time
from array import array
from collections.abc import AsyncIterator, Iterable, Iterator
from datetime import datetime
from uuid import UUID

import msgspec
import websockets

from compose.screen import Message, Seat, socket_url
from compose.spread import Spread, spread

#: How long all may take to see the map, seconds.
READY_S = 60.0
#: Clients that come at once.
AT_ONCE = 20
#: How long to look for what comes twice, once all is there, seconds.
LINGER_S = 1.0
#: What a slow client takes for a message, and how often one that leaves does so, seconds.
SLOW_S, LEAVE_EVERY_S = 0.3, 10.0
#: The rule that raises what is due.
RULE = "hotlist_hit"
#: What reference/standards asks for (B19): 95 % and 99 % of alerts on the screen within so many milliseconds.
IN_TIME_MS = (2_000.0, 4_000.0)
#: Said when all see the map.
HERE = b"here\n"


class Order(msgspec.Struct, frozen=True):
    """Whom to watch, and by how many. ``slow``, ``leaving``: shares of them that read one message and wait SLOW_S, and
    that hang up every LEAVE_EVERY_S and come again; how long alerts take to these is not in the spreads."""

    web: str
    clients: int
    slow: float = 0.0
    leaving: float = 0.0


class Due(msgspec.Struct, frozen=True):
    """The plates that an alert is due of, and how long to wait for the last of them, seconds."""

    plates: list[str]
    wait_s: float


class ClientTold(msgspec.Struct, frozen=True):
    """What one client was given. ``missing``: plates due without an alert; ``doubled``: states of alerts told again,
    and second alerts of one plate; ``reconnects``: how often it was cut off; ``faults``: gaps, and being too slow."""

    missing: int
    doubled: int
    reconnects: int
    faults: int


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """What all were given. ``edge_to_screen``, ``due_to_screen``: over all alerts of all clients."""

    clients: tuple[ClientTold, ...]
    edge_to_screen: Spread | None
    due_to_screen: Spread | None

    @property
    def missing(self) -> int:
        """Alerts missing, of all clients."""
        return sum(one.missing for one in self.clients)

    @property
    def doubled(self) -> int:
        """Alerts doubled, of all clients."""
        return sum(one.doubled for one in self.clients)


def in_time(*ways: Spread | None) -> bool:
    """Return whether alerts were on screens within IN_TIME_MS."""
    return all(one is None or (one.p95 <= IN_TIME_MS[0] and one.p99 <= IN_TIME_MS[1]) for one in ways)


def lines(told: Told | None, timely: bool) -> Iterator[str]:
    """Yield what a person is told of many clients, and whether alerts came in time."""
    if told is not None:
        worst = max(one.missing for one in told.clients), max(one.doubled for one in told.clients)
        cut, gaps = sum(one.reconnects for one in told.clients), sum(one.faults for one in told.clients)
        yield (
            f"{len(told.clients)} more websockets: {told.missing} alerts missing, {told.doubled} doubled; "
            f"at one at worst {worst[0]} missing, {worst[1]} doubled; {cut} cut off, {gaps} gaps"
        )
        if (all_of := told.edge_to_screen) is not None:
            yield (
                f"edge to all      p50 {all_of.p50:>7} ms   p95 {all_of.p95:>7}   p99 {all_of.p99:>7}   "
                f"max {all_of.max:>8}"
            )
    p95, p99 = (limit / 1000 for limit in IN_TIME_MS)
    yield f"{'within' if timely else 'NOT within'} {p95:.0f} s (95 %) and {p99:.0f} s (99 %)"


class _Row(msgspec.Struct):
    event_id: UUID
    alert_id: UUID
    rule: str
    subject: str
    rev: int
    occurred_at: datetime
    observed_at: datetime


class Times:
    """Milliseconds until an alert was there, for all clients together."""

    def __init__(self) -> None:
        self.edge_to_screen = array("d")
        self.due_to_screen = array("d")


class Counted(Seat):
    """A client that counts what it is given. ``numbers``: of states of alerts, shared: each client keeps counts."""

    def __init__(self, url: str, numbers: dict[UUID, int], times: Times) -> None:
        super().__init__(url)
        self._numbers, self._times = numbers, times
        self._states = bytearray()
        self._alerts: dict[str, UUID] = {}
        self._second_alerts = 0
        self._rows = msgspec.json.Decoder(list[_Row])

    def take_alerts(self, rows: msgspec.Raw, at: float, *, repeated: bool) -> None:
        """Count them. What a snapshot repeats is not doubled; what a delta repeats is."""
        for row in self._rows.decode(rows):
            number = self._numbers.setdefault(row.event_id, len(self._numbers))
            if number >= len(self._states):
                self._states.extend(bytes(number + 1024 - len(self._states)))
            before = self._states[number]
            if before and repeated:
                continue
            self._states[number] = min(before + 1, 255)
            if row.rule != RULE:
                continue
            first = self._alerts.setdefault(row.subject, row.alert_id)
            self._second_alerts += first != row.alert_id and row.rev == 1
            if not before and row.rev == 1:
                self._times.edge_to_screen.append((at - row.observed_at.timestamp()) * 1000)
                self._times.due_to_screen.append((at - row.occurred_at.timestamp()) * 1000)

    def missing(self, due: Iterable[str]) -> int:
        """Return of how many plates no alert came."""
        return sum(plate not in self._alerts for plate in due)

    def told(self, due: Iterable[str]) -> ClientTold:
        """Return what it was given."""
        doubled = self._second_alerts + sum(count - 1 for count in self._states if count > 1)
        return ClientTold(self.missing(due), doubled, self.lost, len(self.faults))


class Slow(Counted):
    """One that reads slower than the map is told."""

    async def _take(self, connection: websockets.ClientConnection, message: Message, at: float) -> None:
        await super()._take(connection, message, at)
        if self.ready.is_set():
            await asyncio.sleep(SLOW_S)


class Leaving(Counted):
    """One that hangs up again and again, and takes up where it was."""

    async def _connect(self) -> None:
        # As an error of the network: whoever watches comes again.
        async with asyncio.timeout(LEAVE_EVERY_S):
            await super()._connect()


def _clients(order: Order, numbers: dict[UUID, int], times: Times) -> list[Counted]:
    url, others = socket_url(order.web), Times()
    slow, leaving = round(order.clients * order.slow), round(order.clients * order.leaving)
    return [
        *(Counted(url, numbers, times) for _ in range(order.clients - slow - leaving)),
        *(Slow(url, numbers, others) for _ in range(slow)),
        *(Leaving(url, numbers, others) for _ in range(leaving)),
    ]


async def _watch(order: Order) -> None:
    numbers: dict[UUID, int] = {}
    times = Times()
    clients = _clients(order, numbers, times)
    watching = []
    async with asyncio.timeout(READY_S):
        for begin in range(0, len(clients), AT_ONCE):
            some = clients[begin : begin + AT_ONCE]
            watching += [asyncio.create_task(one.watch()) for one in some]
            for one in some:
                await one.ready.wait()
    sys.stdout.buffer.write(HERE)
    sys.stdout.buffer.flush()
    due = msgspec.json.decode(await asyncio.to_thread(sys.stdin.buffer.readline), type=Due)
    until = time.monotonic() + due.wait_s
    while any(one.missing(due.plates) for one in clients) and time.monotonic() < until:
        await asyncio.sleep(0.2)
    await asyncio.sleep(LINGER_S)
    for task in watching:
        task.cancel()
    await asyncio.gather(*watching, return_exceptions=True)
    told = Told(
        clients=tuple(one.told(due.plates) for one in clients),
        edge_to_screen=spread(times.edge_to_screen),
        due_to_screen=spread(times.due_to_screen),
    )
    sys.stdout.buffer.write(msgspec.json.encode(told) + b"\n")
    sys.stdout.buffer.flush()


class Crowd:
    """Many clients in a process of their own, once all see the map."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    async def told(self, due: Due) -> Told:
        """Return what they were given, when all have what was due or its time is over. Raises RuntimeError."""
        try:
            async with asyncio.timeout(due.wait_s + READY_S):
                said, fault = await self._process.communicate(msgspec.json.encode(due) + b"\n")
        except TimeoutError:
            raise RuntimeError("the crowd did not answer") from None
        if self._process.returncode != 0:
            raise RuntimeError(f"the crowd failed: {fault.decode()[-1000:]}")
        return msgspec.json.decode(said, type=Told)


@contextlib.asynccontextmanager
async def crowd(order: Order) -> AsyncIterator[Crowd]:
    """Give the clients of an order. Raises RuntimeError when they cannot see the map."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "compose.bench.crowd", msgspec.json.encode(order).decode(),
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    assert process.stdout is not None
    assert process.stderr is not None
    try:
        if await process.stdout.readline() != HERE:
            raise RuntimeError(f"the crowd cannot see the map: {(await process.stderr.read()).decode()[-1000:]}")
        yield Crowd(process)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


if __name__ == "__main__":
    asyncio.run(_watch(msgspec.json.decode(sys.argv[1], type=Order)))
