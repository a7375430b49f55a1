"""A role beats as systemd's protocol says, and whoever listens knows when it is silent."""

from __future__ import annotations

import asyncio
import socket
from pathlib import Path

import pytest

from compose.heartbeat import START_WITHIN_S, Listener, beat


def test_a_role_under_systemd_says_that_it_is_ready_and_beats(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def run() -> None:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as line:
            line.bind("\0watchfloor-test-beat")  # systemd may give an abstract address, written with @
            line.setblocking(False)
            monkeypatch.setenv("NOTIFY_SOCKET", "@watchfloor-test-beat")
            monkeypatch.setenv("WATCHDOG_USEC", "40000")
            beating = asyncio.create_task(beat())
            loop = asyncio.get_running_loop()
            said = [await asyncio.wait_for(loop.sock_recv(line, 100), 10) for _ in range(3)]
            beating.cancel()
            assert said == [b"READY=1\n", b"WATCHDOG=1\n", b"WATCHDOG=1\n"]

    asyncio.run(run())


@pytest.mark.parametrize("name", ["NOTIFY_SOCKET", "WATCHDOG_USEC"])
def test_a_role_that_nobody_listens_to_does_not_beat(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NOTIFY_SOCKET", "@nobody")
    monkeypatch.setenv("WATCHDOG_USEC", "1000000")
    monkeypatch.delenv(name)
    asyncio.run(asyncio.wait_for(beat(), 10))


def test_a_beat_meant_for_another_process_is_not_given(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NOTIFY_SOCKET", "@nobody")
    monkeypatch.setenv("WATCHDOG_USEC", "1000000")
    monkeypatch.setenv("WATCHDOG_PID", "1")
    asyncio.run(asyncio.wait_for(beat(), 10))


def test_silence_is_told_after_so_many_looks_and_a_start_may_take_longer() -> None:
    listener = Listener(3.0)
    address = listener.environment["NOTIFY_SOCKET"]
    assert listener.environment["WATCHDOG_USEC"] == "3000000"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as role:
        role.sendto(b"WATCHDOG=1\n", address)
        assert [listener.look() for _ in range(4)] == [None, None, None, 3.0]
        role.sendto(b"WATCHDOG=1\n", address)
        assert listener.look() is None
        listener.begin()
        starting = [listener.look() for _ in range(int(START_WITHIN_S) + 3)]
        assert starting[:-1] == [None] * (int(START_WITHIN_S) + 2)
        assert starting[-1] == START_WITHIN_S + 3.0
    listener.close()
    assert not Path(address).exists()
