"""What a list would have hit is counted from the store through its gate, and found reads are history, never alarms."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from compose import past_reads
from compose.list_history import _findings, radius_lines
from compose.past_reads import Ask, Window, blast_radius, matched_plates
from pipeline.rules import retro_hunt
from pipeline.state.hotlist_index import HotlistIndex, Wanted
from pipeline.state.hotlists import Hotlists
from pipeline.state.in_force import InForce
from pipeline.state.withdrawals import Withdrawals
from pipeline.store.chdb_store import ChdbStore
from pipeline.store.store import Placed
from schemas.events.hotlist_withdrawal import EXAMPLE as WITHDRAWAL
from schemas.events.sighting import EXAMPLE as A_SIGHTING
from schemas.events.sighting import SIGHTING, Sighting
from schemas.identity import identity
from tests.unit.facts import wanted

NOW = datetime.now(UTC)
DAY = timedelta(days=1)


def seen(number: int, plate: str, *, days: float = 1.0, **changes: Any) -> Sighting:
    at = NOW - days * DAY
    made = replace(
        A_SIGHTING,
        event_id=identity("past_read", number),
        occurred_at=at,
        observed_at=at,
        plate=plate,
        plate_region="us-la",
        camera_id=f"C{number % 3}",
        zones=("district-1",),
        hits=(),
        incidents=(),
    )
    return replace(made, **changes)


SIGHTINGS = [
    *(seen(number, "ABC123") for number in range(4)),
    seen(10, "ABC123", plate_region="us-tx"),
    seen(11, "A8C123", zones=("district-1", "harbour")),
    seen(12, "ABX123"),
    seen(13, "QQQ777"),
    seen(14, "ABC123", days=30),
    seen(15, "ABC123", synthetic=True),
    seen(16, "ABC123", is_preview=True),
    seen(17, "O'X\\1", camera_id="C9"),
]


@pytest.fixture(scope="module")
def ask(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ask]:
    store = ChdbStore(tmp_path_factory.mktemp("store"), readers=1)
    store.migrate()
    store.insert(SIGHTING, [Placed(event, SIGHTING.topic, 0, at) for at, event in enumerate(SIGHTINGS)])

    def asked(sql: str) -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = json.loads(store.foreign_query(sql, "JSON"))["data"]
        return rows

    yield asked
    store.close()


@pytest.fixture(params=[1, 2, 1000])
def page(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(past_reads, "PAGE", request.param)


def entry(plate: str, entry_id: str = "E1", **changes: Any) -> Wanted:
    return wanted(plate, entry_id, region="us-la", tolerance="edit", **changes)


@pytest.mark.usefixtures("page")
def test_the_blast_radius_counts_reads_plates_cameras_and_zones_by_type_of_match(ask: Ask) -> None:
    told = blast_radius(ask, HotlistIndex([entry("ABC123")]), Window(days=7))
    assert told.plates_read == 6  # ABC123 of two states
    assert {kind: (one.plates, one.reads, one.other_state) for kind, one in told.by_match.items()} == {
        "exact": (2, 5, 1),
        "look_alike": (1, 1, 0),
        "edit": (1, 1, 0),
    }
    assert (told.plates, told.reads, told.cameras) == (4, 7, 3)
    assert told.zones == {"district-1": 7, "harbour": 1}


def test_each_tolerance_says_how_many_hits_a_day_it_brings_and_how_many_may_be_false(ask: Ask) -> None:
    told = blast_radius(ask, HotlistIndex([entry("ABC123")]), Window(days=7))
    assert told.days == pytest.approx(1.0, abs=0.05)  # what the store covers
    assert told.hits_a_day == pytest.approx({"exact": 5, "look_alike": 6, "edit": 7}, abs=0.4)
    assert told.false_a_day_at_most == pytest.approx({"exact": 0, "look_alike": 1, "edit": 2}, abs=0.2)
    lines = "\n".join(radius_lines("list.csv", 1, told))
    assert "hit 7 reads of 4 plates, at 3 cameras in 2 zones" in lines


def test_a_list_that_nothing_was_read_of_has_no_radius(ask: Ask) -> None:
    told = blast_radius(ask, HotlistIndex([entry("ZZZ999")]), Window(days=7))
    assert (told.reads, told.plates, told.by_match) == (0, 0, {})
    none = blast_radius(ask, HotlistIndex([entry("ABC123")]), Window(days=1))
    assert none.plates_read == 0


def test_older_made_up_and_preliminary_reads_count_only_where_they_are_asked_for(ask: Ask) -> None:
    index = HotlistIndex([entry("ABC123")])
    assert blast_radius(ask, index, Window(days=60)).by_match["exact"].reads == 6
    assert blast_radius(ask, index, Window(days=7, simulated=True)).by_match["exact"].reads == 6


def test_a_plate_that_is_no_plate_does_not_break_the_question(ask: Ask) -> None:
    (matched,) = [
        one for _, some in matched_plates(ask, HotlistIndex([entry("O'X\\1")]), Window(days=7)) for one in some
    ]
    assert matched.plate == "O'X\\1"
    assert blast_radius(ask, HotlistIndex([entry("O'X\\1")]), Window(days=7)).reads == 1


def hunted(
    ask: Ask, *entries: Wanted, only: frozenset[str] = frozenset(), withdrawals: Withdrawals | None = None
) -> Any:
    lists = Hotlists()
    lists.index = HotlistIndex(entries)
    return _findings(ask, lists, InForce(withdrawals or Withdrawals()), Window(days=7), only, 100)


def test_a_hunt_finds_past_reads_as_closed_alerts_that_say_they_are_history(ask: Ask) -> None:
    found = hunted(ask, wanted("QQQ777", "E7"))
    (alert,) = found
    assert (alert.rule, alert.status, alert.severity, alert.rev) == (retro_hunt.RULE, "closed", "P4", 1)
    assert alert.title.startswith("History: ")
    assert alert.why[0].kind == "history"
    assert "HISTORY: read" in alert.why[0].text
    assert alert.triggers == (identity("past_read", 13),)
    assert alert.zones == ("district-1",)
    assert [one.event_id for one in hunted(ask, wanted("QQQ777", "E7"))] == [alert.event_id]


def test_a_hunt_is_of_chosen_entries_in_force_only(ask: Ask) -> None:
    both = (wanted("QQQ777", "E7"), wanted("ABX123", "E8"))
    assert {alert.subject for alert in hunted(ask, *both)} == {"QQQ777", "ABX123"}
    assert {alert.subject for alert in hunted(ask, *both, only=frozenset({"E8"}))} == {"ABX123"}
    withdrawals = Withdrawals()
    withdrawals.apply(replace(WITHDRAWAL, list_id="stolen", entry_id="E7"))
    assert {alert.subject for alert in hunted(ask, *both, withdrawals=withdrawals)} == {"ABX123"}


def test_a_read_that_hit_the_entry_when_it_was_made_is_no_finding(ask: Ask) -> None:
    def with_known(sql: str) -> list[dict[str, Any]]:
        return [{**row, "lists": ["stolen"], "entries": ["E7"]} if "entries" in row else row for row in ask(sql)]

    assert hunted(with_known, wanted("QQQ777", "E7")) == []
    assert len(hunted(with_known, wanted("QQQ777", "E8"))) == 1
