"""Versions of a list as they arrive, in chunks and in any order: which of them are whole, and what each one changes.

A version is a whole list, or a delta: what is added, changed or removed in the version it names as its base. A delta
takes effect when all from the last whole list on are there and intact, or when its base is in force.
"""

from __future__ import annotations

import heapq
from collections import defaultdict
from collections.abc import Iterator, Mapping

import msgspec
import structlog
from msgspec import Struct

from schemas.events.hotlist import Hotlist
from schemas.events.hotlist_entry import HotlistEntry
from schemas.hotlist_checksum import RunningChecksum

log = structlog.get_logger(__name__)

#: Long versions of one list whose manifest is not known yet that are held at once; older ones are forgotten first.
MAX_STAGED = 2
#: A version of fewer entries is short: many of them (deltas, mostly) are held, with so many entries in all.
SHORT, SHORT_ROOM = 20_000, 100_000
NO_BASE = "it changes a version that is not in force"
#: Manifests of one list that wait for their entries or for their base.
MAX_WAITING = 512

#: A version's entries are held in so many pieces. A dictionary of millions grows by being copied, which holds up every
#: other thread for a quarter of a second.
PIECES = 256

#: Entries by id, encoded. As objects a million would have the collector of garbage hold up every thread for a third of
#: a second, again and again.
Entries = dict[str, bytes]
_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(HotlistEntry).decode


class Staged:
    """The entries of one version that have arrived: of each id the one that came last."""

    def __init__(self) -> None:
        self._pieces: defaultdict[int, Entries] = defaultdict(dict)

    def add(self, entry: HotlistEntry) -> bool:
        """Take an entry; return whether it, as it is, was not here."""
        piece = self._pieces[hash(entry.entry_id) % PIECES]
        told = _encode(entry)
        if piece.get(entry.entry_id) == told:
            return False
        piece[entry.entry_id] = told
        return True

    def __len__(self) -> int:
        return sum(map(len, self._pieces.values()))

    def by_id(self) -> Entries:
        """Return all of them in one: of deltas, which are short."""
        return {entry_id: told for piece in self._pieces.values() for entry_id, told in piece.items()}

    def drained(self) -> Iterator[HotlistEntry]:
        """Yield the entries and let go of each: a million let go of at once would hold up every other thread."""
        while self._pieces:
            _, piece = self._pieces.popitem()
            while piece:
                yield _decode(piece.popitem()[1])

    def checksum(self) -> str:
        """As ``schemas.hotlist_checksum.checksum``; sorting a million at once, and holding all of them decoded, would
        hold up every other thread."""
        running = RunningChecksum()
        # Not by map(): that would sort them all in one go, which holds up every other thread for as long.
        in_order = [sorted(piece) for piece in self._pieces.values()]
        for entry_id in heapq.merge(*in_order):
            running.add(_decode(self._pieces[hash(entry_id) % PIECES][entry_id]))
        return running.hexdigest()


class Complete(Struct, frozen=True):
    """A version that takes effect. ``whole``: all entries of the list it begins with; None: it changes what is in
    force. ``changes``: what was added, changed or removed on top, by id."""

    manifest: Hotlist
    whole: Staged | None
    changes: Entries


class Versions:
    """What has arrived of the versions of one list. Each that takes effect is given out once."""

    def __init__(self) -> None:
        #: The version in force; empty when there is none.
        self.version = ""
        #: Why the newest version that is known of is not in force; empty when it is.
        self.incomplete = ""
        self._staged: dict[str, Staged] = {}
        self._waiting: dict[str, Hotlist] = {}
        #: Whether a version's entries, all there, have the checksum that its manifest states.
        self._sound: dict[str, bool] = {}

    def add_entry(self, entry: HotlistEntry) -> bool:
        """Stage an entry; return whether it was news: not of the version in force, nor of one before it."""
        if entry.list_version <= self.version:
            return False
        staged = self._staged.get(entry.list_version)
        if staged is None:
            staged = self._staged[entry.list_version] = Staged()
        if staged.add(entry):
            self._sound.pop(entry.list_version, None)
        return True

    def add_manifest(self, manifest: Hotlist) -> None:
        """Take note of a manifest."""
        if manifest.version <= self.version:
            return
        if self._waiting.get(manifest.version) != manifest:
            self._waiting[manifest.version] = manifest
            self._sound.pop(manifest.version, None)
        for version in sorted(self._waiting)[:-MAX_WAITING]:
            del self._waiting[version]

    def take(self) -> Complete | None:
        """Return the newest version that can take effect now, if any; from now on it is the one in force."""
        self._forget()
        problems: dict[str, str] = {}
        for version in sorted(self._waiting):
            manifest = self._waiting[version]
            # A base is older than what it is the base of, so that what it lacks is known here.
            before = "" if manifest.base_version in ("", self.version) else problems.get(manifest.base_version, NO_BASE)
            problems[version] = before or self._problem(manifest)
        usable = [version for version, problem in problems.items() if not problem]
        self.incomplete = next(reversed(problems.values()), "")
        return self._taken(self._waiting[usable[-1]]) if usable else None

    def _problem(self, manifest: Hotlist) -> str:
        """Return what a version lacks by itself. Its checksum is worked out once."""
        version = manifest.version
        staged = self._staged.get(version, Staged())
        if len(staged) < manifest.entry_count:
            return f"{len(staged)} of {manifest.entry_count} entries have arrived"
        if version not in self._sound:
            self._sound[version] = staged.checksum() == manifest.checksum
            if not self._sound[version]:
                log.error("hotlist refused: checksum", list_id=manifest.list_id, version=version)
        return "" if self._sound[version] else "the entries do not have the checksum that the manifest states"

    def _taken(self, manifest: Hotlist) -> Complete:
        steps = [manifest]
        while steps[0].base_version not in ("", self.version):
            steps.insert(0, self._waiting[steps[0].base_version])
        whole = None if steps[0].base_version else self._staged.get(steps[0].version, Staged())
        changes: Entries = {}
        for one in steps if whole is None else steps[1:]:
            changes |= self._staged.get(one.version, Staged()).by_id()
        self.version = steps[-1].version
        self._staged = {version: held for version, held in self._staged.items() if version > self.version}
        self._waiting = {version: held for version, held in self._waiting.items() if version > self.version}
        self._sound = {version: told for version, told in self._sound.items() if version > self.version}
        return Complete(steps[-1], whole, changes)

    def _forget(self) -> None:
        """Let go of versions without a manifest that are too many to be held, the oldest first."""
        if len(self._staged) <= MAX_STAGED:
            return
        unknown = sorted(version for version in self._staged if version not in self._waiting)
        long = [version for version in unknown if len(self._staged[version]) >= SHORT]
        for version in long[:-MAX_STAGED]:
            del self._staged[version]
        room = SHORT_ROOM
        for version in reversed([one for one in unknown if one not in long]):
            room -= len(self._staged[version])
            if room < 0:
                del self._staged[version]


def decoded(staged: Mapping[str, bytes]) -> dict[str, HotlistEntry]:
    """Return staged entries by id."""
    return {entry_id: _decode(told) for entry_id, told in staged.items()}
