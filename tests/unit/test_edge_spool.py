"""The edge's spool: what was answered is on the disk or at the broker, in order per key; a full disk loses nothing."""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from uuid import UUID

import msgspec
import pytest
from msgspec.structs import replace

from connectors.edge import spool_writer
from connectors.edge.spool import BATCH_EVENTS, Spool, file_name
from connectors.edge.spool_file import SpoolFile, SpoolRow, look_into, spools_in
from connectors.edge.spool_writer import SpoolInUseError, SpoolRefusedError
from schemas.envelope import Event
from schemas.events.dead_letter import DEAD_LETTER, DeadLetter
from schemas.events.plate_read import PLATE_READ, PlateRead
from schemas.wire.publisher import BackpressureError, BrokerUnavailableError

EXAMPLE = PLATE_READ.examples[0]


def read(number: int, plate: str = "ABC123") -> PlateRead:
    return replace(EXAMPLE, event_id=UUID(int=number), plate=plate)


def numbers(events: Sequence[Event]) -> list[int]:
    return [event.event_id.int for event in events]


class Broker:
    """A publisher with a log; ``failure`` makes it fail, ``hold`` makes it wait, ``asked`` counts."""

    def __init__(self) -> None:
        self.log: list[Event] = []
        self.failure: Exception | None = None
        self.hold: asyncio.Event | None = None
        self.asked = 0

    async def publish(self, events: Sequence[Event]) -> None:
        self.asked += 1
        if self.hold is not None:
            await self.hold.wait()
        if self.failure is not None:
            raise self.failure
        self.log += events


GONE = BrokerUnavailableError("gone")


@asynccontextmanager
async def spool(folder: Path, broker: Broker, limit_mb: int = 16, **options: float) -> AsyncIterator[Spool]:
    made = Spool(broker, folder, "edge", limit_mb=limit_mb, last_pause_s=0.01, **options)  # type: ignore[arg-type]
    await made.open()
    try:
        yield made
    finally:
        await made.close()


async def until(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while not true():
            await asyncio.sleep(0.005)


def run(test: Callable[[], Awaitable[None]]) -> None:
    async def body() -> None:
        await test()

    asyncio.run(body())


def on_disk(folder: Path) -> list[int]:
    """The numbers of the events that another process would find in the file now."""
    with sqlite3.connect(folder / "edge.sqlite") as db:
        bodies = [body for (body,) in db.execute("SELECT body FROM waiting ORDER BY seq")]
    return [msgspec.json.decode(body, type=PlateRead).event_id.int for body in bodies]


def test_a_broker_that_confirms_gets_everything_and_the_disk_nothing(tmp_path: Path) -> None:
    async def test() -> None:
        broker = Broker()
        async with spool(tmp_path, broker) as made:
            await made.publish([read(1)])
            assert (numbers(broker.log), made.events, made.confirmed_events) == ([1], 0, 1)
            assert on_disk(tmp_path) == []

    run(test)


def test_an_event_is_acknowledged_without_a_broker_once_it_is_on_the_disk(tmp_path: Path) -> None:
    async def test() -> None:
        broker = Broker()
        broker.failure = GONE
        async with spool(tmp_path, broker) as made:
            await made.publish([read(1), read(2)])
            assert on_disk(tmp_path) == [1, 2]
            assert made.broker_away
            assert made.events == 2

    run(test)


def test_a_broker_that_does_not_answer_is_waited_for_once_and_then_no_more(tmp_path: Path) -> None:
    """The breaker: only the first sender waits; the disk answers those after it until something is confirmed."""

    async def test() -> None:
        broker = Broker()
        broker.hold = asyncio.Event()
        async with spool(tmp_path, broker, confirm_within_s=0.05) as made:
            await made.publish([read(1)])
            await until(lambda: broker.asked == 2)  # the drain is waiting for the broker now
            for number in range(2, 20):
                await made.publish([read(number, f"P{number}")])
            assert broker.asked == 2
            assert on_disk(tmp_path) == list(range(1, 20))
            broker.hold.set()
            await until(lambda: made.events == 0)
            assert not made.broker_away
            await made.publish([read(20, "P20")])
            assert made.events == 0
            assert sorted(set(numbers(broker.log))) == list(range(1, 21))

    run(test)


def test_events_of_a_key_that_waits_go_behind_it_and_other_keys_go_live(tmp_path: Path) -> None:
    async def test() -> None:
        broker = Broker()
        broker.failure = GONE
        async with spool(tmp_path, broker) as made:
            # More than one batch, so that the broker is back while events still wait; the last are of the key LAST.
            await made.publish([read(number, "FIRST") for number in range(BATCH_EVENTS)])
            await made.publish([read(1000, "LAST")])
            gate = Gate(broker, batches=1)
            made._inner = gate  # type: ignore[attr-defined]  # the broker confirms one drained batch, then holds the drain
            broker.failure = None
            await until(lambda: not made.broker_away)
            await made.publish([read(2000, "OTHER"), read(1001, "LAST")])
            assert 2000 in numbers(broker.log)
            assert 1001 not in numbers(broker.log)
            gate.open.set()
            await until(lambda: made.events == 0)
            assert [n for n in numbers(broker.log) if n in (1000, 1001)] == [1000, 1001]

    run(test)


class Gate:
    """In front of a broker: lets so many drained batches pass, then holds those until it is opened; live ones pass."""

    def __init__(self, broker: Broker, batches: int) -> None:
        self.broker = broker
        self.left = batches
        self.open = asyncio.Event()
        self.at_once = 0
        self.most_at_once = 0

    async def publish(self, events: Sequence[Event]) -> None:
        if any(number >= 2000 for number in numbers(events)):
            await self.broker.publish(events)
            return
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        self.left -= 1
        if self.left < 0:
            await self.open.wait()
        await self.broker.publish(events)
        self.at_once -= 1


def test_one_drained_batch_is_on_its_way_at_a_time_and_waits_for_live_events(tmp_path: Path) -> None:
    async def test() -> None:
        broker = Broker()
        broker.failure = GONE
        async with spool(tmp_path, broker) as made:
            await made.publish([read(number, "FIRST") for number in range(4 * BATCH_EVENTS)])
            gate = Gate(broker, batches=99)
            made._inner = gate  # type: ignore[attr-defined]
            broker.failure = None
            await until(lambda: made.events == 0)
            assert gate.most_at_once == 1
            assert numbers(broker.log) == list(range(4 * BATCH_EVENTS))
            assert made.drained_events == 4 * BATCH_EVENTS

    run(test)


def test_the_drain_gives_way_while_live_events_are_on_their_way(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("connectors.edge.spool.GIVE_WAY_S", 1000.0)
    monkeypatch.setattr("connectors.edge.spool.GIVE_WAY_AT_MOST_S", 1000.0)

    async def test() -> None:
        broker = Broker()
        async with spool(tmp_path, broker, confirm_within_s=1000) as made:
            broker.hold = asyncio.Event()
            live = asyncio.create_task(made.publish([read(1, "LIVE")]))
            await until(lambda: broker.asked == 1)
            await made._to_disk([read(2, "HELD")])  # something to drain, while that one is on its way
            await asyncio.sleep(0.05)
            assert broker.asked == 1, "the drain went ahead of a live event"
            broker.hold.set()
            await live
            await until(lambda: numbers(broker.log) == [1, 2])

    run(test)


def test_what_waits_is_found_and_drained_by_the_next_process(tmp_path: Path) -> None:
    async def test() -> None:
        broker = Broker()
        broker.failure = GONE
        async with spool(tmp_path, broker) as made:
            await made.publish([read(1), read(2)])
        broker.failure = None
        held = broker.hold = asyncio.Event()
        async with spool(tmp_path, broker, confirm_within_s=1000) as made:
            assert made.events == 2
            assert made.oldest_s is not None
            later = asyncio.create_task(made.publish([read(3)]))  # of the same key: behind what was found
            await until(later.done)
            held.set()
            await until(lambda: made.events == 0)
        assert numbers(broker.log) == [1, 2, 3]
        assert look_into(tmp_path / "edge.sqlite").events == 0

    run(test)


def test_all_publishes_that_wait_are_committed_together_and_none_is_answered_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    commits: list[int] = []
    append = SpoolFile.append
    gate = threading.Event()

    def held(self: SpoolFile, rows: Sequence[SpoolRow]) -> None:
        gate.wait(20)
        commits.append(len(rows))
        append(self, rows)

    monkeypatch.setattr(SpoolFile, "append", held)

    async def test() -> None:
        broker = Broker()
        broker.failure = GONE
        async with spool(tmp_path, broker) as made:
            sending = [asyncio.create_task(made.publish([read(number, f"P{number}")])) for number in range(50)]
            await until(lambda: made._unwritten.events == 50)
            assert not any(task.done() for task in sending), "answered before it was on the disk"
            gate.set()
            await asyncio.gather(*sending)
            assert sum(commits) == 50
            assert len(commits) <= 2
            assert sorted(on_disk(tmp_path)) == list(range(50))

    run(test)


def test_a_full_spool_refuses_and_loses_nothing_and_takes_events_again_when_there_is_room(tmp_path: Path) -> None:
    async def test() -> None:
        broker = Broker()
        broker.failure = GONE
        accepted: list[int] = []
        async with spool(tmp_path, broker, limit_mb=1) as made:
            number = 0
            while not made.refusing:
                with contextlib.suppress(SpoolRefusedError):
                    await made.publish([read(one) for one in range(number, number + 50)])
                    accepted += range(number, number + 50)
                number += 50
            assert made.refusing == "the spool of this edge is full (spool_limit_mb)"
            assert on_disk(tmp_path) == accepted, "half of a refused publish was kept"
            assert "Nothing more is taken" in made.alarm
            assert (tmp_path / "edge.sqlite").stat().st_size <= 1024 * 1024
            broker.failure = None
            await until(lambda: made.events == 0)
            assert made.alarm == ""
            broker.failure = GONE
            await made.publish([read(1_000_001)])
            assert on_disk(tmp_path) == [1_000_001]
        assert numbers(broker.log) == accepted

    run(test)


def test_the_alarm_is_told_in_words_at_half_of_the_bound(tmp_path: Path) -> None:
    async def test() -> None:
        broker = Broker()
        broker.failure = GONE
        async with spool(tmp_path, broker, limit_mb=1) as made:
            number = 0
            while made.share < 0.5:
                assert made.alarm == ""
                await made.publish([read(one) for one in range(number, number + 20)])
                number += 20
            assert made.alarm.startswith(
                f"The spool is {made.share:.0%} full: {number} events wait for the broker, the oldest for"
            )
            assert not made.refusing

    run(test)


def test_a_disk_that_fails_refuses_and_is_used_again_when_it_is_well(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(spool_writer, "REOPEN_AFTER_S", 0.0)
    append = SpoolFile.append

    def fail(self: SpoolFile, rows: Sequence[SpoolRow]) -> None:
        error = sqlite3.OperationalError("disk I/O error")
        error.sqlite_errorcode = sqlite3.SQLITE_IOERR
        raise error

    async def test() -> None:
        broker = Broker()
        broker.failure = GONE
        async with spool(tmp_path, broker) as made:
            await made.publish([read(1)])
            monkeypatch.setattr(SpoolFile, "append", fail)
            with pytest.raises(SpoolRefusedError, match="error of the disk"):
                await made.publish([read(2)])
            monkeypatch.setattr(SpoolFile, "append", append)
            await made.publish([read(3)])
            assert on_disk(tmp_path) == [1, 3]
            broker.failure = None
            await until(lambda: made.events == 0)
        assert numbers(broker.log) == [1, 3]

    run(test)


def test_a_deletion_that_fails_brings_nothing_twice_and_is_done_later(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    delete = SpoolFile.delete

    def full(self: SpoolFile, up_to: int) -> None:
        error = sqlite3.OperationalError("database or disk is full")
        error.sqlite_errorcode = sqlite3.SQLITE_FULL
        raise error

    monkeypatch.setattr("connectors.edge.spool.LOOK_EVERY_S", 0.01)

    async def test() -> None:
        broker = Broker()
        broker.failure = GONE
        async with spool(tmp_path, broker) as made:
            await made.publish([read(1)])
            monkeypatch.setattr(SpoolFile, "delete", full)
            broker.failure = None
            await until(lambda: made.drained_events == 1)
            await made.publish([read(2)])
            await until(lambda: made.events == 0)
            assert on_disk(tmp_path) == [1]
            monkeypatch.setattr(SpoolFile, "delete", delete)
            await until(lambda: on_disk(tmp_path) == [])
        assert numbers(broker.log) == [1, 2]

    run(test)


@pytest.mark.parametrize("content", [b"this is no database" * 500, b"SQLite format 3\0" + b"\xff" * 5000])
def test_a_file_that_is_no_spool_is_set_aside_whole_and_a_new_one_begun(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "edge.sqlite").write_bytes(content)

    async def test() -> None:
        broker = Broker()
        broker.failure = GONE
        async with spool(tmp_path, broker) as made:
            await made.publish([read(1)])
            assert on_disk(tmp_path) == [1]
            aside = [path for path in tmp_path.glob("*.sqlite") if ".damaged-" in path.name]
            assert [path.read_bytes() for path in aside] == [content]
            assert aside[0].name in made.alarm
            assert spools_in(tmp_path) == [tmp_path / "edge.sqlite"]

    run(test)


def test_a_spool_that_breaks_while_it_is_used_is_set_aside_and_the_edge_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    append = SpoolFile.append
    broken = iter([True])

    def break_once(self: SpoolFile, rows: Sequence[SpoolRow]) -> None:
        if next(broken, False):
            error = sqlite3.DatabaseError("database disk image is malformed")
            error.sqlite_errorcode = sqlite3.SQLITE_CORRUPT
            raise error
        append(self, rows)

    async def test() -> None:
        broker = Broker()
        broker.failure = GONE
        async with spool(tmp_path, broker) as made:
            await made.publish([read(1)])
            monkeypatch.setattr(SpoolFile, "append", break_once)
            await made.publish([read(2)])
            assert on_disk(tmp_path) == [2]
            await until(lambda: made.events == 1)
            assert "set aside" in made.alarm
            broker.failure = None
            await until(lambda: made.events == 0)
        assert numbers(broker.log) == [2]
        (aside,) = (path for path in tmp_path.glob("*.sqlite") if ".damaged-" in path.name)
        assert look_into(aside).events == 1, "what was readable must still be there for a person"

    run(test)


def test_an_event_this_version_cannot_read_becomes_a_dead_letter_with_its_bytes(tmp_path: Path) -> None:
    file = SpoolFile(tmp_path / "edge.sqlite", 1 << 20)
    file.append([SpoolRow("plate_read", "K", b'{"plate": 1}', 1_700_000_000_000), SpoolRow("no_such", "K", b"{}", 0)])
    file.close()

    async def test() -> None:
        broker = Broker()
        async with spool(tmp_path, broker) as made:
            await until(lambda: made.events == 0)
        first, second = broker.log
        assert isinstance(first, DeadLetter)
        assert isinstance(second, DeadLetter)
        assert (first.original, first.topic) == (b'{"plate": 1}', PLATE_READ.topic)
        assert (second.original, second.topic) == (b"{}", "no_such")

    run(test)


def test_backpressure_is_passed_on_and_keeps_nothing(tmp_path: Path) -> None:
    async def test() -> None:
        broker = Broker()
        broker.failure = BackpressureError("the log is full")
        async with spool(tmp_path, broker) as made:
            with pytest.raises(BackpressureError):
                await made.publish([read(1)])
            assert on_disk(tmp_path) == []
            assert not made.broker_away

    run(test)


def test_a_log_that_is_full_while_the_spool_drains_is_full_for_waiting_keys_too(tmp_path: Path) -> None:
    async def test() -> None:
        broker = Broker()
        broker.failure = GONE
        async with spool(tmp_path, broker) as made:
            await made.publish([read(1)])
            broker.failure = BackpressureError("the log is full")
            await until(lambda: made._log_full is not None)
            with pytest.raises(BackpressureError):
                await made.publish([read(2)])
            broker.failure = None
            await until(lambda: made.events == 0)
            await made.publish([read(3)])
        assert numbers(broker.log) == [1, 3]

    run(test)


def test_an_event_too_large_for_the_log_is_refused_also_without_a_broker(tmp_path: Path) -> None:
    async def test() -> None:
        broker = Broker()
        broker.failure = GONE
        async with spool(tmp_path, broker) as made:
            large = replace(DEAD_LETTER.examples[0], original=b"x" * 900_000)
            with pytest.raises(ValueError, match="limit"):
                await made.publish([large])
            assert made.events == 0

    run(test)


def test_two_processes_never_share_a_spool(tmp_path: Path) -> None:
    async def test() -> None:
        async with spool(tmp_path, Broker()):
            with pytest.raises(SpoolInUseError, match="data_dir"):
                await Spool(Broker(), tmp_path, "edge", limit_mb=1).open()

    run(test)


@pytest.mark.parametrize(("one", "other"), [("camera/1", "camera-1"), ("a:b", "a;b"), ("x" * 90, "x" * 91)])
def test_two_clients_never_have_one_file(one: str, other: str) -> None:
    assert file_name(one) != file_name(other)
    assert "/" not in file_name(one)
