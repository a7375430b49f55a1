"""Reading Frigate's topics from an MQTT broker; a message is acknowledged only when its events are in the log."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Sequence
from concurrent.futures import TimeoutError as StillWaitingError
from datetime import UTC, datetime, tzinfo
from threading import Event as Flag

import msgspec
import paho.mqtt.client as mqtt
import structlog
from msgspec import Struct
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.reasoncodes import ReasonCode

from connectors.earlier_readings import EarlierReadings
from connectors.edge.dead_letters import dead_letter
from connectors.frigate.translate import translate
from connectors.translation import Context, PayloadError, Refused
from schemas.envelope import Event
from schemas.wire.frame import utc_now
from schemas.wire.publisher import BrokerUnavailableError, Publisher

#: Messages that wait here at most; then the MQTT broker waits.
MAX_WAITING = 1000
#: Messages whose events are sent together.
BATCH = 200
#: How long to wait before asking an absent log again, seconds.
RETRY_S = 2.0
#: At least once. Frigate itself publishes with what its configuration says (``mqtt: qos``).
_QOS = 1

_log = structlog.get_logger(__name__)


class Subscription(Struct, frozen=True, kw_only=True):
    """Which broker and topics. ``prefix``: Frigate's ``topic_prefix``. ``instance``: the copy, as for webhooks."""

    host: str
    port: int = 1883
    prefix: str = "frigate"
    instance: str = "default"
    user: str = ""
    password: str = ""
    tls: bool = False
    jurisdiction: str = "default"
    zone: tzinfo = UTC

    @property
    def topics(self) -> tuple[str, ...]:
        """The topics that tell of plates."""
        return (f"{self.prefix}/tracked_object_update", f"{self.prefix}/events")


async def run(
    config: Subscription,
    publisher: Publisher,
    *,
    stop: asyncio.Event,
    clock: Callable[[], datetime] = utc_now,
) -> None:
    """Read until ``stop`` is set. A broker that is away, here or there, is waited for.

    The session is kept at the MQTT broker by its client id, so what is published with QoS 1 or 2 meanwhile comes later.
    """
    loop = asyncio.get_running_loop()
    waiting: asyncio.Queue[mqtt.MQTTMessage] = asyncio.Queue(MAX_WAITING)
    leave = Flag()
    client = _client(config)

    def take(_client: mqtt.Client, _data: object, message: mqtt.MQTTMessage) -> None:
        """On the library's thread: wait for room, so that the broker's flow control slows the source."""
        with contextlib.suppress(RuntimeError):  # the loop was closed: nobody listens any more
            placed = asyncio.run_coroutine_threadsafe(waiting.put(message), loop)
            while not leave.is_set():
                with contextlib.suppress(StillWaitingError):
                    placed.result(0.2)
                    return
            placed.cancel()

    client.on_message = take
    client.connect_async(config.host, config.port, keepalive=60)
    client.loop_start()
    try:
        await _consume(config, client, waiting, publisher, stop, clock)
    finally:
        leave.set()
        client.disconnect()
        await asyncio.to_thread(client.loop_stop)


def _client(config: Subscription) -> mqtt.Client:
    client = mqtt.Client(
        CallbackAPIVersion.VERSION2,
        client_id=f"watchfloor-frigate-{config.instance}",
        clean_session=False,
        manual_ack=True,
    )
    client.reconnect_delay_set(1, 30)
    if config.user:
        client.username_pw_set(config.user, config.password)
    if config.tls:
        client.tls_set()

    def connected(
        one: mqtt.Client, _data: object, _flags: mqtt.ConnectFlags, reason: ReasonCode, _properties: object
    ) -> None:
        if reason.is_failure:
            _log.error("mqtt_refused", host=config.host, why=str(reason))
            return
        _log.info("mqtt_connected", host=config.host)
        one.subscribe([(topic, _QOS) for topic in config.topics])

    client.on_connect = connected
    return client


async def _consume(
    config: Subscription,
    client: mqtt.Client,
    waiting: asyncio.Queue[mqtt.MQTTMessage],
    publisher: Publisher,
    stop: asyncio.Event,
    clock: Callable[[], datetime],
) -> None:
    earlier = EarlierReadings()
    while not stop.is_set():
        batch = await _batch(waiting, stop)
        events = earlier.beside(
            event for message in batch for event in events_of(config, message.topic, bytes(message.payload), clock())
        )
        if events and not await _published(publisher, events, stop):
            return
        for message in batch:
            client.ack(message.mid, message.qos)


async def _batch(waiting: asyncio.Queue[mqtt.MQTTMessage], stop: asyncio.Event) -> list[mqtt.MQTTMessage]:
    """Return what waits, one at least; nothing when ``stop`` comes first."""
    first, ended = asyncio.create_task(waiting.get()), asyncio.create_task(stop.wait())
    done, _ = await asyncio.wait({first, ended}, return_when=asyncio.FIRST_COMPLETED)
    ended.cancel()
    if first not in done:
        first.cancel()
        return []
    batch = [first.result()]
    while len(batch) < BATCH and not waiting.empty():
        batch.append(waiting.get_nowait())
    return batch


async def _published(publisher: Publisher, events: Sequence[Event], stop: asyncio.Event) -> bool:
    """Publish, as often as it takes; False when ``stop`` came before it was done."""
    while True:
        try:
            await publisher.publish(events)
        except BrokerUnavailableError:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), RETRY_S)
            if stop.is_set():
                return False
        else:
            return True


def events_of(config: Subscription, topic: str, payload: bytes, now: datetime) -> list[Event]:
    """Return the events of a message; what cannot be used becomes a dead letter."""
    context = Context(
        connector="frigate",
        instance=config.instance,
        observed_at=now,
        jurisdiction=config.jurisdiction,
        zone=config.zone,
    )
    text = payload if payload.lstrip()[:1] == b"{" else msgspec.json.encode(payload.decode("utf-8", "replace"))
    body = b'{"topic":' + msgspec.json.encode(topic) + b',"payload":' + text + b"}"
    try:
        done = translate(body, "application/json", context)
    except PayloadError as error:
        refused = [Refused(error.field, error.error, "plate_read", payload)]
        return [dead_letter(part, "application/json", context) for part in refused]
    return [*done.events, *(dead_letter(part, "application/json", context) for part in done.refused)]
