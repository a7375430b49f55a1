"""The hotlists in force: versions arrive in chunks, and take effect whole."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator

import structlog
from msgspec.structs import replace

from pipeline.state.hotlist_index import HotlistIndex, Part, Wanted
from pipeline.state.list_versions import Complete, Versions, decoded
from pipeline.state.recalls import Listing
from schemas.events.hotlist import Hotlist
from schemas.events.hotlist_entry import HotlistEntry
from schemas.look_alikes import LookAlikes, default_look_alikes

log = structlog.get_logger(__name__)

#: Lists with fewer entries share one part of the index, so that each of hundreds of small lists costs a read nothing.
SMALL_LIST = 20_000
#: So many changes to a long list stand beside it; with more, its part of the index is built anew.
MAX_BESIDE = 20_000


class Hotlists:
    """Takes entries and manifests as they arrive; ``index`` changes only when a version is complete and intact."""

    def __init__(self, look_alikes: LookAlikes | None = None) -> None:
        self.look_alikes = look_alikes or default_look_alikes()
        self.index = HotlistIndex((), self.look_alikes)
        self.in_force: dict[str, Hotlist] = {}
        self.incomplete: dict[str, str] = {}
        #: Small lists as they are, large ones as a part of the index, with what has changed since it was built.
        self._small: dict[str, list[Wanted]] = {}
        self._large: dict[str, _Large] = {}
        self._versions: dict[str, Versions] = {}
        #: Versions in force that the index does not hold yet, in the order they came.
        self._complete: dict[str, list[Complete]] = {}

    def add_entries(self, entries: Iterable[HotlistEntry]) -> None:
        """Stage entries of versions that may still lack their manifest."""
        touched: dict[str, bool] = {}
        for entry in entries:
            versions = self._versions.get(entry.list_id)
            if versions is None:
                versions = self._versions[entry.list_id] = Versions()
            if versions.add_entry(entry):
                touched[entry.list_id] = True
        for list_id in touched:
            self._try_swap(list_id)

    def add_manifest(self, manifest: Hotlist) -> None:
        """Take note of a manifest; swap its version in if it is complete."""
        self._versions.setdefault(manifest.list_id, Versions()).add_manifest(manifest)
        self._try_swap(manifest.list_id)

    def _try_swap(self, list_id: str) -> None:
        versions = self._versions[list_id]
        complete = versions.take()
        if versions.incomplete:
            self.incomplete[list_id] = versions.incomplete
        else:
            self.incomplete.pop(list_id, None)
        if complete is None:
            return
        manifest = complete.manifest
        self.in_force[list_id] = manifest
        # A whole list makes what came before it void, before it is even built.
        before = [] if complete.whole is not None else self._complete.get(list_id, [])
        self._complete[list_id] = [*before, complete]
        log.info("hotlist in force", list_id=list_id, version=manifest.version, entries=manifest.entry_count,
                 delta=bool(manifest.base_version))  # fmt: skip

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
        for list_id, taken in complete.items():
            for one in taken:
                self._take(list_id, one)
        small = Part((entry for entries in self._small.values() for entry in entries), self.look_alikes)
        large = [part for one in self._large.values() for part in one.parts()]
        self.index = HotlistIndex.of((small, *large), self.look_alikes)

    def _take(self, list_id: str, complete: Complete) -> None:
        changes = decoded(complete.changes)
        manifest = complete.manifest
        if complete.whole is not None:
            self._build(list_id, len(complete.whole), _folded(complete.whole.drained(), changes, manifest))
        elif list_id in self._small:
            kept = [_renewed(one, manifest) for one in self._small[list_id] if one.entry_id not in changes]
            added = [wanted_of(one, manifest) for one in changes.values() if not one.is_removed]
            self._build(list_id, len(kept) + len(added), [*kept, *added])
        else:
            large = self._large.setdefault(list_id, _Large(Part((), self.look_alikes), manifest, self.look_alikes))
            large.change(changes, manifest)

    def _build(self, list_id: str, size: int, entries: Iterable[Wanted]) -> None:
        if size < SMALL_LIST:
            self._small[list_id] = list(entries)
            self._large.pop(list_id, None)
        else:
            manifest = self.in_force[list_id]
            self._large[list_id] = _Large(Part(entries, self.look_alikes), manifest, self.look_alikes)
            self._small.pop(list_id, None)


class _Large:
    """A long list: its part of the index, and changes that stand beside it so that a delta takes effect at once."""

    def __init__(self, built: Part, manifest: Hotlist, look_alikes: LookAlikes) -> None:
        self._built = built
        self._manifest = manifest
        self._look_alikes = look_alikes
        self._changes: dict[str, HotlistEntry] = {}

    def change(self, changes: dict[str, HotlistEntry], manifest: Hotlist) -> None:
        self._manifest = manifest
        self._changes |= changes
        if len(self._changes) > MAX_BESIDE:
            self._built = Part((entry for part in self.parts() for entry in part), self._look_alikes)
            self._changes = {}

    def parts(self) -> list[Part]:
        if not self._changes:
            return [self._built]
        built = self._built.revised(hidden=self._changes.keys(), as_of=self._manifest.as_of)
        beside = (wanted_of(one, self._manifest) for one in self._changes.values() if not one.is_removed)
        return [built, Part(beside, self._look_alikes)]


def _folded(entries: Iterable[HotlistEntry], changes: dict[str, HotlistEntry], manifest: Hotlist) -> Iterator[Wanted]:
    for entry in entries:
        if entry.entry_id not in changes and not entry.is_removed:
            yield wanted_of(entry, manifest)
    for entry in changes.values():
        if not entry.is_removed:
            yield wanted_of(entry, manifest)


def _renewed(entry: Wanted, manifest: Hotlist) -> Wanted:
    """Return an entry that a delta leaves as it is: the list as a whole is as current as the delta."""
    return replace(entry, as_of=manifest.as_of)


def wanted_of(entry: HotlistEntry, manifest: Hotlist) -> Wanted:
    """Return an entry as the index takes it; what holds for all of its list is its manifest's."""
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
