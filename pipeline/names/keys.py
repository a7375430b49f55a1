"""Search keys: short texts that a name shares with the ways it may be misspelt. They find candidates, nothing more.

No key is enough alone (measured on FEBRL 3 by reference/libraries §12: Double Metaphone finds 92 % of the pairs, the
union with the first letters and the birth date 99.7 %), so a record has several and one in common makes a candidate.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import date
from functools import lru_cache

from doublemetaphone import doublemetaphone

from pipeline.names.nicknames import also_called
from pipeline.names.words import Named
from schemas.phone_number import FEWEST_DIGITS, last_digits
from schemas.place import plain_address

#: Which way of making keys this is. Count it up with every change of what ``record_keys`` returns: older keys are then
#: told of, and made again by `watchfloor names rebuild-keys`.
KEYS_VERSION = 1
#: Letters of a phonetic code and of a beginning that count.
CODE, BEGINNING, ENDING = 4, 3, 4
VOWELS = "aeiouyhw"
#: What a common key says, so that the best candidates are looked at first: sound, beginning, end, birth date.
WEIGHTS = {"d": 3.0, "p": 2.0, "s": 2.0, "c": 2.0, "b": 8.0, "n": 2.0, "t": 6.0}
#: Days within which a birth date counts as near, and the years that calendars and keyboards slip by, in days.
MONTH, YEARS = 31, (365, 3652)
_DAY = re.compile(r"(\d{4})-?(\d{2})-?(\d{2})")


@lru_cache(maxsize=50_000)
def sounds(word: str) -> tuple[str, ...]:
    """Return how a word (a to z) sounds: one or two Double Metaphone codes of up to four letters."""
    return tuple(dict.fromkeys(code[:CODE] for code in doublemetaphone(word) if code))


def name_keys(name: Named) -> set[str]:
    """Return the keys of a name: of each word, and of words that others write as one (de la Cruz, Delacruz).

    d: how it sounds; p: its beginning; s: its end; c: its first letter and its other consonants in any order.
    """
    found: set[str] = set()
    for word in _each_and_joined(name):
        found.update(f"d{code}" for code in sounds(word))
        if len(word) >= BEGINNING:
            found.add(f"p{word[:BEGINNING]}")
        if rest := "".join(sorted(set(word[1:]) - set(VOWELS) - {word[0]})):
            found.add(f"c{word[0]}{rest}")
        if len(word) > ENDING:
            found.add(f"s{word[-ENDING:]}")
    return found


def record_keys(names: Iterable[Named], birth_date: str, phones: Iterable[str] = (), address: str = "") -> set[str]:
    """Return the keys under which a record is found: of its names, birth date (b), numbers (t) and address (a)."""
    found = {key for name in names for key in name_keys(name)}
    found.update(f"t{last_digits(phone)}" for phone in phones if len(last_digits(phone)) >= FEWEST_DIGITS)
    if birth_date:
        found.add(f"b{plain_date(birth_date)}")
    if plain_address(address):
        found.add(f"a{plain_address(address)}")
    return found


def query_keys(name: Named, birth_date: str) -> Mapping[str, float]:
    """Return the keys to look for, each with its weight: those of the name, its nicknames and near birth dates."""
    found = {key: WEIGHTS[key[0]] for key in name_keys(name)}
    for word in name.words:
        for other in also_called(word):
            for code in sounds(other):
                found.setdefault(f"d{code}", WEIGHTS["n"])
    if birth_date:
        for near in days_around(birth_date):
            found[f"b{near}"] = WEIGHTS["b"] / 5
        for near in near_dates(birth_date):
            found[f"b{near}"] = WEIGHTS["b"] / 2
        found[f"b{plain_date(birth_date)}"] = WEIGHTS["b"]
    return found


def plain_date(text: str) -> str:
    """Return a birth date's digits: YYYYMMDD, YYYYMM, YYYY, or what digits it has."""
    return re.sub(r"\D", "", text)[:8]


def near_dates(text: str) -> set[str]:
    """Return the days that a whole birth date may stand for: day and month swapped, one digit wrong, two swapped.

    Only days that exist, as eight digits. A date without a day has none.
    """
    digits = plain_date(text)
    if len(digits) != 8:
        return set()
    found = {digits[:4] + digits[6:] + digits[4:6]}
    for place in range(8):
        found.update(digits[:place] + digit + digits[place + 1 :] for digit in "0123456789")
        if place < 7:
            found.add(digits[:place] + digits[place + 1] + digits[place] + digits[place + 2 :])
    return {day for day in found if day != digits and is_day(day)}


def days_around(text: str) -> set[str]:
    """Return the days within a month of a birth date, and of the same day one or ten years before and after."""
    digits = plain_date(text)
    if not is_day(digits):
        return set()
    middle = day(digits).toordinal()
    shifts = (0, *YEARS, *(-years for years in YEARS))
    around = (middle + shift + off for shift in shifts for off in range(-MONTH, MONTH + 1))
    return {date.fromordinal(one).isoformat().replace("-", "") for one in around if 365 < one < date.max.toordinal()}


def day(digits: str) -> date:
    """Return the day of eight digits; ``is_day`` must hold."""
    return date(int(digits[:4]), int(digits[4:6]), int(digits[6:]))


def is_day(digits: str) -> bool:
    """Return whether eight digits are a day of the calendar."""
    found = _DAY.fullmatch(digits)
    try:
        return found is not None and bool(date(int(found[1]), int(found[2]), int(found[3])))
    except ValueError:
        return False


def _each_and_joined(name: Named) -> Iterable[str]:
    yield from name.words
    for part in (name.given, name.family):
        if len(part) > 1:
            yield "".join(part)
