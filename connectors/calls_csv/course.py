"""The course of recorded calls: each first as it was received, then step by step, until it is what its row says.

A row tells how a call ended, and when each step was as far as the source keeps that. Nothing else is known of the
states in between: what a call was about is what the row says at the end.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from msgspec.structs import replace

from connectors.calls_csv.reading import CallRow, LaterState, ReadCall
from connectors.calls_csv.row_translator import state_id
from schemas.events.emergency_call import EmergencyCall
from schemas.identity import identity

#: The time of a row that tells when its call came to a status.
_SINCE = {
    "received": "received_at",
    "dispatched": "dispatched_at",
    "on_scene": "arrived_at",
    "closed": "closed_at",
    "cancelled": "closed_at",
}


def of_day(rows: Iterable[CallRow], day: date, zone: ZoneInfo) -> Iterator[CallRow]:
    """Return the calls received on one day of the agency's, and the rows that are none, of which no day is known."""
    for row in rows:
        if not isinstance(row, ReadCall) or row.call.received_at.astimezone(zone).date() == day:
            yield row


def in_course(rows: Iterable[CallRow], lasting: timedelta) -> Iterator[CallRow]:
    """Return every state of the calls of ``rows``, which come in order of time, in order of time too.

    ``lasting``: a row that does not tell when its call came to the last state has it so long after the newest time it
    tells. No more is held than the calls of that time.
    """
    waiting: list[tuple[datetime, int, LaterState]] = []
    for line, row in enumerate(rows):
        if not isinstance(row, ReadCall):
            yield row
            continue
        while waiting and waiting[0][0] <= row.due:
            yield heapq.heappop(waiting)[2]
        first, *later = states(row.call, lasting)
        yield replace(row, call=first)
        for state in later:
            heapq.heappush(waiting, (state.updated_at, line, LaterState(state, state.updated_at)))
    while waiting:
        yield heapq.heappop(waiting)[2]


def states(call: EmergencyCall, lasting: timedelta) -> list[EmergencyCall]:
    """Return the states that a call went through, as far as its row tells, the last as in the row."""
    since = getattr(call, _SINCE.get(call.status, ""), None)
    times = {call.received_at, call.dispatched_at, call.arrived_at, call.closed_at} - {None}
    found = []
    for at in sorted(time for time in times if time is not None):
        dispatched_at = _by(call.dispatched_at, at)
        arrived_at = _by(call.arrived_at, at)
        status = "on_scene" if arrived_at else "dispatched" if dispatched_at else "received"
        state = replace(call, occurred_at=at, updated_at=at, dispatched_at=dispatched_at, arrived_at=arrived_at,
                        closed_at=None, disposition="", status=status)  # fmt: skip
        found.append(replace(state, event_id=state_id(state)))
    if since is not None:
        # The last of these is the row itself.
        return [state for state in found if state.updated_at < call.updated_at] + [call]
    ended = call.updated_at + lasting
    # A time that the source did not tell is in the id: the row as it is, without that time, is another event.
    event_id = identity("emergency_call", call.event_id, ended)
    return [*found, replace(call, event_id=event_id, occurred_at=ended, updated_at=ended)]


def _by(time: datetime | None, at: datetime) -> datetime | None:
    return time if time is not None and time <= at else None
