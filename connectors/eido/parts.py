"""An EIDO's components, read by name in any of its spellings, with the JSON pointer (RFC 6901) at which each stands."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import datetime, tzinfo
from typing import Any

from connectors.lpr import moment_of_iso
from connectors.translation import PayloadError
from schemas.eido import SPELLINGS

_UID = "urn:emergency:uid:"


class Part:
    """One object of a document. ``at``: its pointer, "" for the document itself."""

    __slots__ = ("_folded", "_values", "at")

    def __init__(self, values: Mapping[str, Any], at: str = "") -> None:
        self._values = values
        self._folded: dict[str, str] | None = None
        self.at = at

    def key(self, name: str) -> str | None:
        """Return how a member is spelt here, None when it is not here."""
        if name in self._values:
            return name
        if self._folded is None:
            self._folded = {key.lower(): key for key in self._values}
        for spelling in (name, *SPELLINGS.get(name, ())):
            if (found := self._folded.get(spelling.lower())) is not None:
                return found
        return None

    def value(self, name: str) -> Any:
        """Return a member as it was sent; None when it is missing."""
        key = self.key(name)
        return None if key is None else self._values[key]

    def pointer(self, name: str) -> str:
        """Return the pointer of a member, spelt as it is here, else as the schema has it."""
        return f"{self.at}/{escaped(self.key(name) or name)}"

    def text(self, *names: str, limit: int = 2000) -> str:
        """Return the first of the members that says something, in one line of at most ``limit`` characters."""
        for name in names:
            if text := text_of(self.value(name)):
                return text[:limit]
        return ""

    def texts(self, name: str) -> list[str]:
        """Return the texts of a member: of an array each, or the one."""
        value = self.value(name)
        found = [text_of(one) for one in (value if isinstance(value, list) else [value])]
        return [text for text in found if text]

    def parts(self, name: str) -> list[Part]:
        """Return the objects of a member: of an array each, or the one that stands alone."""
        value, pointer = self.value(name), self.pointer(name)
        if isinstance(value, dict):
            return [Part(value, pointer)]
        if isinstance(value, list):
            return [Part(one, f"{pointer}/{place}") for place, one in enumerate(value) if isinstance(one, dict)]
        return []

    def references(self, name: str) -> list[str]:
        """Return what a member refers to: {"$ref": id}, an id alone, or an array of either."""
        value = self.value(name)
        found = []
        for one in value if isinstance(value, list) else [value]:
            target = one.get("$ref") if isinstance(one, dict) else one
            if isinstance(target, str) and target.strip():
                found.append(plain_id(target))
        return found

    @property
    def id(self) -> str:
        """The part's own id; "" when it has none."""
        return plain_id(self.text("$id"))

    def moment(self, name: str, zone: tzinfo) -> datetime | None:
        """Return a time; None when there is none, or it makes no sense."""
        text = self.text(name)
        try:
            return moment_of_iso(text, "", zone) if text else None
        except PayloadError:
            return None

    def needed_moment(self, name: str, zone: tzinfo) -> datetime:
        """Return a time. Raises PayloadError, which names its pointer, when it is none."""
        return moment_of_iso(self.text(name), self.pointer(name), zone)

    def members(self) -> Iterator[tuple[str, Any]]:
        """Yield the members as they were sent."""
        yield from self._values.items()


def text_of(value: object) -> str:
    """Return a text or a number as text, without the space around it; "" for anything else."""
    if isinstance(value, str):
        return value.strip()
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return ""
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def plain_id(text: str) -> str:
    """Return an id with its prefix in lower case, as it is compared; a fragment's mark is left out."""
    text = text.strip().removeprefix("#")
    return _UID + text[len(_UID) :] if text[: len(_UID)].lower() == _UID else text


def escaped(name: str) -> str:
    """Return a member's name as a pointer writes it."""
    return name.replace("~", "~0").replace("/", "~1")


def canonical(document: Any) -> str:
    """Return a document's canonical text: members sorted by name, no space, UTF-8 as it is.

    Not RFC 8785: that writes 1.0 as 1 and has no whole numbers beyond 2**53, and what is handed on must be what came.
    Whoever makes either canonical form of this text gets what they get of the original.
    """
    text = json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    try:
        text.encode()
    except UnicodeEncodeError:
        return json.dumps(document, sort_keys=True, separators=(",", ":"))
    return text
