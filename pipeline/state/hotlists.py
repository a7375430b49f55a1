"""The hotlists in force, as one index from look-alike fold to entries."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime

import structlog
from msgspec import Struct

from schemas.events.hotlist import Hotlist
from schemas.events.hotlist_entry import HotlistEntry
from schemas.hotlist_checksum import checksum
from schemas.plate import fold

log = structlog.get_logger(__name__)

#: Versions of one list whose chunks may wait for their manifest at once; older ones are forgotten first.
MAX_STAGED = 2


class Wanted(Struct, frozen=True, gc=False):
    """A list entry in force, as small as a million of them need."""

    list_id: str
    entry_id: str
    plate: str
    region: str | None
    kind: str
    severity: str
    reason: str
    make: str | None
    colour: str | None
    expires_at: datetime | None
    as_of: datetime


class HotlistIndex:
    """Entries in force by the look-alike fold of their plate. Immutable once built: swap it whole.

    One dictionary serves exact and look-alike matching: a fold names few entries, and comparing the plates then
    tells which it is. About 300 bytes an entry.
    """

    __slots__ = ("_by_fold", "size")

    def __init__(self, entries: Iterable[Wanted] = ()) -> None:
        by_fold: dict[bytes, Wanted | tuple[Wanted, ...]] = {}
        size = 0
        for entry in entries:
            size += 1
            key = fold(entry.plate)
            present = by_fold.get(key)
            if present is None:
                by_fold[key] = entry
            elif isinstance(present, tuple):
                by_fold[key] = (*present, entry)
            else:
                by_fold[key] = (present, entry)
        self._by_fold = by_fold
        self.size = size

    def look_alikes(self, plate: str) -> tuple[Wanted, ...]:
        """Return the entries whose plate equals this one or differs in look-alike characters only."""
        found = self._by_fold.get(fold(plate))
        if found is None:
            return ()
        return found if isinstance(found, tuple) else (found,)


class Hotlists:
    """Takes entries and manifests as they arrive; ``index`` changes only when a version is complete and intact."""

    def __init__(self) -> None:
        self.index = HotlistIndex()
        self.in_force: dict[str, Hotlist] = {}
        self.incomplete: dict[str, str] = {}
        self._entries: dict[str, list[Wanted]] = {}
        self._staged: dict[str, dict[str, dict[str, HotlistEntry]]] = {}
        self._manifests: dict[str, Hotlist] = {}
        self._dirty = False

    def add_entries(self, entries: Iterable[HotlistEntry]) -> None:
        """Stage entries of versions that may still lack their manifest."""
        touched = set()
        for entry in entries:
            current = self.in_force.get(entry.list_id)
            if current is not None and entry.list_version <= current.version:
                continue  # sent again, or older than what is in force
            versions = self._staged.setdefault(entry.list_id, {})
            versions.setdefault(entry.list_version, {})[entry.entry_id] = entry
            touched.add(entry.list_id)
        for list_id in touched:
            versions = self._staged[list_id]
            for version in sorted(versions)[:-MAX_STAGED]:
                del versions[version]
            self._try_swap(list_id)

    def add_manifest(self, manifest: Hotlist) -> None:
        """Take note of a manifest; swap its version in if it is complete."""
        known = self._manifests.get(manifest.list_id)
        if known is None or manifest.version >= known.version:
            self._manifests[manifest.list_id] = manifest
            self._try_swap(manifest.list_id)

    def _try_swap(self, list_id: str) -> None:
        manifest = self._manifests.get(list_id)
        if manifest is None:
            return
        current = self.in_force.get(list_id)
        if current is not None and current.version >= manifest.version:
            return
        staged = self._staged.get(list_id, {}).get(manifest.version, {})
        if len(staged) < manifest.entry_count:
            self.incomplete[list_id] = f"{len(staged)} of {manifest.entry_count} entries have arrived"
            return
        if checksum(staged.values()) != manifest.checksum:
            self.incomplete[list_id] = "the entries do not have the checksum that the manifest states"
            log.error("hotlist refused", list_id=list_id, version=manifest.version, why=self.incomplete[list_id])
            return
        self.incomplete.pop(list_id, None)
        self.in_force[list_id] = manifest
        self._entries[list_id] = [_wanted(entry, manifest.as_of) for entry in staged.values()]
        self._staged.pop(list_id, None)
        self._dirty = True
        log.info("hotlist in force", list_id=list_id, version=manifest.version, entries=manifest.entry_count)

    def plates_of(self, list_id: str, entry_ids: Collection[str]) -> dict[str, str]:
        """Return by id the plates of those of these entries that are on the list in force. Reads the whole list."""
        return {one.entry_id: one.plate for one in self._entries.get(list_id, ()) if one.entry_id in entry_ids}

    def rebuild(self) -> None:
        """Build the index anew if a list changed. Takes seconds for a million entries: call it off the event loop."""
        if self._dirty:
            self._dirty = False
            self.index = HotlistIndex(entry for entries in self._entries.values() for entry in entries)


def _wanted(entry: HotlistEntry, as_of: datetime) -> Wanted:
    return Wanted(
        entry.list_id,
        entry.entry_id,
        entry.plate,
        entry.plate_region,
        entry.kind,
        entry.severity,
        entry.reason,
        entry.vehicle_make,
        entry.vehicle_colour,
        entry.expires_at,
        as_of,
    )
