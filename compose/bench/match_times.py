"""How long a read waits for its matches at a rate, and how often a plate drawn at random matches a list (check B10)."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator

import msgspec

from compose.bench.workload import LETTERS, START, misread
from pipeline.rules.hotlist_match import match_frame
from pipeline.state.hotlist_index import HotlistIndex
from schemas.events.plate_read import PlateRead
from schemas.identity import identity

#: A frame is closed after this time (schemas/wire/producer.py), seconds.
FRAME_S = 0.01
#: Random plates matched at a time.
PORTION = 512


class MatchTimes(msgspec.Struct, frozen=True, kw_only=True):
    """Reads that come at a rate, in frames of 10 ms, each of a listed plate with two characters taken for look-alikes.

    Times from when its frame was due until its matches were known, so that what waits for others counts;
    ``found_share``: of the reads that hit their plate.
    """

    rate: int
    reads: int
    p50_ms: float
    p99_ms: float
    longest_ms: float
    found_share: float


class RandomHits(msgspec.Struct, frozen=True, kw_only=True):
    """Plates drawn at random, by how they match. An exact one is on the list; what else hits is a false match."""

    plates: int
    exact_share: float
    false_share: float
    by_match: dict[str, int]


def match_times(
    index: HotlistIndex,
    plate_of: Callable[[int], str],
    entries: int,
    *,
    rate: int,
    seconds: float,
    seed: int,
    clock: Callable[[], float] = time.perf_counter,
    sleep: Callable[[float], None] = time.sleep,
) -> MatchTimes:
    """Measure. ``plate_of``: the listed plate of a number below ``entries``."""
    per_frame = max(1, round(rate * FRAME_S))
    frames = list(_frames(plate_of, entries, per_frame, max(1, round(seconds / FRAME_S)), seed))
    waits: list[float] = []
    found = 0
    match_frame([read for read, _ in frames[0]], index)  # what is loaded at the first call is not a read's wait
    begin = clock()
    for number, frame in enumerate(frames):
        due = begin + number * FRAME_S
        if (early := due - clock()) > 0:
            sleep(early)
        matches = match_frame([read for read, _ in frame], index)
        waits += [clock() - due] * len(frame)
        found += sum(
            any(hit.listed_plate == plate for hit in matches[at].hits)
            for at, (_, plate) in enumerate(frame)
            if at in matches
        )
    waits.sort()
    return MatchTimes(
        rate=rate,
        reads=len(waits),
        p50_ms=round(waits[len(waits) // 2] * 1000, 2),
        p99_ms=round(waits[min(len(waits) - 1, int(len(waits) * 0.99))] * 1000, 2),
        longest_ms=round(waits[-1] * 1000, 2),
        found_share=round(found / len(waits), 4),
    )


def random_hits(index: HotlistIndex, plates: int, seed: int) -> RandomHits:
    """Count what plates of the list's own form, drawn at random, match. They tell no state, so no state speaks against
    a hit: of plates that do, fewer hit."""
    dice = random.Random(seed)  # noqa: S311 - a benchmark's dice must be loaded
    by_match: dict[str, int] = {}
    false = exact = 0
    for start in range(0, plates, PORTION):
        reads = [
            _read(f"{dice.randrange(1000):03d}{''.join(dice.choices(LETTERS, k=3))}{dice.randrange(10)}", start + at)
            for at in range(min(PORTION, plates - start))
        ]
        for match in match_frame(reads, index).values():
            kinds = {hit.match for hit in match.hits}
            exact += "exact" in kinds
            false += kinds != {"exact"}
            for kind in kinds:
                by_match[kind] = by_match.get(kind, 0) + 1
    return RandomHits(
        plates=plates,
        exact_share=exact / plates,
        false_share=false / plates,
        by_match=dict(sorted(by_match.items())),
    )


def _frames(
    plate_of: Callable[[int], str], entries: int, per_frame: int, count: int, seed: int
) -> Iterator[list[tuple[PlateRead, str]]]:
    """Yield frames of reads, each with the plate it is of."""
    dice = random.Random(seed)  # noqa: S311 - as above
    for number in range(count):
        frame = []
        for at in range(per_frame):
            plate = plate_of(dice.randrange(entries))
            frame.append((_read(_misread_twice(dice, plate), number * per_frame + at), plate))
        yield frame


def _misread_twice(dice: random.Random, plate: str) -> str:
    """Return a plate with two characters taken for look-alikes, or as many as can be."""
    text = plate
    for _ in range(20):
        text = misread(dice, text)
        if sum(one != other for one, other in zip(text, plate, strict=True)) == 2:
            return text
        if sum(one != other for one, other in zip(text, plate, strict=True)) > 2:
            text = plate
    return text


def _read(plate: str, number: int) -> PlateRead:
    return PlateRead(
        event_id=identity("plate_read", "match_times", number),
        occurred_at=START,
        observed_at=START,
        source="bench/match",
        camera_id=f"C{number % 500}",
        plate=plate,
        plate_raw=plate,
        confidence=0.9,
    )
