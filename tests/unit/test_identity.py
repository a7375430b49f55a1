"""Ids: the same fact, the same id; another fact, another id; the same on every machine and in every year."""

from __future__ import annotations

from uuid import RFC_4122, UUID

from hypothesis import given
from hypothesis import strategies as st

from schemas.identity import identity

PARTS = st.lists(st.text(alphabet=st.characters(exclude_characters="\x1f"), max_size=10), max_size=4)


def test_an_id_never_changes_between_releases() -> None:
    # A changed value would make every replay store every event a second time.
    assert identity("plate_read", "rekor/east", "AGENT-1") == UUID("25ae936d-788e-538d-b9fc-5401429b4db0")


def test_an_id_is_a_version_5_uuid() -> None:
    made = identity("camera", "1000")
    assert (made.version, made.variant) == (5, RFC_4122)


def test_the_kind_is_part_of_the_identity() -> None:
    assert identity("camera", "1") != identity("zone", "1")


def test_parts_do_not_run_together() -> None:
    assert identity("camera", "a", "bc") != identity("camera", "ab", "c")
    assert identity("camera", "a") != identity("camera", "a", "")


def test_parts_are_compared_as_text() -> None:
    assert identity("camera", 7, 1.5) == identity("camera", "7", "1.5")


@given(PARTS, PARTS)
def test_ids_are_equal_exactly_when_the_parts_are(left: list[str], right: list[str]) -> None:
    # No parts at all and one empty part are the same text; no event type is identified by nothing.
    assert (identity("x", *left) == identity("x", *right)) == ((left or [""]) == (right or [""]))
