"""Sends plate reads of known truth to the edge, as careful sources do: what is not answered with 200 is sent again.

Reads come in chunks. A chunk has a ``source`` and cameras of its own, so that the store can be asked for it alone.
Every wanted read is of a plate and camera that meet once only, so that it is a pass, and an alert, of its own.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections import Counter, deque
from datetime import UTC, datetime, timedelta
from uuid import UUID

import httpx2

from schemas.events.plate_read import PlateRead
from schemas.identity import identity
from schemas.wire.frame import encode_frame

#: Reads in a chunk; far fewer than a question to the store may return.
CHUNK = 4_000
#: One read in so many is of a listed plate.
WANTED_EVERY = 10
LISTED = 20_000
#: Requests under way at once. What a fault holds up beyond them is made up later, not dropped.
MOST_REQUESTS = 192
#: A careful source tries again after so long, seconds.
AGAIN_S = 0.3


def wanted_plate(number: int) -> str:
    """Return a listed plate. No other plate that is sent looks like it."""
    return f"W{number:06d}"


class Chunk:
    """What was sent under one source, and what of it the edge took. ``wanted``: the reads that must raise an alert."""

    def __init__(self, seed: int, number: int) -> None:
        self.number = number
        self.source = f"campaign/{seed}-{number}"
        self.camera = f"c{seed}-{number}"
        self.sent = 0
        self.closed = False
        self.accepted: set[UUID] = set()
        self.wanted: set[UUID] = set()

    @property
    def whole(self) -> bool:
        """True once all of it was sent and taken."""
        return self.closed and len(self.accepted) >= self.sent


class Traffic:
    """Sends until cancelled. ``rate``: reads a second. What faults change: ``rate``, ``twice`` and ``late`` (shares of
    requests that are sent two times, or a second or two late), ``skew`` (how wrong the source's clock is)."""

    def __init__(self, edge: str, *, rate: float, seed: int) -> None:
        self.rate = rate
        self.twice = 0.0
        self.late = 0.0
        self.skew = timedelta(0)
        #: Plates that were listed a moment ago; the next wanted reads are of these.
        self.newly_listed: deque[str] = deque()
        self.chunks: list[Chunk] = []
        self.answers: Counter[str] = Counter()
        self.refused: list[str] = []
        self._url = f"{edge}/ingest/events/plate_read"
        self._seed = seed
        self._dice = random.Random(seed)
        self._wanted = 0
        self._resting = asyncio.Event()
        self._resting.set()

    @property
    def accepted(self) -> int:
        """Reads taken by the edge so far."""
        return sum(len(chunk.accepted) for chunk in self.chunks)

    @property
    def due(self) -> int:
        """Alerts that must come of them."""
        return sum(len(chunk.wanted & chunk.accepted) for chunk in self.chunks)

    def rest(self) -> None:
        """Send nothing new."""
        self._resting.clear()

    async def run(self) -> None:
        """Send until cancelled."""
        room = asyncio.Semaphore(MOST_REQUESTS)
        limits = httpx2.Limits(max_connections=MOST_REQUESTS, max_keepalive_connections=MOST_REQUESTS)
        due = time.monotonic()
        async with (
            httpx2.AsyncClient(limits=limits, timeout=30.0, trust_env=False) as client,
            asyncio.TaskGroup() as tasks,
        ):
            while True:
                if not self._resting.is_set():
                    await self._resting.wait()
                    due = time.monotonic()
                per_request = max(1, min(50, round(self.rate / 20)))
                await asyncio.sleep(max(0.0, due - time.monotonic()))
                await room.acquire()
                # What a fault held up is not caught up with: a burst is a fault of its own.
                due = max(due, time.monotonic() - 1.0) + per_request / self.rate
                tasks.create_task(self._deliver(client, room, *self._made(per_request)))

    def _made(self, count: int) -> tuple[Chunk, list[UUID], bytes]:
        if not self.chunks or self.chunks[-1].sent + count > CHUNK:
            if self.chunks:
                self.chunks[-1].closed = True
            self.chunks.append(Chunk(self._seed, len(self.chunks)))
        chunk = self.chunks[-1]
        reads = [self._read(chunk, chunk.sent + place) for place in range(count)]
        chunk.sent += count
        return chunk, [one.event_id for one in reads], encode_frame(reads)

    def _read(self, chunk: Chunk, number: int) -> PlateRead:
        at = datetime.now(UTC) + self.skew
        event_id = identity("plate_read", "campaign", self._seed, chunk.number, number)
        if number % WANTED_EVERY == 0:
            if self.newly_listed:
                plate = self.newly_listed.popleft()
            else:
                plate = wanted_plate(self._wanted % LISTED)
                self._wanted += 1
            chunk.wanted.add(event_id)
        else:
            plate = f"X{(chunk.number * CHUNK + number) % 1_000_000:06d}"
        return PlateRead(
            event_id=event_id,
            occurred_at=at,
            observed_at=at,
            source=chunk.source,
            synthetic=True,
            camera_id=f"{chunk.camera}-{number % 40}",
            plate=plate,
            plate_raw=plate,
            confidence=0.93,
            lat=29.95 + (number % 40) * 0.001,
            lon=-90.07,
        )

    async def _deliver(
        self, client: httpx2.AsyncClient, room: asyncio.Semaphore, chunk: Chunk, ids: list[UUID], body: bytes
    ) -> None:
        try:
            if self._dice.random() < self.late:
                await asyncio.sleep(self._dice.uniform(0.2, 2.0))
            copies = 2 if self._dice.random() < self.twice else 1
            await asyncio.gather(*(self._until_taken(client, body, len(ids)) for _ in range(copies)))
            chunk.accepted.update(ids)
        finally:
            room.release()

    async def _until_taken(self, client: httpx2.AsyncClient, body: bytes, count: int) -> None:
        while True:
            try:
                answer = await client.post(self._url, content=body, headers={"content-type": "application/json"})
            except httpx2.HTTPError as error:
                self.answers[type(error).__name__] += 1
            else:
                self.answers[str(answer.status_code)] += 1
                if answer.status_code == 200:
                    if answer.json()["accepted"] != count:
                        self.refused.append("the edge took a part of a request")
                    return
                if answer.status_code < 500 and answer.status_code != 429:
                    self.refused.append(f"{answer.status_code}: {answer.text[:200]}")
                    return
            await asyncio.sleep(AGAIN_S)
