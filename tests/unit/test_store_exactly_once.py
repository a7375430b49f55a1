"""The token of an insert and the question which ids are stored."""

from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

import msgspec

from pipeline.store.exactly_once import first_of_each, insert_token, stored_ids_query
from pipeline.store.store import Placed
from schemas.registry import ALERT, PLATE_READ

EXAMPLE = PLATE_READ.examples[0]


def placed(offset: int, partition: int = 0) -> Placed:
    return Placed(msgspec.structs.replace(EXAMPLE, event_id=uuid4()), PLATE_READ.topic, partition, offset)


def test_the_same_rows_in_any_order_have_the_same_token() -> None:
    rows = [placed(1), placed(2), placed(7, partition=3)]
    assert insert_token(rows) == insert_token(rows[::-1])
    assert insert_token(rows).startswith("rtcc.lpr.plate-read.v1-0-1-2.")


def test_two_parts_of_one_frame_have_different_tokens() -> None:
    frame = [placed(5) for _ in range(4)]
    assert insert_token(frame[:2]) != insert_token(frame[2:])


def test_the_same_events_from_another_place_have_another_token() -> None:
    row = placed(5)
    assert insert_token([row]) != insert_token([Placed(row.event, row.topic, 0, 6)])


def test_a_token_is_safe_inside_sql() -> None:
    token = insert_token([Placed(EXAMPLE, "a'b; DROP TABLE x\\", 0, 1)])
    assert set(token) <= set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-")
    assert len(token) < 200


def test_repetitions_in_a_batch_are_left_out_and_the_first_stays() -> None:
    first = placed(1)
    again = Placed(first.event, first.topic, 0, 2)
    other = placed(3)
    assert first_of_each([first, again, other]) == [first, other]


def test_the_search_for_stored_ids_is_bounded_by_the_times_of_the_batch() -> None:
    early, late = placed(1), placed(2)
    late = Placed(msgspec.structs.replace(late.event, occurred_at=EXAMPLE.occurred_at + timedelta(hours=1)), "t", 0, 2)
    assert PLATE_READ.table is not None
    sql, params = stored_ids_query(PLATE_READ.table, [late, early], "rtcc")
    assert "rtcc.plate_reads" in sql
    assert params["since"] == EXAMPLE.occurred_at
    assert params["until"] == EXAMPLE.occurred_at + timedelta(hours=1)
    assert params["ids"] == [late.event.event_id, early.event.event_id]


def test_an_id_whose_time_may_change_is_searched_for_at_all_times() -> None:
    assert ALERT.table is not None
    sql, params = stored_ids_query(ALERT.table, [Placed(ALERT.examples[0], ALERT.topic, 0, 1)], "rtcc")
    assert "BETWEEN" not in sql
    assert params == {"ids": [ALERT.examples[0].event_id]}
