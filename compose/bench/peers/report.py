"""What the comparison found: alerts compared, figures worked out, and a table. Nothing here measures."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import msgspec

from compose.bench.peers.order import Mark, Told
from compose.bench.peers.task import PeerAlert
from compose.bench.workload import Size
from pipeline.rules import hotlist_hit
from schemas.events.alert import Alert

#: Whom the ratios are for.
OURS = "watchfloor"
#: What a child process may use before its engine's figure is refused, because only one process is measured, seconds.
CHILDREN_MAY_USE_S = 0.5

_OUR_FRAME = msgspec.json.Decoder(list[Alert])
_PEER_ALERT = msgspec.json.Decoder(PeerAlert)


class Due(NamedTuple):
    """An alert that is due: the read, the entry it matched, and the zones that hold the read's place, sorted."""

    read_id: str
    list_id: str
    entry_id: str
    zones: tuple[str, ...]


class Span(msgspec.Struct, frozen=True):
    """Events and what they cost. ``cpu_s``: user and system, of all threads of the process."""

    events: int
    cpu_s: float
    wall_s: float
    events_per_cpu_second: float
    events_per_second: float


class Found(msgspec.Struct, frozen=True, kw_only=True):
    """One engine. ``why_not``: why it has no figure. ``failed``: it ran, and not as it should have.

    ``whole``: from its first event to its last. ``second_half``: from the middle, when compilers have warmed up.
    ``against_ours``: how many times as many events we do in a second of CPU, in the whole and in the second half.
    ``peak_rss_mb`` includes the hotlist and its loading.
    """

    engine: str
    how: str
    version: str = ""
    why_not: str | None = None
    failed: bool = False
    alerts: int = 0
    alerts_doubled: int = 0
    whole: Span | None = None
    second_half: Span | None = None
    peak_rss_mb: float | None = None
    against_ours: float | None = None
    against_ours_second_half: float | None = None


class Result(msgspec.Struct, frozen=True, kw_only=True):
    """One run. ``ok``: we and one peer at least have figures, and no engine that ran failed or raised other alerts."""

    ok: bool
    size: Size
    per_frame: int
    kafka: str
    cores: int
    alerts_due: int
    engines: list[Found]


def of_frame(value: bytes) -> list[Due]:
    """Return the alerts of the rule that all engines work by, of a message of ours. Raises msgspec.DecodeError."""
    return [_ours(alert) for alert in _OUR_FRAME.decode(value) if alert.rule == hotlist_hit.RULE]


def of_peer(value: bytes) -> list[Due]:
    """Return the alert of a peer's message. Raises msgspec.DecodeError."""
    alert = _PEER_ALERT.decode(value)
    return [Due(str(alert.read_id), alert.list_id, alert.entry_id, tuple(sorted(alert.zones)))]


def judged(
    engine: str, how: str, told: Told, children_cpu_s: float, due: frozenset[Due], raised: Sequence[Due]
) -> Found:
    """Return what an engine did, with figures only if its alerts are those that are due."""
    different = set(raised)
    doubled = len(raised) - len(different)
    why = None
    if different != due:
        why = f"other alerts: {len(due - different)} missing, {len(different - due)} that are not due, of {len(due)}"
    elif len(told.marks) != 3:
        why = "it did not say when it began and ended"
    elif children_cpu_s > CHILDREN_MAY_USE_S:
        why = f"its child processes used {children_cpu_s:.1f} s of CPU, which is not in its figure"
    if why is not None:
        return Found(engine=engine, how=how, version=told.version, why_not=why, failed=True, alerts=len(raised),
                     alerts_doubled=doubled)  # fmt: skip
    begin, half, end = told.marks
    return Found(
        engine=engine,
        how=how,
        version=told.version,
        alerts=len(raised),
        alerts_doubled=doubled,
        whole=span(begin, end),
        # One frame may hold all that is left.
        second_half=span(half, end) if end.events > half.events else None,
        peak_rss_mb=round(told.peak_rss_mb, 1),
    )


def span(begin: Mark, end: Mark) -> Span:
    """Return what lies between two marks."""
    events = end.events - begin.events
    # A run of a few events may be shorter than a clock's tick.
    cpu, wall = max(end.cpu_s - begin.cpu_s, 1e-6), max(end.wall_s - begin.wall_s, 1e-6)
    return Span(events, round(cpu, 3), round(wall, 3), round(events / cpu), round(events / wall))


def compared(found: Iterable[Found]) -> list[Found]:
    """Return the engines with their ratios against ours, where both have figures."""
    every = list(found)
    ours = next((one for one in every if one.engine == OURS), None)
    return [
        msgspec.structs.replace(
            one,
            against_ours=_ratio(ours.whole if ours else None, one.whole),
            against_ours_second_half=_ratio(ours.second_half if ours else None, one.second_half),
        )
        for one in every
    ]


def is_ok(found: Sequence[Found]) -> bool:
    """Return whether there is a comparison, and nothing went wrong in it."""
    with_figures = {one.engine for one in found if one.whole is not None}
    return OURS in with_figures and len(with_figures) > 1 and not any(one.failed for one in found)


def table(result: Result) -> str:
    """Return the result for people."""
    size = result.size
    lines = [
        f"{size.reads:,} reads, {size.hotlist:,} entries, {size.zones} zones, {result.alerts_due:,} alerts due",
        _row("", "events/CPU-s", "2nd half", "events/s", "CPU s", "wall s", "RSS MB", "ours is"),
    ]
    for one in result.engines:
        if one.whole is None:
            lines.append(f"{one.engine:<21} {'failed' if one.failed else 'not run'}: {one.why_not}")
            continue
        ratio = "" if one.against_ours is None else f"{one.against_ours:.2f} x"
        lines.append(
            _row(
                one.engine,
                f"{one.whole.events_per_cpu_second:,.0f}",
                "" if one.second_half is None else f"{one.second_half.events_per_cpu_second:,.0f}",
                f"{one.whole.events_per_second:,.0f}",
                f"{one.whole.cpu_s:.1f}",
                f"{one.whole.wall_s:.1f}",
                f"{one.peak_rss_mb:,.0f}",
                ratio,
            )
        )
    lines += [f"{one.engine}: {one.how}" for one in result.engines]
    return "\n".join(lines)


def _row(name: str, *cells: str) -> str:
    return f"{name:<21}" + "".join(
        f"{cell:>{width}}" for cell, width in zip(cells, (13, 10, 10, 8, 8, 8, 9), strict=True)
    )


def _ours(alert: Alert) -> Due:
    entry = next(reason for reason in alert.why if reason.kind == "match")
    return Due(str(alert.triggers[0]), entry.facts["list_id"], entry.facts["entry_id"], tuple(sorted(alert.zones)))


def _ratio(ours: Span | None, other: Span | None) -> float | None:
    if ours is None or other is None:
        return None
    return round(ours.events_per_cpu_second / other.events_per_cpu_second, 2)
