"""The list of dead letters holds however large the letters are."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import datetime, timedelta
from uuid import UUID

import pytest
from msgspec.structs import replace

from compose.settings import load
from compose.stored import StoredDeadLetters
from pipeline.store.async_store import AsyncStore
from pipeline.store.chdb_store import ChdbStore
from pipeline.store.store import Placed
from schemas.events.dead_letter import DEAD_LETTER, EXAMPLE
from schemas.identity import identity
from schemas.wire.producer import FrameProducer

COUNT = 65


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ChdbStore]:
    opened = ChdbStore(tmp_path_factory.mktemp("store"), readers=1)
    opened.migrate()
    letters = [
        replace(
            EXAMPLE,
            event_id=identity("dead_letter", number),
            # Several of each moment, so that a portion ends amid letters of one time.
            occurred_at=EXAMPLE.occurred_at + timedelta(seconds=number // 7),
            original=b"x" * 600_000,
        )
        for number in range(COUNT)
    ]
    for start in range(0, COUNT, 20):
        opened.insert(DEAD_LETTER, [Placed(one, DEAD_LETTER.topic, 0, 1) for one in letters[start : start + 20]])
    yield opened
    opened.close()


@pytest.mark.parametrize(("limit", "expected"), [(1, 1), (30, 30), (31, 31), (60, 60), (500, COUNT)])
def test_letters_that_are_more_than_one_answer_may_hold_are_all_listed_newest_first(
    store: ChdbStore, limit: int, expected: int
) -> None:
    async def listed() -> list[tuple[datetime, UUID]]:
        letters = StoredDeadLetters(AsyncStore(store), load(), object.__new__(FrameProducer))
        return [(one.occurred_at, one.event_id) for one in await letters.list(limit, None, None)]

    found = asyncio.run(listed())
    assert len(set(found)) == len(found) == expected
    moments = [moment for moment, _ in found]
    assert moments == sorted(moments, reverse=True)
