"""How far behind a worker is, in messages and in seconds."""

from __future__ import annotations

import pytest

from pipeline.message import Message
from pipeline.progress import Place, Progress
from pipeline.worker_figures import WorkerFigures

NOW = 1_000.0
PLACES = {("reads", 0), ("reads", 1), ("calls", 0)}


def message(offset: int, *, partition: int = 0, age_s: float = 0.0, topic: str = "reads") -> Message:
    return Message(topic, partition, offset, None, b"[]", [], int((NOW - age_s) * 1000))


def figures(ends: dict[Place, int], committed: dict[Place, int] | None = None) -> WorkerFigures:
    return WorkerFigures(
        Progress(), assigned=lambda: PLACES, end=ends.get, committed=(committed or {}).get, wall=lambda: NOW
    )


def test_a_worker_that_acknowledged_everything_is_not_behind_however_long_ago_that_was() -> None:
    at = figures({("reads", 0): 8})
    at.progress.taken(message(7, age_s=3600))
    at.progress.done(message(7, age_s=3600), acknowledged=True)
    assert (at.behind("reads"), at.behind_s("reads"), at.progress.held) == (0, 0.0, 0)


def test_what_is_held_is_behind_by_the_age_of_its_oldest() -> None:
    at = figures({("reads", 0): 10, ("reads", 1): 3})
    for one in (message(8, age_s=5), message(9, age_s=2), message(2, partition=1, age_s=9)):
        at.progress.taken(one)
    assert (at.behind("reads"), at.progress.held) == (3, 3)
    assert at.behind_s("reads") == pytest.approx(9)
    at.progress.done(message(2, partition=1, age_s=9), acknowledged=True)
    assert at.behind("reads") == 2
    assert at.behind_s("reads") == pytest.approx(5)


def test_what_is_not_fetched_yet_counts_too_and_is_as_old_as_what_was_acknowledged_last() -> None:
    at = figures({("reads", 0): 100})
    at.progress.taken(message(9, age_s=40))
    at.progress.done(message(9, age_s=40), acknowledged=True)
    assert at.took_s(message(9, age_s=40)) == pytest.approx(40)
    assert at.behind("reads") == 90
    assert at.behind_s("reads") == pytest.approx(40)


def test_a_worker_that_was_just_assigned_begins_where_the_group_had_committed() -> None:
    assert figures({("reads", 0): 100}, {("reads", 0): 60}).behind("reads") == 40


def test_partitions_that_are_anothers_now_do_not_count() -> None:
    at = figures({("reads", 2): 50})
    at.progress.taken(message(3, partition=2, age_s=100))
    assert (at.behind("reads"), at.behind_s("reads")) == (0, 0.0)


def test_topics_are_told_apart() -> None:
    at = figures({("reads", 0): 5, ("calls", 0): 9})
    at.progress.taken(message(4, age_s=1))
    at.progress.taken(message(6, topic="calls", age_s=3))
    assert (at.behind("reads"), at.behind("calls")) == (1, 3)
    assert at.behind_s("calls") == pytest.approx(3)


def test_a_message_without_a_time_has_no_latency() -> None:
    assert figures({}).took_s(Message("reads", 0, 1, None, b"", [])) is None
