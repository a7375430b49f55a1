"""How long callers waited for an answer, against what a standard asks. Pure: times in, figures out."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from math import ceil

from msgspec import Struct

#: A wait below none or beyond this is a wrong clock, not a wait; milliseconds.
LONGEST_MS = 3_600_000


class Standard(Struct, frozen=True, kw_only=True):
    """What a standard asks. ``answer``, ``process``: pairs of seconds and the least share within them.

    ``process``: from the answer until a unit was sent.
    """

    title: str
    answer: tuple[tuple[float, float], ...]
    process: tuple[tuple[float, float], ...] = ()


#: By the name that a setting gives. Their words change by edition: the title says which.
STANDARDS: dict[str, Standard] = {
    "nena_sta_020": Standard(title="NENA-STA-020.1-2020", answer=((15, 0.90), (20, 0.95))),
    "nfpa_1225": Standard(title="NFPA 1225 (2022)", answer=((10, 0.90),), process=((60, 0.90),)),
    "uk_999": Standard(title="United Kingdom, 999", answer=((10, 0.90),)),
}


class Waits(Struct, frozen=True, kw_only=True):
    """Calls of one hour as the store has them. ``answer_ms``, ``process_ms``: differences of two times that are there,
    milliseconds, as they are. ``unanswered``: calls without one of the times until the answer."""

    hour: str
    answer_ms: Sequence[int]
    process_ms: Sequence[int]
    unanswered: int
    silent: int
    abandoned: int


class Share(Struct, frozen=True, kw_only=True):
    """How many were within so many seconds, against what is asked. ``share``: None where there was no call."""

    within_s: float
    share: float | None
    asked: float | None
    is_met: bool | None


class Figures(Struct, frozen=True, kw_only=True):
    """An hour, or a day (``hour`` is empty). ``answered``: calls whose wait counts; p90, p95 by nearest rank, seconds.

    Silent and abandoned calls are counted apart, whatever times they have; calls whose times are impossible, or not
    there, are counted and in no figure.
    """

    hour: str
    answered: int
    p90_s: float | None
    p95_s: float | None
    answer: tuple[Share, ...]
    processed: int
    process: tuple[Share, ...]
    impossible: int
    unanswered: int
    silent: int
    abandoned: int


def figures(waits: Iterable[Waits], standard: Standard) -> tuple[Figures, tuple[Figures, ...]]:
    """Return the figures of the day, and of each hour in which there was a call."""
    hours = sorted(waits, key=lambda one: one.hour)
    day = Waits(
        hour="",
        answer_ms=[ms for one in hours for ms in one.answer_ms],
        process_ms=[ms for one in hours for ms in one.process_ms],
        unanswered=sum(one.unanswered for one in hours),
        silent=sum(one.silent for one in hours),
        abandoned=sum(one.abandoned for one in hours),
    )
    return _figures(day, standard), tuple(_figures(one, standard) for one in hours)


def _figures(waits: Waits, standard: Standard) -> Figures:
    answered = sorted(ms for ms in waits.answer_ms if 0 <= ms <= LONGEST_MS)
    processed = [ms for ms in waits.process_ms if 0 <= ms <= LONGEST_MS]
    asked = dict(standard.answer)
    return Figures(
        hour=waits.hour,
        answered=len(answered),
        p90_s=_rank(answered, 90),
        p95_s=_rank(answered, 95),
        answer=tuple(_share(answered, within, asked.get(within)) for within in sorted({15.0, 20.0, *asked})),
        processed=len(processed),
        process=tuple(_share(processed, within, least) for within, least in standard.process),
        impossible=len(waits.answer_ms) - len(answered),
        unanswered=waits.unanswered,
        silent=waits.silent,
        abandoned=waits.abandoned,
    )


def _rank(ordered: Sequence[int], percent: int) -> float | None:
    """Return the shortest wait that so many percent of the calls did not exceed, seconds."""
    return ordered[ceil(len(ordered) * percent / 100) - 1] / 1000 if ordered else None


def _share(times: Sequence[int], within_s: float, asked: float | None) -> Share:
    if not times:
        return Share(within_s=within_s, share=None, asked=asked, is_met=None)
    within = sum(ms <= within_s * 1000 for ms in times)
    share = within / len(times)
    # Counted, not rounded: 90 % of ten calls are nine.
    return Share(
        within_s=within_s, share=round(share, 4), asked=asked, is_met=None if asked is None else share >= asked
    )
