"""A purpose has a code, the number of a case or incident, and words that say something."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from schemas.purpose import PURPOSES, Purpose, what_is_missing

WHOLE = Purpose(code="stolen_vehicle", reference="26-0112", text="taken from Canal St")


@pytest.mark.parametrize("code", PURPOSES)
def test_a_purpose_with_code_reference_and_words_is_whole(code: str) -> None:
    assert what_is_missing(replace(WHOLE, code=code)) == ""


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"code": ""}, "purpose_code"),
        ({"code": "curiosity"}, "purpose_code"),
        ({"reference": ""}, "reference"),
        ({"reference": " -- "}, "reference"),
        ({"text": ""}, "purpose:"),
        ({"text": "   x   "}, "purpose:"),
        ({"text": "12345678"}, "purpose:"),
    ],
)
def test_check_28_a_purpose_that_lacks_something_says_what(change: dict[str, str], named: str) -> None:
    assert what_is_missing(replace(WHOLE, **change)).startswith(named)
