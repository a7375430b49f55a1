"""Reads a table of calls as a stream: each row a call, or the reason why it is none."""

from __future__ import annotations

from array import array
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import msgspec
import numpy as np
from msgspec import Struct

from connectors.calls_csv.column_map import CallMap
from connectors.calls_csv.row_translator import Place, RowTranslator
from connectors.edge.dead_letters import dead_letter
from connectors.file_reading import CellError, RowError
from connectors.tabular import BadRow, Row, Table
from connectors.translation import Context, Refused
from schemas.events.dead_letter import DeadLetter
from schemas.events.emergency_call import EMERGENCY_CALL, EmergencyCall
from schemas.identity import identity


class ReadCall(Struct, frozen=True, gc=False):
    """A row that is a call. ``size``: the row's bytes; ``place``: what it says of the call's place."""

    line: int
    size: int
    call: EmergencyCall
    place: Place

    @property
    def due(self) -> datetime:
        """When it became known, by the source's clock."""
        return self.call.received_at


class LaterState(Struct, frozen=True, gc=False):
    """A further state of a call whose row was read already (connectors/calls_csv/course.py), and when it is due."""

    call: EmergencyCall
    due: datetime


class RefusedRow(Struct, frozen=True):
    """A row that is none: the error for the person, and the dead letter that keeps the row's bytes."""

    line: int
    size: int
    error: RowError
    dead_letter: DeadLetter


CallRow = ReadCall | LaterState | RefusedRow


def read_calls(path: Path, call_map: CallMap, *, context: Context) -> Iterator[CallRow]:
    """Return the rows of a file in its order. Never holds more than one row.

    ``observed_at`` of every call is the context's: the moment the reading began. Rows of one call id are states of
    one call. Raises FileError at once when the file or its columns cannot be used.
    """
    reader = _CallReader(path, call_map, context)
    return map(reader.read, reader.table.rows())


def read_calls_in_time_order(path: Path, call_map: CallMap, *, context: Context) -> Iterator[CallRow]:
    """Return the rows by the time their calls were received; refused rows first.

    The file is read twice: once for times and places of rows (32 bytes of memory a row), once for the rows.
    Raises FileError at once when the file or its columns cannot be used.
    """
    return _in_time_order(_CallReader(path, call_map, context))


def _in_time_order(reader: _CallReader) -> Iterator[CallRow]:
    times, offsets, sizes, lines = array("d"), array("q"), array("q"), array("q")
    for row in reader.table.rows():
        read = reader.read(row)
        if isinstance(read, ReadCall):
            times.append(read.call.received_at.timestamp())
            offsets.append(row.offset)
            sizes.append(read.size)
            lines.append(read.line)
        else:
            yield read
    # Stable: calls received in the same second stay in the file's order.
    order = np.argsort(np.frombuffer(times, dtype=np.float64), kind="stable") if times else ()
    with reader.table.path.open("rb") as file:
        for place in order:
            file.seek(offsets[place])
            original = file.read(sizes[place])
            yield reader.read(Row(lines[place], offsets[place], original, reader.table.cells_of(original)))


class _CallReader:
    def __init__(self, path: Path, call_map: CallMap, context: Context) -> None:
        self.table = Table(path)
        self._context = context
        self._translator = RowTranslator(call_map, self.table, context)
        self._header = self.table.decode(self.table.header_bytes).strip("\r\n")[:4000]

    def read(self, row: Row | BadRow) -> CallRow:
        if isinstance(row, BadRow):
            return self._refuse(row.error, row.original)
        try:
            call, place = self._translator.translate(row.cells)
        except CellError as error:
            return self._refuse(error.at(row.line), row.original)
        return ReadCall(row.line, len(row.original), call, place)

    def _refuse(self, error: RowError, original: bytes) -> RefusedRow:
        context = self._context
        refused = Refused(error.column or "row", f"line {error.line}: {error.error}", EMERGENCY_CALL.name, original)
        letter = dead_letter(refused, "text/csv", context)
        letter = msgspec.structs.replace(
            letter,
            # Two rows of the same bytes are two dead letters; the same row in a second replay is the same one.
            event_id=identity("dead_letter", context.source, "translate", error.line, letter.event_id),
            headers={
                **letter.headers,
                "format": context.instance,
                "file": self.table.path.name,
                "line": str(error.line),
                "columns": self._header,
            },
        )
        return RefusedRow(error.line, len(original), error, letter)
