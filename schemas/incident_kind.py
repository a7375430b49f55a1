"""Which of an incident's calls says what it is about: the gravest kind first, so that no lesser word hides it.

The order of crimes is the hierarchy rule of the FBI's Uniform Crime Reporting Handbook (2004): homicide, rape,
robbery, aggravated assault, burglary, larceny; stolen vehicles before other larceny, which is its exception. That rule
counts crimes that are over. What it has no word for, or what may kill somebody now, was put between them by us:
shootings and stabbings beside homicide, kidnapping beside rape, weapons beside robbery, then fire and medical.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

from schemas.events.emergency_call import CALL_OVER, EmergencyCall
from schemas.events.incident import IncidentCall

#: Categories of calls, gravest first. A category that is not here is as ``other``.
GRAVEST_FIRST = (
    "homicide", "shooting", "stabbing", "sexual_assault", "kidnapping", "carjacking", "robbery", "weapon", "assault",
    "fire", "medical", "missing_person", "domestic", "burglary", "vehicle_theft", "theft", "traffic", "welfare",
    "drugs", "property_damage", "disturbance", "suspicious", "alarm", "other",
)  # fmt: skip
_RANK = {category: rank for rank, category in enumerate(GRAVEST_FIRST)}

Call = TypeVar("Call", IncidentCall, EmergencyCall)


def kind_call(calls: Sequence[Call]) -> Call:
    """Return the call that says what an incident is about.

    Of the calls that are not over (of all, when all are): no test if there is another, then the gravest category, then
    the highest priority, then the earliest. Raises ValueError when there is no call.
    """
    return min(
        calls,
        key=lambda call: (
            call.status in CALL_OVER,
            call.contact == "test",
            _RANK.get(call.category, _RANK["other"]),
            -(-1 if call.priority is None else call.priority),
            call.received_at,
            call.call_id,
        ),
    )


def highest_priority(calls: Sequence[Call]) -> int | None:
    """Return the highest priority (0..10) of the calls that are not over, of all when all are; None: none has one."""
    going = [call for call in calls if call.status not in CALL_OVER] or list(calls)
    return max((call.priority for call in going if call.priority is not None), default=None)
