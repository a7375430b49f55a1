"""What an edge reports to the ledger: what was confirmed, once, however often the report is sent."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import timedelta

import pytest
from msgspec.structs import replace

from connectors.edge.accepted_counts import AcceptedCounts, counting, device_number
from schemas.envelope import Event
from schemas.events.alert import EXAMPLE as AN_ALERT
from schemas.events.ledger_count import LedgerCount
from schemas.events.plate_read import EXAMPLE
from schemas.id_digest import digest_text, id_digest
from schemas.identity import identity
from schemas.wire.publisher import BrokerUnavailableError


class Log:
    """A publisher that keeps what it is given, or refuses."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self.away = False

    async def publish(self, events: Sequence[Event]) -> None:
        if self.away:
            raise BrokerUnavailableError
        self.events.extend(events)

    @property
    def reports(self) -> list[LedgerCount]:
        return [event for event in self.events if isinstance(event, LedgerCount)]


def reads(*numbers: int, minute: int = 0) -> list[Event]:
    at = EXAMPLE.observed_at + timedelta(minutes=minute)
    return [replace(EXAMPLE, event_id=identity("test", number), observed_at=at) for number in numbers]


def test_what_was_confirmed_is_reported_by_type_source_and_minute() -> None:
    log = Log()
    counts = AcceptedCounts(log, "edge")

    async def play() -> None:
        await counts.publish(reads(1, 2, 2))
        await counts.publish(reads(3, minute=1))
        await counts.report()
        await counts.report()

    asyncio.run(play())
    first, second = log.reports
    assert (first.counted_type, first.counted_source, first.count) == ("plate_read", "rekor/east", 3)
    assert first.digest == digest_text(id_digest([identity("test", number) for number in (1, 2, 2)]))
    assert first.minute == EXAMPLE.observed_at.replace(second=0, microsecond=0)
    assert (second.minute, second.count) == (first.minute + timedelta(minutes=1), 1)
    assert (first.number, second.number, first.process) == (0, 1, second.process)


def test_what_was_not_confirmed_is_not_counted() -> None:
    log = Log()
    counts = AcceptedCounts(log, "edge")
    log.away = True
    with pytest.raises(BrokerUnavailableError):
        asyncio.run(counts.publish(reads(1)))
    assert counts.due() == []


def test_a_report_that_was_not_confirmed_is_sent_again_as_it_was_and_the_next_one_apart() -> None:
    log = Log()
    counts = AcceptedCounts(log, "edge")

    async def play() -> Sequence[LedgerCount]:
        await counts.publish(reads(1))
        log.away = True
        with pytest.raises(BrokerUnavailableError):
            await counts.report()
        refused = counts.due()
        log.away = False
        await counts.publish(reads(2))
        await counts.report()
        return refused

    refused = asyncio.run(play())
    assert log.reports[0] == refused[0]
    assert [report.count for report in log.reports] == [1, 1]
    assert len({report.event_id for report in log.reports}) == 2


def test_the_last_counts_are_reported_when_the_edge_ends() -> None:
    log = Log()

    async def play() -> None:
        async with counting(log, "edge") as counted:
            await counted.publish(reads(1, 2))

    asyncio.run(play())
    assert [report.count for report in log.reports] == [2]


def test_runs_of_a_process_never_share_an_id() -> None:
    ids = set()
    for _ in range(2):
        counts = AcceptedCounts(Log(), "edge")
        counts.count(reads(1))
        ids |= {report.event_id for report in counts.due()}
    assert len(ids) == 2


def test_buckets_beyond_the_bound_are_not_reported_and_that_is_counted() -> None:
    counts = AcceptedCounts(Log(), "edge", max_buckets=2)
    for minute in range(3):
        counts.count(reads(1, minute=minute))
    assert len(counts.due()) == 2
    assert counts.not_counted == 1


def test_a_vendors_own_numbers_are_reported_by_device() -> None:
    numbers = {identity("test", number): number + 100 for number in range(5)}
    counts = AcceptedCounts(Log(), "edge", sequence_of=lambda event: ("cam-7", numbers[event.event_id]))
    counts.count(reads(3, 1, 4))
    (report,) = counts.due()
    assert (report.device, report.first_sequence, report.last_sequence, report.count) == ("cam-7", 101, 104, 3)


def test_a_read_that_its_device_numbers_is_counted_by_device_and_no_other_is() -> None:
    numbered, plain = replace(EXAMPLE, device_sequence=4711), EXAMPLE
    assert device_number(numbered) == (EXAMPLE.camera_id, 4711)
    assert device_number(plain) is None
    assert device_number(AN_ALERT) is None


def test_an_edge_reports_the_numbers_of_its_devices() -> None:
    log = Log()
    numbered = [replace(EXAMPLE, event_id=identity("test", number), device_sequence=number) for number in (4711, 4713)]

    async def play() -> None:
        async with counting(log, "edge") as counted:
            await counted.publish(numbered)

    asyncio.run(play())
    assert [(one.device, one.first_sequence, one.last_sequence, one.count) for one in log.reports] == [
        (EXAMPLE.camera_id, 4711, 4713, 2)
    ]
