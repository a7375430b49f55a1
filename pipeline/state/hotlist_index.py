"""The entries in force, packed so that millions fit in memory, and found for a whole frame of plates at once.

Of each entry the index holds a 64-bit key of its plate's fold, where its text lies, and the text: some 100 bytes. A
frame's plates are folded and keyed together with numpy; two bits an entry then rule out nearly all of them without
touching the keys, and what is left is looked up and compared character by character. Nothing here depends on keys being
different: two folds with one key are told apart by the comparison.
"""

from __future__ import annotations

import copy
import re
from array import array
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from datetime import datetime

import msgspec
import numpy as np
import numpy.typing as npt
from msgspec import Struct
from msgspec.structs import replace

from schemas.look_alikes import LookAlikes, default_look_alikes

Keys = npt.NDArray[np.uint64]

#: Bytes of a fold that make its key; the rest of a longer one is left to the comparison.
_KEYED = 24
#: Bits of the filter for each entry: 16 let one plate in 16 through to the keys.
_FILTER_BITS = 16
#: A list that tolerates an edit holds a key for every character left out: short lists only.
MAX_EDIT_ENTRIES = 20_000
#: Up to so many plates are looked up one by one: numpy's calls cost more than they save.
FEW = 4
_WORD = 2**64 - 1


class Wanted(Struct, frozen=True, gc=False):
    """A list entry in force. ``tolerance``: exact, look_alike or edit, as its list says."""

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
    body: str | None = None
    schedule: str = ""
    time_zone: str = ""
    audience: str = ""
    case_number: str = ""
    tolerance: str = "look_alike"

    @property
    def is_pattern(self) -> bool:
        """True when the plate holds ? (one character) or * (any number)."""
        return "?" in self.plate or "*" in self.plate


class _Packed(Struct, frozen=True, gc=False, array_like=True):
    """What an entry has of its own; the rest is its list's."""

    terms: int
    plate: str
    entry_id: str
    kind: str
    severity: str
    reason: str
    region: str | None = None
    case_number: str = ""
    make: str | None = None
    colour: str | None = None
    body: str | None = None
    expires_at: datetime | None = None
    schedule: str = ""
    audience: str = ""


class _Terms(Struct, frozen=True):
    """What all entries of a version share."""

    list_id: str
    as_of: datetime
    time_zone: str
    tolerance: str


class Part:
    """Entries of one list, or of several small ones. Immutable."""

    def __init__(self, entries: Iterable[Wanted] = (), look_alikes: LookAlikes | None = None) -> None:
        self.look_alikes = look_alikes or default_look_alikes()
        self.patterns: list[tuple[re.Pattern[str], Wanted]] = []
        #: Ids of entries that a delta has changed or removed: they are found no more.
        self._hidden: frozenset[str] = frozenset()
        self.edits: dict[bytes, tuple[int, ...]] = {}
        self._terms: list[_Terms] = []
        self._decode: Callable[[bytes | bytearray], _Packed] = msgspec.msgpack.Decoder(_Packed).decode
        texts, ends, keys = bytearray(), array("Q"), []
        encode = msgspec.msgpack.Encoder().encode
        numbers: dict[_Terms, int] = {}
        pending: list[str] = []
        with_edits: list[tuple[int, str]] = []
        for entry in entries:
            if entry.is_pattern:
                self.patterns.append((pattern(entry.plate), entry))
                continue
            terms = _Terms(entry.list_id, entry.as_of, entry.time_zone, entry.tolerance)
            number = numbers.get(terms)
            if number is None:
                number = numbers[terms] = len(self._terms)
                self._terms.append(terms)
            if entry.tolerance == "edit" and len(with_edits) < MAX_EDIT_ENTRIES:
                with_edits.append((len(ends), entry.plate))
            texts += encode(_pack(entry, number))
            ends.append(len(texts))
            pending.append(entry.plate)
            if len(pending) == 4096:
                keys.append(self._keys_of(pending))
                pending = []
        if pending:
            keys.append(self._keys_of(pending))
        self._texts = texts
        unsorted = np.concatenate(keys) if keys else np.empty(0, np.uint64)
        order = np.argsort(unsorted, kind="stable")
        self._keys: Keys = unsorted[order]
        last = np.frombuffer(ends, np.uint64) if len(ends) else np.empty(0, np.uint64)
        begins = np.concatenate([np.zeros(1, np.uint64), last[:-1]]) if len(last) else last
        small = np.uint32 if len(texts) < 2**32 else np.uint64
        self._begins = begins[order].astype(small)
        self._sizes = (last - begins)[order].astype(np.uint16)
        self._filter, self._shift = _filter(self._keys)
        self._bits, self._few_shift = self._filter.data, int(self._shift)
        self._fill_edits(with_edits, order)
        self.any_pattern = _any_of(self.patterns)

    def revised(self, *, hidden: Collection[str], as_of: datetime) -> Part:
        """Return this part without the entries of these ids, and as current as ``as_of``; it shares all else."""
        revised = copy.copy(self)
        revised._hidden = frozenset(hidden)
        revised._terms = [replace(terms, as_of=as_of) for terms in self._terms]
        revised.patterns = [
            (expression, replace(entry, as_of=as_of))
            for expression, entry in self.patterns
            if entry.entry_id not in revised._hidden
        ]
        revised.any_pattern = _any_of(revised.patterns)
        return revised

    def __len__(self) -> int:
        return len(self._keys) + len(self.patterns)

    @property
    def size_bytes(self) -> int:
        """Memory of everything but patterns and edits."""
        columns = (self._keys, self._begins, self._sizes, self._filter)
        return self._texts.__sizeof__() + sum(column.nbytes for column in columns)

    def __iter__(self) -> Iterator[Wanted]:
        """Yield all entries, in no order."""
        for at in range(len(self._keys)):
            entry = self._entry(at)
            if entry.entry_id not in self._hidden:
                yield entry
        for _, entry in self.patterns:
            yield entry

    def find(self, keys: Keys) -> Iterator[tuple[int, Wanted]]:
        """Yield the position of a key and each entry that has it; another fold may have the same key."""
        if not len(self._keys):
            return
        bits = keys >> self._shift
        let_through = np.flatnonzero((self._filter[bits >> np.uint64(3)] >> (bits & np.uint64(7)).astype(np.uint8)) & 1)
        if not len(let_through):
            return
        some = keys[let_through]
        first = np.searchsorted(self._keys, some)
        last = np.searchsorted(self._keys, some, side="right")
        for at in np.flatnonzero(last > first):
            for place in range(first[at], last[at]):
                entry = self._entry(place)
                if entry.entry_id not in self._hidden:
                    yield int(let_through[at]), entry

    def find_one(self, key: int) -> Iterator[Wanted]:
        """Yield each entry that has a key, as ``find`` does."""
        if not len(self._keys):
            return
        bit = key >> self._few_shift
        if not self._bits[bit >> 3] >> (bit & 7) & 1:
            return
        wanted = np.uint64(key)
        first, last = np.searchsorted(self._keys, wanted), np.searchsorted(self._keys, wanted, side="right")
        for place in range(int(first), int(last)):
            entry = self._entry(place)
            if entry.entry_id not in self._hidden:
                yield entry

    def find_edits(self, fold: bytes) -> Iterator[Wanted]:
        """Yield the entries of lists that tolerate an edit, one character away from this fold or equal to it."""
        places = {place for key in _without_one(fold) for place in self.edits.get(key, ())}
        for place in sorted(places):
            entry = self._entry(place)
            if entry.entry_id not in self._hidden:
                yield entry

    def _fill_edits(self, entries: list[tuple[int, str]], order: npt.NDArray[np.int64]) -> None:
        if not entries:
            return
        place_of = np.empty(len(order), np.int64)
        place_of[order] = np.arange(len(order))
        for number, plate in entries:
            place = int(place_of[number])
            for key in _without_one(self.look_alikes.fold(plate)):
                self.edits[key] = (*self.edits.get(key, ()), place)

    def _entry(self, place: int) -> Wanted:
        begin = int(self._begins[place])
        packed = self._decode(self._texts[begin : begin + int(self._sizes[place])])
        return _unpack(packed, self._terms[packed.terms])

    def _keys_of(self, plates: Sequence[str]) -> Keys:
        return keys_of(self.look_alikes.folds(plates))


class HotlistIndex:
    """All entries in force: what a frame of reads is held against. Immutable: swap it whole."""

    __slots__ = ("look_alikes", "parts")

    def __init__(self, entries: Iterable[Wanted] = (), look_alikes: LookAlikes | None = None) -> None:
        self.look_alikes = look_alikes or default_look_alikes()
        self.parts: tuple[Part, ...] = (Part(entries, self.look_alikes),)

    @classmethod
    def of(cls, parts: Iterable[Part], look_alikes: LookAlikes | None = None) -> HotlistIndex:
        """Return an index of these parts, which must share the look-alike classes."""
        made = cls((), look_alikes)
        made.parts = tuple(part for part in parts if len(part))
        return made

    @property
    def size(self) -> int:
        """Entries in force."""
        return sum(len(part) for part in self.parts)

    def find(self, plates: Sequence[str]) -> Iterator[tuple[int, Wanted]]:
        """Yield the position of a plate and each entry whose fold is the plate's: equal, or look-alikes of any font."""
        if not plates or not self.parts:
            return
        folds = self.look_alikes.folds(plates)
        if len(folds) <= FEW:
            for at, fold in enumerate(folds):
                key = key_of(fold)
                for part in self.parts:
                    for entry in part.find_one(key):
                        if self.look_alikes.fold(entry.plate) == fold:
                            yield at, entry
            return
        keys = keys_of(folds)
        for part in self.parts:
            for at, entry in part.find(keys):
                if self.look_alikes.fold(entry.plate) == folds[at]:
                    yield at, entry

    def look_alikes_of(self, plate: str) -> tuple[Wanted, ...]:
        """Return the entries whose plate equals this one or differs in look-alike characters only."""
        return tuple(entry for _, entry in self.find([plate]))

    def find_edits(self, plates: Sequence[str]) -> Iterator[tuple[int, Wanted]]:
        """Yield as ``find`` the entries of lists that tolerate an edit and are one character away."""
        edited = [part for part in self.parts if part.edits]
        if edited:
            for at, fold in enumerate(self.look_alikes.folds(plates)):
                for part in edited:
                    for entry in part.find_edits(fold):
                        yield at, entry

    def find_patterns(self, plates: Sequence[str]) -> Iterator[tuple[int, Wanted]]:
        """Yield as ``find`` the patterns that a plate fits."""
        for part in self.parts:
            if part.patterns:
                for at, plate in enumerate(plates):
                    if part.any_pattern.fullmatch(plate):
                        for expression, entry in part.patterns:
                            if expression.fullmatch(plate):
                                yield at, entry


def keys_of(folds: Sequence[bytes]) -> Keys:
    """Return a 64-bit key of each fold: multiply and shift of its first 24 bytes (as splitmix64 mixes)."""
    words = np.array(folds, dtype=f"S{_KEYED}").view(np.uint64).reshape(-1, _KEYED // 8)
    key = words[:, 0] * np.uint64(0x9E3779B97F4A7C15)
    key ^= (words[:, 1] + (key >> np.uint64(29))) * np.uint64(0xBF58476D1CE4E5B9)
    key ^= (words[:, 2] + (key >> np.uint64(32))) * np.uint64(0x94D049BB133111EB)
    key ^= key >> np.uint64(31)
    mixed: Keys = key * np.uint64(0x9E3779B97F4A7C15)
    return mixed


def key_of(fold: bytes) -> int:
    """Return the key of one fold, as ``keys_of`` does."""
    text = fold[:_KEYED].ljust(_KEYED, b"\0")
    first = int.from_bytes(text[:8], "little")
    key = first * 0x9E3779B97F4A7C15 & _WORD
    key ^= ((int.from_bytes(text[8:16], "little") + (key >> 29)) & _WORD) * 0xBF58476D1CE4E5B9 & _WORD
    key ^= ((int.from_bytes(text[16:], "little") + (key >> 32)) & _WORD) * 0x94D049BB133111EB & _WORD
    key ^= key >> 31
    return key * 0x9E3779B97F4A7C15 & _WORD


def pattern(text: str) -> re.Pattern[str]:
    """Return the expression of a plate with ? (one character) and * (any number, none too)."""
    return re.compile("".join({"?": ".", "*": ".*"}.get(char, re.escape(char)) for char in text))


def _any_of(patterns: Sequence[tuple[re.Pattern[str], Wanted]]) -> re.Pattern[str]:
    """One expression that a plate fits when it fits any: nearly all plates fit none."""
    return re.compile("|".join(f"(?:{expression.pattern})" for expression, _ in patterns))


def _without_one(fold: bytes) -> set[bytes]:
    """A fold and all that is left of it without one character: two texts one edit apart share one of these."""
    return {fold, *(fold[:at] + fold[at + 1 :] for at in range(len(fold)))}


def _filter(keys: Keys) -> tuple[npt.NDArray[np.uint8], np.uint64]:
    size = max(10, (len(keys) * _FILTER_BITS - 1).bit_length())
    shift = np.uint64(64 - size)
    bits = keys >> shift
    table = np.zeros(2 ** (size - 3), np.uint8)
    np.bitwise_or.at(table, bits >> np.uint64(3), np.uint8(1) << (bits & np.uint64(7)).astype(np.uint8))
    return table, shift


def _pack(entry: Wanted, terms: int) -> _Packed:
    return _Packed(
        terms,
        entry.plate,
        entry.entry_id,
        entry.kind,
        entry.severity,
        entry.reason,
        entry.region,
        entry.case_number,
        entry.make,
        entry.colour,
        entry.body,
        entry.expires_at,
        entry.schedule,
        entry.audience,
    )


def _unpack(packed: _Packed, terms: _Terms) -> Wanted:
    return Wanted(
        list_id=terms.list_id,
        entry_id=packed.entry_id,
        plate=packed.plate,
        region=packed.region,
        kind=packed.kind,
        severity=packed.severity,
        reason=packed.reason,
        make=packed.make,
        colour=packed.colour,
        expires_at=packed.expires_at,
        as_of=terms.as_of,
        body=packed.body,
        schedule=packed.schedule,
        time_zone=terms.time_zone,
        audience=packed.audience,
        case_number=packed.case_number,
        tolerance=terms.tolerance,
    )
