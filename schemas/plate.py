"""Licence-plate text: how it is normalised, and which characters readers take for one another."""

from __future__ import annotations

import unicodedata

from schemas.look_alikes import default_look_alikes

#: Classes of characters that readers confuse, as this version has them (schemas/look_alikes.toml).
LOOK_ALIKES: tuple[str, ...] = default_look_alikes().default


def normalise(raw: str) -> str:
    """Return a plate in comparable form: NFKC, upper case, letters and digits only (any script).

    Look-alikes are kept apart: 0 and O stay what was read. Idempotent. May return "" when nothing is left.
    """
    if raw.isascii() and raw.isalnum() and raw == raw.upper():
        return raw  # nearly all that readers send
    folded = unicodedata.normalize("NFKC", raw).upper()
    kept = "".join(char for char in folded if char.isalnum())
    # upper() may give a compatibility form again (e.g. U+0149), so one more pass makes the result a fixed point.
    return unicodedata.normalize("NFKC", kept)


def fold(plate: str) -> bytes:
    """Return the key (UTF-8) under which all look-alikes of a normalised plate meet. Never shown as a plate."""
    return default_look_alikes().fold(plate)
