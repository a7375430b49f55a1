"""Telling of an error in a log: kind and place find the bug, while its text might hold a plate or a name."""

from __future__ import annotations

import traceback
from pathlib import PurePath

#: Causes told of besides the error itself.
_CAUSES = 3


def kind_and_place(error: BaseException) -> str:
    """Return what kind of error it is and where it was raised, and the same of what caused it; nothing of its text."""
    told: list[str] = []
    found: BaseException | None = error
    while found is not None and len(told) <= _CAUSES:
        frames = traceback.extract_tb(found.__traceback__)
        place = f" at {'/'.join(PurePath(frames[-1].filename).parts[-3:])}:{frames[-1].lineno}" if frames else ""
        told.append(f"{type(found).__name__}{place}")
        found = found.__cause__ or (None if found.__suppress_context__ else found.__context__)
    return ", because of ".join(told)
