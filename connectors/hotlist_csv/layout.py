"""The layout of a list: how an agency's file is read, declared in TOML and checked when it is loaded."""

from __future__ import annotations

import re
import tomllib
from datetime import datetime
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Literal

import msgspec
from msgspec import Meta, Struct, field

from connectors.file_reading import FileError
from connectors.hotlist_csv.row import COLUMNS

#: Encodings of one file that may be named; in all of them a line ends as in ASCII.
ENCODINGS = ("utf-8", "windows-1252", "iso-8859-1", "iso-8859-15", "cp437", "cp850")
Position = Annotated[int, Meta(ge=0, le=10_000)]


class Where(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where a value stands: in a column (a name, or its number from 1), or at a place of a fixed-width record.

    Of several columns the first that has a value is taken. ``start`` counts from 1; ``length`` in characters.
    """

    column: str | int | list[str | int] = ""
    start: Position = 0
    length: Position = 0

    @property
    def columns(self) -> list[str]:
        """The columns' names, as a table has them."""
        named = self.column if isinstance(self.column, list) else [self.column]
        return [str(one) for one in named if one != ""]


class FieldRule(Where, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How a field of an entry is read.

    ``join``: all columns' values with this between them, rather than the first. ``values``: what the file's codes mean;
    "" is no value. ``otherwise``: what becomes of a value that is not among them. ``dates``: formats as for
    ``datetime.strptime``, tried in turn.
    """

    join: str | None = None
    values: dict[str, str] = field(default_factory=dict)
    otherwise: Literal["refuse", "keep", "blank"] = "refuse"
    dates: list[str] = field(default_factory=list)


class Marked(Where, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Rows in which a value is one of these, or matches a pattern from its beginning."""

    equals: list[str] = field(default_factory=list)
    matches: str = ""

    def holds(self, value: str) -> bool:
        """Return whether a value marks its row."""
        return value in self.equals or bool(self.matches and re.match(self.matches, value))


class Trailer(Marked, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The last row, which says how many entries there are: a file without it was cut off."""

    count: Where = field(default_factory=Where)


class Layout(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A layout. ``fields`` are those of row.COLUMNS, by name; ``constants`` hold where a row has no value.

    ``header``: a delimited file's first line names its columns; else they are numbered from 1. ``length``: that of
    every record of a fixed-width file, characters; 0: not checked.
    """

    name: Annotated[str, Meta(pattern=r"^[a-z0-9][a-z0-9_-]{0,39}$")]
    title: str = ""
    format: Literal["csv", "fixed"] = "csv"
    encoding: str = ""
    delimiter: str = ""
    header: bool = True
    skip_lines: Annotated[int, Meta(ge=0, le=1000)] = 0
    length: Position = 0
    fields: dict[str, FieldRule]
    constants: dict[str, str] = field(default_factory=dict)
    skip: list[Marked] = field(default_factory=list)
    trailer: Trailer | None = None


def layout_names() -> list[str]:
    """Return the names of the layouts that come with the connector."""
    return sorted(one.name.removesuffix(".toml") for one in _built_in().iterdir() if one.name.endswith(".toml"))


def load_layout(name: str) -> Layout:
    """Return a layout by its name, or from a TOML file by its path. Raises FileError that names what is wrong."""
    if name in layout_names():
        return parse_layout((_built_in() / f"{name}.toml").read_text(encoding="utf-8"), f"{name}.toml")
    path = Path(name)
    if not path.is_file():
        raise FileError(f"There is no layout {name}; there are {', '.join(layout_names())}, or give a TOML file.")
    try:
        return parse_layout(path.read_text(encoding="utf-8"), path.name)
    except (OSError, UnicodeDecodeError) as error:
        raise FileError(f"{path} cannot be read as UTF-8 text: {type(error).__name__}.") from error


def parse_layout(text: str, name: str) -> Layout:
    """Return the layout of a TOML text; ``name`` is that of its file. Raises FileError."""
    try:
        layout = msgspec.convert(tomllib.loads(text), Layout)
    except (tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
        raise FileError(f"The layout {name} cannot be used: {error}.") from error
    wrong = _fault(layout)
    if wrong:
        raise FileError(f"The layout {name} cannot be used: {wrong}.")
    return layout


def _fault(layout: Layout) -> str:
    unknown = sorted((layout.fields.keys() | layout.constants.keys()) - COLUMNS.keys())
    if unknown:
        return f"there is no field {unknown[0]}; there are {', '.join(COLUMNS)}"
    if "plate" not in layout.fields:
        return "it does not say where the plate stands (fields.plate)"
    if layout.encoding and layout.encoding not in ENCODINGS:
        return f"the encoding {layout.encoding!r} is none of {', '.join(ENCODINGS)}"
    if len(layout.delimiter) > 1:
        return "a delimiter is one character"
    places: list[tuple[str, Where]] = [(f"fields.{one}", rule) for one, rule in layout.fields.items()]
    places += [(f"skip {number}", rule) for number, rule in enumerate(layout.skip, start=1)]
    if layout.trailer is not None:
        places += [("trailer", layout.trailer), ("trailer.count", layout.trailer.count)]
    for said, where in places:
        if layout.format == "fixed" and (where.start < 1 or where.length < 1 or where.columns):
            return f"{said} needs start (from 1) and length, and no column, in a fixed-width file"
        if layout.format == "csv" and (not where.columns or where.start or where.length):
            return f"{said} needs a column, and no start or length, in a delimited file"
    for said, marked in [(f"skip {n}", one) for n, one in enumerate(layout.skip, 1)] + [
        ("trailer", one) for one in (layout.trailer,) if one is not None
    ]:
        if not marked.equals and not marked.matches:
            return f"{said} needs equals or matches"
        try:
            re.compile(marked.matches)
        except re.error as error:
            return f"{said}: matches is no pattern ({error})"
    for name, rule in layout.fields.items():
        for shape in rule.dates:
            try:
                datetime.strptime(datetime(2026, 1, 31, 18, 30).strftime(shape), shape)  # noqa: DTZ001, DTZ007
            except ValueError as error:
                return f"fields.{name}: {shape!r} is no date format ({error})"
    return ""


def _built_in() -> Path:
    return Path(str(files("connectors.hotlist_csv"))) / "layouts"
