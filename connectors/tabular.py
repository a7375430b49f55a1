"""Tables in delimited text, as open-data portals and spreadsheets write them (RFC 4180, and what is met in practice).

Read as a stream, a row at a time: a byte order mark, LF, CRLF or CR line ends, quoted newlines, UTF-8 with a fall back
to Windows-1252 (which browsers, too, take for Latin-1), and comma, semicolon, tab or bar as delimiter. Each row knows
its true first line, its place in the file and its bytes, so that it can be reported, dead-lettered and read again.
"""

from __future__ import annotations

import codecs
import csv
import re
from collections import deque
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import BinaryIO

from msgspec import Struct

from connectors.file_reading import FileError, RowError, require_file

#: A row larger than this is no row: it bounds memory, and keeps a dead letter of it within one event.
MAX_ROW_BYTES = 256 * 1024
#: A quoted cell with more line ends than this is a quote that was never closed.
MAX_ROW_LINES = 500
#: Of a table without a header, so that each column has a number for its name.
MOST_COLUMNS = 256
_BLOCK = 256 * 1024
_DELIMITERS = ",;\t|"
_NOT_TEXT = {
    b"PK\x03\x04": "a spreadsheet or ZIP archive. Save it as CSV (UTF-8) first",
    b"\x1f\x8b": "compressed with gzip. Decompress it first",
    b"%PDF": "a PDF. Export the table as CSV (UTF-8)",
    codecs.BOM_UTF16_LE: "in UTF-16. Save it as CSV (UTF-8)",
    codecs.BOM_UTF16_BE: "in UTF-16. Save it as CSV (UTF-8)",
}


class Row(Struct, frozen=True, gc=False):
    """One row: its first line (from 1), its place and size in the file (bytes), its bytes, and its cells, stripped."""

    line: int
    offset: int
    original: bytes
    cells: list[str]


class BadRow(Struct, frozen=True, gc=False):
    """A stretch of the file that cannot be cut into cells."""

    offset: int
    original: bytes
    error: RowError


class Line(Struct, frozen=True, gc=False):
    """A physical line with its end: its number (from 1) and its place in the file."""

    number: int
    offset: int
    raw: bytes


def column_key(name: str) -> str:
    """Return the form in which column names are compared: NOPD_Item, nopd_item and "Nopd Item" are one."""
    return "".join(char for char in name.casefold() if char.isalnum())


class Table:
    """A delimited text file: its header, read at once, and its rows, read as they are asked for.

    Raises FileError when the file is missing, empty, not text, or its header cannot be read.
    """

    def __init__(
        self, path: Path, *, delimiter: str = "", encoding: str = "", has_header: bool = True, skip_lines: int = 0
    ) -> None:
        """What is known of the file beforehand need not be guessed. Without a header, columns are named 1, 2, ..."""
        self.path = path
        self._said = delimiter
        self._encoding = encoding
        self.has_header = has_header
        self._skip_lines = skip_lines
        if require_file(path) == 0:
            raise FileError(f"{path.name} is empty. Export it again; the first line has to name the columns.")
        self._utf8 = _is_utf8(path)
        self._read_header()
        self.columns: dict[str, int] = {}
        for index, name in enumerate(self.header):
            self.columns.setdefault(column_key(name), index)

    @property
    def encoding(self) -> str:
        """The encoding the file is read in."""
        return self._encoding or ("utf-8" if self._utf8 else "windows-1252")

    def index(self, names: Sequence[str]) -> int | None:
        """Return where the first of these columns that the file has stands, or None."""
        found = (self.columns.get(column_key(name)) for name in names if column_key(name))
        return next((index for index in found if index is not None), None)

    def rows(self) -> Iterator[Row | BadRow]:
        """Yield the rows below the header in file order; blank lines are passed over."""
        with self.path.open("rb") as file:
            file.seek(self._body_offset)
            yield from _RowReader(self, file, self._body_offset, self._body_line).rows()

    def cells_of(self, original: bytes) -> list[str]:
        """Return the cells of a row again, from the bytes that ``rows`` gave with it."""
        lines = map(self.decode, original.splitlines(keepends=True))
        return [cell.strip() for cell in next(csv.reader(lines, delimiter=self.delimiter), [])]

    def decode(self, raw: bytes) -> str:
        """Return bytes of this file as text."""
        if self._encoding:
            return raw.decode(self._encoding, errors="replace")
        if self._utf8:
            return raw.decode("utf-8")
        try:
            return raw.decode("windows-1252")
        except UnicodeDecodeError:  # five byte values mean nothing there; Latin-1 takes every byte
            return raw.decode("latin-1")

    def _read_header(self) -> None:
        with self.path.open("rb") as file:
            bom = len(codecs.BOM_UTF8) if file.read(3) == codecs.BOM_UTF8 else 0
            file.seek(bom)
            lines = lines_of(file, bom)
            self.delimiter = self._said or ","
            first = next((line for line in lines if line.number > self._skip_lines and line.raw.strip()), None)
            if first is None:
                raise FileError(f"{self.path.name} holds only blank lines. Export it again.")
            told = re.fullmatch(rf"sep=([{_DELIMITERS}])", self.decode(first.raw).strip(), re.IGNORECASE)
            if told and not self._said:  # a spreadsheet's own way to name the delimiter
                self.delimiter = told[1]
                start = first.offset + len(first.raw)
                line = first.number + 1
            else:
                text = self.decode(first.raw)
                # Most cells wins and the comma wins a tie: a header has many names, and no name holds a delimiter.
                self.delimiter = self._said or max(_DELIMITERS, key=lambda char: _width(text, char))
                start, line = first.offset, first.number
            file.seek(start)
            header = next(_RowReader(self, file, start, line, header=True).rows(), None)
        if header is None:
            raise FileError(f"{self.path.name} has no line that names the columns. Export it again.")
        if isinstance(header, BadRow):
            raise FileError(f"The header of {self.path.name} cannot be read: {header.error.error}. Export it again.")
        self.header: list[str] = header.cells
        self.header_bytes = header.original
        if not self.has_header:
            self.header = [str(number) for number in range(1, MOST_COLUMNS + 1)]
            self._body_offset, self._body_line = header.offset, header.line
            return
        self._body_offset = header.offset + len(header.original)
        self._body_line = header.line + max(1, len(header.original.splitlines()))


class _RowReader:
    """Cuts lines into rows with the csv module, remembering which lines each row was made of."""

    def __init__(self, table: Table, file: BinaryIO, offset: int, line: int, *, header: bool = False) -> None:
        self._table = table
        self._lines = lines_of(file, offset, line)
        self._again: deque[Line] = deque()
        self._taken: list[Line] = []
        self._cut_short = False
        self._width = len(table.header) if table.has_header and not header else 0

    def rows(self) -> Iterator[Row | BadRow]:
        reader = self._csv()
        while True:
            self._taken = []
            problem = ""
            cells: list[str] = []
            try:
                cells = next(reader)
            except StopIteration:
                if not self._taken:
                    return
                problem = "a quote is opened here and never closed"
            except csv.Error:
                problem = "a quote is not closed or stands in the wrong place, or a cell is too long"
            if self._cut_short:
                problem = "a quote is opened here and never closed"
            if not cells and not problem:
                continue
            taken = self._taken
            problem = problem or self._shape_problem(cells, len(taken))
            if problem:
                # Only the line where it went wrong is given up; the next ones are read afresh.
                yield self._bad(taken[0], problem)
                self._again.extendleft(reversed(taken[1:]))
                self._cut_short = False
                reader = self._csv()
                continue
            cells = [cell.strip() for cell in cells]
            if any(cells):
                yield Row(taken[0].number, taken[0].offset, b"".join(line.raw for line in taken), cells)

    def _csv(self) -> Iterator[list[str]]:
        # Strict: text after a closing quote is how a stray quote shows that would swallow the rows up to it.
        return csv.reader(self._feed(), delimiter=self._table.delimiter, strict=True)

    def _shape_problem(self, cells: list[str], lines: int) -> str:
        if not self._width:
            return ""
        if len(cells) > self._width and any(cell.strip() for cell in cells[self._width :]):
            return f"the row has {len(cells)} cells and the header {self._width}: a delimiter or quote is wrong"
        if len(cells) < self._width and lines > 1:
            # Spreadsheets do leave out empty cells at the end of a row, but not in a row that runs over lines.
            return "the row runs over several lines and is short of cells: a quote is probably not closed"
        return ""

    def _feed(self) -> Iterator[str]:
        """Hand lines to the csv module, which asks for one more only at a row's start or inside a quoted cell."""
        size = 0
        while True:
            if not self._taken:
                size = 0
            line = self._again.popleft() if self._again else next(self._lines, None)
            if line is None:
                self._cut_short = bool(self._taken)
                return
            self._taken.append(line)
            size += len(line.raw)
            if len(self._taken) > MAX_ROW_LINES or (size > MAX_ROW_BYTES and len(self._taken) > 1):
                self._cut_short = True
                return
            yield self._table.decode(line.raw)

    def _bad(self, line: Line, problem: str) -> BadRow:
        value = self._table.decode(line.raw).rstrip("\r\n")
        return BadRow(line.offset, line.raw, RowError(line.number, "", value, problem))


def lines_of(file: BinaryIO, offset: int, number: int = 1) -> Iterator[Line]:
    """Yield physical lines with their ends; LF, CRLF and CR all end one."""
    rest = b""
    while block := file.read(_BLOCK):
        pieces = (rest + block).splitlines(keepends=True)  # bytes split at LF, CR and CRLF only
        # The last piece may go on in the next block; so may a CR whose LF is still to come.
        rest = pieces.pop() if not pieces[-1].endswith(b"\n") else b""
        for piece in pieces:
            yield Line(number, offset, piece)
            offset += len(piece)
            number += 1
        if len(rest) > MAX_ROW_BYTES:
            raise FileError(f"Line {number} is longer than {MAX_ROW_BYTES:,} bytes. This does not look like a table.")
    for piece in rest.splitlines(keepends=True):
        yield Line(number, offset, piece)
        offset += len(piece)
        number += 1


def _width(text: str, delimiter: str) -> int:
    try:
        return len(next(csv.reader([text], delimiter=delimiter), []))
    except csv.Error:  # a cell too long: with another delimiter it may not be
        return 0


def _is_utf8(path: Path) -> bool:
    """Tell whether the whole file is UTF-8, in blocks. Raises FileError when it is not text at all."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        with path.open("rb") as file:
            head = file.read(4096)
            for magic, what in _NOT_TEXT.items():
                if head.startswith(magic):
                    raise FileError(f"{path.name} is {what}.")
            if b"\x00" in head:
                raise FileError(f"{path.name} is not text in a known encoding. Save it as CSV (UTF-8).")
            file.seek(0)
            while block := file.read(_BLOCK):
                decoder.decode(block)
            decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    except OSError as error:
        raise FileError(f"{path} cannot be read: {error.strerror}. Check its permissions.") from error
    return True
