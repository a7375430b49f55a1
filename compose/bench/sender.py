"""The sender of `bench end-to-end`: posts plate reads to an edge at a steady rate, whatever the edge does.

An open loop: a read is due when the clock says so, and a request that is late does not put off the next. Run as a
process of its own, ``python -m compose.bench.sender ORDER``; prints one JSON line.
"""

from __future__ import annotations

import asyncio
import sys
import time
from datetime import UTC, datetime

import aiohttp
import msgspec

from schemas.events.plate_read import PlateRead
from schemas.identity import identity
from schemas.wire.frame import encode_frame

#: Requests on their way at once; one that would be more waits, and is counted as late.
MOST_REQUESTS = 128
#: Time left for making what is sent, seconds: before all of it, and for each read.
BEFORE_S, MAKING_S = 1.0, 0.0001
#: One read in so many is of a listed plate.
WANTED_EVERY = 200


class Order(msgspec.Struct, frozen=True, kw_only=True):
    """What to send: reads a second, for so many seconds, so many in one request. ``number``: of the first read.
    ``begin``: when the first is due (Unix time); 0: as soon as all are made."""

    edge: str
    rate: int
    seconds: int
    per_request: int
    seed: int
    number: int = 0
    begin: float = 0.0


class Sent(msgspec.Struct, kw_only=True):
    """What became of it. ``wanted``: numbers of the listed plates in reads that were accepted. ``latest_ms``: how late
    a request left at worst, by its own schedule; ``answer_ms``: times to the answer, sorted."""

    sent: int = 0
    accepted: int = 0
    refused: int = 0
    wanted: list[int] = []
    latest_ms: float = 0.0
    answer_ms: list[float] = []


def wanted_plate(number: int) -> str:
    """Return a listed plate. No other plate that is sent looks like it."""
    return f"W{number:06d}"


def read(order: Order, number: int, at: datetime) -> PlateRead:
    """Return the read with this number, seen at ``at``."""
    listed = number % WANTED_EVERY == 0
    plate = wanted_plate(number // WANTED_EVERY) if listed else f"X{number % 1_000_000:06d}"
    camera = number % 500
    return PlateRead(
        event_id=identity("plate_read", "end-to-end", order.seed, number),
        occurred_at=at,
        observed_at=at,
        source="bench/end-to-end",
        synthetic=True,
        camera_id=f"bench-{camera}",
        plate=plate,
        plate_raw=plate,
        confidence=0.93,
        lat=29.90 + (camera % 25) * 0.006,
        lon=-90.14 + (camera // 25) * 0.01,
    )


def wanted_of(order: Order, numbers: range) -> list[int]:
    """Return the numbers of the listed plates among these reads of an order."""
    every = (order.number + number for number in numbers)
    return [number // WANTED_EVERY for number in every if number % WANTED_EVERY == 0]


def body(order: Order, first: int, begin: float) -> bytes:
    """Return the request that begins with this read, of a run that begins at ``begin`` (Unix time)."""
    at = datetime.fromtimestamp(begin + first / order.rate, UTC)
    last = min(first + order.per_request, order.rate * order.seconds)
    return encode_frame([read(order, order.number + number, at) for number in range(first, last)])


def _made(order: Order, total: int) -> tuple[float, list[bytes]]:
    """Return when the run begins and its requests. Made anew, for a later beginning, if the machine was too busy.

    An order that says when it begins does so: what is made too late leaves late.
    """
    if order.begin:
        return order.begin, [body(order, first, order.begin) for first in range(0, total, order.per_request)]
    allowed = BEFORE_S + total * MAKING_S
    while True:
        begin = time.time() + allowed
        bodies = [body(order, first, begin) for first in range(0, total, order.per_request)]
        if time.time() < begin:
            return begin, bodies
        allowed *= 2


async def send(order: Order) -> Sent:
    """Send everything, and return what was answered."""
    told = Sent()
    room = asyncio.Semaphore(MOST_REQUESTS)
    url = f"{order.edge}/ingest/events/plate_read"
    total = order.rate * order.seconds
    # What is sent is made beforehand, by the schedule: the sender must not take the cores that it measures.
    begin, bodies = _made(order, total)
    connector = aiohttp.TCPConnector(limit=MOST_REQUESTS)
    timeout = aiohttp.ClientTimeout(total=40.0)
    async with aiohttp.ClientSession(connector=connector, timeout=timeout) as client:

        async def post(first: int, sent: bytes) -> None:
            due = begin + first / order.rate
            try:
                left = time.time()
                numbers = range(first, min(first + order.per_request, total))
                told.sent += len(numbers)
                told.latest_ms = max(told.latest_ms, (left - due) * 1000)
                try:
                    async with client.post(url, data=sent, headers={"content-type": "application/json"}) as answer:
                        taken = int((await answer.json())["accepted"]) if answer.status == 200 else 0
                except (aiohttp.ClientError, TimeoutError):
                    taken = 0
                told.answer_ms.append(round((time.time() - left) * 1000, 1))
                told.accepted += taken
                told.refused += len(numbers) - taken
                if taken == len(numbers):
                    told.wanted += wanted_of(order, numbers)
            finally:
                room.release()

        async with asyncio.TaskGroup() as tasks:
            for place, first in enumerate(range(0, total, order.per_request)):
                await asyncio.sleep(max(0.0, begin + first / order.rate - time.time()))
                await room.acquire()
                tasks.create_task(post(first, bodies[place]))
    told.answer_ms.sort()
    return told


if __name__ == "__main__":
    done = asyncio.run(send(msgspec.json.decode(sys.argv[1], type=Order)))
    sys.stdout.write(msgspec.json.encode(done).decode() + "\n")
