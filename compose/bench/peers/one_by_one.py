"""The list as the engines that take one read at a time look it up: the quickest way for a single read that was found.

Our own index looks up a frame at a time; for one read alone a dictionary is quicker, so that is what peers get. The
same reads match the same entries (tests/unit/test_bench_peers.py).
"""

from __future__ import annotations

from collections.abc import Iterable

from pipeline.rules.hotlist_match import MAX_SUBSTITUTIONS, MIN_CANDIDATE_CONFIDENCE
from pipeline.state.hotlist_index import Wanted
from schemas.events.plate_read import PlateRead
from schemas.plate import fold


class ListOneByOne:
    """Entries by the look-alike fold of their plate."""

    def __init__(self, entries: Iterable[Wanted]) -> None:
        by_fold: dict[bytes, Wanted | tuple[Wanted, ...]] = {}
        for entry in entries:
            key = fold(entry.plate)
            present = by_fold.get(key)
            if present is None:
                by_fold[key] = entry
            else:
                by_fold[key] = (*present, entry) if isinstance(present, tuple) else (present, entry)
        self._by_fold = by_fold

    def hits(self, read: PlateRead) -> list[tuple[Wanted, str]]:
        """Return the entries that a read matches, each with the reading that did."""
        listed = self._look_alikes(read.plate)
        candidates = [one for one in read.candidates if one.confidence >= MIN_CANDIDATE_CONFIDENCE]
        if not listed and not candidates:
            return []
        found = {
            (entry.list_id, entry.entry_id): (entry, read.plate)
            for entry in listed
            if sum(one != other for one, other in zip(read.plate, entry.plate, strict=True)) <= MAX_SUBSTITUTIONS
        }
        for candidate in candidates:
            for entry in self._look_alikes(candidate.plate):
                if entry.plate == candidate.plate:
                    found.setdefault((entry.list_id, entry.entry_id), (entry, candidate.plate))
        return list(found.values())

    def _look_alikes(self, plate: str) -> tuple[Wanted, ...]:
        found = self._by_fold.get(fold(plate))
        if found is None:
            return ()
        return found if isinstance(found, tuple) else (found,)
