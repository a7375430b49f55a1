"""Who may see something: "" is for everybody, else the names of audiences, sorted, with a comma between them.

Whoever is in one of them may see it. One text holds them all, so that a column of the store, a field of an event and a
header of a proxy write them alike, and what knows one audience only reads as it always did.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

#: The longest text; as long as a word of an event may be.
MAX_LENGTH = 100
#: How lists write that everybody may see an entry; no audience can be called so.
EVERYBODY = frozenset({"all", "everyone", "organization", "organisation", "public"})
_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,39}")


def is_name(text: str) -> bool:
    """Return whether a text can name an audience: lower-case letters, digits, dots, hyphens, at most 40."""
    return _NAME.fullmatch(text) is not None


def names_of(audience: str) -> frozenset[str]:
    """Return the audiences that something is for; none: everybody, if the text is empty, else nobody."""
    return frozenset(name for part in audience.split(",") if (name := part.strip()))


def audience_text(names: Iterable[str]) -> str:
    """Return names as one text. Raises ValueError when it is longer than MAX_LENGTH."""
    text = ",".join(sorted(set(names)))
    if len(text) > MAX_LENGTH:
        raise ValueError(f"the names of audiences are longer than {MAX_LENGTH} characters together")
    return text


def widest(audiences: Iterable[str]) -> str:
    """Return who may see at least one of several things: "" if one is for everybody, else all who are named.

    Where the names are too long for one text, those last in the alphabet are left out: too few see it, never too many.
    """
    given = set(audiences)
    if not given or "" in given:
        return ""
    kept: list[str] = []
    for name in sorted({name for one in given for name in names_of(one)}):
        if len(",".join([*kept, name])) <= MAX_LENGTH:
            kept.append(name)
    return ",".join(kept) or min(given)
