"""The sender of the benches, on a machine that is busy."""

from __future__ import annotations

import pytest

from compose.bench import sender
from compose.bench.sender import Order
from schemas.events.plate_read import PLATE_READ
from schemas.wire.frame import FrameDecoder


def test_a_run_whose_requests_were_made_too_late_begins_later(monkeypatch: pytest.MonkeyPatch) -> None:
    order = Order(edge="http://127.0.0.1:1", rate=10, seconds=1, per_request=5, seed=1)
    now = [1000.0]
    began: list[float] = []

    def slow(order: Order, first: int, begin: float) -> bytes:
        began.append(begin)
        now[0] += 0.8
        return b""

    monkeypatch.setattr(sender, "body", slow)
    monkeypatch.setattr(sender.time, "time", lambda: now[0])
    begin, bodies = sender._made(order, 10)
    assert len(bodies) == 2
    assert begin > now[0], "nothing is due before all is made"
    assert len(began) == 4, "the first try, of 1.6 s, was later than its beginning"
    assert set(began[2:]) == {begin}


def test_an_order_that_says_when_it_begins_does_so_and_its_reads_follow_those_of_the_one_before() -> None:
    first = Order(edge="http://127.0.0.1:1", rate=10, seconds=1, per_request=5, seed=1, number=0, begin=1000.0)
    second = Order(edge="http://127.0.0.1:1", rate=10, seconds=1, per_request=5, seed=1, number=10, begin=1001.0)
    sent = []
    for order in (first, second):
        begin, bodies = sender._made(order, 10)
        assert begin == order.begin
        sent += [read for body in bodies for read in FrameDecoder(PLATE_READ).decode(body).events]
    assert len({read.event_id for read in sent}) == 20
    assert [read.occurred_at.timestamp() for read in sent] == [1000.0] * 5 + [1000.5] * 5 + [1001.0] * 5 + [1001.5] * 5
