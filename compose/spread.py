"""How times lie: median, 95th and 99th percentile, and the longest."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec


class Spread(msgspec.Struct, frozen=True):
    """Milliseconds, each one that was measured (nearest rank), rounded to a tenth. ``samples``: how many there were."""

    p50: float
    p95: float
    p99: float
    max: float
    samples: int


def spread(times: Iterable[float]) -> Spread | None:
    """Return how these milliseconds lie; none of none."""
    found = sorted(times)
    if not found:
        return None

    def share(part: float) -> float:
        return round(found[min(len(found) - 1, int(len(found) * part))], 1)

    return Spread(share(0.5), share(0.95), share(0.99), round(found[-1], 1), len(found))
