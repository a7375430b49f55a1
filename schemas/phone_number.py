"""Phone numbers: one form for all ways of writing one, and whether there is one at all."""

from __future__ import annotations

import re
from functools import lru_cache

import phonenumbers
from phonenumbers import NumberParseException, PhoneNumberFormat

#: What networks and switches write where a caller hides the number.
_WITHHELD = frozenset(
    {
        "",
        "withheld",
        "anonymous",
        "private",
        "restricted",
        "unavailable",
        "unknown",
        "blocked",
        "p",
        "o",
        "none",
        "null",
    }
)
#: Fewer digits are an extension or a service, not somebody's number.
FEWEST_DIGITS = 7


@lru_cache(maxsize=50_000)
def normalised(text: str, region: str = "US") -> str:
    """Return a number as + and digits (E.164), or "" when it is withheld or none.

    ``region``: where numbers without a country code are (ISO 3166). A number is taken when it can be one; whether it is
    in use is not known, and made-up ones (555) are read too. A 911 call without a subscriber's number comes with a
    stand-in (911 and digits of the device), which is nobody's.
    """
    stripped = text.strip()
    if stripped.lower() in _WITHHELD:
        return ""
    try:
        number = phonenumbers.parse(stripped, region)
    except NumberParseException:
        return ""
    if len(str(number.national_number)) < FEWEST_DIGITS or not phonenumbers.is_possible_number(number):
        return ""
    if number.country_code == 1 and str(number.national_number).startswith("911"):
        return ""
    return phonenumbers.format_number(number, PhoneNumberFormat.E164)


def same_number(one: str, other: str, region: str = "US") -> bool:
    """Return whether two texts are one number; withheld ones never are."""
    left = normalised(one, region)
    return bool(left) and left == normalised(other, region)


def last_digits(number: str) -> str:
    """Return the last ten digits, by which the store finds a number however it was written."""
    return re.sub(r"\D", "", number)[-10:]
