"""Which pictures are wanted, from the log to the keeper: a reader in a thread of its own."""

from __future__ import annotations

import asyncio
import threading
import time
from collections import OrderedDict
from collections.abc import Coroutine
from typing import Any
from uuid import UUID

import structlog

from compose.pictures.keeper import REMEMBERED, ImageKeeper
from compose.roles.broker_settings import log_reader
from compose.settings import Settings
from schemas.events.image import IMAGE, WANTED, Image
from schemas.metrics import CONNECTIONS
from schemas.wire.frame import FrameDecoder
from schemas.wire.publisher import BrokerUnavailableError
from schemas.wire.reader import LogReader

log = structlog.get_logger(__name__)


class Following:
    """Reads the topic of pictures; what is wanted is put in line only once all that is settled is known."""

    def __init__(self, settings: Settings, keeper: ImageKeeper, loop: asyncio.AbstractEventLoop) -> None:
        self._settings = settings
        self._keeper = keeper
        self._loop = loop
        self._stop = threading.Event()
        self._decoder = FrameDecoder(IMAGE)
        self._thread = threading.Thread(target=self._run, name="images", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Stop reading."""
        self._stop.set()
        self._thread.join(5.0)

    def _run(self) -> None:
        while not self._stop.is_set():
            reader: LogReader | None = None
            try:
                since = int((time.time() - self._settings.image_keep_days * 86_400) * 1000)
                reader = log_reader(self._settings, (IMAGE,), "watchfloor-images", since_ms={IMAGE.topic: since})
                CONNECTIONS.labels("images").inc()
                self._follow(reader)
            except BrokerUnavailableError as error:
                log.warning("wanted pictures cannot be read, trying again", why=str(error))
                self._stop.wait(1.0)
            except RuntimeError:
                if not self._stop.is_set():
                    raise
            finally:
                if reader is not None:
                    reader.close()

    def _follow(self, reader: LogReader) -> None:
        wanted: OrderedDict[UUID, Image] | None = OrderedDict()
        while not self._stop.is_set():
            for record in reader.poll(0.5):
                images = list(self._decoder.decode(record.value).events)
                self._on_loop(self._note(images))
                if wanted is None:
                    self._on_loop(self._keeper.want(images))
                    continue
                wanted |= {one.read_id: one for one in images if one.state == WANTED}
                while len(wanted) > REMEMBERED:
                    wanted.popitem(last=False)
            if wanted is not None and reader.caught_up:
                self._on_loop(self._keeper.want(list(wanted.values())))
                wanted = None

    async def _note(self, images: list[Image]) -> None:
        self._keeper.note(images)

    def _on_loop(self, work: Coroutine[Any, Any, None]) -> None:
        """Have the loop do this, and wait until it has: what waits is bounded by that."""
        doing = asyncio.run_coroutine_threadsafe(work, self._loop)
        while not self._stop.is_set():
            try:
                doing.result(0.5)
                return
            except TimeoutError:
                continue
        doing.cancel()
