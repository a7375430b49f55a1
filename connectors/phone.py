"""Telephone numbers in one form, so that the same caller looks the same whatever the source: + and digits."""

from __future__ import annotations

import re

_URI = re.compile(r"^(?:tel|sips?|pres|callto):", re.IGNORECASE)
_LETTER = re.compile(r"[A-Za-z]")
#: Longest number an event holds.
MAX_NUMBER = 40
#: Digits of a number with its country code (E.164, 6.1).
_MOST_DIGITS = 15


def number(text: str) -> str:
    """Return a number as + and digits where it is one, else as given (at most 40 characters).

    Ten digits, or eleven from 1, are a number of the North American plan; a URI's parameters and host are left out.
    """
    given = _URI.sub("", text.strip())
    user = re.split(r"[;@?]", given, maxsplit=1)[0].strip()
    digits = "".join(char for char in user if char.isascii() and char.isdigit())
    if not _LETTER.search(user) and 7 <= len(digits) <= _MOST_DIGITS:
        if user.startswith("+"):
            return f"+{digits}"
        if user.startswith("00"):
            return f"+{digits[2:]}"
        if len(digits) == 11 and digits[0] == "1":
            return f"+{digits}"
        if len(digits) == 10 and digits[0] in "23456789":
            return f"+1{digits}"
    return (user if user and user != given and digits else given)[:MAX_NUMBER]
