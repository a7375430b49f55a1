"""The hotlists in force: versions arrive in chunks, and take effect whole."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from itertools import pairwise

import msgspec
import structlog

from pipeline.state.hotlist_index import HotlistIndex, Part, Wanted
from pipeline.state.recalls import Listing
from schemas.events.hotlist import Hotlist
from schemas.events.hotlist_entry import HotlistEntry
from schemas.hotlist_checksum import RunningChecksum
from schemas.look_alikes import LookAlikes, default_look_alikes

log = structlog.get_logger(__name__)

#: Versions of one list whose chunks may wait for their manifest at once; older ones are forgotten first.
MAX_STAGED = 2


#: Lists with fewer entries share one part of the index, so that each of hundreds of small lists costs a read nothing.
SMALL_LIST = 20_000


_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(HotlistEntry).decode


class Hotlists:
    """Takes entries and manifests as they arrive; ``index`` changes only when a version is complete and intact."""

    def __init__(self, look_alikes: LookAlikes | None = None) -> None:
        self.look_alikes = look_alikes or default_look_alikes()
        self.index = HotlistIndex((), self.look_alikes)
        self.in_force: dict[str, Hotlist] = {}
        self.incomplete: dict[str, str] = {}
        #: Small lists as they are, large ones as a part of the index.
        self._small: dict[str, list[Wanted]] = {}
        self._large: dict[str, Part] = {}
        #: Versions in force that the index does not hold yet.
        self._complete: dict[str, tuple[Hotlist, dict[str, bytes]]] = {}
        #: By list and version: entries by id, encoded. As objects a million would have the collector of garbage hold up
        #: every thread for a third of a second, again and again.
        self._staged: dict[str, dict[str, dict[str, bytes]]] = {}
        self._manifests: dict[str, Hotlist] = {}

    def add_entries(self, entries: Iterable[HotlistEntry]) -> None:
        """Stage entries of versions that may still lack their manifest."""
        touched = set()
        for entry in entries:
            current = self.in_force.get(entry.list_id)
            if current is not None and entry.list_version <= current.version:
                continue  # sent again, or older than what is in force
            versions = self._staged.setdefault(entry.list_id, {})
            versions.setdefault(entry.list_version, {})[entry.entry_id] = _encode(entry)
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
        if _checksum(staged) != manifest.checksum:
            self.incomplete[list_id] = "the entries do not have the checksum that the manifest states"
            log.error("hotlist refused", list_id=list_id, version=manifest.version, why=self.incomplete[list_id])
            return
        self.incomplete.pop(list_id, None)
        self.in_force[list_id] = manifest
        self._staged.pop(list_id, None)
        self._complete[list_id] = (manifest, staged)
        log.info("hotlist in force", list_id=list_id, version=manifest.version, entries=manifest.entry_count)

    def listed(self, listings: Collection[Listing]) -> set[Listing]:
        """Return those of these listings that are on a list in force with the plate they had."""
        wanted = {(one.list_id, one.entry_id, one.plate): one for one in listings}
        patterns = [entry for part in self.index.parts for _, entry in part.patterns]
        found = (entry for _, entry in self.index.find([one.plate for one in listings]))
        return {
            wanted[key]
            for entry in (*found, *patterns)
            if (key := (entry.list_id, entry.entry_id, entry.plate)) in wanted
        }

    def rebuild(self) -> None:
        """Build the index anew if a list changed. Takes seconds for a million entries: call it off the event loop."""
        complete, self._complete = self._complete, {}
        if not complete:
            return
        for list_id, (manifest, staged) in complete.items():
            is_small = len(staged) < SMALL_LIST
            wanted = (_wanted(entry, manifest) for entry in _drained(staged))
            if is_small:
                self._small[list_id] = list(wanted)
                self._large.pop(list_id, None)
            else:
                self._large[list_id] = Part(wanted, self.look_alikes)
                self._small.pop(list_id, None)
        small = Part((entry for entries in self._small.values() for entry in entries), self.look_alikes)
        self.index = HotlistIndex.of((small, *self._large.values()), self.look_alikes)


def _checksum(staged: Mapping[str, bytes]) -> str:
    """As ``schemas.hotlist_checksum.checksum``, of entries that nearly always came in order: sorting a million, and
    holding all of them decoded, would hold up every other thread."""
    ids: Iterable[str] = staged
    if any(one > other for one, other in pairwise(staged)):
        ids = sorted(staged)
    running = RunningChecksum()
    for entry_id in ids:
        running.add(_decode(staged[entry_id]))
    return running.hexdigest()


def _drained(staged: dict[str, bytes]) -> Iterator[HotlistEntry]:
    """Yield the entries in order and let go of each: a million let go of at once would hold up every other thread."""
    for entry_id in list(staged):
        yield _decode(staged.pop(entry_id))


def _wanted(entry: HotlistEntry, manifest: Hotlist) -> Wanted:
    return Wanted(
        list_id=entry.list_id,
        entry_id=entry.entry_id,
        plate=entry.plate,
        region=entry.plate_region,
        kind=entry.kind,
        severity=entry.severity,
        reason=entry.reason,
        make=entry.vehicle_make,
        colour=entry.vehicle_colour,
        expires_at=entry.expires_at,
        as_of=manifest.as_of,
        body=entry.vehicle_body,
        schedule=entry.schedule,
        time_zone=manifest.time_zone,
        audience=entry.audience,
        case_number=entry.case_number,
        tolerance=manifest.tolerance or "look_alike",
    )
