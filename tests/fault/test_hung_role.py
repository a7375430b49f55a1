"""A role that is stopped, not dead, is replaced: nobody has to act, and nothing is lost."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from pathlib import Path

import httpx2
import pytest

from compose.local import Local, addresses
from compose.own_system import own_system
from compose.settings import load
from schemas.events.plate_read import EXAMPLE
from schemas.identity import identity

HANG_S = 6.0


@pytest.mark.parametrize("kafka", [1, 0], ids=["apache_kafka", "embedded"])
def test_stopped_roles_are_killed_and_started_again_and_nothing_is_lost(kafka: int, tmp_path: Path) -> None:
    """Reads are posted before, while the processors stand still, and while the server does."""
    settings = load(hang_s=HANG_S)

    async def run() -> None:
        async with own_system(settings, tmp_path, kafka=kafka, say=lambda _text: None) as local:
            await post(local, 0, 20)
            await until_stored(local, 20)
            for number, role in enumerate(("process", "serve"), 1):
                running = local.supervisor.running[role]
                assert running.pid is not None
                stopped_at = time.monotonic()
                os.kill(running.pid, signal.SIGSTOP)
                await post(local, number * 20, number * 20 + 20)
                await until_stored(local, number * 20 + 20)
                print(f"{role} stopped: all stored {time.monotonic() - stopped_at:.1f} s later (hang_s {HANG_S:.0f})")
                assert running.hangs == 1
            assert local.supervisor.running["connect"].hangs == 0

    asyncio.run(run())


async def post(local: Local, first: int, end: int) -> None:
    async with httpx2.AsyncClient(timeout=20) as client:
        for number in range(first, end):
            read = {
                "event_id": str(identity("plate_read", "test", number)),
                "occurred_at": "2026-01-15T18:30:05.125Z",
                "observed_at": "2026-01-15T18:30:05.125Z",
                "source": "test/reads",
                "camera_id": EXAMPLE.camera_id,
                "plate": f"HANG{number}",
                "plate_raw": f"HANG{number}",
                "confidence": 0.9,
            }
            answer = await client.post(f"{addresses(local.settings).edge}/ingest/events/plate_read", json=read)
            assert answer.status_code == 200, answer.text


async def until_stored(local: Local, wanted: int) -> None:
    end = time.monotonic() + 90
    sql = "SELECT count() AS n, uniqExact(event_id) AS ids FROM sightings"
    async with httpx2.AsyncClient(timeout=5) as client:
        while True:
            try:
                asked = {"sql": sql, "format": "JSON"}
                answer = await client.post(f"{addresses(local.settings).web}/api/sql", json=asked)
                rows = answer.json()["data"][0] if answer.status_code == 200 else {}
            except httpx2.HTTPError:
                rows = {}
            if rows and int(rows["ids"]) >= wanted:
                assert int(rows["n"]) == int(rows["ids"]) == wanted
                return
            assert time.monotonic() < end, rows
            await asyncio.sleep(0.2)
