"""Waiting until nothing is in the log only: the embedded log does not outlive its broker, so no backup has it."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping

from compose.backup.manifest import BackupError
from compose.ledger.log import Ends, Groups
from compose.roles.broker_settings import PROCESS_GROUP, STORE_GROUP, log_reader
from compose.settings import Settings
from schemas.events.action import ACTION
from schemas.events.camera_health import CAMERA_HEALTH
from schemas.events.emergency_call import EMERGENCY_CALL
from schemas.events.incident_input import INCIDENT_INPUT
from schemas.events.plate_read import PLATE_READ
from schemas.registry import EVENT_TYPES

#: Processors and store may need so long for what was accepted before the backup began, seconds.
WITHIN_S = 120.0
#: What processors read first; whatever else they have ever acknowledged counts too.
PROCESSED = frozenset(kind.topic for kind in (PLATE_READ, EMERGENCY_CALL, CAMERA_HEALTH, ACTION, INCIDENT_INPUT))
STORED = frozenset(kind.topic for kind in EVENT_TYPES if kind.table is not None)


def wait_until_stored(settings: Settings, say: Callable[[str], None], within_s: float = WITHIN_S) -> None:
    """Return when all that the log held at the beginning is processed, and it and what came of it is stored.

    Blocking. Raises BackupError when that takes longer, and BrokerUnavailableError.
    """
    until = time.monotonic() + within_s
    processed = PROCESSED | {topic for topic, _ in _acknowledged(settings, PROCESS_GROUP)}
    # Twice: what a processor makes may be another's to process.
    for _ in range(2):
        _wait(settings, PROCESS_GROUP, _ends(settings, processed), until, say)
    _wait(settings, STORE_GROUP, _ends(settings, STORED), until, say)


def _ends(settings: Settings, topics: frozenset[str]) -> Ends:
    """Return how long the log is, as it was read: the embedded broker's own word for it may be short."""
    kinds = [kind for kind in EVENT_TYPES if kind.topic in topics]
    reader = log_reader(settings, kinds, "watchfloor-backup")
    try:
        for _ in reader.read_to_end(WITHIN_S):
            pass
        return {place: offset for place, offset in reader.position.items() if offset > 0}
    finally:
        reader.close()


def _acknowledged(settings: Settings, group: str) -> Ends:
    groups = Groups(settings)
    try:
        return groups.acknowledged(group)
    finally:
        groups.close()


def _wait(settings: Settings, group: str, ends: Ends, until: float, say: Callable[[str], None]) -> None:
    groups = Groups(settings)
    told = False
    try:
        while behind := _behind(ends, groups.acknowledged(group)):
            if time.monotonic() > until:
                raise BackupError(
                    f"{group} is {behind} messages behind and does not catch up, so a backup would lack them. See "
                    "`watchfloor doctor`, and try again when it has caught up."
                )
            if not told:
                say("waiting until what was accepted is processed and stored")
                told = True
            time.sleep(0.2)
    finally:
        groups.close()


def _behind(ends: Ends, acknowledged: Mapping[tuple[str, int], int]) -> int:
    return sum(max(0, end - acknowledged.get(place, 0)) for place, end in ends.items())
