"""Following the log: what it says of alerts and incidents is acknowledged once it lies in the outbox."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from typing import Any

import structlog

from compose.notify.outbox import OutboxError
from compose.roles.broker_settings import NOTIFIED, notify_reader
from compose.settings import Settings
from schemas.events.alert import Alert
from schemas.events.incident import Incident
from schemas.metrics import CONNECTIONS
from schemas.wire.frame import FrameDecoder
from schemas.wire.group_reader import GroupReader
from schemas.wire.publisher import BrokerUnavailableError

log = structlog.get_logger(__name__)

Take = Callable[[Sequence[Alert | Incident]], int]

POLL_S = 0.5
AGAIN_AFTER_S = 1.0
#: A log that was not read for so long is not followed, seconds.
NOT_READ_S = 30.0


class Following:
    """A member of the group, in a thread of its own from ``start`` to ``stop``."""

    def __init__(self, settings: Settings, take: Take, on_new: Callable[[], None]) -> None:
        """``take``: puts into the outbox what these states are an occasion for, and returns how much that is; raises
        OutboxError. ``on_new``: called in the thread when that was something."""
        self._settings = settings
        self._take = take
        self._on_new = on_new
        self._stop = threading.Event()
        self._decoders = {kind.topic: FrameDecoder(kind) for kind in NOTIFIED}
        self._reader: GroupReader | None = None
        self._polled_at = time.monotonic()
        self._outbox_fault = ""
        self._thread = threading.Thread(target=self._run, name="notify", daemon=True)

    def start(self) -> None:
        """Begin to follow."""
        self._thread.start()

    def stop(self) -> None:
        """Stop. What was not acknowledged is read again, and is known by its keys."""
        self._stop.set()
        self._thread.join(10.0)

    def fault(self) -> str:
        """Return what is wrong in words, or ""."""
        if self._outbox_fault:
            return self._outbox_fault
        reader = self._reader
        silent_s = time.monotonic() - self._polled_at
        if silent_s > NOT_READ_S:
            return f"The log of alerts has not been read for {silent_s:.0f} s: nobody outside is told anything new."
        if reader is None:
            return "It is joining the group."
        return "" if reader.assigned() else "No partition is assigned to it."

    def _run(self) -> None:
        while not self._stop.is_set():
            try:
                reader = notify_reader(self._settings)
                try:
                    CONNECTIONS.labels("notify").inc()
                    self._reader = reader
                    self._follow(reader)
                finally:
                    self._reader = None
                    reader.close()
            except BrokerUnavailableError as error:
                log.warning("the log of alerts cannot be read, trying again", why=str(error))
            except OutboxError as error:
                self._outbox_fault = str(error)
                log.error("notifications cannot be kept, trying again", why=str(error))
            self._stop.wait(AGAIN_AFTER_S)

    def _follow(self, reader: GroupReader) -> None:
        while not self._stop.is_set():
            fetched = reader.poll(POLL_S)
            self._polled_at = time.monotonic()
            if not fetched.records:
                continue
            events: list[Any] = []
            for record in fetched.records:
                frame = self._decoders[record.kind.topic].decode(record.value)
                events += frame.events
                if frame.rejected:
                    # The store makes them dead letters; here it only matters that nobody is told of them.
                    log.error("a state cannot be read and is not told", count=len(frame.rejected))
            if self._take(events):
                self._on_new()
            self._outbox_fault = ""
            reader.acknowledge(fetched)
