"""Judges by ids: is all that was accepted stored once, and every due alert raised once, in store and on screen?"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import httpx2

from compose.screen import Screen
from tests.fault.campaign.traffic import Chunk, Traffic


@dataclass(frozen=True)
class Judgement:
    """What is not as it must be; all empty when all is well. ``doubled`` never mends, the others may still come."""

    not_stored: int = 0
    not_raised: int = 0
    not_shown: int = 0
    doubled: int = 0
    unexpected: int = 0

    @property
    def well(self) -> bool:
        """True when nothing is wrong."""
        return self == Judgement()


class NotAskableError(Exception):
    """The server does not answer now."""


class Oracle:
    """Compares what the sender knows with what store and screen hold. What was found whole is not looked at again."""

    def __init__(self, web: str, traffic: Traffic, screen: Screen) -> None:
        self._url = f"{web}/api/sql"
        self._web = web
        self._traffic = traffic
        self._screen = screen
        self._settled: set[int] = set()
        self._seen = 0
        self._shown: set[UUID] = set()
        self._deliveries: Counter[UUID] = Counter()
        self.stored = 0
        self.raised = 0

    def snapshot(self) -> dict[int, set[UUID]]:
        """Return by chunk what has been accepted until now."""
        return {one.number: set(one.accepted) for one in self._traffic.chunks if one.number not in self._settled}

    async def judge(self, client: httpx2.AsyncClient, accepted: dict[int, set[UUID]]) -> Judgement:
        """Return what is wrong with what was accepted. Raises NotAskableError."""
        self._look_at_screen()
        not_stored = not_raised = not_shown = doubled = unexpected = 0
        for number, ids in accepted.items():
            chunk = self._traffic.chunks[number]
            rows, stored = await self._stored(client, chunk)
            alerts = await self._alerts(client, chunk)
            wanted = chunk.wanted & ids
            missing = (len(ids - stored), len(wanted - alerts.keys()), len(wanted - self._shown))
            not_stored += missing[0]
            not_raised += missing[1]
            not_shown += missing[2]
            doubled += rows - len(stored) + sum(count - 1 for count in alerts.values())
            unexpected += len(alerts.keys() - chunk.wanted)
            if chunk.whole and len(ids) == len(chunk.accepted) and not any(missing):
                self._settled.add(number)
                self.stored += len(stored)
                self.raised += len(alerts)
        doubled += sum(count - 1 for count in self._deliveries.values() if count > 1)
        return Judgement(not_stored, not_raised, not_shown, doubled, unexpected)

    async def totals(self, client: httpx2.AsyncClient) -> tuple[int, int]:
        """Return how many different reads and alerts of this traffic the store holds."""
        reads = await self.ask(client, "SELECT uniqExact(event_id) FROM plate_reads WHERE source LIKE 'campaign/%'")
        alerts = await self.ask(
            client, "SELECT uniqExact(alert_id) FROM alert_states WHERE rule = 'hotlist_hit' AND camera_id LIKE 'c%'"
        )
        return int(reads[0][0]), int(alerts[0][0])

    def _look_at_screen(self) -> None:
        news = self._screen.alerts[self._seen :]
        self._seen += len(news)
        for alert in news:
            self._shown.update(alert.triggers)
            self._deliveries[alert.event_id] += 1

    async def _stored(self, client: httpx2.AsyncClient, chunk: Chunk) -> tuple[int, set[UUID]]:
        rows = await self.ask(client, f"SELECT event_id FROM plate_reads WHERE source = '{chunk.source}'")
        return len(rows), {UUID(row[0]) for row in rows}

    async def _alerts(self, client: httpx2.AsyncClient, chunk: Chunk) -> Counter[UUID]:
        rows = await self.ask(
            client,
            "SELECT triggers[1] FROM alert_states WHERE rule = 'hotlist_hit' AND rev = 1 "
            f"AND startsWith(camera_id, '{chunk.camera}-')",
        )
        return Counter(UUID(row[0]) for row in rows)

    async def ask(self, client: httpx2.AsyncClient, sql: str) -> list[list[Any]]:
        """Put a question to the store. Raises NotAskableError."""
        try:
            answer = await client.post(self._url, json={"sql": sql, "format": "JSON"})
        except httpx2.HTTPError as error:
            raise NotAskableError(type(error).__name__) from error
        if 400 <= answer.status_code < 429:
            raise RuntimeError(f"a question of the oracle is wrong: {answer.text[:500]}")
        if answer.status_code != 200:
            raise NotAskableError(f"{answer.status_code}: {answer.text[:200]}")
        return [list(row.values()) for row in answer.json()["data"]]
