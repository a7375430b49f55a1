"""The outbox: each thing is told once, nothing waits without bound, and every end is on record."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from compose.notify.drafting import drafts_of
from compose.notify.outbox import GIVE_UP_S, KEEP_S, Outbox, OutboxError
from compose.notify.recording import action_of
from schemas.events.action import RECORDS
from schemas.events.alert import Alert
from tests.unit.notify_facts import NOW, alert, destination, escalated, withdrawn


class Clock:
    def __init__(self) -> None:
        self.at = NOW.timestamp()

    def __call__(self) -> float:
        return self.at


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def outbox(tmp_path: Path, clock: Clock) -> Outbox:
    box = Outbox(tmp_path / "notify.sqlite", most_waiting=5, now=clock)
    box.know(["dispatch", "chief"])
    return box


def put(outbox: Outbox, *alerts: Alert, names: tuple[str, ...] = ("dispatch",)) -> int:
    return outbox.put(list(drafts_of(alerts, [destination(name) for name in names])))


def test_the_same_alert_is_put_in_once_in_all_its_states_and_for_each_destination(outbox: Outbox) -> None:
    assert put(outbox, alert(), alert(rev=2), alert("2"), names=("dispatch", "chief")) == 4
    assert put(outbox, alert(rev=3)) == 0
    dispatch, chief = outbox.due("dispatch", 9), outbox.due("chief", 9)
    assert [one.subject_id for one in dispatch] == [one.subject_id for one in chief]
    assert len({one.message_id for one in (*dispatch, *chief)}) == 4


def test_an_id_is_the_same_in_another_outbox(tmp_path: Path, outbox: Outbox, clock: Clock) -> None:
    other = Outbox(tmp_path / "other.sqlite", now=clock)
    other.know(["dispatch"])
    put(outbox, alert())
    put(other, alert("0"), alert())
    assert outbox.due("dispatch", 1)[0].message_id == other.due("dispatch", 9)[1].message_id


def test_what_came_up_before_a_destination_was_named_is_told_by_a_replay_only(outbox: Outbox) -> None:
    old = alert(raised_at=NOW - timedelta(minutes=1))
    assert put(outbox, old) == 0
    drafts = list(drafts_of([old, alert("2")], [destination()]))
    count = outbox.replay(drafts, "dispatch", (NOW - timedelta(hours=1)).timestamp(), NOW.timestamp(), "me")
    assert count == 1
    assert [one.subject_id for one in outbox.due("dispatch", 9)] == [str(old.alert_id)]


def test_a_replay_tells_what_was_delivered_and_given_up_again_under_the_same_ids(outbox: Outbox) -> None:
    put(outbox, alert("1"), alert("2"), names=("dispatch", "chief"))
    before = outbox.due("dispatch", 9)
    outbox.delivered(before[:1], "http_200", [2])
    outbox.given_up(before[1], "not_delivered_in_a_day")
    assert outbox.due("dispatch", 9) == []
    assert outbox.replay([], "dispatch", NOW.timestamp(), NOW.timestamp() + 1, "me") == 2
    assert [one.message_id for one in outbox.due("dispatch", 9)] == [one.message_id for one in before]
    assert len(outbox.due("chief", 9)) == 2


def test_a_withdrawal_goes_to_who_was_told_and_to_nobody_else(outbox: Outbox) -> None:
    put(outbox, alert(), names=("dispatch",))
    put(outbox, withdrawn(alert()), withdrawn(alert("2")), names=("dispatch", "chief"))
    assert [one.kind for one in outbox.due("dispatch", 9)] == ["alert.raised", "alert.withdrawn"]
    assert outbox.due("chief", 9) == []


def test_a_withdrawal_that_was_told_overtakes_the_alert(outbox: Outbox) -> None:
    put(outbox, alert(), withdrawn(alert()))
    raised, gone = outbox.due("dispatch", 9)
    assert not outbox.is_overtaken(raised)
    outbox.delivered([gone], "http_200", [0])
    assert outbox.is_overtaken(raised)
    assert not outbox.is_overtaken(gone)


def test_what_is_new_of_an_alert_brings_what_failed_of_it_back_at_once(outbox: Outbox) -> None:
    put(outbox, alert(), alert("2"))
    first, second = outbox.due("dispatch", 9)
    outbox.failed([first, second], "http_400", again_s=300, pause_s=0)
    assert outbox.due("dispatch", 9) == []
    put(outbox, escalated(alert(), NOW))
    assert [(one.kind, one.subject_id) for one in outbox.due("dispatch", 9)] == [
        ("alert.raised", first.subject_id), ("alert.escalated", first.subject_id),
    ]  # fmt: skip


def test_a_paused_or_disabled_destination_is_sent_nothing_and_others_are(outbox: Outbox, clock: Clock) -> None:
    put(outbox, alert(), names=("dispatch", "chief"))
    outbox.failed(outbox.due("dispatch", 1), "unreachable", again_s=0, pause_s=30)
    assert outbox.due("dispatch", 9) == []
    assert len(outbox.due("chief", 9)) == 1
    clock.at += 30
    assert len(outbox.due("dispatch", 9)) == 1
    outbox.disable("dispatch", "http_410")
    assert outbox.due("dispatch", 9) == []
    outbox.enable("dispatch", "me")
    assert len(outbox.due("dispatch", 9)) == 1


def test_the_gravest_is_told_first_and_one_alert_in_order(outbox: Outbox) -> None:
    put(outbox, alert("1"), alert("2", severity="P1"), withdrawn(alert("2", severity="P1")), withdrawn(alert("1")))
    assert [(one.subject_id, one.kind) for one in outbox.due("dispatch", 9)] == [
        (str(alert(number).alert_id), kind) for number in ("2", "1") for kind in ("alert.raised", "alert.withdrawn")
    ]


def test_two_do_not_send_what_is_in_one_outbox(outbox: Outbox) -> None:
    with outbox.alone(), pytest.raises(OutboxError, match="another"), outbox.alone():
        raise AssertionError
    with outbox.alone():
        pass


def test_when_too_many_wait_the_oldest_are_given_up_and_that_is_on_record(outbox: Outbox) -> None:
    put(outbox, *(alert(str(number)) for number in range(7)), names=("dispatch", "chief"))
    waiting = outbox.due("dispatch", 99)
    assert [one.subject_id for one in waiting] == [str(alert(str(number)).alert_id) for number in range(2, 7)]
    lost = [one for one in outbox.records(99) if one.details.get("outcome") == "outbox_full"]
    assert len(lost) == 4
    assert {one.name for one in lost} == {"notify.given_up"}


def test_when_too_many_wait_the_gravest_stay(outbox: Outbox) -> None:
    put(outbox, alert("0", severity="P1"), *(alert(str(number)) for number in range(1, 9)))
    kept = [one.subject_id for one in outbox.due("dispatch", 99)]
    assert kept == [str(alert(str(number)).alert_id) for number in (0, 5, 6, 7, 8)]


def test_what_could_not_be_delivered_in_a_day_is_given_up_and_forgotten_after_a_month(
    outbox: Outbox, clock: Clock
) -> None:
    put(outbox, alert())
    clock.at += GIVE_UP_S + 1
    assert outbox.give_up_old() == ["dispatch"]
    assert [one.given_up for one in outbox.states()] == [0, 1]
    clock.at += KEEP_S + 1
    assert outbox.give_up_old() == []
    assert [one.given_up for one in outbox.states()] == [0, 0]
    assert put(outbox, alert()) == 0, "a log that is read from its beginning does not tell old alerts again"


def test_a_record_is_one_action_however_often_it_is_sent_and_changes_nothing(outbox: Outbox) -> None:
    put(outbox, alert())
    outbox.delivered(outbox.due("dispatch", 9), "http_204", [3])
    (record,) = outbox.records(9)
    one, again = action_of(record), action_of(outbox.records(9)[0])
    assert one.event_id == again.event_id
    assert one.name.startswith(RECORDS)
    assert (one.name, one.subject_id, one.actor) == ("notify.delivered", str(alert().alert_id), "notify:dispatch")
    assert one.details == {
        "destination": "dispatch", "occasion": "alert.raised", "tries": "1", "outcome": "http_204", "late_s": "3",
        "message_id": one.details["message_id"],
    }  # fmt: skip
    outbox.confirmed(record.number)
    assert outbox.records(9) == []


def test_all_of_it_is_there_after_a_restart(tmp_path: Path, outbox: Outbox, clock: Clock) -> None:
    put(outbox, alert())
    outbox.failed(outbox.due("dispatch", 1), "unreachable", again_s=0, pause_s=60)
    outbox.close()
    again = Outbox(tmp_path / "notify.sqlite", now=clock)
    (state,) = [one for one in again.states() if one.name == "dispatch"]
    assert (state.waiting, state.last_error, state.paused_until) == (1, "unreachable", clock.at + 60)


def test_the_file_is_its_owners_only_and_one_that_is_damaged_is_told_of(tmp_path: Path, outbox: Outbox) -> None:
    assert (tmp_path / "notify.sqlite").stat().st_mode & 0o077 == 0
    (tmp_path / "bad.sqlite").write_bytes(b"not a database, but long enough to be looked at" * 50)
    with pytest.raises(OutboxError, match=r"bad\.sqlite cannot be used"):
        Outbox(tmp_path / "bad.sqlite").states()
