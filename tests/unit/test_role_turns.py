"""A role's process is set up so that nothing in it stops the rest for long."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Iterator

import pytest

from compose.observability.signs import Signs
from compose.roles.runner import COLLECT_AFTER, _out_of_sight


@pytest.fixture(autouse=True)
def collector() -> Iterator[None]:
    before = gc.get_threshold()
    yield
    gc.set_threshold(*before)
    gc.unfreeze()


def test_what_a_role_is_made_of_is_out_of_the_collector_s_sight_once_it_has_started_and_not_before() -> None:
    async def starting() -> tuple[int, int]:
        here = Signs("test")
        frozen = gc.get_freeze_count()
        watching = asyncio.create_task(_out_of_sight(here))
        await asyncio.sleep(0.05)
        before = gc.get_freeze_count() - frozen
        here.started = True
        await asyncio.wait_for(watching, 10)
        return before, gc.get_freeze_count() - frozen

    before, after = asyncio.run(starting())
    assert before == 0
    assert after > 1_000
    assert gc.get_threshold() == COLLECT_AFTER
