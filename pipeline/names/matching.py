"""What speaks for a record being the person asked for: points with a reason each. A lead for a person, never proof."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from pipeline.names import birth
from pipeline.names.likeness import NONE, Likeness, likeness
from pipeline.names.words import Named

#: Points of a family name and of a given name that are the same, and of ones that have nothing in common.
FAMILY, GIVEN, AGAINST = 6.5, 5.0, -3.0
#: Family and given name the other way round are a common slip: it costs little.
SWAPPED = -1.0
#: The likeness at which a name speaks neither for nor against.
_EVEN = 0.45
#: From how many points on a match is called strong, and likely.
STRONG, LIKELY = 16.0, 9.0


class Reason(Struct, frozen=True):
    """One thing that was compared: ``part`` (given_name, family_name, name_order, birth_date, phone, address), ``why``
    in a word, and the points that it gave."""

    part: str
    why: str
    points: float


class Match(Struct, frozen=True):
    """``points``: the sum of the reasons' points; ``name``: which of the record's names matched best."""

    points: float
    reasons: tuple[Reason, ...]
    name: Named

    @property
    def grade(self) -> str:
        """strong, likely or weak: how the points read."""
        return "strong" if self.points >= STRONG else "likely" if self.points >= LIKELY else "weak"


def match(asked: Named, born: str, names: Sequence[Named], birth_date: str) -> Match:
    """Compare a name and birth date with those of a record; the record's best name counts."""
    near = birth.compare(born, birth_date)
    best = max((_names(asked, name) for name in names or (Named(),)), key=lambda found: found.points)
    if not near.reason:
        return best
    reason = Reason("birth_date", near.reason, near.points)
    return Match(best.points + near.points, (*best.reasons, reason), best.name)


def _names(asked: Named, name: Named) -> Match:
    straight = (
        *_part("family_name", asked.family, name.family, FAMILY),
        *_part("given_name", asked.given, name.given, GIVEN),
    )
    swapped = (
        *_part("family_name", asked.family, name.given, FAMILY),
        *_part("given_name", asked.given, name.family, GIVEN),
        Reason("name_order", "given_and_family_name_swapped", SWAPPED),
    )
    # All words against all: who has three names is written with any two of them, in any order.
    loose = (
        *_part("family_name", asked.family, name.words, FAMILY),
        *_part("given_name", asked.given, name.words, GIVEN),
        Reason("name_order", "names_in_another_order", 2 * SWAPPED),
    )
    best = max((straight, swapped, loose), key=_sum)
    return Match(_sum(best), best, name)


def _sum(reasons: Sequence[Reason]) -> float:
    return sum(reason.points for reason in reasons)


def _part(part: str, asked: Sequence[str], had: Sequence[str], worth: float) -> tuple[Reason, ...]:
    if not asked or not had:
        return (Reason(part, "not_known", 0.0),) if asked else ()
    found = _words(asked, had)
    points = (
        worth * (found.value - _EVEN) / (1 - _EVEN) if found.value >= _EVEN else AGAINST * (1 - found.value / _EVEN)
    )
    return (Reason(part, found.reason or "differs", round(points, 2)),)


def _words(asked: Sequence[str], had: Sequence[str]) -> Likeness:
    """Compare two lists of words: each of the shorter list finds its best partner; words left over cost a little."""
    if len(asked) == len(had) == 1:
        return likeness(asked[0], had[0])
    one, other = "".join(asked), "".join(had)
    if one == other:
        return Likeness(0.98, "written_apart" if len(asked) != len(had) else "same")
    few, many = (asked, had) if len(asked) <= len(had) else (had, asked)
    left = list(many)
    found: list[Likeness] = []
    for word in few:
        best = max((likeness(word, candidate) for candidate in left), default=NONE)
        found.append(best)
        for candidate in left:
            if likeness(word, candidate) == best:
                left.remove(candidate)
                break
    weights = [max(len(word), 2) for word in few]
    value = sum(one.value * weight for one, weight in zip(found, weights, strict=True)) / sum(weights)
    value -= 0.03 * min(len(left), 2)
    worst = min(found)
    reason = worst.reason if value > 0 else ""
    if reason == "same" and left:
        reason = "part_of_the_name"
    joined = likeness(one, other)
    return max(Likeness(max(value, 0.0), reason), Likeness(joined.value * 0.97, joined.reason))
