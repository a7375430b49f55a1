"""How the completeness of a hotlist is proven, by whoever sends it and whoever reads it."""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import sha256

from schemas.events.hotlist_entry import HotlistEntry
from schemas.wire.frame import encode_event


class RunningChecksum:
    """The checksum of entries that come one at a time, in order of their ids."""

    def __init__(self) -> None:
        self._digest = sha256()

    def add(self, encoded: bytes) -> None:
        """Add the next entry, as ``encode_event`` gives it."""
        self._digest.update(encoded)
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
        running.add(encode_event(entry))
    return running.hexdigest()
