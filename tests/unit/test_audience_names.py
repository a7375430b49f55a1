"""One text names the audiences of a thing; widest is who may see one of several, and too few rather than too many."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboards.server.audience import Audience
from schemas.audience import MAX_LENGTH, audience_text, is_name, names_of, widest

NAMES = st.sets(st.from_regex(r"[a-z0-9][a-z0-9._-]{0,39}", fullmatch=True), max_size=8)


@given(NAMES, st.lists(NAMES, min_size=1, max_size=4))
def test_who_may_see_the_widest_may_see_one_of_the_things(mine: set[str], things: list[set[str]]) -> None:
    texts = [",".join(sorted(names)) for names in things]
    person = Audience(names=frozenset(mine))
    together = widest(texts)
    assert len(together) <= MAX_LENGTH or together in texts
    if person.may_see(together):
        assert any(person.may_see(text) for text in texts)
    if "" in texts:
        assert together == ""


def test_two_restricted_things_are_together_for_both_audiences() -> None:
    assert widest(["homicide", "gang,narcotics"]) == "gang,homicide,narcotics"
    assert widest(["homicide", ""]) == ""


def test_a_text_without_a_name_in_it_is_for_nobody() -> None:
    assert names_of(",") == frozenset()
    assert not Audience(names=frozenset({"gang"})).may_see(",")
    assert widest([","]) == ","


def test_names_that_are_too_long_together_are_refused_for_an_entry() -> None:
    with pytest.raises(ValueError, match="longer than 100"):
        audience_text(["a" * 40, "b" * 40, "c" * 40])


@pytest.mark.parametrize("text", ["", "Gang", "a b", "a,b", "-a", "a" * 41, "a\n"])
def test_what_could_be_taken_for_two_names_or_for_none_is_no_name(text: str) -> None:
    assert not is_name(text)
