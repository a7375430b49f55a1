"""Names as they are compared: words, keys, likeness, birth dates, phone numbers, and the benches' records."""

from __future__ import annotations

import csv
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest
from doublemetaphone import doublemetaphone
from rapidfuzz.distance import JaroWinkler, Levenshtein

from compose.bench import contact as contact_bench
from compose.bench import names as names_bench
from pipeline.contact.shared_numbers import SharedNumbersError, read_shared_numbers
from pipeline.contact.windows import windows
from pipeline.names.birth import compare
from pipeline.names.cards import key_rows
from pipeline.names.keys import days_around, near_dates, query_keys, record_keys
from pipeline.names.likeness import likeness
from pipeline.names.matching import match
from pipeline.names.nicknames import also_called
from pipeline.names.words import Named, named, read_card, words
from schemas.events.person import PERSON
from schemas.phone_number import last_digits, normalised, same_number

SHARED = Path(__file__).parents[2].parent / "shared/data/names"
if not SHARED.is_dir():
    SHARED = Path("/work/shared/data/names")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("O'Brien-Smith", ("obrien", "smith")),
        ("Dr. José Núñez Jr.", ("jose", "nunez")),
        ("Мария", ("mariya",)),
        ("Nguyễn Thị", ("nguyen", "thi")),
        ("Müller", ("muller",)),
        ("Dr", ("dr",)),
        ("123 !", ()),
    ],
)
def test_words_are_plain_latin_letters(text: str, expected: tuple[str, ...]) -> None:
    assert words(text) == expected


def test_a_name_is_read_as_dispatch_systems_and_people_write_it() -> None:
    expected = Named(("katherine", "anne"), ("example",))
    assert named("Example, Katherine Anne") == named("Katherine Anne Example") == expected
    assert named("ignored", "Katherine", "Anne", "Example") == expected
    assert read_card(expected.text) == expected
    assert named("Cher") == Named((), ("cher",))


@pytest.mark.parametrize(
    ("one", "other", "reason"),
    [
        ("smith", "smith", "same"),
        ("smith", "smtih", "one_typo"),
        ("katherine", "kate", "nickname"),
        ("kate", "kathy", "nickname"),
        ("philip", "fillip", "sounds_alike"),
        ("k", "katherine", "initial"),
        ("gonz", "gonzalez", "cut_short"),
        ("smith", "garcia", ""),
    ],
)
def test_likeness_says_why_and_does_not_depend_on_the_order(one: str, other: str, reason: str) -> None:
    assert likeness(one, other) == likeness(other, one)
    assert likeness(one, other).reason == reason


def test_nicknames_go_both_ways() -> None:
    assert "bill" in also_called("william")
    assert "william" in also_called("bill")
    assert "william" not in also_called("william")


@pytest.mark.parametrize(
    ("one", "other", "reason"),
    [
        ("1990-02-11", "19900211", "birth_date_same"),
        ("1990-01-01", "1990-01-01", "birth_date_same_1_january"),
        ("1990-02-11", "1990-11-02", "birth_date_day_and_month_swapped"),
        ("1990-02-11", "1990-02-17", "birth_date_one_digit_off"),
        ("1990-02-11", "1990-02-12", "birth_date_one_digit_off"),
        ("1991-02-11", "1919-02-11", "birth_date_one_digit_off"),
        ("1990-02-11", "1990", "birth_date_same_as_far_as_known"),
        ("1990-02-11", "1990-02", "birth_date_same_as_far_as_known"),
        ("1990-02-11", "1991", "birth_date_differs"),
        ("1990-02-11", "1979-02-11", "birth_date_another_year"),
        ("1990-02-11", "1990-02-28", "birth_date_two_digits_off"),
        ("1990-01-30", "1990-02-11", "birth_date_within_a_month"),
        ("1984-11-20", "1985-12-19", "birth_date_about_one_or_ten_years_off"),
        ("1990-02-11", "1955-07-30", "birth_date_differs"),
        ("1990-02-11", "", ""),
        ("1990-02-31", "1955-77-30", "birth_date_differs"),
    ],
)
def test_birth_dates_are_compared_with_tolerance(one: str, other: str, reason: str) -> None:
    assert compare(one, other).reason == reason
    assert compare(other, one) == compare(one, other)


def test_every_birth_date_that_counts_as_a_slip_is_looked_for() -> None:
    born = "1990-02-11"
    near = near_dates(born)
    assert {"19901102", "19900217", "19910211", "19900212"} <= near
    assert "19900211" not in near
    assert "19900231" not in near
    assert near_dates("1990") == set() == days_around("1990-99-99")
    around = days_around(born)
    assert {"19900311", "19910201", "20000301"} <= around
    keys = query_keys(named("x"), born)
    assert keys["b19900211"] > keys["b19900217"] > keys["b19900310"]


@pytest.mark.parametrize(
    ("asked", "had"),
    [
        ("Kate Exampel", "Katherine Example"),
        ("Philip Smyth", "Fillip Smith"),
        ("Ana Delacruz", "Ana de la Cruz"),
        ("Smith-Jones", "Mary Jones"),
        ("John Rnbinsoo", "Jon Robinson"),
        ("Jose Nunez", "José Núñez"),
    ],
)
def test_a_name_and_its_slip_share_a_key(asked: str, had: str) -> None:
    assert query_keys(named(asked), "").keys() & record_keys([named(had)], "")


def test_points_are_the_sum_of_the_reasons_and_a_missing_part_says_nothing() -> None:
    found = match(named("Katherine Example"), "1990-02-11", [named("Katherine Example")], "1990-02-11")
    assert found.grade == "strong"
    assert found.points == pytest.approx(sum(reason.points for reason in found.reasons))
    silent = match(named("Katherine Example"), "", [named("Example")], "")
    assert ("given_name", "not_known", 0.0) in [(one.part, one.why, one.points) for one in silent.reasons]
    against = match(named("Katherine Example"), "1990-02-11", [named("Robert Miller")], "1955-07-30")
    assert against.points < 0


def test_swapped_names_are_found_and_cost_a_little() -> None:
    straight = match(named("Katherine Example"), "", [named("Katherine Example")], "")
    swapped = match(named("Example Katherine"), "", [named("Katherine Example")], "")
    assert 0 < swapped.points < straight.points
    assert swapped.reasons[-1].why == "given_and_family_name_swapped"


def test_a_record_taken_back_has_no_keys() -> None:
    example = PERSON.examples[0]
    assert key_rows([example])
    assert key_rows([msgspec.structs.replace(example, is_removed=True)]) == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("(504) 555-0123", "+15045550123"),
        ("1 504 555 0123", "+15045550123"),
        ("tel:+1-504-555-0123", "+15045550123"),
        ("+44 20 7946 0018", "+442079460018"),
        ("Anonymous", ""),
        ("", ""),
        ("911", ""),
        ("911-555-0123", ""),
        ("12345", ""),
    ],
)
def test_a_number_has_one_form_and_what_is_none_has_none(text: str, expected: str) -> None:
    assert normalised(text) == expected


def test_withheld_numbers_are_never_the_same() -> None:
    assert not same_number("", "")
    assert not same_number("anonymous", "anonymous")
    assert same_number("504-555-0123", "+1 (504) 555 0123")
    assert last_digits("+1 (504) 555-0123") == "5045550123"


def test_windows_count_what_lies_before_now() -> None:
    now = datetime(2026, 6, 1, tzinfo=UTC)
    ago = [timedelta(hours=1), timedelta(days=2), timedelta(days=27), timedelta(days=300), timedelta(days=366)]
    moments = [now - one for one in ago] + [now + timedelta(hours=1)]
    assert {one.window: one.count for one in windows(moments, now)} == {"24h": 1, "28d": 3, "12m": 4}


def test_shared_numbers_are_read_and_a_wrong_line_is_named(tmp_path: Path) -> None:
    good = tmp_path / "good.csv"
    good.write_text("number,what\n(504) 555-0100,Mercy Hospital\n504-555-0101,\n")
    assert read_shared_numbers(good) == {"+15045550100": "Mercy Hospital", "+15045550101": "shared number"}
    bad = tmp_path / "bad.csv"
    bad.write_text("number,what\n504-555-0100,a\nnone,b\n")
    with pytest.raises(SharedNumbersError, match="line 3"):
        read_shared_numbers(bad)
    bad.write_text("phone\n504-555-0100\n")
    with pytest.raises(SharedNumbersError, match="number and what"):
        read_shared_numbers(bad)
    with pytest.raises(SharedNumbersError, match="cannot be read"):
        read_shared_numbers(tmp_path / "none.csv")


def test_the_bench_reads_febrl_splink_and_any_table_with_a_cluster(tmp_path: Path) -> None:
    febrl = tmp_path / "febrl.csv"
    febrl.write_text(
        "rec_id, given_name, surname, date_of_birth\nrec-1-org, ann, lee, 19900211\nrec-1-dup-0, an, lee,\n"
    )
    splink = tmp_path / "splink.csv"
    splink.write_text("unique_id,first_name,surname,dob,cluster\n0,Ann,Lee,1990-02-11,7\n1,An,,,7\n")
    other = tmp_path / "other.csv"
    other.write_text("full_name,dob,cluster,origin\nAnn Lee,1990-02-11,Q1,x\nAn Lee,nan,Q1,y\n")
    for path, ids in ((febrl, ("rec-1-org", "rec-1-dup-0")), (splink, ("0", "1")), (other, ("0", "1"))):
        first, second = names_bench.records(path)
        assert (first.record_id, second.record_id) == ids
        assert first.cluster == second.cluster != ""
        assert (first.born, second.born) == ("1990-02-11", "")
    empty = tmp_path / "empty.csv"
    empty.write_text("a,b\n1,2\n")
    with pytest.raises(names_bench.NamesError, match="no column with names"):
        names_bench.records(empty)


def test_the_bench_counts_recall_of_as_many_as_fit_and_leaves_out_who_asks() -> None:
    def labelled(key: str, given: str) -> names_bench.Labelled:
        return names_bench.Labelled(key, "c", "", given, "lee", "1990-02-11")

    kept = [labelled("a", "ann"), labelled("b", "an"), labelled("c", "ann")]
    asked = names_bench._queries(kept, kept, None, 10, 1)
    assert [(one.record.record_id, one.truth, one.erroneous) for one in asked] == [
        ("a", {"b", "c"}, False),
        ("b", {"a", "c"}, True),
        ("c", {"a", "b"}, False),
    ]
    recall = names_bench._recall([(asked[0], [1, 6]), (asked[1], [])])
    assert recall.recall == {"1": 0.5, "5": 0.25, "20": 0.5}
    assert recall.found == {"1": 0.5, "5": 0.5, "20": 0.5}


def test_the_bench_of_the_contact_view_has_names_enough_and_all_with_keys() -> None:
    families = contact_bench.family_names()
    assert len(set(families)) == len(families) > 2_500
    assert "dSM0" not in contact_bench._word_keys("Barn", "")
    assert "dPRN" in contact_bench._word_keys("Barn", "")


@pytest.mark.needs_shared
def test_double_metaphone_is_right_for_all_words_of_commons_codec() -> None:
    path = SHARED / "commons_codec/double_metaphone.csv"
    if not path.is_file():
        pytest.skip("the shared data is not here")
    with path.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    wrong = [
        row["word"]
        for row in rows
        if tuple(code[:4] for code in doublemetaphone(row["word"]))
        not in ((row["primary"][:4], row["alternate"][:4]), (row["primary"][:4], ""))
    ]
    assert len(rows) > 1_000
    assert wrong == []


@pytest.mark.needs_shared
def test_distances_are_those_of_jellyfish() -> None:
    folder = SHARED / "jellyfish"
    if not folder.is_dir():
        pytest.skip("the shared data is not here")
    with (folder / "levenshtein.csv").open(newline="", encoding="utf-8") as file:
        for one, other, distance in csv.reader(file):
            assert Levenshtein.distance(one, other) == int(distance)
    with (folder / "jaro_winkler.csv").open(newline="", encoding="utf-8") as file:
        pairs = [row for row in csv.reader(file) if len(row) == 3]
    assert pairs
    off = [row for row in pairs if abs(JaroWinkler.similarity(row[0], row[1]) - float(row[2])) > 0.002]
    # jellyfish gives the bonus of the beginning only to words alike enough; rapidfuzz does so from 0.7 on as well.
    assert off == []
