"""Which call says what an incident is about."""

from __future__ import annotations

from datetime import timedelta

import pytest
from msgspec.structs import replace

from schemas.events.emergency_call import CATEGORIES, GRAVE, EmergencyCall
from schemas.incident_kind import GRAVEST_FIRST, highest_priority, kind_call
from tests.unit.facts import NOW, call

QUARREL = call(1, "disturbance", 29.95, -90.07, priority=9)
ROBBERY = call(2, "robbery", 29.95, -90.07, priority=4, received_at=NOW + timedelta(minutes=2))


def test_every_category_has_its_place_once_and_what_endangers_lives_comes_first() -> None:
    assert sorted(GRAVEST_FIRST) == sorted(CATEGORIES)
    assert set(GRAVEST_FIRST[: len(GRAVE)]) == GRAVE


def test_crimes_are_in_the_order_of_the_hierarchy_rule() -> None:
    rule = ["homicide", "sexual_assault", "robbery", "assault", "burglary", "vehicle_theft", "theft"]
    assert [category for category in GRAVEST_FIRST if category in rule] == rule


@pytest.mark.parametrize(
    ("calls", "says"),
    [
        ([QUARREL, ROBBERY], ROBBERY),
        ([QUARREL, replace(ROBBERY, status="closed")], QUARREL),
        ([replace(QUARREL, status="closed"), replace(ROBBERY, status="closed")], replace(ROBBERY, status="closed")),
        ([QUARREL, replace(ROBBERY, contact="test")], QUARREL),
        ([QUARREL, replace(ROBBERY, category="a_new_word")], QUARREL),
        ([QUARREL, replace(ROBBERY, category="disturbance")], QUARREL),
        ([replace(QUARREL, priority=None), replace(ROBBERY, category="disturbance", priority=0)], None),
        ([replace(QUARREL, priority=4), replace(ROBBERY, category="disturbance")], replace(QUARREL, priority=4)),
    ],
    ids=[
        "gravest before highest priority", "one that goes on before one that is over", "gravest when all are over",
        "a test never", "a word that is not known is as other", "then the highest priority",
        "any priority before none", "then the earliest",
    ],
)  # fmt: skip
def test_the_call_that_says_the_kind(calls: list[EmergencyCall], says: EmergencyCall | None) -> None:
    expected = says or calls[-1]
    assert kind_call(calls) == expected
    assert kind_call(calls[::-1]) == expected


def test_the_priority_is_the_highest_of_those_that_go_on() -> None:
    assert highest_priority([QUARREL, ROBBERY]) == 9
    assert highest_priority([replace(QUARREL, status="closed"), ROBBERY]) == 4
    assert highest_priority([replace(QUARREL, status="closed")]) == 9
    assert highest_priority([replace(QUARREL, priority=None)]) is None
