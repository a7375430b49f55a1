"""An entry that is withdrawn, or gone from its list, stops matching at once, and its open alerts are recalled once."""

from __future__ import annotations

import threading
import time
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from pipeline.outcome import Drop, Emit
from pipeline.ownership import Ownership
from pipeline.processors.alerts import Alerts
from pipeline.processors.recalling import Recalling
from pipeline.processors.sightings import Sightings
from pipeline.state.recent import AGAIN_AFTER_S
from pipeline.state.reference import Follower, Reference
from pipeline.state.withdrawals import Withdrawals
from schemas.events.action import ACTION, Action
from schemas.events.action import EXAMPLE as AN_ACTION
from schemas.events.alert import ALERT, Alert
from schemas.events.hotlist import EXAMPLE as MANIFEST
from schemas.events.hotlist import HOTLIST
from schemas.events.hotlist_entry import EXAMPLE as ENTRY
from schemas.events.hotlist_entry import HOTLIST_ENTRY
from schemas.events.hotlist_withdrawal import EXAMPLE as WITHDRAWAL
from schemas.events.hotlist_withdrawal import HOTLIST_WITHDRAWAL, HotlistWithdrawal
from schemas.events.plate_read import PLATE_READ
from schemas.hotlist_checksum import checksum
from schemas.identity import identity
from schemas.wire.frame import encode_frame
from schemas.wire.partition import partition_of
from schemas.wire.reader import LogReader, Record
from tests.unit.facts import NOW, read

PARTITIONS = 4
EVERYWHERE = {(ACTION.topic, number) for number in range(PARTITIONS)}


def load(
    facts: Reference,
    number: int,
    plates: dict[str, str],
    list_id: str = "stolen",
    *,
    schedule: str = "",
    time_zone: str = "UTC",
    expires_at: datetime | None = None,
) -> None:
    """Load a version of a list: plates by entry id."""
    version = f"2026-{number:04d}"
    entries = [
        replace(
            ENTRY,
            event_id=identity("hotlist_entry", list_id, version, entry_id),
            list_id=list_id,
            list_version=version,
            entry_id=entry_id,
            plate=plate,
            schedule=schedule,
            expires_at=expires_at,
        )
        for entry_id, plate in plates.items()
    ]
    manifest = replace(
        MANIFEST,
        event_id=identity("hotlist", list_id, version),
        as_of=NOW + timedelta(hours=number),
        list_id=list_id,
        version=version,
        entry_count=len(entries),
        checksum=checksum(entries),
        time_zone=time_zone,
    )
    facts.apply(HOTLIST_ENTRY, entries)
    facts.apply(HOTLIST, [manifest])
    facts.rebuild()


def withdrawal(entry_id: str = "S-1", *, second: int = 0, withdrawn: bool = True) -> HotlistWithdrawal:
    at = NOW + timedelta(seconds=second)
    return replace(
        WITHDRAWAL,
        event_id=identity("hotlist_withdrawal", entry_id, second),
        listing_id=f"stolen/{entry_id}",
        entry_id=entry_id,
        is_withdrawn=withdrawn,
        changed_at=at,
        changed_by="r.diaz",
        reason="Recovered, case 26-0114",
    )


def alerts_of(facts: Reference, plate: str, number: int = 1) -> list[Alert]:
    (outcome,) = Sightings(facts, lambda: NOW).process(PLATE_READ, [read(plate, number)], 0)
    assert isinstance(outcome, Emit)
    return [event for event in outcome.events if isinstance(event, Alert)]


def recalling(facts: Reference, now: list[float] | None = None) -> Recalling:
    clock = now if now is not None else [0.0]
    return Recalling(facts, Ownership(lambda: EVERYWHERE, PARTITIONS), clock=lambda: clock[0])


def carried_out(facts: Reference, actions: list[Action]) -> list[Alert]:
    """What the owner of the alerts makes of actions; folded in as the log would bring it."""
    made = [
        event
        for outcome in Alerts(facts).process(ACTION, actions, 0)
        if isinstance(outcome, Emit)
        for event in outcome.events
        if isinstance(event, Alert)
    ]
    facts.apply(ALERT, made)
    return made


@pytest.fixture
def facts() -> Reference:
    known = Reference()
    load(known, 1, {"S-1": "ABC123", "S-2": "XYZ999"})
    return known


def test_b15_a_withdrawn_entry_stops_matching_at_once_and_its_open_alerts_say_who_recalled_them_and_why(
    facts: Reference,
) -> None:
    (alert,) = alerts_of(facts, "ABC123")
    facts.apply(ALERT, [alert])
    facts.apply(HOTLIST_WITHDRAWAL, [withdrawal()])
    # No index was built anew: the withdrawal alone does it.
    assert alerts_of(facts, "ABC123", 2) == []
    assert len(alerts_of(facts, "XYZ999", 3)) == 1
    (action,) = recalling(facts).tick(NOW)
    (recalled,) = carried_out(facts, [action])
    assert (recalled.status, recalled.rev, recalled.changed_by) == ("recalled", 2, "r.diaz")
    assert recalled.changed_at == withdrawal().changed_at
    assert "withdrawn: Recovered, case 26-0114" in recalled.note
    assert recalled.why == alert.why
    assert recalling(facts).tick(NOW) == []


class _Log(LogReader):
    """A log that gives what it was told to, once, and then has ended."""

    def __init__(self, *records: Record) -> None:
        self._records = list(records)

    @property
    def caught_up(self) -> bool:
        return not self._records

    @property
    def answered_at(self) -> float:
        return time.monotonic()

    def poll(self, timeout_s: float) -> list[Record]:
        taken, self._records = self._records, []
        return taken

    def close(self) -> None:
        pass


def test_b15_a_withdrawal_takes_effect_while_the_index_of_another_list_is_being_built(facts: Reference) -> None:
    (alert,) = alerts_of(facts, "ABC123")
    facts.apply(ALERT, [alert])
    built = threading.Event()
    facts.rebuild = built.wait  # type: ignore[method-assign,assignment] # as a list of millions would
    record = Record(HOTLIST_WITHDRAWAL, 0, 0, None, encode_frame([withdrawal()]), [], 0)
    building = Follower(lambda: _Log(), facts)
    beside = Follower(lambda: _Log(record), facts, builds=False)
    building.start()
    beside.start()
    try:
        assert beside.ready.wait(10)
        assert not building.ready.is_set()
        assert alerts_of(facts, "ABC123", 2) == []
        assert len(recalling(facts).tick(NOW)) == 1
    finally:
        built.set()
        beside.stop()
        building.stop()


def test_a_sighting_of_a_withdrawn_entry_has_no_hit(facts: Reference) -> None:
    facts.apply(HOTLIST_WITHDRAWAL, [withdrawal()])
    (outcome,) = Sightings(facts, lambda: NOW).process(PLATE_READ, [read("ABC123")], 0)
    assert isinstance(outcome, Emit)
    assert [event.hits for event in outcome.events] == [()]  # type: ignore[attr-defined]


def test_the_same_withdrawal_twice_gives_the_same_revision_and_a_second_recall_is_dropped(facts: Reference) -> None:
    (alert,) = alerts_of(facts, "ABC123")
    facts.apply(ALERT, [alert])
    for _ in range(2):
        facts.apply(HOTLIST_WITHDRAWAL, [withdrawal()])
    # Two workers that both believe to own the alert.
    first, second = recalling(facts).tick(NOW), recalling(facts).tick(NOW + timedelta(seconds=1))
    assert [one.event_id for one in first] == [one.event_id for one in second]
    one_owner = Alerts(facts)
    outcomes = one_owner.process(ACTION, [*first, *second], 0)
    assert isinstance(outcomes[0], Emit)
    assert outcomes[1] == Drop("already_applied")
    again = Alerts(facts).process(ACTION, first, 0)
    assert isinstance(again[0], Emit)
    assert again[0].events[0].event_id == outcomes[0].events[0].event_id


def test_an_alert_raised_a_moment_too_late_by_a_worker_with_older_facts_is_recalled_as_well(facts: Reference) -> None:
    (alert,) = alerts_of(facts, "ABC123")
    facts.apply(HOTLIST_WITHDRAWAL, [withdrawal()])
    facts.apply(ALERT, [alert])
    assert [one.subject_id for one in recalling(facts).tick(NOW)] == [str(alert.alert_id)]


def test_alerts_of_an_entry_that_a_new_version_has_no_more_are_recalled_and_those_it_has_are_not(
    facts: Reference,
) -> None:
    (gone,), (kept,) = alerts_of(facts, "ABC123"), alerts_of(facts, "XYZ999", 2)
    facts.apply(ALERT, [gone, kept])
    assert recalling(facts).tick(NOW) == []
    load(facts, 2, {"S-2": "XYZ999", "S-3": "NEW111"})
    (action,) = recalling(facts).tick(NOW)
    (recalled,) = carried_out(facts, [action])
    assert (recalled.alert_id, recalled.status, recalled.changed_by) == (gone.alert_id, "recalled", "hotlist:stolen")
    assert "no longer on the list" in recalled.note


def test_an_entry_that_has_another_plate_in_a_new_version_recalls_the_alerts_about_the_old_one(
    facts: Reference,
) -> None:
    facts.apply(ALERT, alerts_of(facts, "ABC123"))
    load(facts, 2, {"S-1": "ABC124", "S-2": "XYZ999"})
    (action,) = recalling(facts).tick(NOW)
    assert "no longer on the list" in action.note


def test_an_alert_matched_against_an_older_version_that_comes_after_the_new_one_is_held_against_it(
    facts: Reference,
) -> None:
    late = alerts_of(facts, "ABC123")
    load(facts, 2, {"S-2": "XYZ999"})
    facts.apply(ALERT, late)
    facts.rebuild()
    assert len(recalling(facts).tick(NOW)) == 1


def test_while_a_list_is_not_in_force_yet_nothing_of_it_is_recalled(facts: Reference) -> None:
    (alert,) = alerts_of(facts, "ABC123")
    restarted = Reference()
    restarted.apply(ALERT, [alert])
    restarted.rebuild()
    assert recalling(restarted).tick(NOW) == []
    load(restarted, 1, {"S-1": "ABC123"})
    assert recalling(restarted).tick(NOW) == []
    load(restarted, 2, {"S-9": "OTHER1"})
    assert len(recalling(restarted).tick(NOW)) == 1


def test_a_reinstated_entry_matches_again_and_alerts_not_yet_recalled_stay_open(facts: Reference) -> None:
    facts.apply(ALERT, alerts_of(facts, "ABC123"))
    facts.apply(HOTLIST_WITHDRAWAL, [withdrawal(), withdrawal(second=1, withdrawn=False)])
    facts.rebuild()
    assert recalling(facts).tick(NOW) == []
    assert len(alerts_of(facts, "ABC123", 2)) == 1


def test_a_reinstated_entry_that_its_list_lost_meanwhile_still_recalls_its_alerts(facts: Reference) -> None:
    facts.apply(ALERT, alerts_of(facts, "ABC123"))
    facts.apply(HOTLIST_WITHDRAWAL, [withdrawal()])
    load(facts, 2, {"S-2": "XYZ999"})
    facts.apply(HOTLIST_WITHDRAWAL, [withdrawal(second=1, withdrawn=False)])
    facts.rebuild()
    (action,) = recalling(facts).tick(NOW)
    assert "no longer on the list" in action.note


def test_a_closed_alert_is_left_as_it_is_and_recalled_when_it_is_reopened(facts: Reference) -> None:
    (alert,) = alerts_of(facts, "ABC123")
    facts.apply(ALERT, [alert])
    close = replace(AN_ACTION, event_id=identity("a", 1), name="alert.close", subject_id=str(alert.alert_id))
    carried_out(facts, [close])
    facts.apply(HOTLIST_WITHDRAWAL, [withdrawal()])
    assert recalling(facts).tick(NOW) == []
    carried_out(facts, [replace(close, event_id=identity("a", 2), name="alert.reopen")])
    (recalled,) = carried_out(facts, recalling(facts).tick(NOW))
    assert (recalled.status, recalled.rev) == ("recalled", 4)


def test_nobody_can_act_on_a_recalled_alert(facts: Reference) -> None:
    (alert,) = alerts_of(facts, "ABC123")
    facts.apply(ALERT, [alert])
    facts.apply(HOTLIST_WITHDRAWAL, [withdrawal()])
    carried_out(facts, recalling(facts).tick(NOW))
    for number, name in enumerate(("alert.acknowledge", "alert.close", "alert.reopen")):
        action = replace(AN_ACTION, event_id=identity("b", number), name=name, subject_id=str(alert.alert_id))
        assert Alerts(facts).process(ACTION, [action], 0) == [Drop("already_recalled")]


def test_a_recall_is_said_by_the_owner_of_the_alert_only_and_again_when_nothing_comes_of_it(facts: Reference) -> None:
    (alert,) = alerts_of(facts, "ABC123")
    facts.apply(ALERT, [alert])
    facts.apply(HOTLIST_WITHDRAWAL, [withdrawal()])
    owner = partition_of(str(alert.alert_id), PARTITIONS)
    elsewhere = EVERYWHERE - {(ACTION.topic, owner)}
    assert Recalling(facts, Ownership(lambda: elsewhere, PARTITIONS)).tick(NOW) == []
    now = [0.0]
    ours = recalling(facts, now)
    said = [len(ours.tick(NOW)) for now[0] in (0.0, 1.0, AGAIN_AFTER_S)]
    assert said == [1, 0, 1]


def test_another_generation_tells_that_what_was_judged_before_a_reinstatement_must_be_judged_again(
    facts: Reference,
) -> None:
    facts.apply(HOTLIST_WITHDRAWAL, [withdrawal()])
    before = facts.generation
    facts.apply(HOTLIST_WITHDRAWAL, [withdrawal()])
    assert facts.generation == before
    facts.apply(HOTLIST_WITHDRAWAL, [withdrawal(second=1, withdrawn=False)])
    assert facts.generation != before


@given(
    st.lists(st.tuples(st.integers(0, 3), st.integers(0, 50), st.booleans()), max_size=12, unique_by=lambda w: w[1]),
    st.randoms(),
)
def test_whatever_order_withdrawals_come_in_the_latest_holds(said: list[tuple[int, int, bool]], chance: object) -> None:
    events = [withdrawal(f"S-{entry}", second=second, withdrawn=gone) for entry, second, gone in said]
    shuffled = list(events)
    chance.shuffle(shuffled)  # type: ignore[attr-defined]
    known = Withdrawals()
    for event in [*shuffled, *shuffled]:
        known.apply(event)
    for entry in range(4):
        of_it = [event for event in events if event.entry_id == f"S-{entry}"]
        latest = max(of_it, key=lambda event: event.changed_at, default=None)
        assert known.is_withdrawn("stolen", f"S-{entry}") == (latest is not None and latest.is_withdrawn)


@pytest.mark.parametrize(("hour", "alerts"), [(12, 0), (18, 1), (1, 0)])
def test_an_entry_alerts_within_its_schedule_only_by_the_clock_of_its_list(hour: int, alerts: int) -> None:
    facts = Reference()
    load(facts, 1, {"S-1": "ABC123"}, schedule="thu 12:00-18:00", time_zone="America/Chicago")  # 18:00 to 24:00 UTC
    at = NOW.replace(hour=hour, minute=30)
    (outcome,) = Sightings(facts, lambda: at).process(PLATE_READ, [read("ABC123", at=at)], 0)
    assert isinstance(outcome, Emit)
    assert len(outcome.events) == 1 + alerts


@pytest.mark.parametrize(("seconds", "alerts"), [(2, 1), (1, 0), (-3600, 0)])
def test_b16_from_its_expiry_on_an_entry_raises_no_alert(seconds: int, alerts: int) -> None:
    facts = Reference()
    # The read was received a second after it was made: what counts is that the entry holds when we know of the read.
    load(facts, 1, {"S-1": "ABC123"}, expires_at=NOW + timedelta(seconds=seconds))
    assert len(alerts_of(facts, "ABC123")) == alerts


def test_a_schedule_or_zone_that_nobody_can_read_makes_an_entry_alert_always() -> None:
    facts = Reference()
    load(facts, 1, {"S-1": "ABC123"}, schedule="whenever", time_zone="Mars/Base")
    assert len(alerts_of(facts, "ABC123")) == 1


def test_an_alert_about_a_pattern_that_is_still_listed_stays_open() -> None:
    facts = Reference()
    load(facts, 1, {"S-1": "ABC1*"})
    (alert,) = alerts_of(facts, "ABC123")
    facts.apply(ALERT, [alert])
    load(facts, 2, {"S-1": "ABC1*"})
    assert recalling(facts).tick(NOW) == []
    load(facts, 3, {"S-1": "ABC2*"})
    assert len(recalling(facts).tick(NOW)) == 1
