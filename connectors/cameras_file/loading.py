"""Loads the cameras of an estate from a file: pure, from path to events."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from hashlib import sha256
from math import isfinite
from pathlib import Path

from msgspec import Struct

from connectors.cameras_file.records import GEO_LAT, GEO_LON, Record, read_records
from connectors.coordinates import LatLon, lat_lon, point
from connectors.file_reading import CellError, FileError, Loaded, RowError
from connectors.slug import slug
from connectors.tabular import column_key
from connectors.translation import Context
from schemas.events.camera import Camera
from schemas.identity import identity

KINDS = ("video", "lpr", "mobile_lpr")
_LAT = (GEO_LAT, "latitude", "lat", "y", "ycoord", "ycoordinate", "gpslat")
_LON = (GEO_LON, "longitude", "lon", "lng", "long", "x", "xcoord", "xcoordinate", "gpslon")
_POINT = ("location", "point", "the_geom", "geom", "geometry", "wkt", "coordinates", "georeference")
_ID = ("camera_id", "cameraid", "cam_id", "id", "uuid", "guid", "globalid", "device_id", "code", "objectid")
_NAME = ("name", "camera_name", "title", "label", "address", "intersection", "street", "description", "location")
_KIND = ("kind", "type", "camera_type")
_HEADING = ("heading_deg", "heading", "bearing", "direction", "azimuth")
_OWNER = ("owner", "agency", "operator")


class CameraOptions(Struct, frozen=True, kw_only=True):
    """What the loader's user may say.

    ``id_column``, ``name_column`` and ``point_column`` name columns where guessing would not find them; ``kind`` and
    ``owner`` hold for cameras whose row does not say; ``prefix`` begins ids that are made up (the file's name if "").
    """

    id_column: str = ""
    name_column: str = ""
    point_column: str = ""
    kind: str = "video"
    owner: str = ""
    prefix: str = ""


def load_cameras(path: Path, *, context: Context, options: CameraOptions | None = None) -> Loaded[Camera]:
    """Return the cameras of a file, and the rows that make none.

    A camera without an id of its own gets one made from the prefix, its coordinates (6 decimals, 0.1 m) and its
    place among cameras at the same coordinates, so that loading the file again makes the same ids. A camera without
    a name is "Camera N", N being its place in the file. ``occurred_at`` is the context's ``observed_at``.
    Raises FileError when the file cannot be read, has no coordinates, or an option names no column of it.
    """
    options = options or CameraOptions()
    if options.kind not in KINDS:
        raise FileError(f"The kind {options.kind!r} is not known; cameras are {', '.join(KINDS)}.")
    found = read_records(path)
    columns = _Columns(path, found.columns, options)
    made_up = slug(options.prefix) or slug(path.stem) or "camera"
    at_same_place: Counter[LatLon] = Counter()
    first_lines: dict[str, int] = {}
    loaded: Loaded[Camera] = Loaded()
    for number, record in enumerate(found.records, 1):
        if isinstance(record, RowError):
            loaded.errors.append(record)
            continue
        try:
            where = columns.place(record)
            camera_id = columns.text(record, columns.id)
            if not camera_id:
                rounded = (round(where[0], 6), round(where[1], 6))
                at_same_place[rounded] += 1
                camera_id = _made_up_id(made_up, rounded, at_same_place[rounded])
            if len(camera_id) > 200:
                raise CellError(columns.original(columns.id), camera_id, "the id is longer than 200 characters")
            if camera_id in first_lines:
                raise CellError(
                    columns.original(columns.id),
                    camera_id,
                    f"the id stands already at {record.unit} {first_lines[camera_id]}",
                )
            camera = _camera(record, where, camera_id, number, columns, options, context)
        except CellError as error:
            loaded.errors.append(error.at(record.line, record.unit))
            continue
        first_lines[camera_id] = record.line
        loaded.events.append(camera)
    return loaded


def _camera(
    record: Record,
    where: LatLon,
    camera_id: str,
    number: int,
    columns: _Columns,
    options: CameraOptions,
    context: Context,
) -> Camera:
    name = (columns.text(record, columns.name) or f"Camera {number}")[:200]
    kind = columns.text(record, columns.kind).lower()
    kind = kind if kind in KINDS else options.kind  # a "type" column may speak of anything; only our words count
    owner = (columns.text(record, columns.owner) or options.owner)[:100]
    heading = columns.heading(record)
    # The time of loading is part of the id: a camera put back to what it was before is news, not a repetition.
    said_at = context.observed_at.isoformat()
    return Camera(
        event_id=identity("camera", context.source, said_at, camera_id, *where, name, kind, heading, owner),
        occurred_at=context.observed_at,
        observed_at=context.observed_at,
        source=context.source,
        jurisdiction=context.jurisdiction,
        camera_id=camera_id,
        name=name,
        lat=where[0],
        lon=where[1],
        kind=kind,
        heading_deg=heading,
        owner=owner,
    )


def _made_up_id(prefix: str, where: LatLon, ordinal: int) -> str:
    digest = sha256(f"{where[0]:.6f},{where[1]:.6f},{ordinal}".encode()).hexdigest()
    return f"{prefix}-{digest[:10]}"


class _Columns:
    """Which column holds what: what the options say, else the first well-known name that the file has."""

    def __init__(self, path: Path, columns: Sequence[str], options: CameraOptions) -> None:
        self._file = path.name
        self._names: dict[str, str] = {}
        for name in columns:
            self._names.setdefault(column_key(name), name)
        self.lat = self._guess(_LAT)
        self.lon = self._guess(_LON)
        self.point = self._told(options.point_column)
        if not self.point and not (self.lat and self.lon):
            self.point = self._guess(_POINT)
        if not self.point and not (self.lat and self.lon):
            raise FileError(
                f"{path.name} has no columns for coordinates (latitude and longitude, or a point); it has: "
                f"{', '.join(name for name in columns if name) or 'none'}. Name the column that holds points."
            )
        self.id = self._told(options.id_column) or self._guess(_ID)
        self.name = self._told(options.name_column) or self._guess([name for name in _NAME if name != self.point])
        self.kind, self.heading_column, self.owner = self._guess(_KIND), self._guess(_HEADING), self._guess(_OWNER)

    def _told(self, name: str) -> str:
        if name and column_key(name) not in self._names:
            raise FileError(
                f"{self._file} has no column {name}; it has: {', '.join(filter(None, self._names.values()))}."
            )
        return column_key(name)

    def _guess(self, names: Sequence[str]) -> str:
        return next((key for key in map(column_key, names) if key in self._names), "")

    def original(self, key: str) -> str:
        """Return a column's name as the file writes it."""
        return self._names.get(key, "")

    def text(self, record: Record, key: str) -> str:
        """Return a cell, "" when the file has no such column."""
        return record.cells.get(key, "") if key else ""

    def place(self, record: Record) -> LatLon:
        """Return a camera's latitude and longitude. Raises CellError: a camera has to be somewhere."""
        if self.point:
            text = self.text(record, self.point)
            where = point(text)
            if where is None:
                raise CellError(self.original(self.point), text, "not a point like POINT (lon lat) or (lat, lon)")
            return where
        lat, lon = self.text(record, self.lat), self.text(record, self.lon)
        for key, text, limit in ((self.lat, lat, 90), (self.lon, lon, 180)):
            number = _number(text)
            if number is None:
                raise CellError(self.original(key), text, "not a number" if text else "the coordinate is missing")
            if abs(number) > limit:
                raise CellError(self.original(key), text, f"outside -{limit}..{limit} degrees")
        where = lat_lon(lat, lon)
        if where is None:
            raise CellError(self.original(self.lat), f"{lat}, {lon}", "0, 0 is no place of a camera")
        return where

    def heading(self, record: Record) -> float | None:
        """Return where it looks, degrees from north; words such as "NB" are passed over."""
        number = _number(self.text(record, self.heading_column))
        return number % 360 if number is not None and -360 < number <= 720 else None


def _number(text: str) -> float | None:
    try:
        number = float(text)
    except ValueError:
        return None
    return number if isfinite(number) else None
