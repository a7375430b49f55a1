"""A publisher that finds its broker by itself, and again when it was lost: an edge does not wait for it to listen."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Sequence

import structlog
from kafka.errors import KafkaError

from compose import run_file
from compose.roles.runner import ensure_topics
from compose.settings import Settings
from schemas.envelope import Event
from schemas.metrics import CONNECTIONS
from schemas.wire.producer import FrameProducer
from schemas.wire.publisher import BackpressureError, BrokerUnavailableError

#: After this long the producer gives up on a frame, seconds: what was spooled meanwhile is then no longer in it.
DELIVERY_TIMEOUT_S = 10.0
#: A producer that has only failed for this long is replaced: a broker that lost its log (topics, or what it knows of
#: this producer) would refuse the old one for ever.
REPLACE_AFTER_S = 15.0
#: Between attempts, seconds.
LOOK_EVERY_S = 0.2

log = structlog.get_logger(__name__)


class BrokerConnection:
    """Implements ``schemas.wire.publisher.Publisher``. While there is no broker, it says so at once."""

    def __init__(self, settings: Settings, client_id: str, stop: asyncio.Event) -> None:
        self._settings = settings
        self._client_id = client_id
        self._stop = stop
        self._producer: FrameProducer | None = None
        self._failing_since: float | None = None
        self._replace = asyncio.Event()
        #: Set while there is a producer.
        self.connected = asyncio.Event()

    async def publish(self, events: Sequence[Event]) -> None:
        """As ``Publisher.publish``. Raises BrokerUnavailableError at once while not connected."""
        producer = self._producer
        if producer is None:
            raise BrokerUnavailableError("not connected to the broker yet")
        try:
            await producer.publish(events)
        except BackpressureError:
            raise
        except BrokerUnavailableError:
            self._note_failure()
            raise
        except asyncio.CancelledError:
            self._note_failure()  # somebody waited long enough
            raise
        self._failing_since = None

    async def run(self) -> None:
        """Connect, and connect anew whenever needed, until cancelled or told to stop."""
        try:
            while await ensure_topics(self._settings, self._stop) and await self._log_is_whole():
                try:
                    self._producer = await asyncio.to_thread(self._open)
                except BrokerUnavailableError:
                    await asyncio.sleep(LOOK_EVERY_S)
                    continue
                self._failing_since = None
                self._replace.clear()
                self.connected.set()
                CONNECTIONS.labels("producer").inc()
                log.info("connected to the broker")
                await self._replace.wait()
                log.warning("the broker has not confirmed for long: connecting anew")
                await self._drop(0.0)
        finally:
            await self._drop(5.0)

    def _open(self) -> FrameProducer:
        return FrameProducer(
            self._settings.bootstrap,
            client_id=self._client_id,
            delivery_timeout_s=DELIVERY_TIMEOUT_S,
            bootstrap_timeout_ms=5_000,
            **self._settings.kafka_config(),
        )

    async def _drop(self, timeout_s: float) -> None:
        producer, self._producer = self._producer, None
        self.connected.clear()
        if producer is not None:
            with contextlib.suppress(KafkaError):
                await asyncio.to_thread(producer.close, timeout_s)

    def _note_failure(self) -> None:
        now = time.monotonic()
        if self._failing_since is None:
            self._failing_since = now
        elif now - self._failing_since > REPLACE_AFTER_S:
            self._replace.set()

    async def _log_is_whole(self) -> bool:
        """Wait until the server has put back what must live on into a new embedded log; False when told to stop.

        What was spooled would otherwise be judged by rules that do not know the hotlists yet, and the server would
        find a log that is not empty and leave it as it is.
        """
        while not self._stop.is_set():
            running = run_file.read(self._settings.data_dir)
            if not (self._settings.embedded_broker and self._settings.embedded_store) or running is None:
                return True
            broker = running.roles.get("broker")
            if broker is not None and run_file.restored_into(self._settings.data_dir) == broker:
                return True
            await asyncio.sleep(LOOK_EVERY_S)
        return False
