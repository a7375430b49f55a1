"""Earlier calls counted over the windows that inspections ask for: 24 hours, 28 days, 12 months."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from msgspec import Struct

#: Window by name, shortest first.
WINDOWS = {"24h": timedelta(hours=24), "28d": timedelta(days=28), "12m": timedelta(days=365)}
LONGEST = max(WINDOWS.values())


class Window(Struct, frozen=True):
    """``count``: things in this window before now."""

    window: str
    count: int


def windows(moments: Iterable[datetime], now: datetime) -> tuple[Window, ...]:
    """Count moments in each window that ends now; later ones are not earlier calls and count nowhere."""
    known = [moment for moment in moments if moment <= now]
    return tuple(Window(name, sum(moment > now - length for moment in known)) for name, length in WINDOWS.items())
