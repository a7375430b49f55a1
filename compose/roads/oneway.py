"""Which way a road may be driven, from the word that the file has for it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from compose.roads.errors import RoadsRefusedError

BOTH, FORWARD, BACKWARD, CLOSED = 0, 1, -1, 2

#: OpenStreetMap's words (wiki: Key:oneway) and what files of agencies write for the same. Lanes that change their
#: direction with the hour are left out, as OSRM does: nobody can say which way they go now.
_WORDS = {
    **dict.fromkeys(("", "no", "n", "false", "f", "0", "both", "b", "none", "nan", "null"), BOTH),
    **dict.fromkeys(("yes", "y", "true", "t", "1", "ft", "forward"), FORWARD),
    **dict.fromkeys(("-1", "reverse", "tf", "backward"), BACKWARD),
    **dict.fromkeys(("reversible", "alternating"), CLOSED),
}


def directions(words: Iterable[object]) -> list[int]:
    """Return BOTH, FORWARD, BACKWARD or CLOSED for each word of a file's one-way column.

    Raises RoadsRefusedError when a word is not known: guessing would send units against the traffic.
    """
    plain = [_plain(word) for word in words]
    known = dict(_WORDS)
    # Esri's network data sets write FT, TF, B, and N for "no travel"; elsewhere N says "not one-way".
    if {"ft", "tf"} & set(plain):
        known["n"] = CLOSED
    strange = Counter(word for word in plain if word not in known)
    if strange:
        told = ", ".join(f"{word!r} ({count})" for word, count in strange.most_common(5))
        raise RoadsRefusedError(
            f"The one-way column has words that are not known: {told}. Known are those of OpenStreetMap (yes, no, -1, "
            "reversible) and of Esri (FT, TF, B, N)."
        )
    return [known[word] for word in plain]


def _plain(word: object) -> str:
    if word is None:
        return ""
    text = str(word).strip().lower()
    # A column of numbers comes as 1.0 when one of its cells is empty.
    return text.removesuffix(".0")
