"""A deed that was taken out of the store, changed there or made up is named."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from compose.audit_check import Changed, check, differing
from compose.stored import StoredQuery
from pipeline.store.async_store import AsyncStore
from pipeline.store.chdb_store import ChdbStore
from pipeline.store.store import Placed
from schemas.events.action import ACTION, EXAMPLE, Action
from schemas.identity import identity
from schemas.wire.frame import encode_frame
from schemas.wire.reader import Record

NOON = datetime(2026, 3, 8, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


def deed(number: int, minutes: float = 5.0, **changes: Any) -> Action:
    at = NOON + timedelta(minutes=minutes, microseconds=1234)
    return replace(
        EXAMPLE, event_id=identity("audit_check", number), occurred_at=at, observed_at=at, actor="r.diaz",
        details={"plate": "ABC123"}, **changes,
    )  # fmt: skip


class Log:
    """A reader of frames of one partition, which begins at an offset."""

    def __init__(self, deeds: Sequence[Action], first: int = 0) -> None:
        self.deeds, self.first = deeds, first

    @property
    def position(self) -> dict[tuple[str, int], int]:
        return {(ACTION.topic, 0): self.first}

    def read_to_end(self, deadline_s: float = 60.0) -> Iterator[list[Record]]:
        for offset, one in enumerate(self.deeds):
            yield [
                Record(
                    kind=ACTION,
                    partition=0,
                    offset=self.first + offset,
                    key=None,
                    value=encode_frame([one]),
                    headers=[],
                )
            ]


class Store:
    def __init__(self, folder: Any) -> None:
        self.chdb = ChdbStore(folder, readers=1)
        self.chdb.migrate()
        self.query = StoredQuery(AsyncStore(self.chdb))
        self.offset = 0

    def put(self, *deeds: Action) -> None:
        for one in deeds:
            self.chdb.insert(ACTION, [Placed(one, ACTION.topic, 0, self.offset)])
            self.offset += 1

    def ask(self, sql: str) -> bytes:
        return asyncio.run(self.query.foreign(sql, "JSONEachRow", True))


@pytest.fixture
def store(tmp_path: Any) -> Iterator[Store]:
    made = Store(tmp_path)
    yield made
    made.chdb.close()


def test_a_store_that_has_what_the_log_has_is_found_right(store: Store) -> None:
    deeds = [deed(number) for number in range(5)]
    store.put(*deeds)
    found = check(Log([*deeds, deeds[0]]), store.ask, NOON, NOON + HOUR)  # type: ignore[arg-type]
    assert found.ok
    assert (found.logged, found.stored, found.before_log) == (5, 5, 0)


def test_what_is_missing_changed_or_made_up_is_named_and_nothing_of_what_it_says(store: Store) -> None:
    kept, gone, other, invented = (deed(number) for number in range(4))
    store.put(kept, replace(other, actor="somebody", note="else"), invented)
    found = check(Log([kept, gone, other]), store.ask, NOON, NOON + HOUR)  # type: ignore[arg-type]
    assert not found.ok
    assert found.missing == (str(gone.event_id),)
    assert found.changed == (Changed(str(other.event_id), ("actor", "note")),)
    assert found.made_up == (str(invented.event_id),)
    assert "somebody" not in str(found)
    assert found.counts == {"missing": 1, "changed": 1, "made_up": 1}


def test_only_the_period_is_compared_and_what_the_log_no_longer_has_is_not_called_made_up(store: Store) -> None:
    old, before, now = deed(1), deed(2, -30), deed(3)
    store.put(old, before, now)
    found = check(Log([before, now], first=1), store.ask, NOON, NOON + HOUR)  # type: ignore[arg-type]
    assert found.ok
    assert (found.logged, found.stored, found.before_log) == (1, 1, 1)


def test_a_deed_that_was_sent_again_after_the_period_began_is_not_missing(store: Store) -> None:
    first = deed(1, -1)
    store.put(first)
    again = replace(first, observed_at=NOON + timedelta(minutes=1))
    assert check(Log([first, again]), store.ask, NOON, NOON + HOUR).ok  # type: ignore[arg-type]


def test_the_store_keeps_milliseconds_and_that_is_no_difference() -> None:
    one = deed(1)
    assert differing(one, replace(one, occurred_at=one.occurred_at.replace(microsecond=1000))) == ()
    assert differing(one, replace(one, details={"plate": "ABC124"})) == ("details",)


def test_what_was_done_before_an_embedded_log_was_started_is_not_called_made_up(store: Store) -> None:
    before, now = deed(1, 1), deed(2, 9)
    store.put(before, now)
    began = NOON + timedelta(minutes=5)
    found = check(Log([now]), store.ask, NOON, NOON + HOUR, log_began=began)  # type: ignore[arg-type]
    assert (found.ok, found.before_log) == (True, 1)
