"""Times as a table writes them, in the agency's local time, to UTC."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, tzinfo

_EARLIEST = datetime(1970, 1, 1, tzinfo=UTC)
_LATEST = datetime(2200, 1, 1, tzinfo=UTC)


def local_to_utc(
    text: str, formats: Sequence[str], zone: tzinfo, not_before: datetime | None = None
) -> datetime | None:
    """Return the UTC time of a cell, or None when no format fits or the year is not between 1970 and 2200.

    Without an offset of its own the time is local. When clocks go back, an hour comes twice: the first one is meant,
    unless that lies before ``not_before`` and the second does not. When clocks go forward, a time in the missing hour
    is shifted by that hour (02:30 becomes 03:30), as PEP 495 has it for fold=0.
    """
    parsed = next((time for time in (_parse(text, pattern) for pattern in formats) if time is not None), None)
    if parsed is None:
        return None
    try:
        if parsed.tzinfo is not None:
            utc = parsed.astimezone(UTC)
        else:
            utc = parsed.replace(tzinfo=zone).astimezone(UTC)
            if not_before is not None and utc < not_before:
                second = parsed.replace(tzinfo=zone, fold=1).astimezone(UTC)
                utc = second if second >= not_before else utc
    except OverflowError:
        return None
    return utc if _EARLIEST <= utc < _LATEST else None


def _parse(text: str, pattern: str) -> datetime | None:
    try:
        if pattern == "iso":
            return datetime.fromisoformat(text)
        if pattern == "epoch_s":
            return datetime.fromtimestamp(float(text), UTC)
        if pattern == "epoch_ms":
            return datetime.fromtimestamp(float(text) / 1000, UTC)
        return datetime.strptime(text, pattern)  # noqa: DTZ007 - the zone is put on by the caller
    except (ValueError, OverflowError, OSError):
        return None
