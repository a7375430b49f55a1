"""Where zones and cameras are now, from the log: what people of some areas are told depends on it."""

from __future__ import annotations

import threading

import msgspec
import structlog

from compose.roles.broker_settings import PLACED, log_reader
from compose.settings import Settings
from schemas.events.zone import Zone
from schemas.metrics import CONNECTIONS
from schemas.wire.frame import FrameDecoder
from schemas.wire.publisher import BrokerUnavailableError
from schemas.wire.reader import LogReader

log = structlog.get_logger(__name__)

POLL_S = 0.5
AGAIN_AFTER_S = 1.0


class Places:
    """Reads both topics whole and follows them, in a thread of its own from ``start`` to ``stop``."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._rows: dict[tuple[str, str], bytes] = {}
        self._stop = threading.Event()
        self._decoders = {kind.topic: FrameDecoder(kind) for kind in PLACED}
        self._thread = threading.Thread(target=self._run, name="places", daemon=True)
        #: All that the log had at the start was read.
        self.are_known = False

    def start(self) -> None:
        """Begin to read."""
        self._thread.start()

    def stop(self) -> None:
        """Stop reading."""
        self._stop.set()
        self._thread.join(5.0)

    def row(self, channel: str, key: str) -> bytes | None:
        """Return the newest state of a thing of ``zones`` or ``cameras``, as the hub has it (``Hub.row``)."""
        return self._rows.get((channel, key))

    def _run(self) -> None:
        while not self._stop.is_set():
            reader: LogReader | None = None
            try:
                reader = log_reader(self._settings, PLACED, "watchfloor-notify-places")
                CONNECTIONS.labels("places").inc()
                self._follow(reader)
            except BrokerUnavailableError as error:
                log.warning("zones and cameras cannot be read, trying again", why=str(error))
                self._stop.wait(AGAIN_AFTER_S)
            finally:
                if reader is not None:
                    reader.close()

    def _follow(self, reader: LogReader) -> None:
        while not self._stop.is_set():
            for record in reader.poll(POLL_S):
                for event in self._decoders[record.kind.topic].decode(record.value).events:
                    place = ("zones", event.zone_id) if isinstance(event, Zone) else ("cameras", event.camera_id)
                    self._rows[place] = msgspec.json.encode(event)
            self.are_known = self.are_known or reader.caught_up
