"""How near two birth dates are, and why: equal, a slip of the keyboard, day and month swapped, only the year known."""

from __future__ import annotations

from msgspec import Struct
from rapidfuzz.distance import OSA

from pipeline.names.keys import MONTH, YEARS, day, is_day, plain_date


class Near(Struct, frozen=True):
    """``points``: what it says for (or, below 0, against) being the same person; ``reason``: a word for it."""

    points: float
    reason: str


SAME = Near(9.0, "birth_date_same")
PLACEHOLDER = Near(4.0, "birth_date_same_1_january")
SWAPPED = Near(6.5, "birth_date_day_and_month_swapped")
SLIP = Near(6.0, "birth_date_one_digit_off")
TWO_SLIPS = Near(2.5, "birth_date_two_digits_off")
WITHIN_A_MONTH = Near(2.5, "birth_date_within_a_month")
YEARS_OFF = Near(1.5, "birth_date_about_one_or_ten_years_off")
YEAR_OFF = Near(4.0, "birth_date_another_year")
PARTLY = Near(3.0, "birth_date_same_as_far_as_known")
UNKNOWN = Near(0.0, "")
OTHER = Near(-4.0, "birth_date_differs")


def compare(one: str, other: str) -> Near:
    """Compare two birth dates as YYYY-MM-DD, YYYYMMDD, YYYY-MM or YYYY; an empty one says nothing."""
    left, right = plain_date(one), plain_date(other)
    if len(left) < 4 or len(right) < 4:
        return UNKNOWN
    if min(len(left), len(right)) < 8:
        known = min(len(left), len(right))
        return PARTLY if left[:known] == right[:known] else OTHER
    if left == right:
        # Who knows only the year writes its first day.
        return PLACEHOLDER if left.endswith("0101") else SAME
    if left[:4] == right[:4] and left[4:6] == right[6:] and left[6:] == right[4:6]:
        return SWAPPED
    wrong = OSA.distance(left, right, score_cutoff=2)
    if wrong == 1:
        return SLIP
    if left[4:] == right[4:]:
        return YEAR_OFF
    if wrong == 2:
        return TWO_SLIPS
    if not (is_day(left) and is_day(right)):
        return OTHER
    apart = abs((day(left) - day(right)).days)
    if apart <= MONTH:
        return WITHIN_A_MONTH
    return YEARS_OFF if any(abs(apart - years) <= MONTH for years in YEARS) else OTHER
