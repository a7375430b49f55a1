"""Plate text: comparable whatever the source wrote, and look-alikes meet only in the folded index."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.plate import LOOK_ALIKES, fold, normalise


@pytest.mark.parametrize(
    ("raw", "plate"),
    [
        ("abc 123", "ABC123"),
        ("ABC-1·23", "ABC123"),
        ("  wob\tzk 295 ", "WOBZK295"),
        ("ＡＢ１２", "AB12"),
        ("м 123 ав", "М123АВ"),
        ("粤B·12345", "粤B12345"),
        ("Ä ö 1", "ÄÖ1"),
        ("---", ""),
        ("", ""),
    ],
)
def test_a_plate_is_upper_case_letters_and_digits_of_any_script(raw: str, plate: str) -> None:
    assert normalise(raw) == plate


def test_normalising_keeps_look_alikes_apart() -> None:
    assert normalise("O0I1") == "O0I1"


@given(st.text(max_size=40))
def test_normalising_twice_changes_nothing(raw: str) -> None:
    once = normalise(raw)
    assert normalise(once) == once


@given(st.text(max_size=40))
def test_a_normalised_plate_holds_no_space_or_punctuation(raw: str) -> None:
    assert normalise(raw) == "" or not any(char.isspace() or char in "-.·_'" for char in normalise(raw))


@pytest.mark.parametrize("group", LOOK_ALIKES)
def test_all_characters_of_a_class_fold_to_one(group: str) -> None:
    assert len({fold(f"A{char}7") for char in group}) == 1


def test_characters_of_different_classes_stay_apart_when_folded() -> None:
    keys = [fold(group[0]) for group in LOOK_ALIKES]
    assert len(set(keys)) == len(LOOK_ALIKES)
    assert fold("ACEFHJKLMNPRTUVWXY3479") == b"ACEFHJKLMNPRTUVWXY3479"


def test_no_character_is_in_two_classes() -> None:
    characters = "".join(LOOK_ALIKES)
    assert len(set(characters)) == len(characters)


@given(st.text(alphabet="ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789", max_size=12))
def test_folding_keeps_the_length_and_is_idempotent(plate: str) -> None:
    folded = fold(plate).decode(errors="surrogatepass")
    assert len(folded) == len(plate)
    assert fold(folded) == folded.encode(errors="surrogatepass")
