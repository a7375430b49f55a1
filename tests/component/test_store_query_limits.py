"""Limits of people's queries on the real engine, and that a failed query leaves nothing behind."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec
import pytest

from pipeline.store.chdb_store import ChdbStore
from pipeline.store.errors import Limits, QueryFailedError, StoreError
from pipeline.store.store import Placed
from schemas.registry import EMERGENCY_CALL

TIGHT = Limits(seconds=0.3, rows=1000, answer_bytes=2**20, memory_bytes=20 * 2**20)


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ChdbStore]:
    opened = ChdbStore(tmp_path_factory.mktemp("store"), readers=1, foreign_limits=TIGHT)
    opened.migrate()
    example = EMERGENCY_CALL.examples[0]
    opened.insert(EMERGENCY_CALL, [Placed(msgspec.structs.replace(example, address="=cmd()"), "t", 0, 0)])
    yield opened
    opened.close()


def test_a_query_over_its_time_is_stopped_and_says_so(store: ChdbStore) -> None:
    with pytest.raises(QueryFailedError, match=r"longer than 0\.3 s"):
        store.foreign_query("SELECT count() FROM numbers(1000000000000) WHERE sqrt(number) = 0.5", "JSON")


def test_an_answer_with_too_many_rows_says_to_add_a_limit(store: ChdbStore) -> None:
    with pytest.raises(QueryFailedError, match=r"1,000 rows.*LIMIT"):
        store.foreign_query("SELECT number FROM numbers(2000)", "JSON")


def test_an_answer_with_too_many_bytes_is_refused(store: ChdbStore) -> None:
    with pytest.raises(QueryFailedError, match="1 MiB"):
        store.foreign_query("SELECT repeat('x', 100000) FROM numbers(50)", "JSON")


def test_a_query_that_needs_too_much_memory_says_so(store: ChdbStore) -> None:
    with pytest.raises(QueryFailedError, match="memory"):
        store.foreign_query("SELECT length(groupArray(number)) FROM numbers(100000000)", "JSON")


@pytest.mark.parametrize("fmt", ["JSON", "CSV", "Pretty"])
def test_what_a_failed_query_had_written_does_not_reach_the_next_answer(store: ChdbStore, fmt: str) -> None:
    for _ in range(4):  # more than there are connections, so each has failed once
        with pytest.raises(QueryFailedError):
            store.foreign_query("SELECT count() FROM numbers(1000000000000) WHERE sqrt(number) = 0.5", fmt)  # type: ignore[arg-type]
    for _ in range(4):
        assert store.foreign_query("SELECT 'clean' AS x", "CSV") == b'"x"\n"clean"\n'


def test_our_own_query_over_its_limit_fails_and_the_next_one_is_clean(store: ChdbStore) -> None:
    with pytest.raises(QueryFailedError):
        store.query("SELECT count() FROM numbers(1000000000000) WHERE sqrt(number) = 0.5", limits=TIGHT)
    assert store.query("SELECT 1 AS x", fmt="CSV", limits=TIGHT) == b'"x"\n1\n'
    assert store.query("SELECT 1 AS x", fmt="CSV") == b'"x"\n1\n'


def test_a_mistake_in_our_own_query_is_our_error(store: ChdbStore) -> None:
    with pytest.raises(StoreError, match="nope"):
        store.query("SELECT nope FROM calls")


def test_our_own_queries_cannot_write(store: ChdbStore) -> None:
    with pytest.raises(StoreError, match="readonly"):
        store.query("DROP TABLE rtcc.call_states")


def test_csv_for_spreadsheets_disarms_formulas_but_not_numbers(store: ChdbStore) -> None:
    sql = "SELECT address, lon FROM calls"
    assert store.foreign_query(sql, "CSV") == b'"address","lon"\n"\'=cmd()",-90.0671\n'
    assert store.foreign_query(sql, "CSV", spreadsheet_safe=False) == b'"address","lon"\n"=cmd()",-90.0671\n'
