"""The store is asked beside the stream: strangers and company are raised, and nothing waits for it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from pipeline.path_questions import (
    BESIDE_AFTER_S,
    COMPANY_EVERY,
    GIVE_UP_S,
    MOST_WAITING,
    STORED_AFTER_S,
    PastUnavailableError,
    PathQuestions,
    Shared,
)
from pipeline.processors.paths import PlatePaths
from pipeline.rules.travelling_together import Passed
from schemas.events.alert import Alert
from schemas.events.sighting import SIGHTING, Sighting
from schemas.look_alikes import default_look_alikes
from tests.unit.facts import NOW, reference, square
from tests.unit.path_facts import HIT, PLACES, sighting

YARD = square("yard", *PLACES["A"], 0.002, name="Evidence yard", rules=("first_in_zone",))


class Store:
    """A store that knows some plates in every zone, and who was beside whom."""

    def __init__(self) -> None:
        self.known: frozenset[str] = frozenset()
        self.since = NOW - timedelta(days=90)
        self.shared = Shared((), {}, 0)
        self.away = False
        self.asked: list[Any] = []

    def in_zone_before(
        self, zone_id: str, reads: Sequence[tuple[str, datetime]], since: timedelta
    ) -> tuple[frozenset[str], datetime]:
        self.asked.append([plate for plate, _ in reads])
        if self.away:
            raise PastUnavailableError("away")
        return self.known & {plate for plate, _ in reads}, self.since

    def beside(self, plate: str, begin: datetime, end: datetime) -> Shared:
        self.asked.append(plate)
        if self.away:
            raise PastUnavailableError("away")
        return self.shared


class Desk:
    """Questions with their clock in hand, and what was raised."""

    def __init__(self) -> None:
        self.store = Store()
        self.raised: list[Alert] = []
        self.at = 0.0
        self.deaf = False
        self.questions = PathQuestions(
            self.store,
            self.announce,
            look_alikes=default_look_alikes(),
            lists=dict,
            clock=lambda: self.at,
            now=lambda: NOW,
        )

    def announce(self, alerts: Sequence[Alert]) -> None:
        if self.deaf:
            raise TimeoutError
        self.raised += alerts

    def after(self, seconds: float) -> list[Alert]:
        self.at += seconds
        self.raised = []
        self.questions.answer()
        return self.raised


def inside(plate: str, at_s: float = 0.0) -> Sighting:
    return sighting(plate, "A", at_s, zones=("yard",))


def test_a_plate_the_zone_has_not_seen_for_a_month_is_told_of_and_one_it_knows_is_not() -> None:
    desk = Desk()
    desk.store.known = frozenset({"KNOWN1"})
    desk.questions.is_stranger(inside("NEW111"), YARD)
    desk.questions.is_stranger(inside("KNOWN1"), YARD)
    assert desk.after(STORED_AFTER_S - 1) == [], "what was read just now is not in the store yet"
    (alert,) = desk.after(2)
    assert (alert.rule, alert.severity, alert.subject) == ("first_in_zone", "P4", "NEW111")
    assert alert.title == "NEW111 read in Evidence yard for the first time"
    assert [reason.text for reason in alert.why] == ["Not read in Evidence yard in the 30 days before."]
    assert desk.store.asked == [["NEW111", "KNOWN1"]], "one question for both"
    assert desk.after(100) == []


def test_a_young_store_says_how_far_back_it_knows() -> None:
    desk = Desk()
    desk.store.since = NOW - timedelta(days=2)
    desk.questions.is_stranger(inside("NEW111"), YARD)
    (alert,) = desk.after(10)
    assert alert.why[-1].text == "History incomplete: reads in the zone are kept since 2026-01-13 18:00 UTC only."


def test_a_store_that_is_away_is_asked_again_and_then_the_alert_says_that_history_is_incomplete() -> None:
    desk = Desk()
    desk.store.away = True
    desk.questions.is_stranger(inside("NEW111"), YARD)
    assert desk.after(10) == []
    (alert,) = desk.after(GIVE_UP_S)
    assert alert.why[-1].text == "History incomplete: the store could not be asked."
    desk.questions.is_stranger(inside("NEW222"), YARD)
    assert desk.after(10) == []
    desk.store.away = False
    (alert,) = desk.after(1)
    assert len(alert.why) == 1


def test_what_could_not_be_raised_is_asked_and_raised_again() -> None:
    desk = Desk()
    desk.deaf = True
    desk.questions.is_stranger(inside("NEW111"), YARD)
    assert desk.after(10) == []
    desk.deaf = False
    assert [alert.subject for alert in desk.after(1)] == ["NEW111"]
    assert desk.after(1) == []


def test_questions_beyond_their_room_are_let_go_and_counted() -> None:
    desk = Desk()
    for number in range(MOST_WAITING + 3):
        desk.questions.is_stranger(inside(f"N{number}"), YARD)
    assert desk.questions.let_go == 3


def beside(number: int, plates: str) -> Passed:
    return Passed(NOW.timestamp() + number * 300, f"C{number}", frozenset(plates.split()))


WANTED = sighting("ABC123", "A", 0, hits=(HIT,), plate_region="us-la")


def test_company_of_a_wanted_plate_is_told_of_but_not_its_own_misreads() -> None:
    desk = Desk()
    # At each camera four others, and the same plate beside it; the plate misread at each camera, too.
    passes = [beside(number, f"XYZ789 A8C123 N{number}a N{number}b N{number}c") for number in range(6)]
    desk.store.shared = Shared(passes, {"XYZ789": 6, "A8C123": 6}, 20_000)
    desk.questions.has_company(WANTED)
    assert desk.after(BESIDE_AFTER_S - 1) == [], "who comes behind is read later"
    assert [alert.why[0].facts["companion"] for alert in desk.after(2)] == ["XYZ789"]


def test_company_is_asked_for_once_in_a_while_and_let_go_when_the_store_stays_away() -> None:
    desk = Desk()
    desk.store.away = True
    for _ in range(3):
        desk.questions.has_company(WANTED)
    assert desk.after(BESIDE_AFTER_S) == []
    assert desk.after(GIVE_UP_S) == []
    desk.store.away = False
    assert desk.after(1) == []
    assert desk.store.asked == ["ABC123"] * 2
    later = sighting("ABC123", "A", COMPANY_EVERY.total_seconds(), hits=(HIT,))
    desk.questions.has_company(later)
    desk.after(BESIDE_AFTER_S)
    assert desk.store.asked == ["ABC123"] * 3


class Noted:
    """Questions that are only noted."""

    def __init__(self) -> None:
        self.strangers: list[str] = []
        self.company: list[str] = []

    def is_stranger(self, sighting: Sighting, zone: Any) -> None:
        self.strangers.append(f"{sighting.plate} {zone.zone_id}")

    def has_company(self, sighting: Sighting) -> None:
        self.company.append(sighting.plate)


def test_only_zones_that_ask_and_settings_that_ask_lead_to_questions() -> None:
    noted, silent = Noted(), Noted()
    frame = [
        sighting("ABC123", "A", number * 60.0, zones=("yard",), hits=(HIT,), camera_id=f"C{number}")
        for number in range(3)
    ]
    asking = PlatePaths(reference(YARD), everywhere=frozenset({"travelling_together"}), questions=noted)
    asking.process(SIGHTING, frame, 0)
    assert noted.strangers == ["ABC123 yard"], "the second time its path knows it"
    assert noted.company == ["ABC123"], "at the third camera there is something to compare"
    plain = PlatePaths(reference(square("yard", *PLACES["A"], 0.002)), questions=silent)
    plain.process(SIGHTING, frame, 0)
    assert (silent.strangers, silent.company) == ([], [])


def test_what_was_asked_when_a_worker_ended_is_asked_again_by_the_next() -> None:
    noted = Noted()
    paths = PlatePaths(reference(YARD), questions=noted, clock=lambda: NOW + timedelta(seconds=60))
    paths.judge_again(0, [inside("OLD111", -600.0), inside("NEW111", 0.0)], NOW.timestamp() - 1_800)
    assert noted.strangers == ["NEW111 yard"]
