"""Zip files from outside: taken apart within bounds, and nothing is ever written outside the folder meant for it."""

from __future__ import annotations

import stat
import zipfile
import zlib
from pathlib import Path, PurePosixPath

from compose.map_layers.errors import MapRefusedError
from compose.map_layers.kinds import TAKEN, Kind, kind_of

#: Files in a zip at most.
MOST_FILES = 2_000
#: Bytes that may come out of a zip at most.
MOST_BYTES = 8 * 1024**3
#: Above FROM_BYTES, more than so many bytes out of one is no map but a bomb; maps come out at 2 to 20.
MOST_RATIO, FROM_BYTES = 200, 64 * 1024**2
_PIECE = 1024 * 1024
#: Files that GTFS cannot be without (GTFS Schedule reference, "Dataset files").
GTFS_FILES = frozenset({"stops.txt", "routes.txt", "trips.txt"})
_ENDINGS = (".shp", ".gpkg", ".kml", ".geojson", ".json", ".fgb")


def unpack(archive: Path, folder: Path) -> tuple[Path, Kind]:
    """Unpack into ``folder`` and return the one map that was in it, and its kind; of GTFS the folder itself.

    Raises MapRefusedError when it is no whole zip, leaves the folder, is too large, or holds no map or several.
    """
    try:
        with zipfile.ZipFile(archive) as packed:
            _extract(packed, _checked(packed, archive), folder)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError) as error:
        raise MapRefusedError(f"{archive.name} is no whole zip file: {error}") from error
    except OSError as error:
        raise MapRefusedError(f"{archive.name} cannot be unpacked: {error.strerror or error}") from error
    files = [one for one in folder.rglob("*") if one.is_file()]
    for one in files:
        if one.name == "stops.txt" and {other.name for other in one.parent.iterdir()} >= GTFS_FILES:
            return one.parent, Kind.GTFS
    found = sorted({one.parent for one in files if one.suffix.lower() == ".gdbtable"})
    found += sorted(one for one in files if one.suffix.lower() in _ENDINGS and one.parent not in found)
    if len(found) > 1:
        names = ", ".join(one.name for one in found[:5])
        raise MapRefusedError(f"{archive.name} holds more than one map ({names} ...): give one at a time.")
    if not found:
        raise MapRefusedError(f"{archive.name} holds no map. What is taken: {TAKEN}.")
    return found[0], kind_of(found[0])


def _checked(packed: zipfile.ZipFile, archive: Path) -> list[zipfile.ZipInfo]:
    members = [one for one in packed.infolist() if not one.is_dir()]
    if len(members) > MOST_FILES:
        raise MapRefusedError(f"{archive.name} holds more than {MOST_FILES} files.")
    for one in members:
        name = PurePosixPath(one.filename.replace("\\", "/"))
        if name.is_absolute() or ".." in name.parts or ":" in (name.parts or ("",))[0]:
            raise MapRefusedError(f"{archive.name} holds a path that leaves its folder.")
        if stat.S_ISLNK(one.external_attr >> 16):
            raise MapRefusedError(f"{archive.name} holds a link.")
        if one.flag_bits & 1:
            raise MapRefusedError(f"{archive.name} is encrypted: unpack it first.")
    size = sum(one.file_size for one in members)
    _bounded(size, archive)
    return members


def _extract(packed: zipfile.ZipFile, members: list[zipfile.ZipInfo], folder: Path) -> None:
    archive = Path(str(packed.filename))
    written = 0
    for one in members:
        target = folder.joinpath(*PurePosixPath(one.filename.replace("\\", "/")).parts)
        target.parent.mkdir(parents=True, exist_ok=True)
        with packed.open(one) as source, target.open("wb") as out:
            while piece := source.read(_PIECE):
                # Counted again: what a zip says of its sizes may be wrong.
                written += len(piece)
                _bounded(written, archive)
                out.write(piece)


def _bounded(size: int, archive: Path) -> None:
    if size > MOST_BYTES or (size > FROM_BYTES and size > MOST_RATIO * archive.stat().st_size):
        raise MapRefusedError(f"{archive.name} would grow too large when unpacked: it is not opened.")
