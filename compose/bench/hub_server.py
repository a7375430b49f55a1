"""The hub of `bench hub`, in a process of its own: the server with nothing behind it, told of made-up events at a rate.

``python -m compose.bench.hub_server ORDER`` says where it listens, waits for a line of input, tells its hub of events
for the time of the order, says what it told it of, and goes on serving until its input ends.
"""

from __future__ import annotations

import asyncio
import itertools
import sys
import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

import msgspec
import psutil
import uvicorn

from compose.bench.sender import wanted_plate
from dashboards.server.app import create_server
from dashboards.server.hub import Hub
from dashboards.server.messages import CLOSE_SLOW
from dashboards.server.ports import Vitals
from dashboards.server.serve import listening_socket, uvicorn_config
from schemas.envelope import Event
from schemas.events.alert import ALERT, Alert
from schemas.events.alert import EXAMPLE as AN_ALERT
from schemas.events.sighting import EXAMPLE as A_SIGHTING
from schemas.events.sighting import SIGHTING
from schemas.events.unit_position import EXAMPLE as A_UNIT
from schemas.events.unit_position import UNIT_POSITION
from schemas.identity import identity

#: The hub is told of what is due this often, as the log's reader tells it, seconds.
STEP_S = 0.02
#: Of so many events one is an alert, and one a unit's position; the others are plate reads.
ALERT_EVERY, UNIT_EVERY = 100, 5
UNITS = 500
MOST_CLIENTS = 2_000


class Order(msgspec.Struct, frozen=True):
    """``rate``: events a second, for so many ``seconds``."""

    rate: int
    seconds: int


class HubTold(msgspec.Struct, frozen=True, kw_only=True):
    """What the hub was told of, and what that cost. ``behind_ms``: how late the last events were told, at most.

    ``cpu_share``: of one core, while events came. ``rss_mb``: before any client, and at the end. ``closed_slow``: how
    often a client was cut off because it did not keep up. ``sent_mb``: to all clients.
    """

    events: int
    plates: list[str]
    behind_ms: float
    cpu_share: float
    rss_mb: tuple[float, float]
    closed_slow: int
    sent_mb: float


class NoLog:
    """Nobody acts in a bench."""

    async def publish(self, events: Sequence[Event]) -> None:
        """Take nothing."""


async def _serve(order: Order) -> None:
    # Who comes again may come before his old connection is known to be gone.
    hub = Hub(version="bench", max_clients=MOST_CLIENTS)
    hub.caught_up()
    app = create_server(
        hub=hub,
        publisher=NoLog(),
        query=None,
        dead_letters=None,
        web_dir=None,
        maps_dir=None,
        vitals=lambda: Vitals(log_alive=True, log_polled_ago_s=0.0, store=""),
    )
    listener = listening_socket()
    server = uvicorn.Server(uvicorn_config(app))
    serving = asyncio.create_task(server.serve(sockets=[listener]))
    while not server.started:
        await asyncio.sleep(0.01)
    alone = psutil.Process().memory_info().rss
    _say(f"http://127.0.0.1:{listener.getsockname()[1]}".encode())
    if await asyncio.to_thread(sys.stdin.buffer.readline):
        _say(msgspec.json.encode(await _tell(hub, order, alone)))
        await asyncio.to_thread(sys.stdin.buffer.read)
    server.should_exit = True
    await serving


def _say(line: bytes) -> None:
    sys.stdout.buffer.write(line + b"\n")
    sys.stdout.buffer.flush()


async def _tell(hub: Hub, order: Order, alone: int) -> HubTold:
    me = psutil.Process()
    used = sum(me.cpu_times()[:2])
    plates: list[str] = []
    began, told, behind = time.monotonic(), 0, 0.0
    wall = time.time()
    numbers = itertools.count()
    while told < order.rate * order.seconds:
        due = min(int((time.monotonic() - began) * order.rate), order.rate * order.seconds)
        behind = max(behind, time.monotonic() - began - told / order.rate)
        # What a log's reader gives the hub at once is one frame of a type.
        some = [next(numbers) for _ in range(due - told)]
        alerts = [_alert(number, wall + number / order.rate) for number in some if number % ALERT_EVERY == 0]
        plates += [alert.subject for alert in alerts]
        hub.offer(ALERT, alerts, hub.mono())
        hub.offer(UNIT_POSITION, list(_units(some)), hub.mono())
        hub.offer(SIGHTING, list(_reads(some)), hub.mono())
        told = due
        await asyncio.sleep(STEP_S)
    took = time.monotonic() - began
    return HubTold(
        events=told,
        plates=plates,
        behind_ms=round(behind * 1000, 1),
        cpu_share=round((sum(me.cpu_times()[:2]) - used) / took, 2),
        rss_mb=(round(alone / 2**20, 1), round(me.memory_info().rss / 2**20, 1)),
        closed_slow=hub.figures()["closed"].get(str(CLOSE_SLOW), 0),
        sent_mb=round(hub.figures()["sent_bytes"] / 2**20, 1),
    )


def _alert(number: int, due: float) -> Alert:
    now = datetime.now(UTC)
    return msgspec.structs.replace(
        AN_ALERT,
        event_id=identity("bench_alert_state", number),
        alert_id=identity("bench_alert", number),
        rule="hotlist_hit",
        subject=wanted_plate(number),
        rev=1,
        occurred_at=datetime.fromtimestamp(due, UTC),
        observed_at=now,
        raised_at=now,
    )


def _units(numbers: Sequence[int]) -> Iterator[Event]:
    now = datetime.now(UTC)
    for number in numbers:
        if number % ALERT_EVERY and number % UNIT_EVERY == 0:
            yield msgspec.structs.replace(
                A_UNIT,
                event_id=identity("bench_unit", number),
                unit_id=f"U{number // UNIT_EVERY % UNITS}",
                occurred_at=now,
                observed_at=now,
            )


def _reads(numbers: Sequence[int]) -> Iterator[Event]:
    now = datetime.now(UTC)
    for number in numbers:
        if number % UNIT_EVERY:
            yield msgspec.structs.replace(
                A_SIGHTING,
                event_id=identity("bench_read", number),
                camera_id=f"c{number % 500}",
                plate=f"N{number:07d}",
                occurred_at=now,
                observed_at=now,
                hits=(),
                incidents=(),
            )


if __name__ == "__main__":
    asyncio.run(_serve(msgspec.json.decode(sys.argv[1], type=Order)))
