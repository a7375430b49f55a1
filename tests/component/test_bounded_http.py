"""Request heads that never end: refused in bounded size and time, while others are served."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import uvicorn
import websockets

from compose.bounded_http import MAX_HEAD_BYTES, BoundedHttp


class Hasty(BoundedHttp):
    max_head_s = 0.2


async def app(scope: Any, receive: Any, send: Any) -> None:
    if scope["type"] == "websocket":
        await receive()
        await send({"type": "websocket.accept"})
        await asyncio.sleep(3 * Hasty.max_head_s)
        await send({"type": "websocket.send", "text": "still here"})
        await send({"type": "websocket.close"})
        return
    size = 0
    more = True
    while more:
        message = await receive()
        size += len(message.get("body", b""))
        more = message.get("more_body", False)
    body = str(size).encode()
    headers = [(b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})


@asynccontextmanager
async def listening(protocol: type[BoundedHttp] = BoundedHttp) -> AsyncIterator[tuple[asyncio.StreamReader, Any]]:
    """A connection to a server of this protocol."""
    config = uvicorn.Config(
        app, http=protocol, ws="websockets-sansio", lifespan="off", log_config=None, access_log=False
    )
    server = uvicorn.Server(config)
    with socket.create_server(("127.0.0.1", 0)) as own:
        port = own.getsockname()[1]
        running = asyncio.create_task(server.serve(sockets=[own]))
        try:
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            yield reader, writer
            writer.close()
        finally:
            server.should_exit = True
            await running


async def answered(reader: asyncio.StreamReader) -> bytes:
    async with asyncio.timeout(10):
        return await reader.readline()


def test_a_header_that_never_ends_is_refused_with_431() -> None:
    async def run() -> tuple[bytes, bytes]:
        async with listening() as (reader, writer):
            begun = b"POST /x HTTP/1.1\r\nhost: a\r\nx-long: "
            # One byte too many, so that nothing is left unread, which would cut the answer off.
            writer.write(begun + b"a" * (MAX_HEAD_BYTES + 1 - len(begun)))
            return await answered(reader), await reader.read()

    status, rest = asyncio.run(run())
    assert status == b"HTTP/1.1 431 Request Header Fields Too Large\r\n"
    assert b"connection: close" in rest


def test_many_small_headers_count_together() -> None:
    async def run() -> bytes:
        async with listening() as (reader, writer):
            lines = b"POST /x HTTP/1.1\r\nhost: a\r\n" + b"x-1: a\r\n" * 10_000
            writer.write(lines[: MAX_HEAD_BYTES + 1])
            return await answered(reader)

    assert asyncio.run(run()).startswith(b"HTTP/1.1 431 ")


def test_a_head_that_does_not_arrive_in_time_is_refused_with_408() -> None:
    async def run(begun: bytes) -> bytes:
        async with listening(Hasty) as (reader, writer):
            writer.write(begun)
            return await answered(reader)

    for begun in (b"", b"POST /inge", b"POST /x HTTP/1.1\r\nhost: a\r\n"):
        assert asyncio.run(run(begun)) == b"HTTP/1.1 408 Request Timeout\r\n"


def test_a_connection_is_not_held_by_dribbling_between_requests() -> None:
    async def run() -> list[bytes]:
        async with listening(Hasty) as (reader, writer):
            writer.write(b"GET / HTTP/1.1\r\nhost: a\r\n\r\n")
            first = await answered(reader)
            await reader.readuntil(b"\r\n\r\n0")
            writer.write(b"\r\n")
            return [first, await answered(reader)]

    first, then = asyncio.run(run())
    assert first == b"HTTP/1.1 200 OK\r\n"
    assert then == b"HTTP/1.1 408 Request Timeout\r\n"


def test_a_long_head_and_a_body_larger_than_any_head_pass() -> None:
    body = b"b" * (4 * MAX_HEAD_BYTES)

    async def run() -> bytes:
        async with listening() as (reader, writer):
            head = b"POST /x HTTP/1.1\r\nhost: a\r\nx-a: " + b"a" * 50_000 + b"\r\n"
            for _ in range(2):
                writer.write(head + b"content-length: %d\r\n\r\n" % len(body) + body)
            first = await reader.readuntil(str(len(body)).encode())
            return first + await reader.readuntil(b"\r\n\r\n" + str(len(body)).encode())

    assert asyncio.run(run()).count(b"HTTP/1.1 200 OK") == 2


def test_a_websocket_lives_on_long_after_heads_are_due() -> None:
    async def echo(scope: Any, receive: Any, send: Any) -> None:
        await receive()
        await send({"type": "websocket.accept"})
        while (message := await receive())["type"] == "websocket.receive":
            await send({"type": "websocket.send", "text": message["text"]})

    async def run() -> None:
        config = uvicorn.Config(echo, http=Hasty, ws="websockets-sansio", lifespan="off", log_config=None)
        server = uvicorn.Server(config)
        with socket.create_server(("127.0.0.1", 0)) as own:
            running = asyncio.create_task(server.serve(sockets=[own]))
            try:
                async with websockets.connect(f"ws://127.0.0.1:{own.getsockname()[1]}") as client:
                    for number in range(4):
                        await client.send(str(number))
                        assert await asyncio.wait_for(client.recv(), 5) == str(number)
                        await asyncio.sleep(Hasty.max_head_s / 2)
            finally:
                server.should_exit = True
                await running

    asyncio.run(run())


def test_a_websocket_may_be_silent_for_longer_than_a_head_may_take() -> None:
    handshake = (
        b"GET /ws HTTP/1.1\r\nhost: a\r\nconnection: Upgrade\r\nupgrade: websocket\r\n"
        b"sec-websocket-version: 13\r\nsec-websocket-key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
    )

    async def run() -> tuple[bytes, bytes]:
        async with listening(Hasty) as (reader, writer):
            writer.write(handshake)
            status = await answered(reader)
            async with asyncio.timeout(10):
                return status, await reader.readuntil(b"still here")

    status, rest = asyncio.run(run())
    assert status == b"HTTP/1.1 101 Switching Protocols\r\n"
    assert b"408" not in rest
