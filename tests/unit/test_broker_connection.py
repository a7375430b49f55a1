"""An edge's connection says at once that there is no broker, and waits for the log to be put back before it sends."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

import pytest

from compose import run_file
from compose.roles import connection
from compose.roles.connection import BrokerConnection
from compose.settings import Settings
from schemas.wire.publisher import BrokerUnavailableError


def test_without_a_broker_it_says_so_at_once() -> None:
    async def test() -> None:
        made = BrokerConnection(Settings(), "test", asyncio.Event())
        with pytest.raises(BrokerUnavailableError, match="not connected"):
            await made.publish([])

    asyncio.run(test())


def test_under_up_it_waits_until_this_brokers_log_was_put_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "LOOK_EVERY_S", 0.001)
    running = run_file.RunningHere(pid=os.getpid(), kafka="", web="", edge="", roles={"broker": 4711})

    async def test() -> None:
        stop = asyncio.Event()
        made = BrokerConnection(Settings(data_dir=tmp_path), "test", stop)
        assert await made._log_is_whole(), "where no `up` runs there is nothing to wait for"
        run_file.write(tmp_path, running)
        run_file.note_restored(tmp_path, 4710)  # the broker before
        waiting = asyncio.create_task(made._log_is_whole())
        done, _ = await asyncio.wait({waiting}, timeout=0.1)
        assert not done
        run_file.note_restored(tmp_path, 4711)
        assert await asyncio.wait_for(waiting, 20)
        run_file.forget_restored(tmp_path)
        stop.set()
        assert not await made._log_is_whole()

    asyncio.run(test())
