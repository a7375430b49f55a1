"""The tail of a lossless channel: what can be resumed, and one encoding for all."""

from __future__ import annotations

import json

from dashboards.server.tail import BATCH_BYTES, Tail


def _filled(tail: Tail, count: int, row: bytes = b"{}", mono: float = 0.0) -> Tail:
    for _ in range(count):
        tail.append(row, 5, mono)
    tail.flush()
    return tail


def test_rows_wait_for_the_flush() -> None:
    tail = Tail("alerts")
    tail.append(b'{"a":1}', 5, 0.0)
    assert tail.batch(0, 9, 0.0) is None
    assert tail.flush()
    assert not tail.flush()
    batch = tail.batch(0, 9, 0.0)
    assert batch is not None
    assert json.loads(batch.text) == {
        "t": "d", "now": 9, "hub_at": 5, "ch": {"alerts": {"from": 1, "to": 1, "rows": [{"a": 1}]}}
    }  # fmt: skip


def test_all_clients_at_one_place_get_the_very_same_text() -> None:
    tail = _filled(Tail("alerts"), 3)
    first = tail.batch(0, 9, 0.0)
    assert tail.batch(0, 9, 0.05) is first
    assert tail.encoded == 1


def test_a_text_is_not_shared_when_its_clock_has_grown_old() -> None:
    tail = _filled(Tail("alerts"), 3)
    tail.batch(0, 1_000, 0.0)
    later = tail.batch(0, 6_000, 5.0)
    assert later is not None
    assert json.loads(later.text)["now"] == 6_000


def test_a_long_way_to_catch_up_is_cut_into_bounded_messages() -> None:
    tail = _filled(Tail("alerts"), 1_200)
    cursor, sizes = 0, []
    while (batch := tail.batch(cursor, 0, 0.0)) is not None:
        sizes.append(batch.last - cursor)
        cursor = batch.last
    assert sizes == [500, 500, 200]
    large = _filled(Tail("alerts"), 4, row=b'"' + b"x" * (BATCH_BYTES // 2 - 10) + b'"')
    first = large.batch(0, 0, 0.0)
    assert first is not None
    assert first.last == 2


def test_one_row_larger_than_a_batch_is_still_sent() -> None:
    tail = _filled(Tail("alerts"), 1, row=b'"' + b"x" * (BATCH_BYTES * 2) + b'"')
    batch = tail.batch(0, 0, 0.0)
    assert batch is not None
    assert batch.last == 1


def test_rows_are_kept_for_both_number_and_time() -> None:
    tail = Tail("alerts", min_rows=10, min_age_s=60)
    _filled(tail, 30, mono=0.0)
    assert tail.covers(0), "more than enough rows, but all are young"
    _filled(tail, 5, mono=61.0)
    assert not tail.covers(24)
    assert tail.covers(25)
    assert tail.pos - tail.first + 1 == 10


def test_memory_is_bounded_whatever_the_size_of_rows() -> None:
    tail = _filled(Tail("alerts", max_bytes=1_000), 50, row=b"x" * 100)
    assert tail.bytes_after(tail.first - 1) <= 1_000
    assert tail.covers(45)
    assert not tail.covers(30)


def test_a_position_of_the_future_is_not_covered() -> None:
    assert not _filled(Tail("alerts"), 5).covers(6)


def test_rows_read_before_anybody_was_told_a_position_only_count() -> None:
    tail = Tail("alerts")
    tail.skip()
    tail.skip()
    _filled(tail, 1)
    assert tail.pos == 3
    assert tail.covers(2)
    assert not tail.covers(1)


def test_how_far_behind_is_measured_in_bytes_and_time() -> None:
    tail = _filled(Tail("alerts"), 3, row=b"x" * 10, mono=7.0)
    assert tail.bytes_after(1) == 20
    assert tail.waiting_since(1) == 7.0
    assert tail.waiting_since(3) is None
