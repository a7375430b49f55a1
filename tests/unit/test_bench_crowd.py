"""A client of the bench's crowd counts what it was not given, and what it was given twice."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID

import msgspec
from msgspec.structs import replace

from compose.bench.crowd import RULE, ClientTold, Counted, Times
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
