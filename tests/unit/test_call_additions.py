"""Of several calls about one event, each shows only what nobody said before."""

from __future__ import annotations

from datetime import timedelta

from schemas.call_additions import added
from schemas.events.emergency_call import CallNote, CallVehicle
from tests.unit.facts import NOW, call

FIRST = call(
    1, "shooting", 29.95, -90.07, kind="Shots", priority=7, callback_number="+15045550101", address="500 Bourbon St",
    notes=(CallNote(text="Man with a gun, red car."),),
    vehicles=(CallVehicle(relation="suspect", plate="ABC123", description="red sedan"),),
)  # fmt: skip


def test_the_first_caller_tells_everything() -> None:
    (one,) = added([FIRST])
    assert [told.fact for told in one.told] == ["kind", "priority", "place", "number", "vehicle", "note"]


def test_a_caller_who_says_the_same_adds_nothing() -> None:
    same = call(2, "shooting", 29.9501, -90.07, kind="SHOTS", priority=6, callback_number="+15045550101",
                received_at=NOW + timedelta(seconds=9), address="501 Bourbon St",
                notes=(CallNote(text="man with a GUN"),),
                vehicles=(CallVehicle(relation="suspect", plate="ABC123"),))  # fmt: skip
    assert added([same, FIRST])[1].told == ()


def test_a_caller_who_says_more_adds_just_that() -> None:
    more = call(3, "shooting", 29.953, -90.07, kind="Shots", priority=9, received_at=NOW + timedelta(seconds=9),
                notes=(CallNote(text="He ran north."), CallNote(text="Red car")),
                vehicles=(CallVehicle(relation="suspect", plate="", description="black van"),))  # fmt: skip
    told = added([FIRST, more])[1].told
    assert [(one.fact, one.text) for one in told] == [
        ("priority", "9 of 10"), ("place", "29.95300, -90.07000"), ("vehicle", "suspect black van"),
        ("note", "He ran north."),
    ]  # fmt: skip


def test_a_place_within_the_uncertainty_of_another_is_no_other_place() -> None:
    vague = call(4, "shooting", 29.953, -90.07, uncertainty_m=500.0, received_at=NOW + timedelta(seconds=9))
    assert "place" not in [one.fact for one in added([FIRST, vague])[1].told]
