"""A real broker for the tests: the embedded one, on a free loopback port, one for each test that asks."""

from __future__ import annotations

import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from compose.broker import broker_command
from schemas.wire.publisher import BrokerUnavailableError
from schemas.wire.topics import create_topics

PARTITIONS = 4


def free_port() -> int:
    """Return a port nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[str]:
    """Start a broker with all topics and return its address."""
    port = free_port()
    with (tmp_path / "broker.log").open("wb") as output:
        process = subprocess.Popen(broker_command(port), stdout=output, stderr=output)
    address = f"127.0.0.1:{port}"
    try:
        deadline = time.monotonic() + 20
        while True:
            try:
                create_topics(address, partitions=PARTITIONS)
                break
            except BrokerUnavailableError:
                if time.monotonic() > deadline:
                    raise
        yield address
    finally:
        process.kill()
        process.wait()
