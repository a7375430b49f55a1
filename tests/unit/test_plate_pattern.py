"""Patterns of plates mean the same to the store's LIKE, to its expressions and to a plain reading of them."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.look_alikes import LookAlikes, default_look_alikes
from schemas.plate_pattern import as_expression, as_like, plate_pattern, real_characters, variants

ALIKE = default_look_alikes()
LOCAL = LookAlikes(["0OD"], {"us-xx": ["8B"], "ca": ["1I"]})
PATTERNS = st.text(alphabet="AB80O?*", max_size=8)
PLATES = st.text(alphabet="AB80ODQ1", max_size=8)


def meant(pattern: str, plate: str) -> bool:
    """Read a pattern in the plainest way: character by character."""
    if not pattern:
        return not plate
    if pattern[0] == "*":
        return meant(pattern[1:], plate) or bool(plate and meant(pattern, plate[1:]))
    return bool(plate) and pattern[0] in ("?", plate[0]) and meant(pattern[1:], plate[1:])


@pytest.mark.parametrize(
    ("raw", "pattern"),
    [
        ("abc 1?3", "ABC1?3"),
        ("ab*-9", "AB*9"),
        ("a**b***c", "A*B*C"),
        ("ＡＢ？＊", "AB?*"),
        ("м1?", "М1?"),
        ("%_'\\A", "A"),
        (" - ", ""),
    ],
)
def test_a_pattern_is_normalised_as_plates_are(raw: str, pattern: str) -> None:
    assert plate_pattern(raw) == pattern


@given(st.text(max_size=40))
def test_normalising_a_pattern_twice_changes_nothing_and_leaves_nothing_to_escape(raw: str) -> None:
    once = plate_pattern(raw)
    assert plate_pattern(once) == once
    assert all(character.isalnum() or character in "?*" for character in once)


def test_only_letters_and_digits_count_as_named() -> None:
    assert [real_characters(pattern) for pattern in ("", "*", "A?", "A*9", "?*?")] == [0, 0, 1, 2, 0]


@given(PATTERNS, PLATES)
def test_an_expression_without_look_alikes_means_what_the_pattern_means(pattern: str, plate: str) -> None:
    pattern = plate_pattern(pattern)
    found = re.search(as_expression(pattern, LookAlikes([])), plate) is not None
    assert found == meant(pattern, plate)
    as_sql = re.escape(as_like(pattern)).replace("_", ".").replace("%", ".*")
    assert (re.fullmatch(as_sql, plate) is not None) == found


@given(PATTERNS, PLATES)
def test_with_look_alikes_a_pattern_means_what_its_folded_form_means(pattern: str, plate: str) -> None:
    pattern = plate_pattern(pattern)
    found = re.search(as_expression(pattern, ALIKE), plate) is not None
    assert found == meant(ALIKE.fold(pattern).decode(), ALIKE.fold(plate).decode())


@given(PLATES, PLATES)
def test_the_variants_of_a_plate_are_those_its_expression_meets(asked: str, plate: str) -> None:
    named = variants(asked, ALIKE)
    if named is not None:
        assert named[0] == asked
        assert (plate in named) == (re.search(as_expression(asked, ALIKE), plate) is not None)


def test_a_state_has_its_own_look_alikes_and_without_one_all_count() -> None:
    assert variants("8", LOCAL, "us-xx") == ["8", "B"]
    assert variants("1", LOCAL, "ca-on") == ["1", "I"]
    assert variants("8", LOCAL, "us-la") == ["8"]
    assert variants("8", LOCAL) == ["8", "B"]
    assert variants("0", LOCAL) == ["0", "O", "D"]


def test_too_many_variants_are_not_named() -> None:
    assert variants("0O0O0O0", ALIKE) is None
    assert variants("A?", ALIKE) is None
