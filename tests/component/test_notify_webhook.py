"""Webhooks over real connections: signed for a judge of its own, to the machine that was checked, never redirected."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

import pytest
from standardwebhooks.webhooks import Webhook as Judge

from compose.notify.channel import AWAY, GONE, TAKEN, Outcome
from compose.notify.destinations import Webhook
from compose.notify.trial import trial_message
from compose.notify.webhook import WebhookChannel
from tests.unit.notify_facts import KEY, SECRET

Answer = Callable[[asyncio.StreamWriter], Awaitable[None]]


def plain(status: str, head: str = "") -> Answer:
    async def answer(writer: asyncio.StreamWriter) -> None:
        writer.write(f"HTTP/1.1 {status}\r\ncontent-length: 0\r\n{head}\r\n".encode())

    return answer


async def endless(writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n")
    while not writer.is_closing():
        writer.write(b"10000\r\n" + bytes(0x10000) + b"\r\n")
        await writer.drain()


async def silent(writer: asyncio.StreamWriter) -> None:
    await asyncio.Event().wait()


def sent(
    answer: Answer, *, networks: Sequence[str] = ("127.0.0.0/8",), addresses: Sequence[str] = ("127.0.0.1",),
    max_s: float = 10.0,
) -> tuple[Outcome, list[tuple[dict[str, str], bytes]]]:  # fmt: skip
    """What came of a test message to a server of our own, and the requests that it got."""

    async def go() -> tuple[Outcome, list[tuple[dict[str, str], bytes]]]:
        got: list[tuple[dict[str, str], bytes]] = []

        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            try:
                head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
                headers = {
                    name.lower(): value for name, _, value in (line.partition(": ") for line in head[1:] if line)
                }
                got.append((headers, await reader.readexactly(int(headers["content-length"]))))
                await answer(writer)
                await writer.drain()
            except (ConnectionError, asyncio.CancelledError):
                pass
            finally:
                writer.close()

        async def resolve(host: str, port: int) -> Sequence[str]:
            assert host == "cad.lan"
            return addresses

        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        way = Webhook(url=f"http://cad.lan:{port}/hook?x=1", keys=(KEY,), networks=tuple(networks), ca_file=None)
        channel = WebhookChannel(way, max_s=max_s, resolve=resolve)
        try:
            return await channel.send([trial_message("cad", time.time())], time.time()), got
        finally:
            await channel.close()
            server.close()

    return asyncio.run(go())


def test_what_arrives_is_believed_by_another_implementation_of_the_specification() -> None:
    outcome, ((headers, body),) = sent(plain("204 No Content"))
    assert outcome == Outcome(TAKEN, "http_204")
    told = Judge(SECRET).verify(body, headers)
    assert (told["type"], told["data"]["synthetic"]) == ("test", True)
    assert headers["host"].startswith("cad.lan:")
    assert headers["content-type"] == "application/json"


def test_a_redirect_is_not_followed() -> None:
    outcome, got = sent(plain("302 Found", "location: http://127.0.0.1:9/\r\n"))
    assert outcome == Outcome(AWAY, "http_302")
    assert len(got) == 1


def test_gone_and_too_many_are_told_apart() -> None:
    assert sent(plain("410 Gone"))[0] == Outcome(GONE, "http_410")
    assert sent(plain("429 Too Many Requests", "retry-after: 7\r\n"))[0] == Outcome(AWAY, "http_429", 7)


def test_an_answer_that_does_not_end_is_not_read() -> None:
    assert sent(endless)[0] == Outcome(TAKEN, "http_200")


def test_a_receiver_that_says_nothing_is_given_up() -> None:
    assert sent(silent, max_s=0.3)[0] == Outcome(AWAY, "too_slow")


@pytest.mark.parametrize("networks", [(), ("10.0.0.0/8",)])
def test_a_machine_inside_is_not_asked_unless_its_network_is_named(networks: Sequence[str]) -> None:
    outcome, got = sent(plain("200 OK"), networks=networks)
    assert outcome == Outcome(AWAY, "private_address")
    assert got == []


def test_a_name_that_is_outside_and_inside_at_once_is_not_asked() -> None:
    outcome, got = sent(plain("200 OK"), networks=(), addresses=("93.184.216.34", "127.0.0.1"))
    assert outcome == Outcome(AWAY, "private_address")
    assert got == []


def test_nobody_there_is_told_of(tmp_path: Path) -> None:
    way = Webhook(url="http://127.0.0.1:9/", keys=(KEY,), networks=("127.0.0.0/8",), ca_file=None)
    channel = WebhookChannel(way)

    async def go() -> Outcome:
        try:
            return await channel.send([trial_message("cad", time.time())], time.time())
        finally:
            await channel.close()

    assert asyncio.run(go()) == Outcome(AWAY, "unreachable")
