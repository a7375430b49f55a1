"""Licence-plate text: how it is normalised, and which characters readers take for one another."""

from __future__ import annotations

import unicodedata

#: Classes of characters that readers confuse (reference: Genetec AutoVu "OCR equivalence", six classes).
LOOK_ALIKES: tuple[str, ...] = ("0ODQ", "1I", "2Z", "5S", "8B", "6G")

_FOLD = str.maketrans({char: group[0] for group in LOOK_ALIKES for char in group})


def normalise(raw: str) -> str:
    """Return a plate in comparable form: NFKC, upper case, letters and digits only (any script).

    Look-alikes are kept apart: 0 and O stay what was read. Idempotent. May return "" when nothing is left.
    """
    folded = unicodedata.normalize("NFKC", raw).upper()
    kept = "".join(char for char in folded if char.isalnum())
    # upper() may give a compatibility form again (e.g. U+0149), so one more pass makes the result a fixed point.
    return unicodedata.normalize("NFKC", kept)


def fold(plate: str) -> str:
    """Return the index key under which all look-alikes of a normalised plate meet. Never stored as a plate."""
    return plate.translate(_FOLD)
