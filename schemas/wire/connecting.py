"""Connecting to Kafka so that an attempt that fails leaves nothing behind, and a change of leaders is noticed.

kafka-python starts a thread before it has found a broker. When none answers in time its constructor raises, and the
thread goes on: it keeps its sockets and asks for ever. Where a broker is slow and every attempt leaves one more of
them, they take the time that the next attempt would need, and a worker never comes back (measured: 40 after seven
minutes).

Nor does it bound the handshake of TLS: a broker that hangs still has its connections taken by the kernel, and whoever
met it waited for ever, though two others were well (seen: a hotlist's load, for as long as one of three was stopped).

And whoever asks where the log ends, of a broker that leads no more, goes on asking it, without a pause, until the
client's knowledge of leaders is five minutes old; of a partition that has no leader just then it says nothing at all
(seen: workers that did not know for minutes whether their facts were fresh, and cores full of asking, after two of
three brokers were lost one after the other).
"""

from __future__ import annotations

import ssl
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from kafka import TopicPartition
from kafka.consumer import group
from kafka.consumer.fetcher import Fetcher
from kafka.errors import KafkaConnectionError, LeaderNotAvailableError, NotLeaderForPartitionError
from kafka.net import manager
from kafka.net.compat import KafkaNetClient
from kafka.net.transport import KafkaSSLTransport

#: Seconds that a broker has for the handshake of TLS, which takes one that is well some milliseconds.
HANDSHAKE_S = 5.0


class _TimedHandshake(KafkaSSLTransport):  # type: ignore[misc] # untyped
    """As kafka-python's, within HANDSHAKE_S."""

    async def handshake(self) -> None:
        until = time.monotonic() + HANDSHAKE_S
        while time.monotonic() < until:
            try:
                self._sock.do_handshake()
                return
            except ssl.SSLWantReadError:
                await self._net.wait_read(self._sock, timeout_at=until)
            except ssl.SSLWantWriteError:
                await self._net.wait_write(self._sock, timeout_at=until)
        raise KafkaConnectionError("the broker did not answer the handshake of TLS in time")


class _FromLeaders(Fetcher):  # type: ignore[misc] # untyped
    """As kafka-python's, but who was asked for offsets in vain learns who leads before it asks again."""

    async def _send_list_offsets_requests(self, timestamps: dict[TopicPartition, Any]) -> Any:
        cluster = self._manager.cluster
        if any(cluster.leader_for_partition(place) in (None, -1) for place in timestamps):
            for place in timestamps:
                cluster.add_topic(place.topic)
            raise LeaderNotAvailableError
        found, again = await super()._send_list_offsets_requests(timestamps)
        if again:
            raise NotLeaderForPartitionError
        return found, again


manager.KafkaSSLTransport = _TimedHandshake
group.Fetcher = _FromLeaders


@contextmanager
def connecting() -> Iterator[Callable[..., KafkaNetClient]]:
    """Give what a client of kafka-python takes as ``kafka_client``; when the block raises, what it made is closed."""
    made: list[KafkaNetClient] = []

    def client(**config: Any) -> KafkaNetClient:
        one = KafkaNetClient(**config)
        made.append(one)
        return one

    try:
        yield client
    except BaseException:
        for one in made:
            one.close()
        raise
