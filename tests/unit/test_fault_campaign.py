"""The judge of the fault campaign sees what is wrong, and its table tells it."""

from __future__ import annotations

import asyncio
import random
from typing import Any
from uuid import UUID

import httpx2
import pytest

from compose.screen import Screen
from schemas.event_type import EventType
from schemas.identity import identity
from schemas.wire.frame import FrameDecoder
from tests.fault.campaign.oracle import Judgement, NotAskableError, Oracle
from tests.fault.campaign.poison import TOPICS, piece
from tests.fault.campaign.run import Campaign, Round
from tests.fault.campaign.table import Ran, machine, written
from tests.fault.campaign.traffic import Chunk, Traffic

READS = [identity("read", number) for number in range(4)]


def judged(stored: list[UUID], alerts: list[UUID], shown: list[UUID]) -> Judgement:
    """What the oracle says of four accepted reads, the first two of them wanted."""
    traffic = Traffic("http://127.0.0.1:1", rate=1, seed=1)
    chunk = Chunk(1, 0)
    chunk.accepted, chunk.wanted, chunk.sent = set(READS), set(READS[:2]), 4
    traffic.chunks.append(chunk)

    def answer(request: httpx2.Request) -> httpx2.Response:
        rows = stored if b"plate_reads" in request.content else alerts
        return httpx2.Response(200, json={"data": [{"id": str(one)} for one in rows]})

    async def ask() -> Judgement:
        oracle = Oracle("http://127.0.0.1:1", traffic, Screen("ws://127.0.0.1:1/ws"))
        oracle._shown = set(shown)
        async with httpx2.AsyncClient(transport=httpx2.MockTransport(answer)) as client:
            return await oracle.judge(client, oracle.snapshot())

    return asyncio.run(ask())


@pytest.mark.parametrize(
    ("stored", "alerts", "shown", "expected"),
    [
        (READS, READS[:2], READS[:2], Judgement()),
        (READS[:3], READS[:2], READS[:2], Judgement(not_stored=1)),
        ([*READS, READS[3]], READS[:2], READS[:2], Judgement(doubled=1)),
        (READS, READS[:1], READS[:1], Judgement(not_raised=1, not_shown=1)),
        (READS, READS[:2], READS[:1], Judgement(not_shown=1)),
        (READS, [*READS[:2], READS[0]], READS[:2], Judgement(doubled=1)),
        (READS, READS[:3], READS[:2], Judgement(unexpected=1)),
    ],
)
def test_the_oracle_names_what_is_lost_doubled_or_not_due(
    stored: list[UUID], alerts: list[UUID], shown: list[UUID], expected: Judgement
) -> None:
    found = judged(stored, alerts, shown)
    assert found == expected
    assert found.well is (expected == Judgement())


def test_a_server_that_is_away_is_no_judgement() -> None:
    async def ask() -> None:
        oracle = Oracle("http://127.0.0.1:1", Traffic("http://127.0.0.1:1", rate=1, seed=1), Screen("ws://x/ws"))
        transport = httpx2.MockTransport(lambda _request: httpx2.Response(503))
        async with httpx2.AsyncClient(transport=transport) as client:
            await oracle.ask(client, "SELECT 1")

    with pytest.raises(NotAskableError):
        asyncio.run(ask())


@pytest.mark.parametrize("kind", TOPICS[2:], ids=lambda kind: kind.name)
def test_every_piece_of_poison_is_poison_for_every_topic(kind: EventType[Any]) -> None:
    dice = random.Random(1)
    for _ in range(60):
        frame = FrameDecoder(kind).decode(piece(dice))
        assert frame.rejected
        assert not frame.events


def test_the_table_tells_a_round_that_failed() -> None:
    well = {"lost": 0, "alerts_missing": 0, "doubled": 0, "unexpected": 0, "kills": 1, "notes": [], "seed": 5}
    rounds = [
        Round(number=0, faults=["kill"], families=["role"], held_s=1, recovery_s=2.0, accepted=50, due=5, **well),
        Round(
            number=1, faults=["kill"], families=["role"], held_s=1, recovery_s=None, accepted=50, due=5,
            **(well | {"lost": 3, "failure": "three are gone"}),
        ),
    ]  # fmt: skip
    campaign = Campaign(
        seed=9,
        brokers=1,
        rate=100,
        began="2026-01-15T18:00:00",
        accepted=100,
        stored=97,
        due=10,
        raised=10,
        rounds=rounds,
    )
    text = written([Ran(machine=machine(), campaign=campaign)])
    assert "| role | kill | 2 | 2 | 100 | 10 | 3 | 0 | 0 | 1 | 2.0 | 2.0 |" in text
    assert "- seed 9, round 1, kill: three are gone" in text
    assert "| 100 | 97 | 10 | 10 | 3 | 0 | 1 |" in text
