"""Watching one camera: a thread looks at the pictures, the event loop judges and reports."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Callable
from datetime import datetime
from threading import Event as Flag
from threading import Thread

import structlog
from msgspec import Struct

from connectors.camera_stream.config import CameraStream
from connectors.camera_stream.report import Reporter
from connectors.camera_stream.watch import Picture, Watch
from schemas.wire.frame import utc_now
from schemas.wire.publisher import BrokerUnavailableError, Publisher

#: How often silence is noticed and what waits is sent, seconds.
TICK_S = 0.25
#: How long to wait before asking an absent broker again, seconds.
RETRY_S = 2.0
#: How long a stopping watcher gives the broker for its last events, and its thread for ending, seconds.
LEAVE_WITHIN_S = 2.0

_log = structlog.get_logger(__name__)


class Seen(Struct, frozen=True):
    """What one picture looked like, when it was taken (monotonic, seconds), and how many came a second."""

    picture: Picture
    at: float
    fps: float | None


class Gone(Struct, frozen=True):
    """The source was lost."""

    at: float
    detail: str


async def run(
    config: CameraStream,
    publisher: Publisher,
    *,
    stop: asyncio.Event,
    clock: Callable[[], datetime] = utc_now,
) -> None:
    """Watch one camera until ``stop`` is set.

    Emits CameraHealth on every change and every 10 s, CameraObservation when motion begins and ends, and, when the
    configuration says where the camera stands, one Camera at the start. A camera that cannot be reached is reported
    as no_signal and tried again; a broker that is away is waited for. Raises ImportError, saying what to install,
    when OpenCV is missing.
    """
    from connectors.camera_stream import looking  # not above: it needs OpenCV, which is an extra

    session = _Session(config, publisher, clock)
    loop = asyncio.get_running_loop()
    leave = Flag()

    def post(found: Seen | Gone | BaseException) -> None:
        with contextlib.suppress(RuntimeError):  # the loop was closed: nobody listens any more
            loop.call_soon_threadsafe(session.take, found)

    # A daemon, because a camera that hangs may keep it in a read for seconds, and must not keep the process.
    thread = Thread(target=looking.look_on, args=(config, leave, post), name=config.source_name, daemon=True)
    thread.start()
    _log.info("camera_watched", camera=config.camera_id, source=config.source.shown)
    sending: asyncio.Task[None] | None = None
    try:
        while not stop.is_set():
            session.tick()
            if sending is None or sending.done():
                if sending is not None:
                    sending.result()
                sending = asyncio.create_task(session.send())
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), TICK_S)
    finally:
        leave.set()
        if sending is not None:
            await asyncio.wait({sending}, timeout=LEAVE_WITHIN_S)
            sending.cancel()
        await asyncio.to_thread(thread.join, LEAVE_WITHIN_S)


class _Session:
    """One run: what the thread found is judged, and what follows is sent. Lives on the event loop alone."""

    def __init__(self, config: CameraStream, publisher: Publisher, clock: Callable[[], datetime]) -> None:
        self._config = config
        self._publisher = publisher
        self._clock = clock
        self._watch = Watch(time.monotonic())
        self._reporter = Reporter(config)
        self._reporter.announce(clock())
        self._fps: float | None = None
        self._failure: BaseException | None = None

    def take(self, found: Seen | Gone | BaseException) -> None:
        """Take in what the thread found."""
        if isinstance(found, BaseException):
            self._failure = found
            return
        if isinstance(found, Seen):
            self._fps = found.fps
            self._watch.see(found.picture, found.at)
        else:
            self._watch.lose(found.at, found.detail)
        self._report(found.at)

    def tick(self) -> None:
        """Take in that time has passed. Raises what ended the thread, if it ended by itself."""
        if self._failure is not None:
            raise self._failure
        at = time.monotonic()
        self._watch.wait(at)
        self._report(at)

    async def send(self) -> None:
        """Send what waits; when the broker is away, keep it and return after a pause."""
        events = self._reporter.waiting()
        if not events:
            return
        try:
            await self._publisher.publish(events)
        except BrokerUnavailableError:
            _log.warning("camera_events_wait_for_broker", camera=self._config.camera_id, waiting=len(events))
            await asyncio.sleep(RETRY_S)
        else:
            self._reporter.confirm(events)

    def _report(self, at: float) -> None:
        self._reporter.take(self._watch.judgement, self._fps, at, self._clock())
