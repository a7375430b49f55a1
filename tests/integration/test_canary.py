"""A running system sends canaries by itself: they come the whole way, are counted nowhere, and say what is broken."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx2
import pytest

from compose import canary
from compose.canary import Canaries
from compose.commands.doctor import examine
from compose.local import Local, addresses
from compose.own_system import own_system
from compose.settings import Settings, load

#: One for each connector that sources post to.
EVERY = len(canary.PAYLOADS)
NOBODY = ("plate_reads", "sightings", "alerts", "alert_states", "dead_letters", "cameras")


class OverHttp:
    """The store of a running system, asked as people ask it."""

    def __init__(self, settings: Settings) -> None:
        self._url = f"{addresses(settings).web}/api/sql"

    async def rows(self, sql: str) -> list[dict[str, Any]]:
        async with httpx2.AsyncClient(timeout=20) as client:
            answer = await client.post(self._url, json={"sql": sql, "format": "JSON"})
        assert answer.status_code == 200, answer.text
        found: list[dict[str, Any]] = answer.json()["data"]
        return found

    async def query(self, sql: str, params: Mapping[str, Any], fmt: str) -> bytes:
        plates = ", ".join(f"'{plate}'" for plate in params["plates"])
        rows = await self.rows(sql.replace("{plates:Array(String)}", f"({plates})"))
        return "\n".join(json.dumps(row) for row in rows).encode()


async def health(local: Local) -> dict[str, Any]:
    async with httpx2.AsyncClient(timeout=20) as client:
        told: dict[str, Any] = (await client.get(f"{addresses(local.settings).web}/api/health")).json()
    return told


async def until(local: Local, true: Callable[[dict[str, Any]], bool], seconds: float = 60.0) -> dict[str, Any]:
    end = time.monotonic() + seconds
    while not true(told := await health(local)):
        assert time.monotonic() < end, told
        await asyncio.sleep(0.3)
    return told


@pytest.mark.parametrize("kafka", [1, 0], ids=["apache_kafka", "embedded"])
def test_canaries_come_the_whole_way_are_counted_nowhere_and_say_what_is_broken(
    kafka: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def run() -> None:
        async with own_system(
            load(canary_every_s=2.0, hang_s=3600), tmp_path, kafka=kafka, say=lambda _text: None
        ) as local:
            told = await until(local, lambda now: len(now["canaries"]) == EVERY)
            told = await until(local, lambda now: not now["not_coming"])
            assert told["ok"]
            for flight in told["canaries"]:
                assert flight["fault"] == ""
                assert 0 < flight["door_ms"] < 20_000
                assert 0 < flight["screen_ms"] < 20_000
                assert 0 < flight["stored_ms"] < 20_000
                print(flight["connector"], flight["door_ms"], flight["screen_ms"], flight["stored_ms"])
            store = OverHttp(local.settings)
            assert int((await store.rows("SELECT count() AS n FROM canaries"))[0]["n"]) >= EVERY
            for table in NOBODY:
                assert (await store.rows(f"SELECT count() AS n FROM {table}"))[0]["n"] in (0, "0"), table
            await counted_by_no_screen_and_no_ledger(local)
            found = {one.what: one for one in await asyncio.to_thread(lambda: list(examine(local.settings)))}
            assert found["connector rekor"].level == "ok"

            # The vendor's form has changed: its translator understands it no more; the other connector is well.
            monkeypatch.setitem(
                canary.PAYLOADS, "rekor", lambda plate, now: {"data_type": "alpr_group", "plate": plate}
            )
            alone = Canaries(local.settings, store)  # type: ignore[arg-type]
            flights = {flight.connector: flight for flight in await alone.round()}
            assert (flights["rekor"].stage, flights["platerecognizer"].stage) == ("door", "")
            assert "422" in flights["rekor"].fault or "400" in flights["rekor"].fault

            # The processors stand still.
            pid = local.supervisor.running["process"].pid
            assert pid is not None
            os.kill(pid, signal.SIGSTOP)
            told = await until(local, lambda now: len(now["not_coming"]) == EVERY, 90)
            assert {flight["stage"] for flight in told["canaries"]} <= {"processing", ""}
            assert "not processed" in next(iter(told["not_coming"].values()))

    asyncio.run(run())


async def counted_by_no_screen_and_no_ledger(local: Local) -> None:
    now = datetime.now(UTC)
    begin = (now - timedelta(minutes=5)).isoformat()
    async with httpx2.AsyncClient(timeout=60) as client:
        status = (await client.get(f"{addresses(local.settings).web}/api/status")).json()
        verified = await client.get(
            f"{addresses(local.settings).web}/api/ledger", params={"from": begin, "exact": "true"}
        )
    channels = status["hub"]["channels"]
    assert channels["sightings"]["kept"] == 0
    assert channels["alerts"]["kept"] == 0
    assert channels["canaries"]["kept"] == EVERY
    assert verified.status_code == 200, verified.text
    assert "canary" not in verified.text
