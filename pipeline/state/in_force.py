"""Whether a list entry alerts at a moment: nobody has withdrawn it, and the moment lies within its schedule."""

from __future__ import annotations

from datetime import UTC, datetime, tzinfo
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import structlog

from pipeline.state.hotlist_index import Wanted
from pipeline.state.withdrawals import Withdrawals
from schemas.schedule import ALWAYS, Schedule, parse_schedule

log = structlog.get_logger(__name__)


class InForce:
    """Asked of each entry that a read would match; those are few. Implements ``hotlist_match.InForce``."""

    def __init__(self, withdrawals: Withdrawals) -> None:
        self._withdrawals = withdrawals

    def __call__(self, entry: Wanted, moment: datetime) -> bool:
        """Return whether the entry alerts at ``moment``."""
        if self._withdrawals.is_withdrawn(entry.list_id, entry.entry_id):
            return False
        return not entry.schedule or _schedule(entry.schedule).covers(moment, _zone(entry.time_zone))


@lru_cache(maxsize=4096)
def _schedule(text: str) -> Schedule:
    try:
        return parse_schedule(text)
    except ValueError:
        # A producer of its own wrote it. An alert too many is seen by a person; one too few by nobody.
        log.error("schedule of a list entry cannot be read; it alerts always")
        return ALWAYS


@lru_cache(maxsize=256)
def _zone(name: str) -> tzinfo:
    try:
        return ZoneInfo(name) if name else UTC
    except (ZoneInfoNotFoundError, ValueError, OSError):
        log.error("time zone of a list is not known; its schedules are taken as UTC")
        return UTC
