"""Snapshots, deltas, resuming, and clients that are slow."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Coroutine
from functools import wraps
from typing import Any

import pytest

from dashboards.server.channel import CHANNELS
from dashboards.server.hub import HubFullError
from dashboards.server.messages import CLOSE_SLOW, Resume
from schemas.events.plate_read import PLATE_READ
from tests.unit.hub_fixtures import (
    LOSSLESS,
    Clock,
    Page,
    alert,
    call,
    camera,
    give,
    health,
    new_hub,
    settle,
    sighting,
    truth,
)


def on_a_loop(test: Callable[..., Coroutine[Any, Any, None]]) -> Callable[..., None]:
    @wraps(test)
    def run() -> None:
        asyncio.run(test())

    return run


@on_a_loop
async def test_a_page_gets_snapshots_and_then_what_changes() -> None:
    clock = Clock()
    hub = new_hub(clock)
    give(hub, alert(1), camera("a"), sighting(1))
    hub.caught_up()
    page = Page(hub, list(CHANNELS))
    page.connect()
    await settle()
    assert page.mode == "snapshot"
    assert page.shown("alerts") == {str(alert(1).alert_id): 1}
    assert page.sightings == [str(sighting(1).event_id)]
    give(hub, alert(1, 2, "acknowledged"), alert(2), call(1), health("a", 1), sighting(2, hit=True))
    hub.flush()
    await settle()
    for name in CHANNELS:
        if name != "sightings":
            assert page.shown(name) == truth(hub, clock, name), name
    assert page.sightings == [str(sighting(1).event_id), str(sighting(2).event_id)]
    await page.cut()


@on_a_loop
async def test_screens_are_told_at_once_when_a_stage_begins_and_ceases_to_be_delayed() -> None:
    clock = Clock()
    hub = new_hub(clock)
    hub.caught_up()
    early = Page(hub, ["zones"])
    early.connect()
    await settle()
    clock.seconds += 5.0
    hub.tick()  # the heartbeat that is due
    await settle()

    async def told(behind: dict[str, float]) -> list[object]:
        before = len(early.texts)
        hub.delayed(behind)
        clock.seconds += 0.1
        hub.tick()
        await settle()
        pings = [json.loads(text) for text in early.texts[before:]]
        return [ping.get("behind") for ping in pings if ping["t"] == "ping"]

    assert await told({"process": 1.9, "store": 0.0}) == []
    assert await told({"process": 12.34, "store": 0.0}) == [{"process": 12.3}]
    assert await told({"process": 13.0, "store": 1.0}) == [], "the next heartbeat is soon enough"
    late = Page(hub, ["zones"])
    late.connect()
    await settle()
    assert json.loads(late.texts[0])["behind"] == {"process": 13.0}
    assert await told({}) == [None]
    await early.cut()
    await late.cut()


@on_a_loop
async def test_while_the_log_is_read_clients_are_told_and_get_nothing_half_done() -> None:
    hub = new_hub()
    page = Page(hub, ["alerts"])
    page.connect()
    await settle()
    give(hub, alert(1))
    hub.tick()
    await settle()
    assert [json.loads(text)["t"] for text in page.texts] == ["welcome", "ping"]
    assert all(json.loads(text)["loading"] for text in page.texts)
    give(hub, alert(2))
    hub.caught_up()
    await settle()
    assert set(page.shown("alerts")) == {str(alert(1).alert_id), str(alert(2).alert_id)}
    await page.cut()


@on_a_loop
async def test_an_alert_is_sent_at_once_and_a_call_with_the_next_batch() -> None:
    hub = new_hub()
    hub.caught_up()
    page = Page(hub, ["alerts", "calls"])
    page.connect()
    await settle()
    give(hub, call(1), alert(1))
    await page.until(lambda: bool(page.rows["alerts"]))
    assert not page.rows["calls"]
    hub.flush()
    await settle()
    assert page.rows["calls"]
    await page.cut()


@on_a_loop
async def test_each_row_of_a_batch_is_encoded_once_and_all_clients_get_the_same_text() -> None:
    hub = new_hub()
    hub.caught_up()
    pages = [Page(hub, ["alerts", "health", "sightings"]) for _ in range(50)]
    for page in pages:
        page.connect()
    await settle()
    before = hub.figures()["encoded"]
    for page in pages:
        page.texts.clear()
    give(hub, alert(1), alert(2), health("a", 1), sighting(1))
    hub.flush()
    await settle()
    assert hub.figures()["encoded"] - before == 3, "alerts, health and sightings, once each"
    assert len(pages[0].texts) == 2, "the alerts, and the rest together"
    for page in pages[1:]:
        assert all(mine is theirs for mine, theirs in zip(page.texts, pages[0].texts, strict=True))
    for page in pages:
        await page.cut()


@on_a_loop
async def test_a_snapshot_is_encoded_once_for_all_who_take_it() -> None:
    hub = new_hub()
    give(hub, *(alert(number) for number in range(1_100)))
    hub.caught_up()
    pages = [Page(hub, ["alerts"]) for _ in range(10)]
    for page in pages:
        page.connect()
    await settle()
    snaps = [[text for text in page.texts if '"snap"' in text[:20]] for page in pages]
    assert [json.loads(text)["part"] for text in snaps[0]] == list(range(1, json.loads(snaps[0][0])["of"] + 1))
    assert sum(len(json.loads(text)["rows"]) for text in snaps[0]) == 1_100
    for other in snaps[1:]:
        assert all(mine is theirs for mine, theirs in zip(other, snaps[0], strict=True))
    for page in pages:
        await page.cut()


@on_a_loop
async def test_a_page_that_was_cut_off_gets_exactly_what_it_missed() -> None:
    hub = new_hub()
    hub.caught_up()
    page = Page(hub, ["alerts", "incidents", "calls"])
    page.connect()
    give(hub, *(alert(number) for number in range(10)))
    hub.flush()
    await settle()
    await page.cut()
    give(hub, *(alert(number) for number in range(10, 1_500)), call(1))
    hub.flush()
    page.texts.clear()
    page.connect()
    await settle()
    assert page.mode == "resume"
    assert not any('"snap"' in text[:20] for text in page.texts)
    assert len(page.rows["alerts"]) == 1_500
    assert len(set(page.seen_revisions["alerts"])) == len(page.seen_revisions["alerts"]) == 1_490
    assert page.rows["calls"]
    await page.cut()


@on_a_loop
async def test_what_is_beyond_recall_is_named_a_gap_and_given_as_snapshot() -> None:
    clock = Clock()
    hub = new_hub(clock, min_rows=10, min_age_s=60)
    hub.caught_up()
    page = Page(hub, ["alerts", "calls"])
    page.connect()
    give(hub, alert(0), call(0))
    hub.flush()
    await settle()
    await page.cut()
    for number in range(1, 40):
        clock.seconds += 10
        give(hub, alert(number))
    hub.flush()
    page.connect()
    await settle()
    assert page.mode == "resume"
    assert page.gaps == ["alerts"]
    assert page.shown("alerts") == truth(hub, clock, "alerts")
    assert len(page.rows["alerts"]) == 40
    await page.cut()


@on_a_loop
async def test_a_position_of_another_epoch_is_not_believed() -> None:
    hub = new_hub()
    give(hub, alert(1))
    hub.caught_up()
    for resume in (Resume("other", {"alerts": 0}), Resume(hub.epoch, {"alerts": 99}), Resume(hub.epoch, {})):
        page = Page(hub, ["alerts"])
        client = hub.join(page._receive)
        client.start(["alerts"], resume)
        task = asyncio.create_task(client.run())
        await settle()
        assert page.shown("alerts") == {str(alert(1).alert_id): 1}
        assert page.gaps == (["alerts"] if resume.pos and resume.epoch == hub.epoch else [])
        task.cancel()
        hub.leave(client)


@on_a_loop
async def test_subscriptions_can_be_changed_and_a_snapshot_asked_again() -> None:
    clock = Clock()
    hub = new_hub(clock)
    give(hub, alert(1), camera("a"))
    hub.caught_up()
    page = Page(hub, ["alerts"])
    client = page.connect()
    await settle()
    page.texts.clear()
    page._awaiting_snapshot = {"cameras"}
    client.subscribe(["alerts", "cameras"])
    await settle()
    assert [json.loads(text)["ch"] for text in page.texts] == ["cameras"]
    client.subscribe(["cameras"])
    give(hub, alert(2), camera("b"))
    hub.flush()
    await settle()
    assert set(page.rows["cameras"]) == {"a", "b"}
    assert str(alert(2).alert_id) not in page.rows["alerts"]
    page.texts.clear()
    client.resync("cameras")
    await settle()
    assert [json.loads(text)["t"] for text in page.texts] == ["snap"]
    await page.cut()


@on_a_loop
async def test_a_client_that_does_not_read_is_closed_after_five_seconds_and_resumes_whole() -> None:
    clock = Clock()
    hub = new_hub(clock)
    hub.caught_up()
    page = Page(hub, ["alerts"])
    client = page.connect()
    await settle()
    page.reading.clear()
    give(hub, alert(1))
    hub.flush()
    await settle()
    clock.seconds += 4.9
    assert client.check()
    clock.seconds += 0.2
    assert not client.check()
    assert client.must_close.is_set()
    assert client.close_code == CLOSE_SLOW
    await page.cut()
    assert hub.figures()["closed"] == {"4408": 1}
    page.reading.set()
    page.connect()
    await settle()
    assert page.seen_revisions["alerts"] == [(str(alert(1).alert_id), 1)]
    await page.cut()


@on_a_loop
async def test_a_client_that_does_not_read_is_closed_at_a_mebibyte() -> None:
    clock = Clock()
    hub = new_hub(clock)
    hub.caught_up()
    page = Page(hub, ["alerts"])
    client = page.connect()
    await settle()
    page.reading.clear()
    give(hub, alert(0))
    hub.flush()
    await settle()
    clock.seconds += 1.5
    assert client.check()
    give(hub, *(alert(number, note="x" * 1_900) for number in range(1, 600)))
    hub.flush()
    assert not client.check()
    assert client.close_code == CLOSE_SLOW
    await page.cut()


@on_a_loop
async def test_a_burst_does_not_close_a_client_that_reads() -> None:
    clock = Clock()
    hub = new_hub(clock)
    hub.caught_up()
    page = Page(hub, ["alerts"])
    client = page.connect()
    await settle()
    give(hub, *(alert(number, note="x" * 1_900) for number in range(2_000)))
    hub.flush()
    assert client.check(), "far behind, but only since this moment"
    await page.until(lambda: len(page.rows["alerts"]) == 2_000)
    assert client.check()
    await page.cut()


@on_a_loop
async def test_a_slow_taker_of_a_snapshot_is_given_time_but_not_for_ever() -> None:
    clock = Clock()
    hub = new_hub(clock)
    give(hub, *(alert(number) for number in range(2_000)))
    hub.caught_up()
    page = Page(hub, ["alerts"])
    client = page.connect()
    page.reading.clear()
    await settle()
    clock.seconds += 20
    assert client.check()
    clock.seconds += 11
    assert not client.check()
    await page.cut()


@on_a_loop
async def test_a_client_that_never_answers_pings_is_closed() -> None:
    clock = Clock()
    hub = new_hub(clock)
    hub.caught_up()
    page = Page(hub, ["alerts"])
    client = page.connect()
    await settle()
    clock.seconds += 25
    assert client.check()
    client.heard()
    clock.seconds += 29
    assert client.check()
    clock.seconds += 2
    assert not client.check()
    await page.cut()


@on_a_loop
async def test_no_client_is_blamed_when_our_own_loop_was_late() -> None:
    clock = Clock()
    hub = new_hub(clock)
    hub.caught_up()
    page = Page(hub, ["alerts"])
    client = page.connect()
    hub.tick()
    await settle()
    client.heard()
    give(hub, alert(1))
    hub.flush()
    clock.seconds += 8
    hub.tick()
    assert not client.must_close.is_set()
    await settle()
    clock.seconds += 0.5
    hub.tick()
    assert not client.must_close.is_set()
    await page.cut()


@on_a_loop
async def test_a_slow_client_gets_the_newest_states_and_is_told_what_it_was_spared() -> None:
    clock = Clock()
    hub = new_hub(clock)
    hub.caught_up()
    page = Page(hub, ["health", "sightings"])
    page.connect()
    await settle()
    page.reading.clear()
    for second in range(1, 101):
        clock.seconds += 0.1
        give(hub, health("a", second), *(sighting(second * 10 + number, hit=True) for number in range(10)))
        hub.flush()
        await settle()
    page.texts.clear()
    page.reading.set()
    await settle()
    assert [json.loads(text)["t"] for text in page.texts] == ["d", "d", "slow"], "what was in flight, and the newest"
    assert page.shown("health") == truth(hub, clock, "health")
    assert page.spared["health"] >= 90
    assert page.spared["sightings"] > 500
    assert page.sightings[-1] == str(sighting(1_009).event_id)
    assert len(page.sightings) + page.spared["sightings"] == 1_000
    await page.cut()


@on_a_loop
async def test_a_row_is_not_lost_to_others_when_somebody_joins_before_the_batch() -> None:
    hub = new_hub()
    hub.caught_up()
    first, second = Page(hub, ["calls"]), Page(hub, ["calls"])
    first.connect()
    await settle()
    give(hub, call(1))
    second.connect()
    await settle()
    assert list(first.rows["calls"]) == list(second.rows["calls"]) == ["t:1"]
    await first.cut()
    await second.cut()


@on_a_loop
async def test_a_sighting_waiting_for_a_slow_page_is_not_told_again_after_its_snapshot() -> None:
    hub = new_hub()
    hub.caught_up()
    page = Page(hub, ["sightings", "health"])
    client = page.connect()
    await settle()
    page.reading.clear()
    for number in range(1, 4):
        give(hub, sighting(number, hit=True), health("a", number))
        hub.flush()
        await settle()
        if number != 2:  # with one batch waiting, and with several
            client.resync("sightings")
    page.reading.set()
    await settle()
    assert page.sightings == [str(sighting(number).event_id) for number in range(1, 4)]
    assert len(page.rows["health"]) == 1
    await page.cut()


@on_a_loop
async def test_a_snapshot_that_the_tail_no_longer_reaches_is_not_handed_out() -> None:
    hub = new_hub(max_bytes=20_000)
    hub.caught_up()
    first, second = Page(hub, ["alerts"]), Page(hub, ["alerts"])
    first.connect()
    await settle()
    give(hub, *(alert(number) for number in range(100)))
    hub.flush()
    second.connect()
    await settle()
    assert second.gaps == []
    assert len(second.rows["alerts"]) == 100
    await first.cut()
    await second.cut()


@on_a_loop
async def test_asking_again_does_not_lead_back_behind_what_was_told() -> None:
    hub = new_hub()
    hub.caught_up()
    page = Page(hub, ["alerts"])
    client = page.connect()
    await settle()
    give(hub, alert(1))
    hub.flush()
    await settle()
    client.resync("alerts")
    await settle()
    assert page.seen_revisions["alerts"] == [(str(alert(1).alert_id), 1)]
    assert page.pos["alerts"] == 1
    await page.cut()


@on_a_loop
async def test_there_is_a_last_seat() -> None:
    clock = Clock()
    hub = type(new_hub())(max_clients=2, wall=clock, mono=clock)
    page = Page(hub, ["alerts"])
    first = hub.join(page._receive)
    hub.join(page._receive)
    with pytest.raises(HubFullError):
        hub.join(page._receive)
    hub.leave(first)
    assert hub.join(page._receive)


@on_a_loop
async def test_an_event_type_that_nobody_watches_is_ignored() -> None:
    hub = new_hub()
    hub.caught_up()
    hub.offer(PLATE_READ, PLATE_READ.examples, 1.0)
    assert all(figures["kept"] == 0 for figures in hub.figures()["channels"].values())
    assert LOSSLESS == ["alerts", "incidents", "calls"]
