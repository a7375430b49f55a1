"""Reading Frigate over MQTT: against a small broker that speaks as much of MQTT 3.1.1 as is needed."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from connectors.frigate.subscribing import Subscription, events_of, run
from schemas.envelope import Event
from schemas.events.dead_letter import DeadLetter
from schemas.events.plate_read import PlateRead
from schemas.wire.publisher import BrokerUnavailableError

LPR = (Path(__file__).parents[1] / "contract" / "fixtures" / "frigate" / "lpr.body").read_bytes()
AT = datetime(2026, 1, 15, 18, 31, tzinfo=UTC)
TOPIC = "frigate/tracked_object_update"
#: Packet types, OASIS MQTT 3.1.1 §2.2.1.
CONNECT, CONNACK, PUBLISH, PUBACK, SUBSCRIBE, SUBACK = 1, 2, 3, 4, 8, 9


def length(count: int) -> bytes:
    made = b""
    while True:
        count, part = divmod(count, 128)
        made += bytes([part | (0x80 if count else 0)])
        if not count:
            return made


class MqttBroker:
    """Takes one client, notes what it subscribes to, and publishes to it with QoS 1."""

    def __init__(self) -> None:
        self.topics: list[str] = []
        self.acknowledged: asyncio.Queue[int] = asyncio.Queue()
        self.subscribed = asyncio.Event()
        self._writer: asyncio.StreamWriter | None = None
        self._server: asyncio.Server | None = None

    async def __aenter__(self) -> MqttBroker:
        self._server = await asyncio.start_server(self._talk, "127.0.0.1", 0)
        return self

    async def __aexit__(self, *ended: object) -> None:
        assert self._server is not None
        self._server.close()
        if self._writer is not None:
            self._writer.close()

    @property
    def port(self) -> int:
        assert self._server is not None
        return int(self._server.sockets[0].getsockname()[1])

    def publish(self, topic: str, payload: bytes, packet: int) -> None:
        assert self._writer is not None
        body = len(topic).to_bytes(2, "big") + topic.encode() + packet.to_bytes(2, "big") + payload
        self._writer.write(bytes([PUBLISH << 4 | 1 << 1]) + length(len(body)) + body)

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writer = writer
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                kind = (await reader.readexactly(1))[0] >> 4
                body = await reader.readexactly(await self._length(reader))
                if kind == CONNECT:
                    writer.write(bytes([CONNACK << 4, 2, 0, 0]))
                elif kind == SUBSCRIBE:
                    self._note(body[2:])
                    writer.write(bytes([SUBACK << 4, 2 + len(self.topics)]) + body[:2] + b"\x01" * len(self.topics))
                    self.subscribed.set()
                elif kind == PUBACK:
                    self.acknowledged.put_nowait(int.from_bytes(body[:2], "big"))

    async def _length(self, reader: asyncio.StreamReader) -> int:
        total, shift = 0, 0
        while True:
            byte = (await reader.readexactly(1))[0]
            total |= (byte & 0x7F) << shift
            shift += 7
            if not byte & 0x80:
                return total

    def _note(self, rest: bytes) -> None:
        while rest:
            size = int.from_bytes(rest[:2], "big")
            self.topics.append(rest[2 : 2 + size].decode())
            rest = rest[3 + size :]


class Log:
    """Takes events, once it lets itself be persuaded."""

    def __init__(self, refusals: int = 0) -> None:
        self.refusals = refusals
        self.events: list[Event] = []
        self.asked = asyncio.Event()
        self.let_in = asyncio.Event()
        self.let_in.set()

    async def publish(self, events: Sequence[Event]) -> None:
        self.asked.set()
        await self.let_in.wait()
        if self.refusals:
            self.refusals -= 1
            raise BrokerUnavailableError
        self.events += events


def test_what_is_published_becomes_a_read_and_is_acknowledged_only_when_the_log_has_it() -> None:
    async def body() -> None:
        stop, log = asyncio.Event(), Log()
        log.let_in.clear()
        async with MqttBroker() as broker:
            config = Subscription(host="127.0.0.1", port=broker.port, instance="home")
            task = asyncio.create_task(run(config, log, stop=stop, clock=lambda: AT))
            await asyncio.wait_for(broker.subscribed.wait(), 20)
            assert broker.topics == [TOPIC, "frigate/events"]
            broker.publish(TOPIC, LPR, 7)
            await asyncio.wait_for(log.asked.wait(), 20)
            assert broker.acknowledged.empty()
            log.let_in.set()
            assert await asyncio.wait_for(broker.acknowledged.get(), 20) == 7
            (read,) = log.events
            assert isinstance(read, PlateRead)
            assert (read.plate, read.source, read.observed_at) == ("ABC123", "frigate/home", AT)
            stop.set()
            await asyncio.wait_for(task, 20)

    asyncio.run(body())


def test_a_log_that_is_away_is_asked_again_and_nothing_is_acknowledged_before() -> None:
    async def body() -> None:
        stop, log = asyncio.Event(), Log(refusals=1)
        async with MqttBroker() as broker:
            config = Subscription(host="127.0.0.1", port=broker.port)
            task = asyncio.create_task(run(config, log, stop=stop, clock=lambda: AT))
            await asyncio.wait_for(broker.subscribed.wait(), 20)
            broker.publish(TOPIC, LPR, 8)
            assert await asyncio.wait_for(broker.acknowledged.get(), 20) == 8
            assert log.refusals == 0
            assert len(log.events) == 1
            stop.set()
            await asyncio.wait_for(task, 20)

    asyncio.run(body())


def test_a_stop_while_the_log_is_away_acknowledges_nothing() -> None:
    async def body() -> None:
        stop, log = asyncio.Event(), Log(refusals=1000)
        async with MqttBroker() as broker:
            config = Subscription(host="127.0.0.1", port=broker.port)
            task = asyncio.create_task(run(config, log, stop=stop, clock=lambda: AT))
            await asyncio.wait_for(broker.subscribed.wait(), 20)
            broker.publish(TOPIC, LPR, 9)
            await asyncio.wait_for(log.asked.wait(), 20)
            stop.set()
            await asyncio.wait_for(task, 20)
            assert broker.acknowledged.empty()
            assert log.events == []

    asyncio.run(body())


CONFIG = Subscription(host="mqtt.example.org")


def test_a_message_over_mqtt_is_the_same_event_as_one_that_was_posted() -> None:
    (read,) = events_of(CONFIG, TOPIC, LPR, AT)
    wrapped = json.dumps({"type": "lpr", **json.loads(LPR)}).encode()
    (again,) = events_of(CONFIG, TOPIC, wrapped, AT)
    assert read == again


def test_a_message_that_cannot_be_used_becomes_a_dead_letter_and_not_a_standstill() -> None:
    for payload in (b'{"type": "lpr", ', json.dumps({**json.loads(LPR), "score": 94}).encode()):
        (letter,) = events_of(CONFIG, TOPIC, payload, AT)
        assert isinstance(letter, DeadLetter)
        assert letter.source == "frigate/default"


def test_a_message_that_tells_of_no_plate_makes_nothing() -> None:
    assert events_of(CONFIG, "frigate/available", b"online", AT) == []
    assert events_of(CONFIG, TOPIC, b"\xff\xfe", AT) == []
