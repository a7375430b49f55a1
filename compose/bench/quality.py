"""`watchfloor bench quality`: how many of real misreads are matched, and how often a plate that is not listed is.

The file holds pairs of a plate and what a reader made of it, and perhaps the state (us-la) that it read. Each true
plate is listed in turn among ``others`` random plates of the same form; its read is matched. A read that matches an
entry of another plate is a false match. Every tolerance is reported apart, and every class of error.
"""

from __future__ import annotations

import csv
import random
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from pipeline.rules.hotlist_match import match_frame
from pipeline.state.hotlist_index import MAX_EDIT_ENTRIES, HotlistIndex, Wanted
from schemas.events.plate_read import PlateRead
from schemas.identity import identity
from schemas.look_alikes import default_look_alikes
from schemas.plate import normalise

_AT = datetime(2026, 1, 15, tzinfo=UTC)
_LETTERS, _DIGITS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ", "0123456789"
FRAME = 256
#: Of the other plates, as ISO 3166-2 has them.
STATES = (
    *("al", "ak", "az", "ar", "ca", "co", "ct", "de", "dc", "fl", "ga", "hi", "id", "il", "in", "ia", "ks", "ky", "la"),
    *("me", "md", "ma", "mi", "mn", "ms", "mo", "mt", "ne", "nv", "nh", "nj", "nm", "ny", "nc", "nd", "oh", "ok", "or"),
    *("pa", "ri", "sc", "sd", "tn", "tx", "ut", "vt", "va", "wa", "wv", "wi", "wy"),
)
#: What a list may tolerate; each is measured apart.
TOLERANCES = ("exact", "look_alike", "edit")
#: Of errors.
CLASSES = ("correct", "one look-alike", "two look-alikes", "more look-alikes", "other substitution", "lost or gained")


class QualityError(ValueError):
    """The file cannot be used; the text says where and why."""


class ClassQuality(msgspec.Struct, frozen=True, kw_only=True):
    """Reads of one class of error: how many, and the share that its plate's own entry is hit by."""

    reads: int
    recall: dict[str, float]


class Quality(msgspec.Struct, frozen=True, kw_only=True):
    """One run. ``classes``: by class of error. ``false_match_rate``: by tolerance, the share of reads that hit an entry
    of another plate, among ``others`` entries, or for edits among ``edit_others``: as many as a list that tolerates one
    may have. ``other_state_rate``: those that hit entries of another state only. The other plates are spread evenly
    over the states; without a column ``region`` no read has one, and every hit counts.
    """

    file: str
    pairs: int
    misreads: int
    others: int
    classes: dict[str, ClassQuality]
    recall: dict[str, float]
    false_match_rate: dict[str, float]
    other_state_rate: dict[str, float]
    edit_others: int


class Pair(msgspec.Struct, frozen=True):
    """A plate, what was read, and how sure the reader was."""

    truth: str
    read: str
    confidence: float = 1.0
    region: str | None = None


def pairs_of(file: Path) -> list[Pair]:
    """Return the pairs of a CSV ``truth,read[,confidence][,region]``. Raises QualityError naming line and column."""
    found = []
    try:
        with file.open(newline="", encoding="utf-8-sig") as opened:
            rows = csv.DictReader(opened)
            if not {"truth", "read"} <= set(rows.fieldnames or ()):
                raise QualityError(f"{file}: line 1: expected the columns truth and read, and perhaps confidence")
            for row in rows:
                truth, read = normalise(row["truth"] or ""), normalise(row["read"] or "")
                if not truth:
                    raise QualityError(f"{file}: line {rows.line_num}: truth: has no letter or digit")
                if read:  # a plate that was not read at all can match nothing, whatever the list
                    sure = _confidence(row.get("confidence"), file, rows.line_num)
                    found.append(Pair(truth, read, sure, (row.get("region") or "").strip().lower() or None))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise QualityError(f"{file}: {error}") from None
    if not found:
        raise QualityError(f"{file}: holds no pair")
    return found


def run(file: Path, *, others: int, seed: int, say: Callable[[str], None]) -> Quality:
    """Measure. Raises QualityError."""
    pairs = pairs_of(file)
    say(f"{len(pairs):,} reads against {others:,} other plates")
    truths = {pair.truth for pair in pairs}
    own: dict[str, dict[str, list[bool]]] = {}
    for tolerance in TOLERANCES:
        entries = [_wanted(plate, f"T{number}", tolerance) for number, plate in enumerate(sorted(truths))]
        index = HotlistIndex(entries)
        for start in range(0, len(pairs), FRAME):
            frame = pairs[start : start + FRAME]
            matches = match_frame([_read(pair, start + at) for at, pair in enumerate(frame)], index)
            for at, pair in enumerate(frame):
                hits = matches[at].hits if at in matches else ()
                hit = any(one.listed_plate == pair.truth for one in hits)
                own.setdefault(error_class(pair.truth, pair.read), {}).setdefault(tolerance, []).append(hit)
    edit_others = min(others, MAX_EDIT_ENTRIES)
    say(f"listing {others:,} other plates")
    near = _false(pairs, _noise(pairs, truths, others, seed, "look_alike"))
    say(f"listing {edit_others:,} other plates that tolerate an edit: such a list is short")
    edits = _false(pairs, _noise(pairs, truths, edit_others, seed, "edit"))
    everything = {tolerance: [hit for told in own.values() for hit in told[tolerance]] for tolerance in TOLERANCES}
    return Quality(
        file=str(file),
        pairs=len(pairs),
        misreads=sum(pair.truth != pair.read for pair in pairs),
        others=others,
        classes={
            name: ClassQuality(
                reads=len(own[name][TOLERANCES[0]]),
                recall={tolerance: _share(own[name][tolerance]) for tolerance in TOLERANCES},
            )
            for name in CLASSES
            if name in own
        },
        recall={tolerance: _share(hits) for tolerance, hits in everything.items()},
        false_match_rate={"exact": near["exact"], "look_alike": near["any"], "edit": edits["any"]},
        other_state_rate={"look_alike": near["other_state"], "edit": edits["other_state"]},
        edit_others=edit_others,
    )


def error_class(truth: str, read: str) -> str:
    """Return the class of a reader's error, one of ``CLASSES``."""
    if truth == read:
        return "correct"
    if len(truth) != len(read):
        return "lost or gained"
    differing = [(one, other) for one, other in zip(truth, read, strict=True) if one != other]
    known = default_look_alikes()
    if not all(known.alike(one, other, None) for one, other in differing):
        return "other substitution"
    return {1: "one look-alike", 2: "two look-alikes"}.get(len(differing), "more look-alikes")


def _false(pairs: list[Pair], index: HotlistIndex) -> dict[str, float]:
    """Return the share of reads that hit an entry of this list, by how they match, and in ``any`` way.

    Where only entries of another state are hit, the alert says so and is only to know: ``other_state``.
    """
    found: Counter[str] = Counter({"any": 0, "exact": 0, "other_state": 0})
    for start in range(0, len(pairs), FRAME):
        reads = [_read(pair, start + at) for at, pair in enumerate(pairs[start : start + FRAME])]
        for match in match_frame(reads, index).values():
            told = [hit for hit in match.hits if hit.region_relation != "other"]
            found.update({"any", *(hit.match for hit in told)} if told else {"other_state"})
    return {kind: round(count / len(pairs), 6) for kind, count in found.items()}


def _noise(pairs: list[Pair], truths: set[str], count: int, seed: int, tolerance: str) -> HotlistIndex:
    """Other plates: each of the form (letters, digits, length) of a true one, with characters by chance."""
    dice = random.Random(seed)  # noqa: S311 - a benchmark's dice must be loaded
    forms = [pair.truth for pair in pairs]

    def entries() -> Iterator[Wanted]:
        made = 0
        while made < count:
            form = dice.choice(forms)
            plate = "".join(dice.choice(_DIGITS if char.isdigit() else _LETTERS) for char in form)
            if plate not in truths:
                made += 1
                yield _wanted(plate, f"N{made}", tolerance, f"us-{dice.choice(STATES)}")

    return HotlistIndex(entries())


def _wanted(plate: str, entry_id: str, tolerance: str, region: str | None = None) -> Wanted:
    return Wanted(
        list_id="quality",
        entry_id=entry_id,
        plate=plate,
        region=region,
        kind="stolen_vehicle",
        severity="P2",
        reason="",
        make=None,
        colour=None,
        expires_at=None,
        as_of=_AT,
        tolerance=tolerance,
    )


def _read(pair: Pair, number: int) -> PlateRead:
    return PlateRead(
        event_id=identity("plate_read", "quality", number),
        occurred_at=_AT,
        observed_at=_AT,
        source="bench/quality",
        camera_id="quality",
        plate=pair.read,
        plate_raw=pair.read,
        confidence=pair.confidence,
        plate_region=pair.region,
    )


def _confidence(text: str | None, file: Path, line: int) -> float:
    if not text:
        return 1.0
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if 1.0 < value <= 100.0:
        value /= 100.0  # some readers' exports give percent
    if not 0.0 <= value <= 1.0:
        raise QualityError(f"{file}: line {line}: confidence: expected 0 to 1, or percent")
    return value


def _share(hits: list[bool]) -> float:
    return round(sum(hits) / len(hits), 4) if hits else 0.0
