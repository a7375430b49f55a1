"""What counts as standing still: told by positions and time alone."""

from __future__ import annotations

import threading
from collections.abc import Collection, Mapping

import pytest

from pipeline.message import Message
from pipeline.progress import Place, Progress
from pipeline.stall import TURNS, Stall, StallJudge, StallWatch, Standing
from schemas.wire.publisher import BrokerUnavailableError

READS = "reads"
HERE: Place = (READS, 0)
THERE: Place = (READS, 1)


class Worker:
    """A judge with a patience of 10 s that looks each second, and a clock that the test turns."""

    def __init__(self) -> None:
        self.now = 0.0
        self.progress = Progress(lambda: self.now)
        self.judge = StallJudge(10.0, 1.0)
        self.assigned: Collection[Place] = (HERE, THERE)

    def look(self, seconds: int, standing: Mapping[Place, Standing]) -> list[Stall]:
        """Look once a second for so long; return what the last look said."""
        said: list[Stall] = []
        for _ in range(seconds):
            self.now += 1.0
            said = self.judge.look(self.now, self.assigned, standing, self.progress)
        return said

    def do(self, partition: int, offset: int, *, acknowledged: bool = True) -> None:
        message = Message(READS, partition, offset, b"", b"", [])
        self.progress.taken(message)
        self.progress.done(message, acknowledged=acknowledged)


def test_messages_that_wait_while_nothing_is_committed_are_a_stall_that_says_where_and_how_far_behind() -> None:
    worker = Worker()
    assert worker.look(11, {HERE: Standing(5, 9)}) == []
    (stall,) = worker.look(1, {HERE: Standing(5, 9)})
    assert (stall.place, stall.behind, stall.at) == (HERE, 4, 5)
    assert stall.for_s > 10
    assert stall.why == "messages wait and none is taken"


def test_a_partition_without_messages_that_wait_never_stands_still() -> None:
    assert Worker().look(1000, {HERE: Standing(9, 9)}) == []


def test_a_worker_far_behind_and_slow_but_moving_is_left_alone() -> None:
    worker = Worker()
    for at in range(50):
        assert worker.look(9, {HERE: Standing(at, 1_000_000)}) == []


def test_a_message_that_is_worked_on_for_long_is_not_judged_here() -> None:
    worker = Worker()
    worker.progress.taken(Message(READS, 0, 5, b"", b"", []))
    worker.look(2, {HERE: Standing(5, 9)})
    assert worker.look(60, {HERE: Standing(5, 9)}) == []


def test_a_partition_may_wait_for_its_turn_while_others_of_its_topic_are_served_but_not_for_ever() -> None:
    worker = Worker()
    for at in range(10 * TURNS + 1):
        worker.do(1, at)
        assert worker.look(1, {HERE: Standing(5, 9), THERE: Standing(at, at + 1)}) == []
    worker.do(1, 1000)
    (stall,) = worker.look(1, {HERE: Standing(5, 9), THERE: Standing(1000, 1001)})
    assert stall.place == HERE


def test_what_is_acknowledged_and_never_committed_is_a_stall() -> None:
    worker = Worker()
    for at in range(5, 9):
        worker.do(0, at)
    (stall,) = worker.look(12, {HERE: Standing(5, 9)})
    assert stall.why == "what is acknowledged is not committed"


def test_a_partition_of_another_worker_is_that_workers_but_without_any_partition_all_are_looked_at() -> None:
    worker = Worker()
    worker.assigned = (THERE,)
    assert worker.look(60, {HERE: Standing(5, 9)}) == []
    worker.assigned = ()
    assert worker.look(5, {HERE: Standing(5, 9)}) == []
    assert worker.look(5, {HERE: Standing(6, 9)}) == [], "somebody else does the work"
    (stall,) = worker.look(12, {HERE: Standing(6, 9)})
    assert stall.why == "this worker is given no partition, and messages wait"


def test_a_hole_at_the_end_of_the_log_is_no_message_but_what_comes_behind_it_is() -> None:
    worker = Worker()
    assert worker.look(12, {HERE: Standing(5, 9)}) != []
    worker.judge.hole(HERE, 9)
    assert worker.look(60, {HERE: Standing(5, 9)}) == []
    assert worker.look(12, {HERE: Standing(5, 10)}) != []


def test_the_time_a_broker_was_away_does_not_count() -> None:
    worker = Worker()
    worker.look(10, {HERE: Standing(5, 9)})
    worker.judge.forget()
    assert worker.look(11, {HERE: Standing(5, 9)}) == []
    assert worker.look(1, {HERE: Standing(5, 9)}) != []


class Broker:
    """Positions as the test says; every other answer is that there is no broker, when ``shaky``."""

    def __init__(self, *, readable: bool = True) -> None:
        self.asked = 0
        self.read = 0
        self._readable = readable

    def standing(self) -> Mapping[Place, Standing]:
        self.asked += 1
        if self.asked == 1:
            raise BrokerUnavailableError("not yet")
        return {HERE: Standing(5, 9)}

    def readable(self, place: Place, offset: int) -> bool:
        assert (place, offset) == (HERE, 5)
        self.read += 1
        return self._readable

    def close(self) -> None:
        pass


@pytest.mark.parametrize("readable", [True, False])
def test_the_watch_reads_one_message_before_it_ends_the_process(readable: bool) -> None:
    broker, ended, looked = Broker(readable=readable), threading.Event(), threading.Event()
    said: list[Stall] = []

    def end(stall: Stall, where: str) -> None:
        if stall.place is not None:  # a busy machine may seem to block this thread, which is no matter here
            said.append(stall)
            ended.set()

    def assigned() -> Collection[Place]:
        if broker.asked > 30:
            looked.set()
        return (HERE,)

    watch = StallWatch(
        Progress(), open_positions=lambda: broker, assigned=assigned, end=end, stall_s=0.06, held_s=60.0
    )  # fmt: skip
    watch.start()
    try:
        if readable:
            assert ended.wait(20)
            assert (said[0].place, said[0].behind) == (HERE, 4)
        else:
            assert looked.wait(20)
            assert broker.read == 1, "a hole is found once"
            assert said == []
    finally:
        watch.stop()


def test_an_event_loop_that_does_not_go_round_is_noticed_even_without_a_broker() -> None:
    ended = threading.Event()
    said: list[tuple[Stall, str]] = []

    def no_broker() -> Broker:
        raise BrokerUnavailableError("none")

    def end(stall: Stall, where: str) -> None:
        said.append((stall, where))
        ended.set()

    watch = StallWatch(Progress(), open_positions=no_broker, assigned=lambda: (), end=end, stall_s=0.3, held_s=60.0)
    watch.start()  # and this thread, which is to be watched, waits
    try:
        assert ended.wait(20)
        assert said[0][0].why == "the event loop is blocked"
        assert "test_an_event_loop_that_does_not_go_round" in said[0][1]
    finally:
        watch.stop()
