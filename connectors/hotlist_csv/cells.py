"""Where the fields of an entry stand in a row: in columns found by their names, or where a layout says."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Protocol

from connectors.file_reading import CellError, FileError, RowError, require_file
from connectors.hotlist_csv.layout import FieldRule, Layout, Where
from connectors.hotlist_csv.row import COLUMNS
from connectors.tabular import BadRow, Row, Table, lines_of


class Rows(Protocol):
    """A file cut into rows."""

    path: Path

    def rows(self) -> Iterator[Row | BadRow]:
        """Yield the rows in file order."""
        ...

    def cells_of(self, original: bytes) -> list[str]:
        """Return the cells of a row again, from its bytes."""
        ...


class NamedColumns:
    """The fields of a table whose columns have names that are understood. Implements ``row.Cells``."""

    def __init__(self, table: Table) -> None:
        """Raises FileError when there is no column of plates."""
        self.file: Rows = table
        self._at = {field: table.index(names) for field, names in COLUMNS.items()}
        self._header = table.header
        if self._at["plate"] is None:
            raise FileError(
                f"{table.path.name} has no column of plates (named plate, license_plate or tag); "
                f"it has: {', '.join(name for name in table.header if name)}. Rename the column."
            )

    def has(self, field: str) -> bool:
        """See ``row.Cells.has``."""
        return self._at[field] is not None

    def name(self, field: str) -> str:
        """See ``row.Cells.name``."""
        index = self._at[field]
        return field if index is None else self._header[index]

    def text(self, field: str, cells: Sequence[str]) -> str:
        """See ``row.Cells.text``."""
        index = self._at[field]
        return cells[index] if index is not None and index < len(cells) else ""

    def wants(self, cells: Sequence[str]) -> bool:
        """See ``row.Cells.wants``."""
        return True

    def end(self, entries: int) -> None:
        """See ``row.Cells.end``."""


class LaidOut:
    """The fields of a file as a layout says where they stand. Implements ``row.Cells``."""

    def __init__(self, path: Path, layout: Layout) -> None:
        """Raises FileError when the file lacks a column that the layout names."""
        self._layout = layout
        self._told: int | None = None
        if layout.format == "fixed":
            self.file: Rows = FixedWidthFile(path, layout)
            self._columns: dict[str, int] = {}
            return
        table = Table(
            path,
            delimiter=layout.delimiter,
            encoding=layout.encoding,
            has_header=layout.header,
            skip_lines=layout.skip_lines,
        )
        self.file = table
        self._columns = {}
        for said, where in self._places():
            known = {name: at for name in where.columns if (at := table.index([name])) is not None}
            if not known and said in ("plate", "trailer", "a skipped row"):
                raise FileError(f"{path.name} has no column {' or '.join(where.columns)} ({said}, by its layout).")
            self._columns |= known

    def has(self, field: str) -> bool:
        """See ``row.Cells.has``."""
        rule = self._layout.fields.get(field)
        if field in self._layout.constants:
            return True
        return rule is not None and (
            self._layout.format == "fixed" or any(name in self._columns for name in rule.columns)
        )

    def name(self, field: str) -> str:
        """See ``row.Cells.name``."""
        rule = self._layout.fields.get(field)
        return field if rule is None else self._said(rule)

    def text(self, field: str, cells: Sequence[str]) -> str:
        """See ``row.Cells.text``."""
        rule = self._layout.fields.get(field)
        value = "" if rule is None else self._converted(rule, cells)
        return value or self._layout.constants.get(field, "")

    def wants(self, cells: Sequence[str]) -> bool:
        """See ``row.Cells.wants``."""
        trailer = self._layout.trailer
        if trailer is not None and trailer.holds(self._at(trailer, cells)):
            count = self._at(trailer.count, cells)
            if not (count.isascii() and count.isdigit()):
                raise CellError(self._said(trailer.count), count, "the number of entries in the last row is no number")
            self._told = int(count)
            return False
        if self._told is not None:
            raise CellError("", "", "a row stands after the one that ends the file")
        return not any(rule.holds(self._at(rule, cells)) for rule in self._layout.skip)

    def end(self, entries: int) -> None:
        """See ``row.Cells.end``."""
        if self._layout.trailer is None:
            return
        if self._told is None:
            raise FileError(f"{self.file.path.name} lacks the row that ends it: it was cut off. Fetch it again.")
        if self._told != entries:
            raise FileError(
                f"{self.file.path.name} says that it has {self._told} entries and has {entries}: it is not whole. "
                "Fetch it again."
            )

    def _places(self) -> list[tuple[str, Where]]:
        places: list[tuple[str, Where]] = [*self._layout.fields.items()]
        places += [("a skipped row", rule) for rule in self._layout.skip]
        if self._layout.trailer is not None:
            places += [("trailer", self._layout.trailer), ("trailer", self._layout.trailer.count)]
        return places

    def _values(self, where: Where, cells: Sequence[str]) -> list[str]:
        if self._layout.format == "fixed":
            return [cells[0][where.start - 1 : where.start - 1 + where.length].strip()]
        indexes = [self._columns[name] for name in where.columns if name in self._columns]
        return [cells[index] for index in indexes if index < len(cells)]

    def _at(self, where: Where, cells: Sequence[str]) -> str:
        return next((value for value in self._values(where, cells) if value), "")

    def _converted(self, rule: FieldRule, cells: Sequence[str]) -> str:
        values = [value for value in self._values(rule, cells) if value]
        text = rule.join.join(values) if rule.join is not None else values[0] if values else ""
        if not text:
            return ""
        if text in rule.values:
            return rule.values[text]
        if rule.dates:
            return self._date(rule, text)
        if not rule.values or rule.otherwise == "keep":
            return text
        if rule.otherwise == "blank":
            return ""
        raise CellError(self._said(rule), text, "not among the values that the layout knows")

    def _date(self, rule: FieldRule, text: str) -> str:
        for shape in rule.dates:
            try:
                moment = datetime.strptime(text, shape)  # noqa: DTZ007 - the zone is put on by the row's reader
            except ValueError:
                continue
            # A day alone is valid to its end; the row's reader knows that by the form.
            return moment.isoformat() if "%H" in shape or "%I" in shape else moment.date().isoformat()
        raise CellError(self._said(rule), text, f"not a date as the layout has it ({' or '.join(rule.dates)})")

    def _said(self, where: Where) -> str:
        """Return a place as a person finds it in the file."""
        if self._layout.format == "fixed":
            return f"{where.start}-{where.start + where.length - 1}"
        present = [name for name in where.columns if name in self._columns]
        return (present or where.columns)[0]


class FixedWidthFile:
    """A file of records of one width, a line each. A row has one cell: the record. Implements ``Rows``."""

    def __init__(self, path: Path, layout: Layout) -> None:
        """Raises FileError when the file is missing or empty."""
        self.path = path
        self._layout = layout
        if require_file(path) == 0:
            raise FileError(f"{path.name} is empty. Export it again.")

    def rows(self) -> Iterator[Row | BadRow]:
        """Yield the records; blank lines are passed over. Raises FileError for a line that is too long to be one."""
        with self.path.open("rb") as file:
            for line in lines_of(file, 0):
                if line.number <= self._layout.skip_lines or not line.raw.strip():
                    continue
                cells = self.cells_of(line.raw)
                if self._layout.length and len(cells[0]) != self._layout.length:
                    problem = f"the record has {len(cells[0])} characters and the layout says {self._layout.length}"
                    yield BadRow(line.offset, line.raw, RowError(line.number, "", "", problem))
                    continue
                yield Row(line.number, line.offset, line.raw, cells)

    def cells_of(self, original: bytes) -> list[str]:
        """Return the record as the one cell it is. What is no text in the encoding becomes a sign that no plate has."""
        return [original.decode(self._layout.encoding or "utf-8", errors="replace").rstrip("\r\n")]
