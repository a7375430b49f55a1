"""The websocket route on a real uvicorn and a loopback port, talked to by the websockets library."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import Callable, Coroutine
from functools import wraps
from typing import Any

import msgspec
import pytest
from starlette.applications import Starlette
from starlette.routing import WebSocketRoute
from starlette.testclient import TestClient
from starlette.websockets import WebSocketDisconnect
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from dashboards.server.hub import Hub
from dashboards.server.websocket import HubRoute
from schemas.events.alert import ALERT
from schemas.events.sighting import SIGHTING
from schemas.identity import identity
from schemas.wire.frame import encode_event
from tests.component.server_fixtures import World, alert, listening

SUBPROTOCOL = "watchfloor.v1+json"


def on_a_loop(test: Callable[..., Coroutine[Any, Any, None]]) -> Callable[..., None]:
    @wraps(test)
    def run(*args: Any, **kwargs: Any) -> None:
        asyncio.run(test(*args, **kwargs))

    return run


def page_of(address: str, **options: Any) -> connect:
    options = {"origin": f"http://{address}", "subprotocols": [SUBPROTOCOL], "compression": None} | options
    return connect(f"ws://{address}/ws", max_size=None, **options)


async def say(page: ClientConnection, message: dict[str, Any]) -> None:
    await page.send(json.dumps(message))


async def hear(page: ClientConnection) -> dict[str, Any]:
    async with asyncio.timeout(20):
        message: dict[str, Any] = json.loads(await page.recv())
    return message


async def closed_with(page: ClientConnection) -> int | None:
    """Read to the end of a connection and return its close code."""
    async with asyncio.timeout(20):
        with contextlib.suppress(ConnectionClosed):
            while True:
                await page.recv()
    return page.close_code


def hello(sub: list[str], resume: dict[str, Any] | None = None) -> dict[str, Any]:
    return {"t": "hello", "v": 1, "client": "test", "resume": resume, "sub": sub}


@on_a_loop
async def test_two_thousand_alerts_survive_cuts_with_none_missing_and_none_twice() -> None:
    world = World()
    world.hub.caught_up()
    total = 2_000
    received: list[str] = []
    async with listening(world) as address:

        async def raise_alerts() -> None:
            for start in range(0, total, 20):
                world.hub.offer(ALERT, [alert(number) for number in range(start, start + 20)], 1.0)
                await asyncio.sleep(0.002)

        raising: asyncio.Task[None] | None = None
        epoch, pos, modes, cuts = "", 0, [], 0
        async with asyncio.timeout(60):
            while len(received) < total:
                page = await page_of(address)
                try:
                    await say(page, hello(["alerts"], {"epoch": epoch, "pos": {"alerts": pos}} if epoch else None))
                    messages = 0
                    # Every connection but the last is cut hard after some messages, without a goodbye.
                    while len(received) < total and (messages < 12 or cuts >= 6):
                        message = await hear(page)
                        messages += 1
                        if message["t"] == "welcome":
                            epoch = message["epoch"]
                            modes.append(message["mode"])
                        elif message["t"] == "snap":
                            assert not received, "a snapshot only at the start"
                            pos = message["pos"]
                            received += [row["alert_id"] for row in message["rows"]]
                            raising = raising or asyncio.create_task(raise_alerts())
                        elif message["t"] == "d":
                            body = message["ch"]["alerts"]
                            assert body["from"] == pos + 1
                            pos = body["to"]
                            received += [row["alert_id"] for row in body["rows"]]
                    cuts += 1
                finally:
                    page.transport.abort()
        assert raising is not None
        await raising
    assert modes == ["snapshot"] + ["resume"] * (len(modes) - 1)
    assert len(modes) > 3
    assert received == [str(alert(number).alert_id) for number in range(total)]


@on_a_loop
async def test_a_page_is_welcomed_and_pinged_and_gets_rows_as_they_are_in_the_log() -> None:
    world = World()
    world.hub.offer(ALERT, [alert(1, title="Füße ⚠")], 1.0)
    world.hub.caught_up()
    async with listening(world) as address, page_of(address) as page:
        assert page.subprotocol == SUBPROTOCOL
        assert page.protocol.extensions == []
        await say(page, hello(["alerts", "sightings"]))
        welcome = await hear(page)
        assert (welcome["t"], welcome["mode"], welcome["hb"], welcome["version"]) == ("welcome", "snapshot", 5, "test")
        assert welcome["epoch"] == world.hub.epoch
        heard: dict[str, Any] = {}
        while not {"snap alerts", "snap sightings", "ping"} <= heard.keys():
            message = await hear(page)
            heard[" ".join([message["t"], message.get("ch", "")]).strip()] = message
            if message["t"] == "ping":
                await say(page, {"t": "pong", "n": message["n"]})
            elif message.get("ch") == "alerts":
                world.hub.tick()
                world.hub._pinged_at = -10.0
        assert heard["snap alerts"]["rows"] == [json.loads(encode_event(alert(1, title="Füße ⚠")))]
        hit = msgspec.structs.replace(SIGHTING.examples[0], event_id=identity("sighting", "x"))
        world.hub.offer(SIGHTING, [hit], 2.0)
        world.hub.offer(ALERT, [alert(1, 2, "acknowledged")], 2.5)
        deltas: dict[str, Any] = {}
        while deltas.keys() < {"alerts", "sightings"}:
            message = await hear(page)
            if message["t"] == "d":
                deltas |= {name: (message, body) for name, body in message["ch"].items()}
        message, body = deltas["alerts"]
        assert message["hub_at"] == 2_500
        assert (body["from"], body["to"], body["rows"][0]["rev"]) == (2, 2, 2)
        assert deltas["sightings"][1] == {"rows": [json.loads(encode_event(hit))], "dropped": 0}


@pytest.mark.parametrize("origin", ["http://evil.example", "null", "https://127.0.0.1"])
@on_a_loop
async def test_a_foreign_page_may_not_watch(origin: str) -> None:
    async with listening(World()) as address:
        with pytest.raises(InvalidStatus) as refused:
            await page_of(address, origin=origin)
        assert refused.value.response.status_code == 403


@on_a_loop
async def test_a_foreign_host_name_may_not_be_used() -> None:
    async with listening(World()) as address:
        port = address.rpartition(":")[2]
        host = f"evil.example:{port}"
        with pytest.raises(InvalidStatus) as refused:
            await page_of(f"{host}", host="127.0.0.1", port=int(port), origin=f"http://{host}")
        assert refused.value.response.status_code == 400


@on_a_loop
async def test_a_plain_client_on_this_machine_may_watch() -> None:
    world = World()
    async with listening(world) as address, page_of(address, origin=None) as page:
        await say(page, hello(["alerts"]))
        assert (await hear(page))["loading"] is True


@pytest.mark.parametrize(
    ("first", "code"),
    [
        ('{"t":"hello","v":2,"channels":{"new":"shape"}}', 4409),
        ('{"t":"hello","v":1,"sub":["plates"]}', 4400),
        ('{"t":"hello","v":1}', 4400),
        ('{"t":"hello","v":1,"sub":["alerts"],"resume":{"epoch":"x","pos":{"alerts":-1}}}', 4400),
        ('{"t":"pong","n":1}', 4400),
        ("garbage", 4400),
        ("[" * 60_000, 4400),
        (b"\x00\x01", 4400),
        ('"' + "x" * 70_000 + '"', 4400),
    ],
)
@on_a_loop
async def test_a_first_message_that_is_no_hello_closes_the_connection(first: str | bytes, code: int) -> None:
    world = World()
    async with listening(world) as address, page_of(address) as page:
        await page.send(first)
        assert await closed_with(page) == code
        assert world.hub.clients == 0
        assert world.hub.violations == 1


def test_silence_instead_of_a_hello_closes_the_connection() -> None:
    app = Starlette(routes=[WebSocketRoute("/ws", HubRoute(lambda headers: Hub(), Hub(), hello_s=0.01).serve)])
    browser = TestClient(app, client=("127.0.0.1", 4_000))
    with browser.websocket_connect("/ws", subprotocols=[SUBPROTOCOL]) as page:
        with pytest.raises(WebSocketDisconnect) as closed:
            page.receive_text()
        assert (closed.value.code, closed.value.reason) == (4400, "no hello in time")


@on_a_loop
async def test_the_subprotocol_is_required() -> None:
    async with listening(World()) as address, page_of(address, subprotocols=["other"]) as page:
        assert await closed_with(page) == 4409


@on_a_loop
async def test_a_few_bad_messages_are_borne_and_counted_then_the_connection_is_closed() -> None:
    world = World()
    world.hub.caught_up()
    async with listening(world) as address, page_of(address) as page:
        await say(page, hello(["alerts"]))
        await page.send("garbage")
        await say(page, {"t": "resync", "ch": "calls"})
        await say(page, {"t": "resync", "ch": "alerts"})
        snapshots = 0
        while snapshots < 2:
            snapshots += (await hear(page))["t"] == "snap"
        await page.send("x" * 70_000)
        assert await closed_with(page) == 4400
        assert world.hub.violations == 3


@on_a_loop
async def test_snapshots_cannot_be_asked_for_without_end() -> None:
    world = World()
    world.hub.caught_up()
    async with listening(world) as address, page_of(address) as page:
        await say(page, hello(["alerts"]))
        with contextlib.suppress(ConnectionClosed):
            for _ in range(60):
                await say(page, {"t": "resync", "ch": "alerts"})
        assert await closed_with(page) == 4400
        assert page.close_reason == "too many requests"


@on_a_loop
async def test_when_all_seats_are_taken_a_page_is_told_to_come_again() -> None:
    world = World(hub=Hub(max_clients=1))
    async with listening(world) as address, page_of(address) as first:
        await say(first, hello(["alerts"]))
        await hear(first)
        async with page_of(address) as second:
            await say(second, hello(["alerts"]))
            assert await closed_with(second) == 1013
        await first.close()
        async with asyncio.timeout(20):
            while True:
                async with page_of(address) as third:
                    await say(third, hello(["alerts"]))
                    with contextlib.suppress(ConnectionClosed):
                        assert (await hear(third))["t"] == "welcome"
                        break


@on_a_loop
async def test_a_stopping_server_says_restart() -> None:
    world = World()
    async with listening(world) as address:
        page = await page_of(address)
        await say(page, hello(["alerts"]))
        await hear(page)
    assert await closed_with(page) == 1012


@on_a_loop
async def test_a_peer_that_reads_nothing_is_cut_off_and_its_connection_freed() -> None:
    seconds = 1_000.0
    hub = Hub(mono=lambda: seconds)
    world = World(hub=hub)
    hub.caught_up()
    async with listening(world, stuck_peer_ms=2_000) as address:
        page = await page_of(address, max_queue=1)
        await say(page, hello(["alerts"]))
        await hear(page)
        page.transport.pause_reading()
        async with asyncio.timeout(30):
            number = 0
            while hub.clients:
                hub.offer(ALERT, [alert(number + n, note="x" * 1_900) for n in range(200)], 1.0)
                number += 200
                seconds += 0.1  # faster than the wall, so that the hub's patience ends before the kernel's
                await asyncio.sleep(0.02)
            assert hub.figures()["closed"] == {"4408": 1}
            assert world.connections(), "closing waits for what the peer does not take"
            while world.connections():
                await asyncio.sleep(0.05)
        page.transport.abort()
