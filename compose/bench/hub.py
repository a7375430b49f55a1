"""`watchfloor bench hub`: one hub and many clients of the live map, some slow, some that leave and come again."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable

import msgspec

from compose.bench import hub_server
from compose.bench.crowd import Due, Told, crowd
from compose.bench.crowd import Order as Watched
from compose.bench.hub_server import HubTold
from compose.spread import Spread

#: How long the last alerts may take to reach every client, the slow ones too, seconds.
SETTLE_S = 120.0
#: Slack on top of the run itself before the hub is given up, seconds.
SLACK_S = 120.0


class HubBench(msgspec.Struct, frozen=True, kw_only=True):
    """One run. ``ok``: no alert missing and none doubled, at any client.

    ``delay_ms``: of alerts, from when they were due to when a client had them, over all clients that are neither slow
    nor leave. ``behind_ms``: how late the hub was told of events at the worst: more than some 20 ms says that it had no
    time left. ``kb_per_client``: what the hub's process grew by from no client to the end, for each of them.
    """

    ok: bool
    clients: int
    slow: int
    leaving: int
    rate: int
    seconds: int
    events: int
    alerts: int
    missing: int
    doubled: int
    cut_off: int
    gaps: int
    delay_ms: Spread | None
    behind_ms: float
    cpu_share: float
    rss_mb: tuple[float, float]
    kb_per_client: float
    sent_mb: float


async def run(
    *, clients: int, rate: int, seconds: int, slow: float, leaving: float, say: Callable[[str], None]
) -> HubBench:
    """Start a hub and its clients, tell it of events, and count what came. Raises RuntimeError, TimeoutError."""
    order = hub_server.Order(rate=rate, seconds=seconds)
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "compose.bench.hub_server", msgspec.json.encode(order).decode(),
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        web = (await asyncio.wait_for(process.stdout.readline(), 60)).decode().strip()
        if not web:
            raise RuntimeError("the hub did not start")
        say(f"connecting {clients:,} clients")
        async with crowd(Watched(web, clients, slow, leaving)) as watching:
            say(f"{rate:,} events a second for {seconds} s")
            process.stdin.write(b"go\n")
            async with asyncio.timeout(seconds + SLACK_S):
                told = msgspec.json.decode(await process.stdout.readline(), type=HubTold)
            say("waiting for the last alerts")
            given = await watching.told(Due(told.plates, SETTLE_S))
    finally:
        process.stdin.close()
        try:
            await asyncio.wait_for(process.wait(), 20)
        except TimeoutError:
            process.kill()
            await process.wait()
    return _judged(order, round(clients * slow), round(clients * leaving), told, given)


def _judged(order: hub_server.Order, slow: int, leaving: int, told: HubTold, given: Told) -> HubBench:
    clients = len(given.clients)
    return HubBench(
        ok=not (given.missing or given.doubled) and given.due_to_screen is not None,
        clients=clients,
        slow=slow,
        leaving=leaving,
        rate=order.rate,
        seconds=order.seconds,
        events=told.events,
        alerts=len(told.plates),
        missing=given.missing,
        doubled=given.doubled,
        cut_off=sum(one.reconnects for one in given.clients),
        gaps=sum(one.faults for one in given.clients),
        delay_ms=given.due_to_screen,
        behind_ms=told.behind_ms,
        cpu_share=told.cpu_share,
        rss_mb=told.rss_mb,
        kb_per_client=round((told.rss_mb[1] - told.rss_mb[0]) * 1024 / max(1, clients), 1),
        sent_mb=told.sent_mb,
    )
