"""Loads zones from a GeoJSON file: pure, from path to events."""

from __future__ import annotations

import re
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from connectors.file_reading import CellError, FileError, Loaded, read_whole
from connectors.slug import slug
from connectors.tabular import column_key
from connectors.translation import Context
from connectors.zones_geojson.geometry import Area, GeometryError, area_of
from schemas.events.zone import Zone
from schemas.identity import identity
from schemas.wire.frame import MAX_EVENT_BYTES, encode_event

MAX_FILE_BYTES = 256 * 1024 * 1024
_ID = ("zone_id", "zoneid", "id", "code", "district", "precinct", "beat", "sector")
_NAME = ("name", "zone_name", "title", "label", "nbhd_name", "neighborhood", "neighbourhood", "school", "school_name")
#: Properties that number areas; a bare number is no name, so the zone is called by both ("District 1").
_NUMBERING = ("district", "police_district", "precinct", "beat", "sector", "zone", "ward")
#: Coordinate systems of the older GeoJSON that are WGS 84 longitude and latitude.
_WGS84 = re.compile(r"CRS:?84|EPSG:{1,2}4326", re.IGNORECASE)


class ZoneOptions(Struct, frozen=True, kw_only=True):
    """What the loader's user may say.

    ``id_property`` and ``name_property`` name properties where guessing would not find them; ``prefix`` begins each
    zone id (the file's name if ""); ``watched``: grave calls in these zones raise alerts; ``rules``: those of
    ``ZONE_RULES`` that may raise alerts about plates here.
    """

    id_property: str = ""
    name_property: str = ""
    kind: str = "named"
    watched: bool = False
    rules: tuple[str, ...] = ()
    prefix: str = ""


def load_zones(path: Path, *, context: Context, options: ZoneOptions | None = None) -> Loaded[Zone]:
    """Return the zones of a GeoJSON file, the features that make none, and remarks on what was repaired.

    A zone's id is the prefix and the feature's own id or code (nopd-police-districts-1). ``occurred_at`` is the
    context's ``observed_at``. Raises FileError when the file is no GeoJSON in WGS 84, or an option names no property.
    """
    options = options or ZoneOptions()
    features = _features(path)
    properties = [_properties(feature) for feature in features]
    naming = _Naming(path, properties, options)
    prefix = slug(options.prefix or path.stem)
    first: dict[str, int] = {}
    loaded: Loaded[Zone] = Loaded()
    for number, feature in enumerate(features, 1):
        try:
            area = _area(feature)
            zone_id = naming.zone_id(prefix, feature, properties[number - 1], number)
            if zone_id in first:
                raise CellError(naming.id, zone_id, f"the id {zone_id} stands already at item {first[zone_id]}")
            zone = _zone(zone_id, naming.name_of(properties[number - 1], number), area, options, context)
        except CellError as error:
            loaded.errors.append(error.at(number, "item"))
            continue
        first[zone_id] = number
        loaded.events.append(zone)
        if area.repaired:
            loaded.notes.append(f"item {number} ({zone_id}): the outline crossed itself and was repaired")
    return loaded


def _area(feature: Any) -> Area:
    if not isinstance(feature, dict) or feature.get("type") != "Feature":
        raise CellError("", "", "not a GeoJSON Feature")
    try:
        return area_of(feature.get("geometry"))
    except GeometryError as error:
        raise CellError("geometry", "", str(error)) from error


def _zone(zone_id: str, name: str, area: Area, options: ZoneOptions, context: Context) -> Zone:
    shape = sha256(msgspec.json.encode(area.polygons)).hexdigest()
    # The time of loading is part of the id: a zone put back to what it was before is news, not a repetition.
    said_at = context.observed_at.isoformat()
    told = (zone_id, name, options.kind, options.watched, *options.rules, shape)
    zone = Zone(
        event_id=identity("zone", context.source, said_at, *told),
        occurred_at=context.observed_at,
        observed_at=context.observed_at,
        source=context.source,
        jurisdiction=context.jurisdiction,
        zone_id=zone_id,
        name=name,
        kind=options.kind,
        polygons=area.polygons,
        watched=options.watched,
        rules=options.rules,
    )
    if len(encode_event(zone)) > MAX_EVENT_BYTES:
        raise CellError("geometry", "", "the outline has too many positions for one event; simplify it first")
    return zone


def _features(path: Path) -> list[Any]:
    try:
        document = msgspec.json.decode(read_whole(path, MAX_FILE_BYTES).removeprefix(b"\xef\xbb\xbf"))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise FileError(f"{path.name} is not JSON: {error}. Zones are loaded from GeoJSON.") from error
    if not isinstance(document, dict):
        raise FileError(f"{path.name} is JSON but not GeoJSON: it has to be an object with a type.")
    crs = document.get("crs")
    if crs is not None and not _WGS84.search(str(crs)):
        raise FileError(f"{path.name} names a coordinate system other than WGS 84. Convert it to EPSG:4326 first.")
    kind = document.get("type")
    if kind == "FeatureCollection":
        features = document.get("features")
        if not isinstance(features, list):
            raise FileError(f"{path.name} is a FeatureCollection without a features array.")
        return features
    if kind == "Feature":
        return [document]
    if kind in ("Polygon", "MultiPolygon"):
        return [{"type": "Feature", "geometry": document, "properties": {}}]
    raise FileError(f"{path.name} is not a GeoJSON Feature, FeatureCollection, Polygon or MultiPolygon.")


def _properties(feature: Any) -> dict[str, str]:
    """Return a feature's plain properties as text."""
    properties = feature.get("properties") if isinstance(feature, dict) else None
    if not isinstance(properties, dict):
        return {}
    return {
        name: str(int(value)) if isinstance(value, float) and value.is_integer() else str(value).strip()
        for name, value in properties.items()
        if isinstance(value, str | int | float) and not isinstance(value, bool)
    }


class _Naming:
    """Which properties hold ids and names: what the options say, else well-known names, else the only telling one."""

    def __init__(self, path: Path, properties: Sequence[dict[str, str]], options: ZoneOptions) -> None:
        self._file = path.name
        self._known: dict[str, str] = {}
        for one in properties:
            for key in one:
                self._known.setdefault(column_key(key), key)
        telling = self._only_telling(properties)
        named = self._told(options.name_property) or self._guess(_NAME)
        self.id = self._told(options.id_property) or self._guess(_ID) or named or telling
        self.name = named or self._guess(_NUMBERING) or telling

    def zone_id(self, prefix: str, feature: dict[str, Any], properties: dict[str, str], number: int) -> str:
        """Return the zone's id: from its property, else GeoJSON's own id (RFC 7946 §3.2), else its place."""
        own = slug(properties.get(self.id, ""), 100)
        if not own and isinstance(feature.get("id"), str | int):
            own = slug(str(feature["id"]), 100)
        return "-".join(filter(None, (prefix, own or str(number))))

    def name_of(self, properties: dict[str, str], number: int) -> str:
        """Return the zone's name; a bare number or letter gets the word of its property before it."""
        value = properties.get(self.name, "")
        if not value:
            return f"Zone {number}"
        if column_key(self.name) in map(column_key, _NUMBERING) and len(value) <= 4:
            return f"{self.name.replace('_', ' ').capitalize()} {value}"
        return value[:200]

    def _told(self, name: str) -> str:
        if not name:
            return ""
        if column_key(name) not in self._known:
            known = ", ".join(self._known.values()) or "none"
            raise FileError(f"No feature of {self._file} has a property {name}; they have: {known}.")
        return self._known[column_key(name)]

    def _guess(self, names: Sequence[str]) -> str:
        return next((self._known[key] for key in map(column_key, names) if key in self._known), "")

    def _only_telling(self, properties: Sequence[dict[str, str]]) -> str:
        """Return the one property that is text and different in every feature, "" when none or several are."""
        telling = [
            name
            for name in self._known.values()
            if all(re.search(r"[^\W\d]", one.get(name, "")) for one in properties)
            and len({one[name] for one in properties}) == len(properties)
        ]
        return telling[0] if len(telling) == 1 else ""
