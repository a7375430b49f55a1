"""Topics in a backup: one gzip file of JSON lines for each partition, written and read message by message.

A line: ``{"timestamp_ms", "offset", "key", "value", "headers": [[name, value], ...]}``. Bytes that are UTF-8 are text;
others are ``{"base64": "..."}``; a missing key or value is null.
"""

from __future__ import annotations

import base64
import contextlib
import gzip
import hashlib
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any
from uuid import UUID

import msgspec
from msgspec import Struct

from compose.backup.manifest import BackupError, PartitionCopy, Position
from compose.roles.broker_settings import log_reader
from compose.settings import Settings
from schemas.event_type import EventType
from schemas.id_digest import MASK, digest_text
from schemas.wire.publisher import BrokerUnavailableError
from schemas.wire.reader import LogReader, Record

FOLDER = "topics"
#: A broker that gives nothing for so long is not waited for any more, seconds.
SILENT_S = 60.0
#: Fast; JSON repeats itself so much that more effort gains little.
_LEVEL = 3

Place = tuple[str, int]
Said = Callable[[int], None]


class Packed(Struct, frozen=True):
    """Bytes that are no text."""

    base64: str


class Line(Struct, frozen=True, kw_only=True):
    """One message."""

    timestamp_ms: int
    offset: int
    key: str | Packed | None
    value: str | Packed | None
    headers: list[tuple[str, str | Packed | None]]


class _Id(Struct, frozen=True):
    event_id: UUID


_encoder = msgspec.json.Encoder()
_lines = msgspec.json.Decoder(Line)
_frame = msgspec.json.Decoder(list[_Id])
_single = msgspec.json.Decoder(_Id)


class Tally:
    """Counts and digests of a partition's messages, in their order."""

    def __init__(self) -> None:
        self.messages = 0
        self.events = 0
        self._ids = 0
        self._content = hashlib.sha256()

    def add(self, key: bytes | None, value: bytes | None, headers: Sequence[tuple[str, bytes | None]]) -> None:
        """Count one message. Its time is left out: topics take the broker's, so a restored one has another."""
        self.messages += 1
        for one in _ids(value):
            self.events += 1
            self._ids = (self._ids + (one.event_id.int & MASK)) & MASK
        self._content.update(msgspec.msgpack.encode((key, value, headers)))

    def copy_of(self, topic: str, partition: int, file: str) -> PartitionCopy:
        """Return what was counted."""
        return PartitionCopy(
            topic=topic,
            partition=partition,
            file=file,
            messages=self.messages,
            events=self.events,
            id_digest=digest_text(self._ids),
            content_sha256=self._content.hexdigest(),
        )


def copy_topic(
    settings: Settings,
    kind: EventType[Any],
    backup: Path,
    acknowledged: Mapping[str, Mapping[Place, int]],
    said: Said = lambda _count: None,
) -> tuple[list[PartitionCopy], list[Position]]:
    """Copy a topic as long as it was when this began, and say how far each group had come in it.

    ``acknowledged``: by group, topic and partition the offset after the last one acknowledged. ``said``: told how many
    messages were copied now and then. Raises BrokerUnavailableError, BackupError.
    """
    tallies: dict[int, Tally] = {}
    before: Counter[tuple[str, int]] = Counter()
    offsets = {
        (group, partition): offset
        for group, places in acknowledged.items()
        for (topic, partition), offset in places.items()
        if topic == kind.topic
    }
    with contextlib.ExitStack() as held, _reader(settings, kind) as reader:
        files: dict[int, gzip.GzipFile] = {}
        for partition in partitions_of(reader):
            path = backup / _file(kind, partition)
            path.parent.mkdir(parents=True, exist_ok=True)
            files[partition] = held.enter_context(gzip.open(path, "wb", compresslevel=_LEVEL))
            tallies[partition] = Tally()
        for record in _records(reader, said):
            files[record.partition].write(_encoder.encode(_line(record)) + b"\n")
            tallies[record.partition].add(record.key, record.value, record.headers)
            for (group, partition), offset in offsets.items():
                if partition == record.partition and record.offset < offset:
                    before[group, partition] += 1
    copies = [tally.copy_of(kind.topic, number, _file(kind, number)) for number, tally in sorted(tallies.items())]
    positions = [
        Position(group=group, topic=kind.topic, partition=partition, messages=before[group, partition])
        for group, partition in sorted(offsets)
    ]
    return copies, positions


def lines_of(backup: Path, copy: PartitionCopy) -> Iterator[Line]:
    """Yield the messages of a partition's file. Raises BackupError for one that cannot be read."""
    try:
        with gzip.open(backup / copy.file, "rb") as file:
            for raw in file:
                yield _lines.decode(raw)
    except (OSError, EOFError, msgspec.DecodeError) as error:
        raise BackupError(f"{backup / copy.file} cannot be read: {error}. Take another backup.") from error


def unpacked(value: str | Packed | None) -> bytes | None:
    """Return the bytes that a line stands for."""
    if isinstance(value, Packed):
        return base64.b64decode(value.base64)
    return None if value is None else value.encode()


def read_back(
    settings: Settings,
    kind: EventType[Any],
    copies: Mapping[int, PartitionCopy],
    wanted: Sequence[Position],
    said: Said = lambda _count: None,
) -> tuple[dict[int, PartitionCopy], dict[tuple[str, int], int]]:
    """Return what a topic holds now, by partition, and the offset at which each position now stands, by group and
    partition. Raises BrokerUnavailableError."""
    tallies: dict[int, Tally] = {}
    last: dict[int, int] = {}
    found: dict[tuple[str, int], int] = {}
    with _reader(settings, kind) as reader:
        for partition in partitions_of(reader):
            tallies[partition] = Tally()
        for record in _records(reader, said):
            for one in wanted:
                if one.partition == record.partition and one.messages == tallies[record.partition].messages:
                    found[one.group, one.partition] = record.offset
            tallies[record.partition].add(record.key, record.value, record.headers)
            last[record.partition] = record.offset
    for one in wanted:
        found.setdefault((one.group, one.partition), last.get(one.partition, -1) + 1)
    here = {
        partition: tally.copy_of(kind.topic, partition, copies[partition].file if partition in copies else "")
        for partition, tally in tallies.items()
    }
    return here, found


def partitions_of(reader: LogReader) -> list[int]:
    """Return the partitions of the one topic that is read."""
    return sorted(partition for _, partition in reader.places)


@contextlib.contextmanager
def _reader(settings: Settings, kind: EventType[Any]) -> Iterator[LogReader]:
    reader = log_reader(settings, [kind], "watchfloor-backup")
    try:
        yield reader
    finally:
        reader.close()


def _records(reader: LogReader, said: Said) -> Iterator[Record]:
    """Yield what the log has until it is read as far as it reached when the reader was made."""
    heard = time.monotonic()
    count = 0
    while not reader.caught_up:
        records = reader.poll(0.5)
        if records:
            heard = time.monotonic()
        elif time.monotonic() > heard + SILENT_S:
            raise BrokerUnavailableError(f"the broker gave nothing for {SILENT_S:.0f} s")
        yield from records
        count += len(records)
        said(count)


def _file(kind: EventType[Any], partition: int) -> str:
    return f"{FOLDER}/{kind.topic}/{partition}.jsonl.gz"


def _line(record: Record) -> Line:
    return Line(
        timestamp_ms=record.timestamp_ms,
        offset=record.offset,
        key=_packed(record.key),
        value=_packed(record.value),
        headers=[(name, _packed(value)) for name, value in record.headers],
    )


def _packed(raw: bytes | None) -> str | Packed | None:
    if raw is None:
        return None
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return Packed(base64.b64encode(raw).decode())


def _ids(value: bytes | None) -> list[_Id]:
    if value is None:
        return []
    try:
        return _frame.decode(value)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        pass
    try:
        return [_single.decode(value)]
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return []
