"""Vendors' objects read by member name: numbers sent as text, missing members and unknown ones are no trouble.

What an event cannot do without is asked for with ``needed_…`` and is refused by name. Anything else that is missing or
makes no sense is left out: a read with a broken speed is still a read.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from math import isfinite
from typing import Any

import msgspec

from connectors.payload import join_path
from connectors.translation import PayloadError

#: Longer texts are no value of a reader; they are left out, or refused where they are needed.
MAX_TEXT = 2000
#: No text of a read is as long; a picture as base64 is.
MAX_PICTURELESS = 4000


class Members:
    """The members of one object, with the path at which it stands. Names are found in any case."""

    __slots__ = ("_at", "_names", "_values")

    def __init__(self, values: object, at: str = "") -> None:
        self._values: Mapping[str, Any] = values if isinstance(values, dict) else {}
        self._at = at
        self._names: dict[str, str] | None = None

    def path(self, name: str = "") -> str:
        """Return the path of a member, as an error names it."""
        return join_path(self._at, name) or "body"

    def __bool__(self) -> bool:
        return bool(self._values)

    def __contains__(self, name: str) -> bool:
        return self.value(name) is not None

    def as_json(self) -> bytes:
        """Return the object as JSON, for a dead letter; long texts, which are pictures, are left out."""
        try:
            return msgspec.json.encode(_without_pictures(self._values))
        except RecursionError:
            return b""

    def value(self, name: str) -> Any:
        """Return a member as it was sent; None when it is missing or null."""
        found = self._values.get(name)
        if found is not None or name in self._values:
            return found
        if self._names is None:
            self._names = {key.lower(): key for key in self._values if isinstance(key, str)}
        return self._values.get(self._names.get(name.lower(), name))

    def text(self, *names: str, limit: int = MAX_TEXT) -> str | None:
        """Return the first of the members that is a text with something in it, or a number, as text."""
        for name in names:
            text = _text(self.value(name))
            if text is not None and len(text) <= limit and text.strip():
                return text
        return None

    def needed_text(self, *names: str, limit: int = 200) -> str:
        """Return the first of the members that has text. Raises PayloadError when none has, or it is too long."""
        for name in names:
            text = _text(self.value(name))
            if text is not None and text.strip():
                if len(text) > limit:
                    raise PayloadError(self.path(name), f"is longer than {limit} characters")
                return text
        given = next((name for name in names if self.value(name) is not None), None)
        if given is None:
            raise PayloadError(self.path(names[0]), "is missing")
        empty = isinstance(self.value(given), str)
        raise PayloadError(self.path(given), "is empty" if empty else "expected a text")

    def number(self, *names: str, least: float = -1e15, most: float = 1e15) -> float | None:
        """Return the first of the members that is a number within the bounds, also one sent as text."""
        for name in names:
            number = _number(self.value(name))
            if number is not None and least <= number <= most:
                return number
        return None

    def needed_number(self, *names: str, least: float = -1e15, most: float = 1e15) -> float:
        """Return a member's number. Raises PayloadError when it is missing, no number, or out of bounds."""
        name = next((name for name in names if self.value(name) is not None), None)
        if name is None:
            raise PayloadError(self.path(names[0]), "is missing")
        number = _number(self.value(name))
        if number is None:
            raise PayloadError(self.path(name), "expected a number")
        if not least <= number <= most:
            raise PayloadError(self.path(name), f"expected a number between {least:g} and {most:g}")
        return number

    def confidence(self, *names: str, full: float) -> float:
        """Return a confidence as 0..1 where the source writes 0..``full``; 0 when the source tells none.

        Raises PayloadError when it is told and is no number in that range: a wrong scale must not pass as certainty.
        """
        name = next((name for name in names if _text(self.value(name)) not in (None, "")), None)
        if name is None:
            return 0.0
        return round(self.needed_number(name, least=0, most=full) / full, 10)

    def whole(self, *names: str, least: int = 0, most: int = 2**63 - 1) -> int | None:
        """Return the first of the members that is a whole number within the bounds, also one sent as text."""
        for name in names:
            number = _whole(self.value(name))
            if number is not None and least <= number <= most:
                return number
        return None

    def flag(self, *names: str) -> bool:
        """Return whether one of the members says yes: true, 1, "true", "yes"."""
        return any(str(self.value(name)).strip().lower() in ("true", "1", "yes") for name in names)

    def inside(self, *names: str) -> Members:
        """Return the first of the members that is an object; an empty one when none is."""
        for name in names:
            found = self.value(name)
            if isinstance(found, dict):
                return Members(found, self.path(name))
        return Members({}, self.path(names[0]))

    def each(self, name: str) -> Iterator[Members]:
        """Yield the objects of a member: of an array each, of an object itself."""
        found = self.value(name)
        if isinstance(found, dict):
            yield Members(found, self.path(name))
        elif isinstance(found, list):
            for place, part in enumerate(found):
                if isinstance(part, dict):
                    yield Members(part, f"{self.path(name)}[{place}]")


def _without_pictures(value: Any) -> Any:
    if isinstance(value, str):
        return value if len(value) <= MAX_PICTURELESS else f"({len(value)} characters left out)"
    if isinstance(value, dict):
        return {name: _without_pictures(inner) for name, inner in value.items()}
    return [_without_pictures(inner) for inner in value] if isinstance(value, list) else value


def _text(value: object) -> str | None:
    if isinstance(value, str):
        return value
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        # A name that is a number is written without a fraction: camera 12, not 12.0.
        return str(int(value)) if isinstance(value, float) and value.is_integer() and abs(value) < 1e15 else str(value)
    return None


def _number(value: object) -> float | None:
    if isinstance(value, bool):
        return None
    if isinstance(value, (int, float)):
        try:
            number = float(value)
        except OverflowError:
            return None
        return number if isfinite(number) else None
    if isinstance(value, str) and len(value) <= 64:
        text = value.strip()
        # Devices set to some languages write a comma.
        text = text.replace(",", ".") if text.count(",") == 1 and "." not in text else text
        try:
            number = float(text)
        except ValueError:
            return None
        return number if isfinite(number) else None
    return None


def _whole(value: object) -> int | None:
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        return value
    if isinstance(value, str) and value.strip().isascii() and value.strip().isdigit() and len(value) <= 32:
        return int(value)
    number = _number(value)
    return int(number) if number is not None and number == int(number) else None
