"""Rule: two calls are about one event, by what kind it is, where and when.

A call that is joined wrongly hides a second event behind the first; one that is not joined is one line more on the
screen. So the limits are narrow, and wider only where many people are known to call about one thing from far apart.
"""

from __future__ import annotations

from datetime import timedelta

from msgspec import Struct

from schemas.events.incident import IncidentCall
from schemas.place import distance_m


class Limit(Struct, frozen=True):
    """How far apart two calls about one event may be. ``kinds``: their categories, which count as one kind."""

    kinds: frozenset[str]
    metres: float
    within: timedelta


#: The first that has the category holds.
LIMITS: tuple[Limit, ...] = (
    # Shots are heard over several blocks, and one caller says shots, another a person down, a third a man with a gun.
    Limit(frozenset({"shooting", "stabbing", "homicide", "weapon", "assault", "robbery", "carjacking", "kidnapping"}),
          400.0, timedelta(minutes=20)),
    # Smoke is seen from far away, for long.
    Limit(frozenset({"fire"}), 400.0, timedelta(minutes=30)),
    # Cars that pass a crash call a little further on.
    Limit(frozenset({"traffic"}), 250.0, timedelta(minutes=15)),
)  # fmt: skip
#: All other kinds: neighbours of one house, of the same category.
METRES, WITHIN = 100.0, timedelta(minutes=10)
#: What is added for the uncertainty of both places, at most; a place less certain than that says nothing.
MOST_UNCERTAIN_M = 300.0
#: No limit reaches further: metres, with the uncertainty of both.
FURTHEST_M = max(METRES, *(limit.metres for limit in LIMITS)) + MOST_UNCERTAIN_M
LONGEST = max(WITHIN, *(limit.within for limit in LIMITS))


def limit_of(category: str) -> Limit:
    """Return how far apart calls of a category may be to be about one event."""
    for limit in LIMITS:
        if category in limit.kinds:
            return limit
    return Limit(frozenset({category}), METRES, WITHIN)


def place_of(call: IncidentCall) -> tuple[float, float] | None:
    """Return the place by which a call may be held to be about the same as another; None: there is none that says so.

    A test is about nothing, and ``other`` is no kind that two calls could share.
    """
    if call.contact == "test" or call.category == "other" or (call.uncertainty_m or 0.0) > MOST_UNCERTAIN_M:
        return None
    return None if call.lat is None or call.lon is None else (call.lat, call.lon)


def same_event(call: IncidentCall, other: IncidentCall) -> str:
    """Return why two calls are about one event, in words; empty: nothing says that they are."""
    here, there = place_of(call), place_of(other)
    if here is None or there is None:
        return ""
    limit = limit_of(call.category)
    if other.category not in limit.kinds:
        return ""
    apart = abs(call.received_at - other.received_at)
    if apart > limit.within:
        return ""
    metres = distance_m(*here, *there)
    uncertain = min((call.uncertainty_m or 0.0) + (other.uncertainty_m or 0.0), MOST_UNCERTAIN_M)
    if metres > limit.metres + uncertain:
        return ""
    minutes = apart.total_seconds() / 60
    return f"Joined by itself: {metres:.0f} m and {minutes:.0f} min from a call of a like kind."
