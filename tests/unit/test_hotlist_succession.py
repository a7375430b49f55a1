"""A file that looks cut off, or is older, does not take the place of the list in force."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from connectors.hotlist_csv.succession import SHRINKS_FROM, why_not
from schemas.events.hotlist import Hotlist
from tests.unit.test_hotlist_csv import AS_OF, entries, hotlist, many

LATER = AS_OF + timedelta(hours=1)


def loaded(tmp_path: Path, text: str, **options: Any) -> Hotlist:
    """The manifest of a list that was loaded."""
    file = hotlist(tmp_path, text, **options)
    assert entries(file)
    return file.manifest()


@pytest.mark.parametrize(
    ("before", "now", "refused"),
    [(200, 99, True), (200, 100, False), (200, 300, False), (SHRINKS_FROM, 49, True), (SHRINKS_FROM - 1, 1, False)],
)
def test_a_file_with_less_than_half_of_the_entries_in_force_is_refused(
    before: int, now: int, refused: bool, tmp_path: Path
) -> None:
    in_force = loaded(tmp_path, many(before))
    told = why_not([in_force], hotlist(tmp_path, many(now), as_of=LATER), may_shrink=False)
    assert ("--allow-shrink" in told) is refused
    assert bool(told) is refused


def test_a_file_that_is_meant_to_be_short_is_taken(tmp_path: Path) -> None:
    in_force = loaded(tmp_path, many(200))
    assert why_not([in_force], hotlist(tmp_path, many(1), as_of=LATER), may_shrink=True) == ""


def test_an_older_file_is_refused_whatever_its_size(tmp_path: Path) -> None:
    in_force = loaded(tmp_path, many(2), as_of=LATER)
    assert "--as-of" in why_not([in_force], hotlist(tmp_path, many(3)), may_shrink=True)


def test_the_same_file_again_is_taken(tmp_path: Path) -> None:
    assert why_not([loaded(tmp_path, many(2))], hotlist(tmp_path, many(2)), may_shrink=False) == ""
