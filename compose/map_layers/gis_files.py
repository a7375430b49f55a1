"""Layers of the files that geographic information systems write, read by GDAL."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from compose.map_layers.errors import MapRefusedError
from compose.map_layers.kinds import Kind
from compose.map_layers.shapes import Batch, Written, degrees_from, labels, read_wkb, write_layer

#: Features of a layer at most: all are in memory at once.
MOST_FEATURES = 2_000_000
MOST_LAYERS = 50
#: Drivers that may read a kind besides the one that is named after it.
_ALSO = {Kind.GEOJSON: {"GeoJSONSeq"}, Kind.KML: {"KML"}}


def read_layers(
    file: Path, kind: Kind, folder: Path, *, label: str | None, crs: str | None, told_as: str
) -> list[Written]:
    """Write each layer of a file that has shapes into ``folder``, in degrees, with its label and no other property.

    ``label``: a field, None for none. ``crs``: of files that do not say theirs. ``told_as``: the file's name as
    the person knows it.
    Raises MapRefusedError when the file cannot be read whole, or the field is in no layer.
    """
    import pyogrio

    opened = _by_its_own_name(file, kind, folder)
    try:
        listed = pyogrio.list_layers(opened)
        if len(listed) > MOST_LAYERS:
            raise MapRefusedError(f"{told_as} has more than {MOST_LAYERS} layers.")
        names = [str(name) for name, _ in listed]
        fields: set[str] = set()
        written: list[Written] = []
        for name, tile_name in zip(names, tile_names(names, file.stem), strict=True):
            info = pyogrio.read_info(opened, layer=name)
            if info["driver"] not in {kind.value, *_ALSO.get(kind, ())}:
                raise MapRefusedError(f"{told_as} is taken for {info['driver']}, which is no kind that is taken.")
            there = [str(one) for one in info["fields"]]
            fields |= set(there)
            wanted = label if label in there else None
            one = _layer(pyogrio, opened, name, tile_name, folder, wanted, crs, told_as)
            if one is not None:
                written.append(one)
    except pyogrio.errors.DataSourceError as error:
        raise MapRefusedError(f"{told_as} cannot be read: it is damaged or not whole. {error}") from error
    except (pyogrio.errors.DataLayerError, pyogrio.errors.GeometryError, pyogrio.errors.FeatureError) as error:
        raise MapRefusedError(f"{told_as} cannot be read: {error}") from error
    if label is not None and label not in fields:
        raise MapRefusedError(f"There is no field {label!r}; there are {', '.join(sorted(fields)) or 'none'}.")
    return written


def _by_its_own_name(file: Path, kind: Kind, folder: Path) -> Path:
    """Return a path whose ending tells GDAL the kind: it trusts endings more than contents."""
    ends = {Kind.GEOJSON: ".geojson", Kind.KML: ".kml", Kind.FLATGEOBUF: ".fgb", Kind.GEOPACKAGE: ".gpkg",
            Kind.FILEGDB: ".gdb"}  # fmt: skip
    end = ends.get(kind)
    if end is None or file.name.lower().endswith(end):
        return file
    named = folder / f"opened{end}"
    try:
        named.symlink_to(file.resolve(), target_is_directory=kind is Kind.FILEGDB)
    except OSError:
        shutil.copytree(file, named) if kind is Kind.FILEGDB else shutil.copyfile(file, named)
    return named


def _layer(
    pyogrio: Any, file: Path, name: str, tile_name: str, folder: Path, label: str | None, crs: str | None, told_as: str
) -> Written | None:
    meta, _, geometry, columns = pyogrio.raw.read(
        file, layer=name, columns=[] if label is None else [label], force_2d=True, max_features=MOST_FEATURES + 1
    )
    if geometry is None:  # a table without shapes
        return None
    if len(geometry) > MOST_FEATURES:
        raise MapRefusedError(
            f"{told_as}, layer {name}, holds more than {MOST_FEATURES:,} features: cut your area out."
        )
    # Some drivers end a file that was cut off without a word: the layer's own count tells.
    said = pyogrio.read_info(file, layer=name)["features"]
    if said > len(geometry):
        raise MapRefusedError(f"{told_as} is not whole: {len(geometry)} of {said} features of layer {name} are there.")
    if all(one is None for one in geometry):
        return None
    shapes, unreadable = read_wkb(geometry)
    batch = Batch(shapes=shapes, properties=labels(columns[0] if label is not None else None, len(shapes)))
    return write_layer(tile_name, batch, folder, degrees_from(crs or meta.get("crs"), told_as), unreadable)


def tile_names(names: Iterable[str], otherwise: str) -> list[str]:
    """Return names for layers inside tiles: letters, digits, _ and -, each once."""
    found: list[str] = []
    for name in names:
        plain = re.sub(r"[^A-Za-z0-9_-]+", "_", name).strip("_")[:60] or re.sub(r"\W+", "_", otherwise)[:60] or "layer"
        number, unique = 2, plain
        while unique in found:
            unique, number = f"{plain}_{number}", number + 1
        found.append(unique)
    return found
