"""Classes of look-alike characters are data with a source."""

from __future__ import annotations

from pathlib import Path

import pytest
from msgspec.structs import replace

from compose.look_alikes import look_alikes_in_force
from compose.settings import ConfigError, Settings
from pipeline.rules.hotlist_match import match
from pipeline.state.reference import Reference
from schemas.events.hotlist import EXAMPLE as A_LIST
from schemas.events.hotlist import HOTLIST
from schemas.events.hotlist_entry import EXAMPLE as AN_ENTRY
from schemas.events.hotlist_entry import HOTLIST_ENTRY
from schemas.hotlist_checksum import checksum
from schemas.look_alikes import LookAlikes, LookAlikesError, default_look_alikes
from tests.unit.facts import read

BAD = [
    ("", "default: expected a table"),
    ("[default]\nclasses = ['0O']", "default.source: say where"),
    ("[default]\nclasses = '0O'\nsource = 's'", "default.classes: expected a list"),
    ("[default]\nclasses = ['0']\nsource = 's'", "default.classes: expected a list"),
    ("[default]\nclasses = ['0o']\nsource = 's'", "default.classes: expected capital letters"),
    ("[default]\nclasses = ['0O', 'OQ']\nsource = 's'", "default.classes: a character stands in two classes"),
    ("[default]\nclasses = ['0O']\nsource = 's'\n[jurisdictions.gb]\nclasses = ['1I']", "jurisdictions.gb.source"),
    ("classes = [", "Unclosed array"),
]


@pytest.mark.parametrize(("text", "why"), BAD)
def test_a_file_that_cannot_be_used_is_refused_with_the_key_that_is_wrong(tmp_path: Path, text: str, why: str) -> None:
    file = tmp_path / "own.toml"
    file.write_text(text)
    with pytest.raises(LookAlikesError) as refused:
        LookAlikes.load(file)
    assert str(file) in str(refused.value)
    if why != "Unclosed array":
        assert why in str(refused.value)


def test_the_default_classes_are_the_six_of_the_vendor() -> None:
    assert default_look_alikes().default == ("0ODQ", "1I", "2Z", "5S", "8B", "6G")


def test_folding_many_is_folding_each() -> None:
    known = default_look_alikes()
    plates = ["ABC123", "O0DQ", "中B8", "", "Z2"]
    assert known.folds(plates) == [known.fold(plate) for plate in plates]


def test_classes_that_meet_through_a_third_fold_together() -> None:
    known = LookAlikes(["0O"], {"aa": ["OQ"], "bb": ["QD"]})
    assert len({known.fold(character) for character in "0OQD"}) == 1
    assert not known.alike("0", "D", "aa")


def test_a_file_that_is_set_is_in_force_and_a_wrong_one_is_an_error_of_the_settings(tmp_path: Path) -> None:
    file = tmp_path / "own.toml"
    file.write_text("[default]\nclasses = ['MN']\nsource = 'measured here'\n")
    assert look_alikes_in_force(Settings(look_alikes=file)).default == ("MN",)
    assert look_alikes_in_force(Settings()) is default_look_alikes()
    file.write_text("[default]\nclasses = ['MN']\n")
    with pytest.raises(ConfigError, match=r"look_alikes: .*default\.source"):
        look_alikes_in_force(Settings(look_alikes=file))


def test_facts_match_by_the_classes_they_were_given() -> None:
    listed = replace(AN_ENTRY, plate="MAA111", plate_region=None)
    manifest = replace(A_LIST, version=listed.list_version, entry_count=1, checksum=checksum([listed]))

    def hits(facts: Reference) -> int:
        facts.apply(HOTLIST_ENTRY, [listed])
        facts.apply(HOTLIST, [manifest])
        facts.rebuild()
        return len(match(read("NAA111"), facts.hotlists.index))

    assert hits(Reference()) == 0
    assert hits(Reference(LookAlikes(["MN"]))) == 1
