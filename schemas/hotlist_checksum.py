"""How the completeness of a hotlist is proven, by whoever sends it and whoever reads it."""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import sha256

import msgspec

from schemas.events.hotlist_entry import HotlistEntry

#: What is summed: the fields that every release knows. An older reader cannot sum those that came later, and would
#: refuse the list. Fields that came later are held by the broker's own checksums.
_SUMMED = (
    "event_id",
    "occurred_at",
    "observed_at",
    "source",
    "jurisdiction",
    "synthetic",
    "list_id",
    "list_version",
    "chunk",
    "entry_id",
    "plate",
    "plate_region",
    "kind",
    "severity",
    "reason",
    "case_number",
    "vehicle_make",
    "vehicle_model",
    "vehicle_colour",
    "expires_at",
)
_encode = msgspec.json.Encoder().encode


class RunningChecksum:
    """The checksum of entries that come one at a time, in order of their ids."""

    def __init__(self) -> None:
        self._digest = sha256()

    def add(self, entry: HotlistEntry) -> None:
        """Add the next entry."""
        self._digest.update(_encode({name: getattr(entry, name) for name in _SUMMED}))
        self._digest.update(b"\n")

    def hexdigest(self) -> str:
        """Return the checksum of what was added, in hex."""
        return self._digest.hexdigest()


def checksum(entries: Iterable[HotlistEntry]) -> str:
    """Return the SHA-256, in hex, of the entries' JSON, each followed by a line feed, in order of their ids.

    The order makes it independent of how the entries were cut into chunks and frames. Ids are ordered by code points.
    """
    running = RunningChecksum()
    for entry in sorted(entries, key=lambda entry: entry.entry_id):
        running.add(entry)
    return running.hexdigest()
