"""A server with everything around it in memory, and one that listens on a free loopback port."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Sequence
from pathlib import Path
from typing import Any
from uuid import UUID

import msgspec
import uvicorn
from starlette.testclient import TestClient

from dashboards.server.app import create_server
from dashboards.server.hub import Hub
from dashboards.server.hubs import Hubs
from dashboards.server.ports import Before, QueryFailedError, QueryRefusedError, StoreUnavailableError, Vitals
from dashboards.server.serve import listening_socket, uvicorn_config
from schemas.envelope import Event
from schemas.events.alert import ALERT, Alert
from schemas.events.dead_letter import DEAD_LETTER, DeadLetter
from schemas.identity import identity
from schemas.wire.publisher import BrokerUnavailableError

#: Of the action that a page posts.
KEY = "5b1de8a6-0d5c-4b6c-9b0a-0d3f2c9a7e11"
WELL = Vitals(log_alive=True, log_polled_ago_s=0.1, store="")


def alert(number: int, rev: int = 1, status: str = "open", **changes: Any) -> Alert:
    alert_id = identity("test_alert", number)
    example: Alert = ALERT.examples[0]
    return msgspec.structs.replace(
        example, alert_id=alert_id, rev=rev, status=status, event_id=identity("alert_state", alert_id, rev), **changes
    )


class Log:
    """A publisher that keeps what it is given, or refuses, or waits until told."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self.away = False
        self.answering: asyncio.Event | None = None

    async def publish(self, events: Sequence[Event]) -> None:
        if self.answering is not None:
            await self.answering.wait()
        if self.away:
            raise BrokerUnavailableError
        self.events.extend(events)


class Store:
    """Answers by the text of the question."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, str, bool]] = []

    async def foreign(self, sql: str, fmt: str, raw: bool = False) -> bytes:
        self.asked.append((sql, fmt, raw))
        match sql:
            case "DROP TABLE calls":
                raise QueryRefusedError("Only reading is allowed.")
            case "SELEC":
                raise QueryFailedError("Syntax error at SELEC.")
            case "SELECT away":
                raise StoreUnavailableError
        return b'{"n":1}\n'


class Letters:
    """Dead letters in memory, newest first."""

    def __init__(self, log: Log) -> None:
        example: DeadLetter = DEAD_LETTER.examples[0]
        self.rows = [
            msgspec.structs.replace(
                example, event_id=UUID(int=number), original=b"\xff\x00" if number == 3 else example.original,
                reason="not_json" if number % 2 else "invalid_field",
            )
            for number in range(5, 0, -1)
        ]  # fmt: skip
        self.replayed: list[UUID] = []
        self._log = log

    async def list(self, limit: int, before: Before | None, reason: str | None) -> Sequence[DeadLetter]:
        rows = [row for row in self.rows if reason is None or row.reason == reason]
        if before is not None:
            place = (before.occurred_at, before.event_id)
            rows = [row for row in rows if (row.occurred_at, row.event_id) < place]
        return rows[:limit]

    async def get(self, event_id: UUID) -> DeadLetter | None:
        return next((row for row in self.rows if row.event_id == event_id), None)

    async def replay(self, event_id: UUID) -> bool:
        if self._log.away:
            raise BrokerUnavailableError
        if await self.get(event_id) is None:
            return False
        self.replayed.append(event_id)
        return True


class World:
    """A server and all that it was given."""

    def __init__(
        self,
        *,
        web_dir: Path | None = None,
        maps_dir: Path | None = None,
        with_store: bool = True,
        hub: Hub | None = None,
        vitals: Callable[[], Vitals] | None = None,
        hubs: Hubs | None = None,
        **others: Any,
    ) -> None:
        self.hub = hub or Hub(version="test")
        self.hubs = hubs or Hubs(self.hub)
        self.log = Log()
        self.store = Store()
        self.letters = Letters(self.log)
        self.vitals = WELL
        self.connections: Callable[[], int] = lambda: 0
        self.app = create_server(
            hub=self.hub,
            publisher=self.log,
            query=self.store if with_store else None,
            dead_letters=self.letters if with_store else None,
            web_dir=web_dir,
            maps_dir=maps_dir,
            vitals=vitals or (lambda: self.vitals),
            hosts=("console.example",),
            hubs=self.hubs,
            **others,
        )

    def browser(self, client: str = "127.0.0.1", **headers: str) -> TestClient:
        """Return a client that asks as our own page does."""
        return TestClient(
            self.app,
            base_url="http://127.0.0.1:8000",
            client=(client, 40_000),
            headers={"origin": "http://127.0.0.1:8000", **headers},
            raise_server_exceptions=False,
        )


@contextlib.asynccontextmanager
async def listening(world: World, **socket_options: int) -> AsyncIterator[str]:
    """Run the server on a free loopback port; gives host:port."""
    listener = listening_socket(**socket_options)
    host, port = listener.getsockname()[:2]
    server = uvicorn.Server(uvicorn_config(world.app))
    world.connections = lambda: len(server.server_state.connections)
    serving = asyncio.create_task(server.serve(sockets=[listener]))
    try:
        async with asyncio.timeout(20):
            while not server.started:
                assert not serving.done(), "the server ended at once"
                await asyncio.sleep(0.005)
        yield f"{host}:{port}"
    finally:
        server.should_exit = True
        await serving
        listener.close()


def action(**changes: object) -> dict[str, object]:
    """What a page posts when a person acknowledges the first alert, changed."""
    return {
        "key": KEY,
        "name": "alert.acknowledge",
        "subject_id": str(alert(1).alert_id),
        "actor": "r.diaz",
        "note": "on it",
    } | changes
