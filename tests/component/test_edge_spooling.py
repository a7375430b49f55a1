"""The edge over HTTP while its broker is away: it accepts, says so, and refuses in a clear sentence when it cannot."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx2

from connectors.edge.app import create_edge
from connectors.edge.spool import Spool
from schemas.wire.publisher import BrokerUnavailableError
from tests.component.edge_door import JSON, Log, talking_to

GONE = BrokerUnavailableError("gone")


def reads(count: int) -> bytes:
    read = {
        "occurred_at": "2026-01-15T18:30:05.125Z",
        "observed_at": "2026-01-15T18:30:05.125Z",
        "source": "test/reads",
        "camera_id": "C1",
        "plate": "ABC123",
        "plate_raw": "abc123",
        "confidence": 0.9,
    }
    return json.dumps([{**read, "event_id": str(uuid4())} for _ in range(count)]).encode()


async def post(client: httpx2.AsyncClient, count: int = 1) -> httpx2.Response:
    return await client.post("/ingest/events/plate_read", content=reads(count), headers=JSON)


async def health(client: httpx2.AsyncClient) -> tuple[int, dict[str, Any]]:
    answer = await client.get("/health")
    return answer.status_code, answer.json()


def test_the_edge_takes_events_without_a_broker_and_brings_them_when_it_is_there(tmp_path: Path) -> None:
    async def test() -> None:
        log = Log(GONE)
        spool = Spool(log, tmp_path, "edge", limit_mb=16, last_pause_s=0.01)
        await spool.open()
        with talking_to(create_edge(spool, spool=spool)) as client:
            answer = await post(client, 3)
            assert (answer.status_code, answer.json()["accepted"]) == (200, 3)
            status, told = await health(client)
            assert (status, told["status"], told["spool"]["events"]) == (200, "spooling", 3)
            assert told["broker"]["confirmed_events"] == 0, "the disk is not the broker"
            assert told["broker"]["last_failure"] == "gone"
            log.failure = None
            async with asyncio.timeout(20):
                while spool.events:
                    await asyncio.sleep(0.005)
            status, told = await health(client)
            assert (status, told["status"], told["spool"]["drained_events"]) == (200, "ok", 3)
            assert told["broker"]["confirmed_events"] == 3
        await spool.close()
        assert len(log.events) == 3

    asyncio.run(test())


def test_a_full_spool_answers_503_with_the_reason_after_the_alarm_was_raised(tmp_path: Path) -> None:
    async def test() -> None:
        spool = Spool(Log(GONE), tmp_path, "edge", limit_mb=1, last_pause_s=0.01)
        await spool.open()
        alarms = []
        with talking_to(create_edge(spool, spool=spool)) as client:
            while (answer := await post(client, 100)).status_code == 200:
                status, told = await health(client)
                assert (status, told["status"]) == (200, "spooling")
                alarms.append(told["spool"]["alarm"])
            assert answer.status_code == 503
            assert answer.headers["retry-after"] == "2"
            assert answer.json()["error"] == (
                "the broker does not confirm and the spool of this edge is full (spool_limit_mb); "
                "nothing was accepted, send again later"
            )
            assert (await health(client))[0] == 503
        assert alarms[0] == ""
        assert "% full" in alarms[-1]
        assert alarms.index(next(filter(None, alarms))) <= 0.7 * len(alarms), "the alarm came late"
        assert spool.events == 100 * len(alarms)
        await spool.close()

    asyncio.run(test())
