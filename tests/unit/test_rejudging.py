"""What was judged by facts that turn out to have been old is judged again, and nothing else is."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping, Sequence

from pipeline.guard import Guard
from pipeline.message import Message, Outgoing
from pipeline.processors.sightings import Sightings
from pipeline.rejudging import OLD_AFTER_S, Rejudging
from pipeline.state.hotlist_index import HotlistIndex
from pipeline.state.reference import Follower, Reference
from schemas.events.alert import ALERT
from schemas.events.hotlist import HOTLIST, Hotlist
from schemas.events.hotlist_entry import HOTLIST_ENTRY, HotlistEntry
from schemas.events.plate_read import PLATE_READ
from schemas.hotlist_checksum import checksum
from schemas.identity import identity
from schemas.wire.frame import encode_frame
from schemas.wire.log_ends import LogEnds
from schemas.wire.publisher import BrokerUnavailableError
from schemas.wire.reader import LogReader, Record
from tests.local_system import until
from tests.unit.facts import NOW, read, reference, wanted

OUT = Outgoing("out", 0, b"", b"", [])


class Facts:
    """Facts that are as new, and as often changed, as a test says."""

    def __init__(self) -> None:
        self.fresh_as_of: float | None = None
        self.generation = 0


class Court:
    """A clock, facts, and a judge that notes what was put to it."""

    def __init__(self, **bounds: int) -> None:
        self.now = 100.0
        self.facts = Facts()
        self.judged: list[int] = []
        self.rejudging = Rejudging(self.facts, clock=lambda: self.now, **bounds)

    def judge(self, offset: int, size: int = 1) -> None:
        async def note(message: Message) -> Sequence[Outgoing]:
            self.judged.append(message.offset)
            return [OUT]

        message = Message("in", 0, offset, None, b"x" * size, [])
        assert asyncio.run(self.rejudging.judge(message, note)) == [OUT]

    def again(self) -> list[int]:
        """What is judged again now."""
        before = len(self.judged)
        made = asyncio.run(self.rejudging.due())
        assert len(made) == len(self.judged) - before
        return self.judged[before:]


def test_what_was_judged_by_the_newest_facts_is_judged_once() -> None:
    court = Court()
    court.judge(1)
    court.now = court.facts.fresh_as_of = 101.0
    assert court.again() == []
    court.facts.generation = 1
    assert court.again() == []


def test_what_was_judged_before_a_change_was_seen_is_judged_again_in_order() -> None:
    court = Court()
    court.judge(1)
    court.judge(2)
    court.facts.generation = 1
    court.judge(3)
    assert court.again() == []  # nobody knows yet how new the facts are
    court.facts.fresh_as_of = 101.0
    assert court.again() == [1, 2]
    assert court.again() == []


def test_what_was_judged_after_the_moment_for_which_the_facts_are_known_waits() -> None:
    court = Court()
    court.judge(1)
    court.now = 103.0
    court.judge(2)
    court.facts.fresh_as_of, court.facts.generation = 102.0, 1
    assert court.again() == [1]
    court.facts.fresh_as_of = 104.0
    assert court.again() == [2]


def test_after_a_long_time_in_which_nobody_could_tell_all_of_it_is_judged_again() -> None:
    court = Court()
    court.judge(1)
    court.facts.fresh_as_of = 100.0 + OLD_AFTER_S + 1
    assert court.again() == [1]


def test_no_more_is_kept_than_its_bounds_and_there_is_room_again_afterwards() -> None:
    many, large = Court(most_messages=2), Court(most_bytes=10)
    for court, size in ((many, 1), (large, 6)):
        court.judge(1, size)
        assert not court.rejudging.full
        court.judge(2, size)
        assert court.rejudging.full
        court.facts.fresh_as_of = 101.0
        court.again()
        assert not court.rejudging.full


def test_a_plate_that_was_listed_while_the_leader_hung_raises_its_alert_once_the_list_is_there() -> None:
    facts, known = Facts(), reference()
    rejudging = Rejudging(facts, clock=lambda: 100.0)
    guard = Guard(Sightings(known), PLATE_READ, partitions=1)
    message = Message(PLATE_READ.topic, 0, 0, None, encode_frame([read("NEW123")]), [])
    at_once = asyncio.run(rejudging.judge(message, guard.handle))
    known.hotlists.index = HotlistIndex([wanted("NEW123")])
    facts.generation, facts.fresh_as_of = 1, 101.0
    later = asyncio.run(rejudging.due())
    assert ALERT.topic not in [out.topic for out in at_once]
    assert [out.topic for out in later].count(ALERT.topic) == 1


class Log(LogReader):
    """A log with one hotlist in it, whose entries' leader hangs until ``release`` is called."""

    def __init__(self) -> None:
        entry = HotlistEntry(
            event_id=identity("entry", 1), occurred_at=NOW, observed_at=NOW, source="test/list", list_id="stolen",
            list_version="1", entry_id="E1", plate="NEW123", kind="stolen_vehicle", severity="P2",
        )  # fmt: skip
        manifest = Hotlist(
            event_id=identity("list", 1), occurred_at=NOW, observed_at=NOW, source="test/list", list_id="stolen",
            version="1", as_of=NOW, entry_count=1, chunk_count=1, checksum=checksum([entry]),
        )  # fmt: skip
        self._waiting = [Record(HOTLIST, 0, 0, None, encode_frame([manifest]), [])]
        self._hung = [Record(HOTLIST_ENTRY, 0, 0, None, encode_frame([entry]), [])]
        self._read: dict[tuple[str, int], int] = {}

    def release(self) -> None:
        self._waiting, self._hung = self._hung, []

    @property
    def caught_up(self) -> bool:
        return True

    @property
    def answered_at(self) -> float:
        return time.monotonic()

    def has_read(self, ends: Mapping[tuple[str, int], int]) -> bool:
        return all(self._read.get(place, 0) >= end for place, end in ends.items())

    def poll(self, timeout_s: float) -> list[Record]:
        given, self._waiting = self._waiting, []
        for one in given:
            self._read[one.kind.topic, one.partition] = one.offset + 1
        return given

    def close(self) -> None:
        pass


class Ends(LogEnds):
    """The ends of that log; the first questions are not answered."""

    def __init__(self, *failures: Exception) -> None:
        self._failures = list(failures or [BrokerUnavailableError("it hangs")])

    def ask(self) -> Mapping[tuple[str, int], int]:
        if self._failures:
            raise self._failures.pop()
        return {(HOTLIST.topic, 0): 1, (HOTLIST_ENTRY.topic, 0): 1}

    def close(self) -> None:
        pass


def test_facts_are_fresh_only_when_all_partitions_were_read_to_their_ends() -> None:
    log = Log()
    follower = Follower(lambda: log, Reference(), Ends)
    follower.start()
    try:
        until(lambda: follower._asked is not None and "stolen" in follower.reference.hotlists.incomplete)
        assert (follower.fresh_as_of, follower.generation) == (None, 0)
        log.release()
        until(lambda: follower.fresh_as_of is not None)
        assert follower.generation == 1
        assert follower.reference.hotlists.index.size == 1
    finally:
        follower.stop()


def test_whatever_goes_wrong_the_ends_are_asked_for_again_of_another_client() -> None:
    clients = [Ends(), Ends(KeyError("nobody foresaw it"))]
    log = Log()
    log.release()
    log.poll(0.0)
    follower = Follower(lambda: log, Reference(), clients.pop)
    follower.start()
    try:
        until(lambda: follower._asked is not None)
        assert clients == []
    finally:
        follower.stop()
