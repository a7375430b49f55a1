"""Thinning of sightings."""

from __future__ import annotations

import json
from itertools import pairwise

from dashboards.server.flow import Flow
from tests.unit.hub_fixtures import sighting


def _ids(rows: list[bytes]) -> list[str]:
    return [json.loads(row)["event_id"] for row in rows]


def test_a_hit_is_never_thinned_out() -> None:
    flow = Flow()
    events = [sighting(number, hit=number % 10 == 0) for number in range(1_000)]
    for event in events:
        flow.offer(event)
    rows, dropped = flow.take(0.0)
    hits = [str(event.event_id) for event in events if event.hits]
    assert set(hits) <= set(_ids(rows))
    assert len(rows) == 100 + 20
    assert dropped == 900 - 20


def test_no_more_than_two_hundred_ordinary_sightings_pass_in_a_second() -> None:
    flow = Flow()
    shown = 0
    for batch in range(11):  # one second of batches after the first
        for number in range(100):
            flow.offer(sighting(batch * 100 + number))
        shown += len(flow.take(batch * 0.1)[0])
    assert 190 <= shown <= 220
    assert flow.shown + flow.dropped == 1_100


def test_a_slow_flow_passes_whole_and_in_order() -> None:
    flow = Flow()
    expected = []
    seen = []
    for batch in range(10):
        for number in range(15):
            flow.offer(sighting(batch * 15 + number))
            expected.append(str(sighting(batch * 15 + number).event_id))
        rows, dropped = flow.take(batch * 0.1)
        assert dropped == 0
        seen += _ids(rows)
    assert seen == expected


def test_those_shown_are_spread_over_the_batch() -> None:
    flow = Flow()
    events = [sighting(number) for number in range(200)]
    for event in events:
        flow.offer(event)
    order = [str(event.event_id) for event in events]
    places = [order.index(event_id) for event_id in _ids(flow.take(0.0)[0])]
    assert len(places) == 20
    assert max(b - a for a, b in pairwise(places)) <= 11


def test_a_sighting_that_comes_twice_is_shown_once() -> None:
    flow = Flow()
    assert flow.offer(sighting(1))
    assert not flow.offer(sighting(1))
    flow.take(0.0)
    assert not flow.offer(sighting(1))
    assert flow.take(1.0) == ([], 0)
    assert flow.duplicates == 2


def test_the_past_is_part_of_the_snapshot_only_and_bounded() -> None:
    flow = Flow(kept=5)
    flow.seed([sighting(number) for number in range(20)])
    assert flow.take(0.0) == ([], 0)
    assert _ids(flow.rows()) == [str(sighting(number).event_id) for number in range(15, 20)]


def test_what_was_passed_over_is_told_even_when_nothing_is_shown() -> None:
    flow = Flow()
    flow.pass_over(512)
    assert flow.take(0.0) == ([], 512)
    assert flow.take(0.1) == ([], 0)
    flow.pass_over(3)
    flow.offer(sighting(1))
    rows, dropped = flow.take(0.2)
    assert (len(rows), dropped, flow.dropped) == (1, 3, 515)
