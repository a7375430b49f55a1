"""Licence-plate text: how it is normalised, and which characters readers take for one another."""

from __future__ import annotations

import unicodedata

#: Classes of characters that readers confuse (reference: Genetec AutoVu "OCR equivalence", six classes).
LOOK_ALIKES: tuple[str, ...] = ("0ODQ", "1I", "2Z", "5S", "8B", "6G")

#: Of bytes, since it runs for every read: look-alikes are ASCII, and no byte of another character is.
_FOLD = bytes.maketrans(
    "".join(LOOK_ALIKES).encode(),
    "".join(group[0] * len(group) for group in LOOK_ALIKES).encode(),
)


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
    """Return the index key (UTF-8) under which all look-alikes of a normalised plate meet. Never shown as a plate."""
    return plate.encode(errors="surrogatepass").translate(_FOLD)
