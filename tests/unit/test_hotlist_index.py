"""Millions of entries, packed, found for a frame at once."""

from __future__ import annotations

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from pipeline.state.hotlist_index import FEW, HotlistIndex, Part, key_of, keys_of
from schemas.look_alikes import LookAlikes
from tests.unit.facts import NOW, wanted

#: Few characters, many of them look-alikes, so that plates meet.
PLATES = st.text(alphabet="0OQ1I8BA", min_size=1, max_size=5)
#: Of any script, and longer than a key holds.
ANY_PLATES = st.text(alphabet="ABC018ЖЯ中", min_size=1, max_size=20)


@given(st.lists(PLATES, max_size=30), st.lists(PLATES, max_size=10))
def test_a_frame_finds_exactly_the_entries_with_the_same_fold(listed: list[str], read: list[str]) -> None:
    entries = [wanted(plate, f"E{number}") for number, plate in enumerate(listed)]
    index = HotlistIndex(entries)
    fold = index.look_alikes.fold
    found = sorted((at, entry.entry_id) for at, entry in index.find(read))
    assert found == sorted(
        (at, entry.entry_id) for at, plate in enumerate(read) for entry in entries if fold(plate) == fold(entry.plate)
    )


@given(st.lists(ANY_PLATES, max_size=20, unique=True))
def test_every_entry_is_found_by_its_own_plate_however_long_and_of_whatever_script(plates: list[str]) -> None:
    index = HotlistIndex(wanted(plate, f"E{number}") for number, plate in enumerate(plates))
    found = {(at, entry.plate) for at, entry in index.find(plates)}
    assert {(at, plate) for at, plate in enumerate(plates)} <= found


@given(st.lists(st.binary(max_size=40).filter(lambda fold: not fold.endswith(b"\0")), min_size=1, max_size=8))
def test_a_fold_has_the_same_key_alone_and_among_others(folds: list[bytes]) -> None:
    assert [key_of(fold) for fold in folds] == keys_of(folds).tolist()


@given(st.lists(PLATES, max_size=30), PLATES)
def test_a_plate_alone_is_found_as_it_is_in_a_frame(listed: list[str], plate: str) -> None:
    index = HotlistIndex(wanted(one, f"E{number}") for number, one in enumerate(listed))
    alone = sorted(entry.entry_id for _, entry in index.find([plate]))
    among = sorted(entry.entry_id for at, entry in index.find([plate, *["ZZZZ"] * FEW]) if at == 0)
    assert alone == among


def test_an_entry_comes_back_as_it_went_in() -> None:
    entry = wanted(
        "ABC123", "S-1", region="us-la", make="ford", colour="red", body="suv", schedule="mon-fri 07:00-19:00",
        time_zone="America/Chicago", audience="restricted", case_number="26-1", expires_at=NOW + timedelta(days=1),
        tolerance="exact", reason="Ünïcode, 中",
    )  # fmt: skip
    assert list(Part([entry])) == [entry]
    assert HotlistIndex([entry]).look_alikes_of("ABC123") == (entry,)


def test_an_index_of_parts_finds_the_entries_of_all_and_counts_patterns_too() -> None:
    index = HotlistIndex.of(
        [Part([wanted("AAA111", "one")]), Part(), Part([wanted("AAA111", "two"), wanted("B*", "p")])]
    )
    assert sorted(entry.entry_id for entry in index.look_alikes_of("AAA111")) == ["one", "two"]
    assert index.size == 3


def test_patterns_fit_whole_plates_only() -> None:
    index = HotlistIndex([wanted("AB?1*", "p")])
    plates = ["ABX1", "ABX199", "ABXX1", "XABX1", "AB1"]
    assert [plates[at] for at, _ in index.find_patterns(plates)] == ["ABX1", "ABX199"]
    assert index.look_alikes_of("ABX1") == ()


def test_only_lists_that_tolerate_an_edit_are_found_one_character_away() -> None:
    index = HotlistIndex([wanted("ABC123", "kind", tolerance="edit"), wanted("ABC123", "strict")])
    for plate in ("ABC12", "BC123", "ABXC123", "ABC723", "A8C12"):
        assert {entry.entry_id for _, entry in index.find_edits([plate])} == {"kind"}, plate
    assert not list(index.find_edits(["ABC1"]))


def test_classes_of_one_jurisdiction_do_not_make_others_alike() -> None:
    own = LookAlikes(["0O"], {"xx": ["0O", "4A"]})
    assert own.fold("4O") == own.fold("A0")
    assert own.alike("4", "A", "xx-yy")
    assert not own.alike("4", "A", None)
    assert not own.alike("4", "A", "us-la")
    assert own.alike("0", "O", "us-la")
