"""A client of the bench's crowd counts what it was not given, and what it was given twice."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID

import msgspec
import pytest
from msgspec.structs import replace

from compose.bench.crowd import RULE, ClientTold, Counted, Times, Told, in_time, lines
from compose.spread import Spread
from schemas.events.alert import EXAMPLE, Alert
from schemas.identity import identity

NOW = datetime(2026, 1, 15, 18, 30, tzinfo=UTC)
DUE = ["W000001", "W000002"]


def alert(plate: str, rev: int = 1, name: str = "", rule: str = RULE) -> Alert:
    return replace(
        EXAMPLE, event_id=identity("state", plate, rev, name, rule), alert_id=identity("alert", plate, name, rule),
        subject=plate, rev=rev, rule=rule, observed_at=NOW, occurred_at=NOW,
    )  # fmt: skip


def client(numbers: dict[UUID, int] | None = None, times: Times | None = None) -> Counted:
    return Counted("ws://127.0.0.1:1/ws", {} if numbers is None else numbers, times or Times())


def give(one: Counted, *alerts: Alert, repeated: bool = False) -> None:
    one.take_alerts(msgspec.Raw(msgspec.json.encode(alerts)), NOW.timestamp() + 0.25, repeated=repeated)


def test_each_plate_once_is_as_it_must_be() -> None:
    one = client()
    give(one, alert(DUE[0]), alert(DUE[1]), alert(DUE[1], rev=2))
    assert one.told(DUE) == ClientTold(0, 0, 0, 0)


def test_a_plate_without_an_alert_is_missing_whatever_other_rules_say_of_it() -> None:
    one = client()
    give(one, alert(DUE[0]), alert(DUE[1], rule="wanted_near_incident"))
    assert one.told(DUE) == ClientTold(1, 0, 0, 0)


def test_a_state_told_again_and_a_second_alert_of_one_plate_are_doubled() -> None:
    one = client()
    give(one, alert(DUE[0]), alert(DUE[0]), alert(DUE[1]))
    give(one, alert(DUE[1], name="second"))
    assert one.told(DUE).doubled == 2


def test_what_a_snapshot_repeats_is_not_doubled_and_what_it_brings_anew_is_counted() -> None:
    one = client()
    give(one, alert(DUE[0]))
    give(one, alert(DUE[0]), alert(DUE[1]), repeated=True)
    assert one.told(DUE) == ClientTold(0, 0, 0, 0)


def test_each_client_counts_for_itself_and_times_are_of_all() -> None:
    numbers: dict[UUID, int] = {}
    times = Times()
    first, second = client(numbers, times), client(numbers, times)
    give(first, alert(DUE[0]), alert(DUE[1]))
    give(second, alert(DUE[1]))
    assert (first.told(DUE).missing, second.told(DUE).missing) == (0, 1)
    assert [round(one) for one in times.edge_to_screen] == [250, 250, 250]


@pytest.mark.parametrize(
    ("p95", "p99", "timely"), [(2_000, 4_000, True), (2_001, 2_001, False), (1_000, 4_001, False), (10, 20, True)]
)
def test_alerts_came_in_time_when_95_and_99_percent_of_them_did(p95: float, p99: float, timely: bool) -> None:
    good, this = Spread(1, 2, 3, 4, 5), Spread(5, p95, p99, 9_000, 100)
    assert in_time(good, this) is timely
    assert in_time(None, None), "where none was due none came late"


def test_a_person_is_told_of_the_worst_of_all_clients() -> None:
    told = Told(
        clients=(ClientTold(1, 0, 2, 0), ClientTold(0, 3, 0, 1)),
        edge_to_screen=Spread(1, 2, 3, 4, 5),
        due_to_screen=None,
    )
    first, second, last = lines(told, False)
    assert (
        "2 more websockets: 1 alerts missing, 3 doubled; at one at worst 1 missing, 3 doubled; 2 cut off, 1 gaps"
        in first
    )
    assert "p95       2" in second
    assert last.startswith("NOT within 2 s")
    assert list(lines(None, True)) == ["within 2 s (95 %) and 4 s (99 %)"]
