"""What the bench of matching says of pairs whose answer is known."""

from __future__ import annotations

from pathlib import Path

import pytest

from compose.bench.quality import QualityError, error_class, pairs_of, run

PAIRS = """truth,read,confidence,region
ABC1234,ABC1234,0.99,us-la
ABC1234,A8C1234,93,us-la
XYZ5678,XYZ567,0.4,us-tx
QRS1111,QRS1171,,us-la
HJK0808,HJK0B0B,0.8,
"""


@pytest.mark.parametrize(
    ("read", "told"),
    [
        ("ABC1234", "correct"),
        ("A8C1234", "one look-alike"),
        ("A8CI234", "two look-alikes"),
        ("A8CIZ34", "more look-alikes"),
        ("AXC1234", "other substitution"),
        ("ABC123", "lost or gained"),
    ],
)
def test_an_error_of_a_reader_has_a_class(read: str, told: str) -> None:
    assert error_class("ABC1234", read) == told


def test_recall_is_told_by_class_and_tolerance(tmp_path: Path) -> None:
    file = tmp_path / "pairs.csv"
    file.write_text(PAIRS)
    told = run(file, others=50, seed=1, say=lambda _: None)
    assert (told.pairs, told.misreads) == (5, 4)
    assert {name: (one.reads, one.recall) for name, one in told.classes.items()} == {
        "correct": (1, {"exact": 1.0, "look_alike": 1.0, "edit": 1.0}),
        "one look-alike": (1, {"exact": 0.0, "look_alike": 1.0, "edit": 1.0}),
        "two look-alikes": (1, {"exact": 0.0, "look_alike": 1.0, "edit": 1.0}),
        "other substitution": (1, {"exact": 0.0, "look_alike": 0.0, "edit": 1.0}),
        "lost or gained": (1, {"exact": 0.0, "look_alike": 0.0, "edit": 1.0}),
    }
    assert told.recall == {"exact": 0.2, "look_alike": 0.6, "edit": 1.0}


def test_a_hit_of_another_plate_is_false_and_one_of_another_state_is_told_apart(tmp_path: Path) -> None:
    """Of one letter and one digit there are 260 plates: with 200 others nearly every read hits some."""
    file = tmp_path / "pairs.csv"
    file.write_text("truth,read,region\nA1,B1,us-la\nC2,D2,us-la\nE3,F3,us-la\nG4,H4,us-la\n")
    told = run(file, others=2_000, seed=1, say=lambda _: None)
    assert told.false_match_rate["exact"] + told.other_state_rate["look_alike"] > 0.5
    file.write_text("truth,read\nA1,B1\nC2,D2\nE3,F3\nG4,H4\n")
    unknown = run(file, others=2_000, seed=1, say=lambda _: None)
    assert unknown.other_state_rate == {"look_alike": 0.0, "edit": 0.0}
    assert unknown.false_match_rate["look_alike"] == 1.0


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("plate,seen\nA,B\n", "line 1: expected the columns truth and read"),
        ("truth,read\n--,B\n", "line 2: truth: has no letter"),
        ("truth,read,confidence\nA,B,sure\n", "line 2: confidence: expected"),
        ("truth,read\n", "holds no pair"),
    ],
)
def test_a_file_that_cannot_be_used_is_refused_with_line_and_column(tmp_path: Path, text: str, why: str) -> None:
    file = tmp_path / "pairs.csv"
    file.write_text(text)
    with pytest.raises(QualityError) as refused:
        pairs_of(file)
    assert why in str(refused.value)
