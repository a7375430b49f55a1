"""Whatever happens in whatever order, a page ends with the hub's state, and sees each revision once."""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import Any
from unittest.mock import patch

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.hub_fixtures import Clock, Page, alert, call, camera, give, health, new_hub, settle, sighting, truth

SUBSCRIPTIONS = [
    ["alerts", "incidents", "calls", "cameras", "health", "sightings"],
    ["alerts", "health"],
    ["calls", "sightings", "cameras"],
]

_small = st.integers(0, 5)
_step = st.one_of(
    st.tuples(st.just("alert"), _small, st.integers(1, 6), st.sampled_from(["open", "acknowledged", "closed"])),
    st.tuples(st.just("alerts"), st.integers(1, 40)),
    st.tuples(st.just("call"), _small, _small),
    st.tuples(st.just("health"), _small, _small),
    st.tuples(st.just("camera"), _small, _small, st.booleans()),
    st.tuples(st.just("sighting"), st.integers(0, 60), st.booleans()),
    st.tuples(st.just("connect"), st.integers(0, 2)),
    st.tuples(st.just("cut"), st.integers(0, 2)),
    st.tuples(st.just("read"), st.integers(0, 2)),
    st.tuples(st.just("stop_reading"), st.integers(0, 2)),
    st.tuples(st.just("resync"), st.integers(0, 2), st.sampled_from(["alerts", "health", "cameras", "sightings"])),
    st.tuples(st.just("flush")),
    st.tuples(st.just("wait"), st.sampled_from([0.05, 1.0, 3.0, 100.0])),
    st.tuples(st.just("yield"), st.integers(1, 4)),
    st.tuples(st.just("cameras"), st.integers(3, 14)),
)  # fmt: skip


async def _play(past: list[tuple[Any, ...]], steps: list[tuple[Any, ...]]) -> None:
    clock = Clock()
    # A short tail, so that gaps happen too.
    hub = new_hub(clock, min_rows=30, min_age_s=50.0)
    pages = [Page(hub, sub) for sub in SUBSCRIPTIONS]
    bulk = 1_000
    for step in [*past, ("caught_up",), *steps]:
        match step:
            case ("caught_up",):
                hub.caught_up()
            case ("alert", number, rev, status):
                give(hub, alert(number, rev, status))
            case ("alerts", count):
                give(hub, *(alert(bulk + number) for number in range(count)))
                bulk += count
            case ("call", number, second):
                give(hub, call(number, second))
            case ("health", name, second):
                give(hub, health(str(name), second))
            case ("camera", name, second, removed):
                give(hub, camera(str(name), second, removed))
            case ("sighting", number, hit):
                give(hub, sighting(number, hit))
            case ("connect", page):
                if pages[page].client is None:
                    pages[page].connect()
            case ("cut", page):
                await pages[page].cut()
            case ("read", page):
                pages[page].reading.set()
            case ("stop_reading", page):
                pages[page].reading.clear()
            case ("resync", page, channel):
                client = pages[page].client
                if client is not None and channel in client.channels:
                    client.resync(channel)
            case ("flush",):
                hub.flush()
            case ("wait", seconds):
                clock.seconds += seconds
            case ("yield", times):
                for _ in range(times):
                    await asyncio.sleep(0)
            case ("cameras", count):
                give(hub, *(camera(f"c{number}", bulk) for number in range(count)))
                bulk += 1
    for page in pages:
        page.reading.set()
        if page.client is None:
            page.connect()
    hub.flush()
    await settle()
    for page in pages:
        for name in page.sub:
            if name != "sightings":
                assert page.shown(name) == truth(hub, clock, name), name
        for name in ("alerts", "calls"):
            repeated = {key: count for key, count in Counter(page.seen_revisions[name]).items() if count > 1}
            assert not repeated, "a delta came twice"
        assert len(page.sightings) == len(set(page.sightings))
        await page.cut()


@settings(max_examples=100, deadline=None, derandomize=True)
@given(st.lists(_step, max_size=10), st.lists(_step, min_size=20, max_size=80))
def test_a_page_always_ends_with_the_hub_s_state_and_sees_no_revision_twice(
    past: list[tuple[Any, ...]], steps: list[tuple[Any, ...]]
) -> None:
    # Small parts and batches, so that few rows make many of them.
    with patch("dashboards.server.snapshot.BATCH_ROWS", 5), patch("dashboards.server.tail.BATCH_ROWS", 5):
        asyncio.run(_play(past, steps))
