"""Loads a hotlist from CSV, all or nothing, in chunks that a list of a million plates does not outgrow."""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, time, timedelta, tzinfo
from hashlib import blake2b, sha256
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec
from msgspec import Struct

from connectors.file_reading import CellError, FileError, RowError
from connectors.hotlist_csv.cells import LaidOut, NamedColumns
from connectors.hotlist_csv.layout import load_layout
from connectors.hotlist_csv.row import Listed, RowReader, RowRules, audience_of, kind_of, moment_of, severity_of
from connectors.tabular import BadRow, Table
from connectors.translation import Context
from schemas.events.hotlist import Hotlist
from schemas.events.hotlist_entry import RESTRICTED, HotlistEntry
from schemas.hotlist_checksum import RunningChecksum
from schemas.identity import identity
from schemas.wire.frame import MAX_BYTES, MAX_EVENTS, encode_event

#: Clocks differ; a list from further ahead would outrank every list that comes before that day.
MAX_AHEAD = timedelta(minutes=5)
#: What a list can count as a match (schemas/events/hotlist.py).
TOLERANCES = ("exact", "look_alike", "edit")
#: Longer is no expiry.
MAX_EXPIRES_DAYS = 366


class HotlistOptions(Struct, frozen=True, kw_only=True):
    """What the loader's user says of a list.

    ``as_of``: how current the list is; the file's own time of change if None. ``severity`` and ``kind`` hold for rows
    that give none. ``zone``: the IANA zone of dates without one and of schedules. ``allow_empty``: a file without
    entries, which would end all alerts of the list, is meant.
    ``expires_days``: rows without an expiry expire so many days after ``as_of``. ``expires``: or then: a time as rows
    give it, or a clock time alone (19:00), which is the next one after ``as_of``: the end of a shift.
    ``trusted_extract``: an authority answers for the entries; none is asked for its reason, case or expiry.
    ``allow_patterns``: plates may have ``?`` and ``*``. ``tolerance``: what counts as a match. ``max_age_s``: from
    which age on the list counts as stale, seconds. ``layout``: a built-in layout's name or a TOML file; empty: columns
    are found by their names. ``base``: the file is a delta: it adds, changes or removes entries in this version, and
    what holds for all of the list holds on.
    ``audience``: who may see the alerts of rows that name nobody, as rows say it; empty: everybody. ``audiences``: all
    that there are.
    """

    list_id: str
    title: str = ""
    owner: str = ""
    as_of: datetime | None = None
    severity: str = "P3"
    kind: str = "other"
    zone: str = "UTC"
    allow_empty: bool = False
    expires_days: int | None = None
    expires: str = ""
    trusted_extract: bool = False
    allow_patterns: bool = False
    tolerance: str = "look_alike"
    max_age_s: float | None = None
    layout: str = ""
    base: Hotlist | None = None
    audience: str = ""
    audiences: tuple[str, ...] = (RESTRICTED,)


class HotlistFile:
    """A hotlist that was read whole and checked: ``errors`` is empty, or nothing of it may be published.

    The same content with the same ``as_of`` gives the same version, entries, ids and checksum.
    """

    def __init__(
        self,
        cells: NamedColumns | LaidOut,
        reader: RowReader,
        options: HotlistOptions,
        as_of: datetime,
        context: Context,
        audience: str = "",
    ) -> None:
        #: Who may know of the list.
        self.audience = audience
        self.errors: list[RowError] = []
        #: How many entries a delta removes.
        self.removed = 0
        self.list_id = options.list_id
        self.as_of = as_of
        self._cells, self._reader, self._options, self._context = cells, reader, options, context
        self._file = cells.file
        self._path = cells.file.path
        self._stat = _stat(self._path)
        self._ids: list[str] = []
        self._offsets, self._sizes, self._lines = array("q"), array("q"), array("q")
        self._manifest: Hotlist | None = None
        self.version = f"{compact(as_of)}-{self._check_rows()[:12]}"
        if not self._ids and not self.errors and options.base is not None:
            raise FileError(f"{self._path.name} has no entries: there is nothing to change.")
        if not self._ids and not self.errors and not options.allow_empty:
            raise FileError(
                f"{self._path.name} has no entries; loading it would end all alerts of the list {options.list_id}. "
                "If that is meant, say so with --allow-empty."
            )

    @property
    def entry_count(self) -> int:
        """The number of entries; of a delta, of those that it changes."""
        return len(self._ids)

    @property
    def base(self) -> Hotlist | None:
        """The version that a delta changes; None for a whole list."""
        return self._options.base

    def chunks(self) -> Iterator[list[HotlistEntry]]:
        """Yield the entries in order of their ids, at most 512 and 256 KiB of JSON at a time.

        Raises ValueError when there are errors, and FileError when the file has changed since it was checked.
        """
        if self.errors:
            raise ValueError("a hotlist with errors is not published")
        self._manifest = None
        running = RunningChecksum()
        chunk: list[HotlistEntry] = []
        number, size = 0, 2
        with self._path.open("rb") as file:
            for place in sorted(range(len(self._ids)), key=self._ids.__getitem__):
                file.seek(self._offsets[place])
                cells = self._file.cells_of(file.read(self._sizes[place]))
                listed = self._reader.read(self._lines[place], cells)
                if isinstance(listed, list):
                    raise self._changed()
                entry = self._entry(self._ids[place], listed, number)
                encoded = encode_event(entry)
                if chunk and (len(chunk) == MAX_EVENTS or size + len(encoded) + 1 > MAX_BYTES):
                    yield chunk
                    chunk, number, size = [], number + 1, 2
                    entry = msgspec.structs.replace(entry, chunk=number)
                    encoded = encode_event(entry)
                chunk.append(entry)
                size += len(encoded) + 1
                running.add(entry)
        if _stat(self._path) != self._stat:
            raise self._changed()
        if chunk:
            yield chunk
            number += 1
        self._manifest = self._make_manifest(number, running.hexdigest())

    def manifest(self) -> Hotlist:
        """Return the manifest; it is known only when all chunks have been taken. Raises ValueError before."""
        if self._manifest is None:
            raise ValueError("the manifest is known when all chunks have been taken")
        return self._manifest

    def _check_rows(self) -> str:
        """Read every row, keep its place and id, note what is wrong, and return the digest of the content."""
        digest = sha256(self._options.list_id.encode())
        # What holds for the whole list makes another version, too; what is as ever is left out, so that files that were
        # loaded before it was there keep theirs.
        stated = (self._options.tolerance, self._options.max_age_s, self._options.zone)
        if self._options.base is not None:
            digest.update(b"delta")
        elif stated != ("look_alike", None, "UTC"):
            digest.update(msgspec.json.encode(stated))
        if self.audience and self._options.base is None:
            digest.update(self.audience.encode())
        first_lines: dict[str, int] = {}
        repeated: Counter[str] = Counter()
        found = 0
        for row in self._file.rows():
            if isinstance(row, BadRow):
                self.errors.append(row.error)
                continue
            try:
                if not self._cells.wants(row.cells):
                    continue
            except CellError as error:
                self.errors.append(error.at(row.line))
                continue
            found += 1
            listed = self._reader.read(row.line, row.cells)
            if isinstance(listed, list):
                self.errors += listed
                continue
            entry_id = listed.entry_id or _made_up_id(listed, repeated)
            if entry_id in first_lines:
                said = f"the entry id stands already on line {first_lines[entry_id]}"
                self.errors.append(RowError(row.line, self._cells.name("entry_id"), entry_id, said))
                continue
            first_lines[entry_id] = row.line
            self.removed += listed.is_removed
            self._ids.append(entry_id)
            self._offsets.append(row.offset)
            self._sizes.append(len(row.original))
            self._lines.append(row.line)
            digest.update(msgspec.json.encode((entry_id, listed)))
        if not self.errors:  # else they are told first
            self._cells.end(found)
        return digest.hexdigest()

    def _entry(self, entry_id: str, listed: Listed, chunk: int) -> HotlistEntry:
        return HotlistEntry(
            event_id=identity("hotlist_entry", self.list_id, self.version, entry_id),
            occurred_at=self.as_of,
            # Not our clock: the same version has to be the same bytes whenever it is loaded.
            observed_at=self.as_of,
            source=self._context.source,
            jurisdiction=self._context.jurisdiction,
            list_id=self.list_id,
            list_version=self.version,
            chunk=chunk,
            entry_id=entry_id,
            plate=listed.plate,
            plate_region=listed.region,
            kind=listed.kind,
            severity=listed.severity,
            reason=listed.reason,
            case_number=listed.case_number,
            vehicle_make=listed.make,
            vehicle_model=listed.model,
            vehicle_colour=listed.colour,
            expires_at=listed.expires_at,
            vehicle_body=listed.body,
            schedule=listed.schedule,
            audience=listed.audience,
            is_removed=listed.is_removed,
        )

    def _make_manifest(self, chunk_count: int, checksum: str) -> Hotlist:
        base, options = self._options.base, self._options
        return Hotlist(
            event_id=identity("hotlist", self.list_id, self.version),
            occurred_at=self.as_of,
            observed_at=self._context.observed_at,
            source=self._context.source,
            jurisdiction=self._context.jurisdiction,
            list_id=self.list_id,
            version=self.version,
            title=base.title if base is not None else options.title[:200],
            owner=base.owner if base is not None else options.owner[:100],
            as_of=self.as_of,
            entry_count=self.entry_count,
            chunk_count=chunk_count,
            checksum=checksum,
            base_version="" if base is None else base.version,
            tolerance=options.tolerance if base is None else base.tolerance,
            max_age_s=options.max_age_s if base is None else base.max_age_s,
            time_zone=options.zone if base is None else base.time_zone,
            audience=self.audience if base is None else base.audience,
        )

    @property
    def says_audience(self) -> bool:
        """Whether the loader's user said who may see it, be it everybody."""
        return bool(self._options.audience)

    def _changed(self) -> FileError:
        return FileError(f"{self._path.name} changed while it was being loaded. Nothing took effect; load it again.")


def read_hotlist(path: Path, *, options: HotlistOptions, context: Context) -> HotlistFile:
    """Read and check a whole hotlist; bad rows are in its ``errors``.

    Raises FileError when the file cannot be read, has no column of plates or no entries, or an option is not usable.
    """
    if not 0 < len(options.list_id) <= 200:
        raise FileError("A hotlist needs an id of 1 to 200 characters.")
    try:
        severity, kind = severity_of(options.severity), kind_of(options.kind)
    except ValueError as error:
        raise FileError(f"The severity or kind for all rows is {error}.") from error
    if options.tolerance not in TOLERANCES:
        raise FileError(f"The tolerance {options.tolerance!r} is not known; there are {', '.join(TOLERANCES)}.")
    if options.max_age_s is not None and options.max_age_s <= 0:
        raise FileError("The age from which a list is stale must be more than nothing.")
    zone_name = options.zone if options.base is None else options.base.time_zone or "UTC"
    try:
        zone = ZoneInfo(zone_name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise FileError(f"{zone_name!r} is not an IANA time zone (like America/Chicago).") from error
    layout = load_layout(options.layout) if options.layout else None
    cells = NamedColumns(Table(path)) if layout is None else LaidOut(path, layout)
    as_of = options.as_of or datetime.fromtimestamp(path.stat().st_mtime, UTC)
    if as_of.tzinfo is None:
        raise FileError("The as-of time needs an offset, as in 2026-01-15T06:00:00Z.")
    as_of = as_of.astimezone(UTC)
    as_of = as_of.replace(microsecond=as_of.microsecond // 1000 * 1000)
    if as_of > context.observed_at + MAX_AHEAD:
        raise FileError(f"The list says it is as of {as_of.isoformat()}, which is still to come. Check the clock.")
    known = frozenset(options.audiences)
    # A delta's rows are for whom the list is for, or what was kept from some would be told to all.
    said = options.audience or (options.base.audience if options.base is not None else "")
    try:
        audience = audience_of(said, known) if said else ""
    except ValueError as error:
        raise FileError(f"The audience for all entries is {error}.") from error
    rules = RowRules(
        kind=kind,
        severity=severity,
        zone=zone,
        expires_at=_expiry(options, as_of, zone),
        complete=not options.trusted_extract,
        patterns=options.allow_patterns,
        delta=options.base is not None,
        audience=audience,
        audiences=known,
    )
    return HotlistFile(cells, RowReader(cells, path.name, rules), options, as_of, context, audience)


def _expiry(options: HotlistOptions, as_of: datetime, zone: tzinfo) -> datetime | None:
    """Return when rows without an expiry of their own expire; None: never. Raises FileError."""
    if options.expires_days is not None and options.expires:
        raise FileError("Give all entries one expiry: after some days, or at a time.")
    if options.expires_days is not None:
        if not 1 <= options.expires_days <= MAX_EXPIRES_DAYS:
            raise FileError(f"Entries can expire after 1 to {MAX_EXPIRES_DAYS} days.")
        return as_of + timedelta(days=options.expires_days)
    if not options.expires:
        return None
    try:
        clock = time.fromisoformat(options.expires)
    except ValueError:
        try:
            expiry = moment_of(options.expires, zone)
        except ValueError as error:
            raise FileError(f"The expiry for all entries is {error}, or a clock time like 19:00.") from error
        if expiry <= as_of:
            raise FileError("The expiry for all entries lies before the list's as-of time.") from None
        return expiry
    local = as_of.astimezone(zone)
    ends = local.replace(hour=clock.hour, minute=clock.minute, second=clock.second, microsecond=0)
    return (ends if ends > local else ends + timedelta(days=1)).astimezone(UTC)


def compact(moment: datetime) -> str:
    """Return a UTC time so that later times are greater text: 20260115T060000.000Z."""
    return f"{moment:%Y%m%dT%H%M%S}.{moment.microsecond // 1000:03d}Z"


def _made_up_id(listed: Listed, repeated: Counter[str]) -> str:
    """Return an id for an entry without one: from its content, numbered when the very same entry stands there twice.

    It does not show the plate, for ids go where plates must not.
    """
    said = f"{listed.plate}\x1f{listed.region}\x1f{listed.kind}\x1f{listed.case_number}"
    base = blake2b(said.encode(), digest_size=8).hexdigest()
    repeated[base] += 1
    return base if repeated[base] == 1 else f"{base}-{repeated[base]}"


def _stat(path: Path) -> tuple[int, int]:
    stat = path.stat()
    return stat.st_size, stat.st_mtime_ns
