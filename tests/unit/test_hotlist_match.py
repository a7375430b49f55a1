"""Which reads match which list entries, and what is said of it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.rules.hotlist_match import NOTHING, match, match_frame
from pipeline.state.hotlist_index import HotlistIndex
from tests.unit.facts import NOW, candidate, read, wanted

# The vendor's published vectors for the list entry ABC123 (standards §2.2): one more substitution than they allow.
VECTORS = [("A8C123", 1), ("ABC1Z3", 1), ("ABCI23", 1), ("A8CIZ3", None), ("ABCU123", None), ("ABUO123", None)]


@pytest.mark.parametrize(("plate", "substitutions"), VECTORS)
def test_b9_look_alikes_match_up_to_two_substitutions_and_nothing_else(plate: str, substitutions: int | None) -> None:
    hits = match(read(plate), HotlistIndex([wanted("ABC123")]))
    if substitutions is None:
        assert hits == ()
    else:
        assert [(hit.match, len(hit.substitutions)) for hit in hits] == [("look_alike", substitutions)]


def test_b9_two_substitutions_match_and_three_do_not() -> None:
    index = HotlistIndex([wanted("ABC128")])
    assert len(match(read("A8CI28"), index)[0].substitutions) == 2
    assert match(read("A8CIZ8"), index) == ()


def test_a_substitution_says_where_and_what() -> None:
    (hit,) = match(read("A8C123"), HotlistIndex([wanted("ABC123")]))
    assert [(one.position, one.read, one.listed, one.cost) for one in hit.substitutions] == [(1, "8", "B", 1.0)]


def test_an_exact_entry_comes_before_its_look_alike() -> None:
    hits = match(read("ABC123"), HotlistIndex([wanted("A8C123", "near"), wanted("ABC123", "exact")]))
    assert [(hit.entry_id, hit.match) for hit in hits] == [("exact", "exact"), ("near", "look_alike")]


def test_the_readers_own_candidates_match_exactly_above_a_confidence() -> None:
    index = HotlistIndex([wanted("XYZ789")])
    sure = read("QQQ111", candidates=(candidate("AAA111", 0.7), candidate("XYZ789", 0.6)))
    (hit,) = match(sure, index)
    assert (hit.match, hit.candidate_rank, hit.matched_plate) == ("candidate", 2, "XYZ789")
    assert match(read("QQQ111", candidates=(candidate("XYZ789", 0.4),)), index) == ()
    assert match(read("QQQ111", candidates=(candidate("XYZ7B9", 0.9),)), index) == ()


def test_an_entry_is_hit_once_however_many_ways_lead_to_it() -> None:
    hits = match(read("ABC123", candidates=(candidate("ABC123", 0.8),)), HotlistIndex([wanted("ABC123")]))
    assert len(hits) == 1


def test_an_expired_entry_matches_nothing() -> None:
    fresh = read("ABC123", at=NOW)
    assert match(fresh, HotlistIndex([wanted("ABC123", expires_at=NOW)])) == ()
    assert len(match(fresh, HotlistIndex([wanted("ABC123", expires_at=NOW + timedelta(hours=1))]))) == 1


@pytest.mark.parametrize(
    ("read_region", "listed", "relation"),
    [
        ("us-la", "us-la", "same"),
        ("us-tx", "us-la", "other"),
        (None, "us-la", "unknown"),
        ("us-la", None, "unknown"),
        ("us", "us-la", "unknown"),
    ],
)
def test_b12_the_state_relation_is_same_other_or_unknown(read_region: str, listed: str, relation: str) -> None:
    (hit,) = match(read("ABC123", plate_region=read_region), HotlistIndex([wanted("ABC123", region=listed)]))
    assert hit.region_relation == relation


@pytest.mark.parametrize(
    ("make", "colour", "said"), [("ford", "red", "agree"), ("ford", "blue", "differ"), (None, None, "unknown")]
)
def test_make_and_colour_are_held_against_the_entry(make: str, colour: str, said: str) -> None:
    entry = wanted("ABC123", make="ford", colour="red")
    (hit,) = match(read("ABC123", vehicle_make=make, vehicle_colour=colour), HotlistIndex([entry]))
    assert hit.attributes == said


def test_a_body_or_colour_that_contradicts_the_entry_is_named_with_both_words() -> None:
    entry = wanted("ABC123", make="ford", colour="white", body="pickup")
    seen = read("ABC123", vehicle_make="ford", vehicle_colour="red", vehicle_body="truck-standard")
    found = match_frame([seen], HotlistIndex([entry]))[0]
    assert [(one.attribute, one.read, one.listed, one.agrees) for one in found.attributes] == [
        ("make", "ford", "ford", True),
        ("colour", "red", "white", False),
        ("body", "truck-standard", "pickup", True),
    ]
    assert found.hits[0].attributes == "differ"


@pytest.mark.parametrize(("seen", "listed"), [("gray", "silver"), ("GRY", "grey"), ("blk", "black")])
def test_different_words_for_one_colour_agree(seen: str, listed: str) -> None:
    (hit,) = match(read("ABC123", vehicle_colour=seen), HotlistIndex([wanted("ABC123", colour=listed)]))
    assert hit.attributes == "agree"


def test_a_list_that_tolerates_nothing_matches_exactly_only() -> None:
    index = HotlistIndex([wanted("ABC123", tolerance="exact")])
    assert match(read("A8C123"), index) == ()
    assert len(match(read("ABC123"), index)) == 1


@pytest.mark.parametrize(
    ("plate", "changes"),
    [
        ("ABC12", [(5, "", "3", 2.0)]),
        ("BC123", [(0, "", "A", 2.0)]),
        ("ABXC123", [(2, "X", "", 2.0)]),
        ("ABC723", [(3, "7", "1", 2.0)]),
        ("A8C12", [(5, "", "3", 2.0), (1, "8", "B", 1.0)]),
        ("AXC12", None),
        ("ABC1", None),
    ],
)
def test_an_edit_says_which_character_was_lost_added_or_another(plate: str, changes: list[object] | None) -> None:
    hits = match(read(plate), HotlistIndex([wanted("ABC123", tolerance="edit")]))
    if changes is None:
        assert hits == ()
    else:
        assert [(hit.match, [(c.position, c.read, c.listed, c.cost) for c in hit.substitutions]) for hit in hits] == [
            ("edit", changes)
        ]


def test_a_pattern_is_ranked_below_candidates_and_above_edits() -> None:
    index = HotlistIndex(
        [wanted("ABC1?3", "pattern"), wanted("ABC124", "edit", tolerance="edit"), wanted("XYZ789", "guess")]
    )
    hits = match(read("ABC123", candidates=(candidate("XYZ789", 0.9),)), index)
    assert [hit.entry_id for hit in hits] == ["guess", "pattern", "edit"]


def test_what_is_not_in_force_matches_nothing() -> None:
    index = HotlistIndex([wanted("ABC123", "on"), wanted("ABC123", "off")])
    hits = match(read("ABC123"), index, lambda entry, _: entry.entry_id == "on")
    assert [hit.entry_id for hit in hits] == ["on"]


@given(
    st.lists(st.text("AB8", min_size=1, max_size=4), max_size=8),
    st.lists(st.text("AB8", min_size=1, max_size=4), max_size=8),
)
def test_a_frame_matches_as_its_reads_do_one_by_one(listed: list[str], plates: list[str]) -> None:
    index = HotlistIndex(
        wanted(plate, f"E{number}", tolerance="edit" if number % 2 else "look_alike")
        for number, plate in enumerate(listed)
    )
    reads = [read(plate, number) for number, plate in enumerate(plates)]
    together = match_frame(reads, index)
    for at, one in enumerate(reads):
        assert together.get(at, NOTHING).hits == match(one, index)
