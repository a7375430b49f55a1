"""``python -m schemas.generate`` writes the generated files; with ``--check`` it only says which have drifted, and
which events do not fit those of the recorded releases (``schemas/compatibility.py``)."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from schemas import compatibility
from schemas.generate.artefacts import artefacts, drifted, write


def main(arguments: Sequence[str] | None = None) -> int:
    """Write or check; return the exit code: 1 when ``--check`` found drift."""
    parser = argparse.ArgumentParser(prog="python -m schemas.generate", description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 and list what has drifted")
    if parser.parse_args(arguments).check:
        paths = drifted(artefacts())
        for path in paths:
            sys.stderr.write(f"drifted: {path}\n")
        incompatible = compatibility.check()
        for sentence in incompatible:
            sys.stderr.write(f"incompatible: {sentence}\n")
        return 1 if paths or incompatible else 0
    for path in write(artefacts()):
        sys.stdout.write(f"written: {path}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
