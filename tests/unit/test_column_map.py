"""Column maps are checked when they are loaded, and what is wrong is said with its place."""

from __future__ import annotations

from pathlib import Path

import pytest

from connectors.calls_csv.column_map import MapError, load_map, shipped_maps

GOOD = """
name = "mycity"
title = "My City"
prefix = "mycity"
[columns]
number = "id"
received_at = ["time", "at"]
kind = "type"
[time]
zone = "America/Chicago"
formats = ["iso"]
"""


def written(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "mycity.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_every_shipped_map_loads_under_its_own_name() -> None:
    assert {"nopd", "milwaukee"} <= set(shipped_maps())
    for name in shipped_maps():
        assert load_map(name).name == name


def test_a_map_of_ones_own_is_loaded_by_path(tmp_path: Path) -> None:
    call_map = load_map(written(tmp_path, "\ufeff" + GOOD))
    assert call_map.prefix == "mycity"
    assert call_map.columns.received_at == ["time", "at"]


def test_the_map_in_the_readme_is_a_good_map(tmp_path: Path) -> None:
    readme = (Path(__file__).parents[2] / "connectors/calls_csv/README.md").read_text(encoding="utf-8")
    example = readme.split("```toml\n")[1].split("```")[0]
    assert load_map(written(tmp_path, example)).categories[0].category == "robbery"


def test_an_unknown_format_is_answered_with_those_there_are() -> None:
    with pytest.raises(MapError, match="milwaukee, nopd"):
        load_map("atlantis")


def test_a_missing_map_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(MapError, match="cannot be read"):
        load_map(tmp_path / "none.toml")


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("[columns]", "[columns", "not TOML"),
        ('kind = "type"', "", "missing required field `kind`"),
        ('kind = "type"', 'kind = ""', "columns.kind names no column"),
        ('kind = "type"', 'kind = "type"\ncolour = "x"', "unknown field `colour`"),
        ('kind = "type"', 'kind = "type"\nlat = "y"', "belong together"),
        ('kind = "type"', 'kind = "type"\n[priority]\nA = 11', "priority"),
        ('kind = "type"', 'kind = "type"\n[status]\nX = "closed"', "columns.status names no column"),
        ('kind = "type"', 'kind = "type"\nstatus = "s"\n[status]\nX = "ended"', "'ended' is not one of"),
        ('kind = "type"', 'kind = "type"\n[[categories]]\ncategory = "party"\ntext = "x"', "'party' is not one of"),
        ('kind = "type"', 'kind = "type"\n[[categories]]\ncategory = "fire"', "neither codes nor text"),
        ('kind = "type"', 'kind = "type"\n[[categories]]\ncategory = "fire"\ntext = "("', "not a regular expression"),
        ('kind = "type"', 'kind = "type"\n[bounds]\nsouth = 2\nnorth = 1\nwest = 0\neast = 1', "south must be below"),
        ("America/Chicago", "America/Springfield", "not an IANA time zone"),
        ("America/Chicago", "../../etc/passwd", "not an IANA time zone"),
        ('["iso"]', "[]", "time.formats"),
        ('["iso"]', '["ISO8601"]', "neither a strptime format"),
        ('name = "mycity"', 'name = "My City"', "name"),
    ],
)
def test_a_mistake_is_named_with_its_place(tmp_path: Path, old: str, new: str, says: str) -> None:
    assert old in GOOD
    with pytest.raises(MapError, match=r"mycity\.toml") as refused:
        load_map(written(tmp_path, GOOD.replace(old, new)))
    assert says in str(refused.value)
