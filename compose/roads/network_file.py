"""The network's file in the data folder: arrays in a zip (NumPy's .npz), put in place whole or not at all."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from zipfile import BadZipFile

import msgspec
import numpy as np

from compose.roads.errors import RoadFileError
from compose.roads.network import PER_DEGREE, Network, Report

FORMAT = 1
_TYPES = {
    "vertices": np.int32, "first": np.int64, "tail": np.int32, "head": np.int32, "kmh": np.float32,
    "direction": np.int8, "part": np.int32,
}  # fmt: skip


def write(path: Path, network: Network, report: Report) -> None:
    """Put a network in place of the one that is there; who reads meanwhile has the old one, whole. Raises OSError."""
    path.parent.mkdir(parents=True, exist_ok=True)
    arrays = {name: getattr(network, name) for name in _TYPES}
    arrays["report"] = np.frombuffer(msgspec.json.encode(report), np.uint8)
    arrays["format"] = np.array([FORMAT])
    handle, name = tempfile.mkstemp(prefix=".roads-", suffix=".npz", dir=path.parent)
    new = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            np.savez_compressed(file, **arrays)
            file.flush()
            os.fsync(file.fileno())
        new.chmod(0o644)
        new.replace(path)
    except BaseException:
        new.unlink(missing_ok=True)
        raise


def read(path: Path) -> tuple[Network, Report]:
    """Read a network. Raises RoadFileError when the file is not one that ``write`` made, FileNotFoundError without."""
    try:
        with np.load(path, allow_pickle=False) as stored:
            if stored["format"].tolist() != [FORMAT]:
                raise RoadFileError(
                    f"{path} is of format {stored['format'].tolist()}, not {FORMAT}: load the roads again."
                )
            report = msgspec.json.decode(stored["report"].tobytes(), type=Report)
            network = Network(**{name: stored[name] for name in _TYPES})
    except FileNotFoundError:
        raise
    except (
        OSError,
        EOFError,
        ValueError,
        KeyError,
        TypeError,
        AttributeError,
        BadZipFile,
        msgspec.DecodeError,
    ) as error:
        raise RoadFileError(f"{path} is no road graph that can be read ({error}): load the roads again.") from error
    if fault := _fault(network):
        raise RoadFileError(f"{path} is no whole road graph ({fault}): load the roads again.")
    return network, report


def read_report(path: Path) -> Report:
    """Read what was reported of a network. Raises as ``read``."""
    return read(path)[1]


def _fault(made: Network) -> str:
    """Return what makes the arrays unusable, or ""; whoever uses them does not look again."""
    for name, kind in _TYPES.items():
        if getattr(made, name).dtype != kind:
            return f"{name} is of another type"
    segments, nodes, first = made.segments, made.nodes, made.first
    if segments == 0 or made.vertices.ndim != 2 or made.vertices.shape[1] != 2:
        return "it is empty"
    if any(getattr(made, name).shape != (segments,) for name in ("tail", "head", "kmh", "direction")):
        return "lengths differ"
    if first.shape != (segments + 1,) or first[0] != 0 or first[-1] != len(made.vertices) or (np.diff(first) < 2).any():
        return "segments without vertices"
    if min(made.tail.min(), made.head.min()) < 0 or max(made.tail.max(), made.head.max()) >= nodes:
        return "nodes that are none"
    if not ((made.kmh > 0) & (made.kmh < 1000)).all() or not np.isin(made.direction, (-1, 0, 1)).all():
        return "speeds or directions that are none"
    if (np.abs(made.vertices) > np.array([180, 90]) * PER_DEGREE).any():
        return "places that are none"
    return ""
