"""Ports of this machine that nobody listens on."""

from __future__ import annotations

import contextlib
import random
import socket


def free_row(count: int) -> int:
    """Return the first of so many ports in a row that nobody listens on.

    Below those that the kernel gives to connections: a broker takes seconds to listen, and a client that tries
    meanwhile could be given the very port it tries.
    """
    while True:
        first = random.randrange(12_000, 32_000)  # noqa: S311 - no secret
        with contextlib.ExitStack() as held, contextlib.suppress(OSError):
            for port in range(first, first + count):
                held.enter_context(socket.socket()).bind(("127.0.0.1", port))
            return first


def free_ports(count: int) -> list[int]:
    """Return ports of this machine that nobody listens on."""
    probes = [socket.socket() for _ in range(count)]
    try:
        for probe in probes:
            probe.bind(("127.0.0.1", 0))
        return [probe.getsockname()[1] for probe in probes]
    finally:
        for probe in probes:
            probe.close()
