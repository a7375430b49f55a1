"""What the tests of the edge share: publishers that keep, fail or wait, and a client to post with."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx2
from starlette.applications import Starlette
from starlette.testclient import TestClient

from connectors.edge.app import create_edge
from schemas.envelope import Event

FIXTURES = Path(__file__).parents[1] / "contract" / "fixtures"
NOW = datetime(2026, 1, 15, 18, 30, 6, tzinfo=UTC)
JSON = {"Content-Type": "application/json"}


class Log:
    """A publisher that keeps what it was given; ``failure`` makes it fail."""

    def __init__(self, failure: Exception | None = None) -> None:
        self.events: list[Event] = []
        self.failure = failure

    async def publish(self, events: Sequence[Event]) -> None:
        if self.failure is not None:
            raise self.failure
        self.events += events


class HeldLog(Log):
    """A publisher that confirms nothing until it is released."""

    def __init__(self) -> None:
        super().__init__()
        self.asked = asyncio.Event()
        self.release = asyncio.Event()

    async def publish(self, events: Sequence[Event]) -> None:
        self.asked.set()
        await self.release.wait()
        await super().publish(events)


def edge(log: Log, **options: Any) -> TestClient:
    return TestClient(create_edge(log, clock=lambda: NOW, **options))


def fixture(name: str) -> bytes:
    return (FIXTURES / f"{name}.body").read_bytes()


def group(**changes: Any) -> bytes:
    return json.dumps({**json.loads(fixture("rekor/group")), **changes}).encode()


@contextmanager
def talking_to(app: Starlette) -> Iterator[httpx2.AsyncClient]:
    yield httpx2.AsyncClient(transport=httpx2.ASGITransport(app=app), base_url="http://edge")
