"""Deltas change the list in force, whole and in their order; a list is never matched half, whatever arrives when."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from connectors.file_reading import FileError
from connectors.hotlist_csv.loading import HotlistFile
from connectors.hotlist_csv.publishing import publish_hotlist
from connectors.hotlist_csv.succession import MAX_DELTAS, ROOM_BYTES, chain_of, why_not
from pipeline.state import hotlists as hotlists_module
from pipeline.state.hotlists import Hotlists
from schemas.envelope import Event
from schemas.events.hotlist import EXAMPLE as MANIFEST
from schemas.events.hotlist import Hotlist
from schemas.events.hotlist_entry import EXAMPLE as ENTRY
from schemas.events.hotlist_entry import HotlistEntry
from schemas.hotlist_checksum import checksum
from schemas.identity import identity
from schemas.wire.frame import MAX_BYTES, encode_frame
from schemas.wire.publisher import BrokerUnavailableError
from tests.unit.test_hotlist_csv import AS_OF, Log, hotlist, many

Version = tuple[list[HotlistEntry], Hotlist]


def version(number: int, put: dict[str, str], remove: Sequence[str] = (), base: int = 0) -> Version:
    """A version of a list: plates by entry id, ids removed, and the version it changes (0: it is whole)."""
    name = f"{number:04d}"
    made = {**put, **dict.fromkeys(remove, "?")}
    entries = [
        replace(
            ENTRY,
            event_id=identity("hotlist_entry", name, entry_id),
            list_version=name,
            entry_id=entry_id,
            plate=plate,
            is_removed=entry_id in remove,
        )
        for entry_id, plate in sorted(made.items())
    ]
    manifest = replace(
        MANIFEST,
        event_id=identity("hotlist", name),
        version=name,
        as_of=MANIFEST.as_of + timedelta(hours=number),
        base_version=f"{base:04d}" if base else "",
        entry_count=len(entries),
        checksum=checksum(entries),
    )
    return entries, manifest


def arrive(lists: Hotlists, *versions: Version) -> Hotlists:
    for entries, manifest in versions:
        lists.add_entries(entries)
        lists.add_manifest(manifest)
    lists.rebuild()
    return lists


def listed(lists: Hotlists) -> dict[str, str]:
    lists.rebuild()
    return {entry.entry_id: entry.plate for part in lists.index.parts for entry in part}


BASE = version(1, {"S-1": "AAA111", "S-2": "BBB222", "S-3": "CCC333"})
DELTA = version(2, {"S-2": "BBB999", "S-4": "DDD444"}, ["S-1"], base=1)
NEXT = version(3, {"S-1": "AAA777"}, ["S-4"], base=2)


@pytest.fixture(params=["small", "large", "folded"])
def kind(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Lists held as they are, as a part of the index with changes beside it, and with changes folded in at once."""
    if request.param != "small":
        monkeypatch.setattr(hotlists_module, "SMALL_LIST", 1)
    if request.param == "folded":
        monkeypatch.setattr(hotlists_module, "MAX_BESIDE", 0)
    return str(request.param)


def test_a_delta_adds_changes_and_removes_and_leaves_the_rest(kind: str) -> None:
    lists = arrive(Hotlists(), BASE, DELTA)
    assert listed(lists) == {"S-2": "BBB999", "S-3": "CCC333", "S-4": "DDD444"}
    arrive(lists, NEXT)
    assert listed(lists) == {"S-1": "AAA777", "S-2": "BBB999", "S-3": "CCC333"}
    assert [lists.index.look_alikes_of(plate) != () for plate in ("AAA111", "BBB222", "DDD444", "CCC333")] == [
        False, False, False, True,
    ]  # fmt: skip


def test_entries_that_a_delta_leaves_are_as_current_as_the_delta(kind: str) -> None:
    lists = arrive(Hotlists(), BASE, DELTA)
    assert {entry.as_of for part in lists.index.parts for entry in part} == {DELTA[1].as_of}


def test_a_delta_whose_base_is_not_in_force_waits_and_says_so(kind: str) -> None:
    lists = arrive(Hotlists(), BASE, NEXT)
    assert listed(lists) == {"S-1": "AAA111", "S-2": "BBB222", "S-3": "CCC333"}
    assert lists.incomplete == {"stolen": "it changes a version that is not in force"}
    arrive(lists, DELTA)
    assert listed(lists) == {"S-1": "AAA777", "S-2": "BBB999", "S-3": "CCC333"}
    assert lists.incomplete == {}


def test_a_whole_list_after_deltas_takes_the_place_of_all_of_them(kind: str) -> None:
    lists = arrive(Hotlists(), BASE, DELTA, version(4, {"S-9": "ZZZ999"}))
    assert listed(lists) == {"S-9": "ZZZ999"}


def test_b13_a_delta_that_is_not_intact_changes_nothing_and_one_that_is_half_there_neither(kind: str) -> None:
    entries, manifest = DELTA
    lists = arrive(Hotlists(), BASE, (entries, replace(manifest, checksum="0" * 64)))
    before = {"S-1": "AAA111", "S-2": "BBB222", "S-3": "CCC333"}
    assert listed(lists) == before
    assert "checksum" in lists.incomplete["stolen"]
    lists = arrive(Hotlists(), BASE, (entries[:2], manifest))
    assert listed(lists) == before
    assert lists.incomplete == {"stolen": "2 of 3 entries have arrived"}


def test_a_restart_that_reads_the_log_at_once_ends_as_the_worker_that_lived_through_it(kind: str) -> None:
    lived = listed(arrive(arrive(arrive(Hotlists(), BASE), DELTA), NEXT))
    restarted = Hotlists()
    # Compaction has left one message of manifests: that of the last load, with those from the whole list on.
    for _, manifest in (BASE, DELTA, NEXT):
        restarted.add_manifest(manifest)
    for entries, _ in (BASE, DELTA, NEXT):
        restarted.add_entries(entries)
    assert listed(restarted) == lived
    assert restarted.in_force["stolen"].version == "0003"


STEPS = ("e1", "m1", "e2", "m2", "e3", "m3", "rebuild")


@settings(max_examples=200)
@given(st.lists(st.sampled_from(STEPS), max_size=25))
def test_b13_whatever_arrives_in_whatever_order_only_whole_versions_are_ever_matched(steps: list[str]) -> None:
    whole = [
        {},
        {"S-1": "AAA111", "S-2": "BBB222", "S-3": "CCC333"},
        {"S-2": "BBB999", "S-3": "CCC333", "S-4": "DDD444"},
        {"S-1": "AAA777", "S-2": "BBB999", "S-3": "CCC333"},
    ]
    lists, newest = Hotlists(), 0
    for step in steps:
        if step == "rebuild":
            lists.rebuild()
        else:
            entries, manifest = (BASE, DELTA, NEXT)[int(step[1]) - 1]
            if step[0] == "e":
                lists.add_entries(entries)
            else:
                lists.add_manifest(manifest)
        now = whole.index({entry.entry_id: entry.plate for part in lists.index.parts for entry in part})
        assert now >= newest
        newest = now
    for entries, manifest in (BASE, DELTA, NEXT):
        lists.add_entries(entries)
        lists.add_manifest(manifest)
    assert listed(lists) == whole[3]


def test_b13_a_load_that_is_killed_half_way_leaves_the_old_list(tmp_path: Path) -> None:
    lists = Hotlists()

    def follow(events: list[list[Event]]) -> None:
        for call in events:
            lists.add_entries(event for event in call if isinstance(event, HotlistEntry))
            for event in call:
                if isinstance(event, Hotlist):
                    lists.add_manifest(event)

    log = Log()
    asyncio.run(publish_hotlist(hotlist(tmp_path, many(1_500)), log))
    follow(log.confirmed)
    before = listed(lists)
    assert len(before) == 1_500
    killed = Log(fail_after=1)
    with pytest.raises(BrokerUnavailableError):
        asyncio.run(publish_hotlist(hotlist(tmp_path, many(6_000), as_of=AS_OF + timedelta(hours=1)), killed))
    follow(killed.confirmed)
    assert killed.confirmed
    assert listed(lists) == before


# What the loader makes of a file.

ROWS = "entry_id,plate,reason,action\nS-1,,,remove\nS-2,BBB999,Stolen,change\nS-4,DDD444,Stolen,add\n"
LATER = AS_OF + timedelta(hours=1)


def whole_list(tmp_path: Path, **options: Any) -> Hotlist:
    log = Log()
    text = "entry_id,plate,reason\nS-1,AAA111,Stolen\nS-2,BBB222,Stolen\nS-3,CCC333,Stolen\n"
    return asyncio.run(publish_hotlist(hotlist(tmp_path, text, **options), log))


def delta(tmp_path: Path, base: Hotlist, text: str = ROWS, **options: Any) -> HotlistFile:
    return hotlist(tmp_path, text, **{"as_of": LATER, "base": base} | options)


def test_a_file_of_changes_becomes_a_delta_with_the_manifests_that_it_builds_on(tmp_path: Path) -> None:
    base = whole_list(tmp_path, title="Stolen", owner="NOPD", max_age_s=3600.0, tolerance="exact")
    file = delta(tmp_path, base)
    assert (file.entry_count, file.removed) == (3, 1)
    log = Log()
    manifest = asyncio.run(publish_hotlist(file, log, before=[base]))
    assert log.confirmed[-1] == [base, manifest]
    assert (manifest.base_version, manifest.title, manifest.owner) == (base.version, "Stolen", "NOPD")
    assert (manifest.max_age_s, manifest.tolerance) == (3600.0, "exact")
    sent = [entry for call in log.confirmed[:-1] for entry in call if isinstance(entry, HotlistEntry)]
    assert {entry.entry_id: (entry.plate, entry.is_removed) for entry in sent} == {
        "S-1": ("?", True),
        "S-2": ("BBB999", False),
        "S-4": ("DDD444", False),
    }
    assert chain_of([manifest, base]) == [base, manifest]


def test_the_same_delta_again_is_the_same_version_whatever_its_base(tmp_path: Path) -> None:
    base = whole_list(tmp_path)
    first = delta(tmp_path, base)
    assert delta(tmp_path, replace(base, version=first.version)).version == first.version
    assert hotlist(tmp_path, "entry_id,plate\nS-4,DDD444\n", as_of=LATER).version != first.version


@pytest.mark.parametrize(
    ("text", "column", "says"),
    [
        ("entry_id,plate,action\n,AAA1,add\n", "entry_id", "the entry id is missing"),
        ("entry_id,plate,action\n,,remove\n", "entry_id", "the entry id is missing"),
        ("entry_id,plate,action\nS-1,AAA1,maybe\n", "action", "not an action"),
        ("entry_id,plate,action\nS-1,,add\n", "plate", "the plate is missing"),
    ],
)
def test_a_row_of_a_delta_that_cannot_be_used_is_refused_with_line_and_column(
    tmp_path: Path, text: str, column: str, says: str
) -> None:
    (error,) = delta(tmp_path, whole_list(tmp_path), text).errors
    assert (error.line, error.column) == (2, column)
    assert says in error.error


def test_a_file_that_removes_entries_is_not_loaded_as_a_whole_list(tmp_path: Path) -> None:
    (error,) = hotlist(tmp_path, ROWS).errors
    assert (error.line, error.column) == (2, "action")
    assert "--delta" in error.error


def test_b16_an_entry_that_a_delta_adds_must_say_what_every_entry_must_and_one_that_it_removes_need_not(
    tmp_path: Path,
) -> None:
    base = whole_list(tmp_path)
    removing = delta(tmp_path, base, "entry_id,plate,action\nS-1,,remove\n", trusted_extract=False)
    assert (removing.errors, removing.removed) == ([], 1)
    adding = delta(tmp_path, base, ROWS, trusted_extract=False)
    assert [(error.line, error.column) for error in adding.errors] == [
        (3, "case_number"), (3, "expires_at"), (4, "case_number"), (4, "expires_at"),
    ]  # fmt: skip


def test_a_whole_list_may_have_a_column_of_that_name_that_says_something_else(tmp_path: Path) -> None:
    assert hotlist(tmp_path, "plate,action\nABC123,Stop and hold\n").errors == []


def test_a_delta_without_ids_or_without_rows_is_refused(tmp_path: Path) -> None:
    base = whole_list(tmp_path)
    with pytest.raises(FileError, match="no column of entry ids"):
        delta(tmp_path, base, "plate,action\nAAA1,add\n")
    with pytest.raises(FileError, match="nothing to change"):
        delta(tmp_path, base, "entry_id,plate,action\n")


def test_a_delta_that_would_empty_most_of_the_list_or_is_older_is_refused(tmp_path: Path) -> None:
    base = replace(whole_list(tmp_path), entry_count=200)
    removals = "entry_id,plate,action\n" + "".join(f"S-{number},,remove\n" for number in range(101))
    many_removed = delta(tmp_path, base, removals)
    assert "--allow-shrink" in why_not([base], many_removed, may_shrink=False)
    assert why_not([base], many_removed, may_shrink=True) == ""
    older = delta(tmp_path, base, as_of=AS_OF - timedelta(hours=1))
    assert "newer than this file" in why_not([base], older, may_shrink=False)
    chain = [base, *(replace(base, version=f"{base.version}{n:04d}") for n in range(MAX_DELTAS))]
    assert "Load it whole" in why_not(chain, delta(tmp_path, base, as_of=LATER), may_shrink=False)
    # Fewer, when they are so large that one message would not hold them and one more.
    long = "\N{GRINNING FACE}"
    large = [
        replace(one, title=long * 200, list_id=long * 200, owner=long * 100, source=long * 100) for one in chain[:-1]
    ]
    assert "Load it whole" not in why_not(chain[:-1], delta(tmp_path, base, as_of=LATER), may_shrink=False)
    assert len(encode_frame(large)) > MAX_BYTES - ROOM_BYTES
    assert "Load it whole" in why_not(large, delta(tmp_path, base, as_of=LATER), may_shrink=False)


def test_a_whole_list_after_deltas_is_held_against_the_last_whole_list(tmp_path: Path) -> None:
    base = replace(whole_list(tmp_path), entry_count=200)
    small = replace(base, version=f"{base.version}1", base_version=base.version, entry_count=1)
    told = why_not([base, small], hotlist(tmp_path, many(50), as_of=LATER), may_shrink=False)
    assert "has 200 entries and this file has 50" in told


def test_a_list_that_is_sent_again_cut_otherwise_counts_as_it_was_sent_last() -> None:
    entries, manifest = version(1, {f"E{number:03d}": f"AAA{number:03d}" for number in range(300)})
    cut = [replace(entry, chunk=number // 100) for number, entry in enumerate(entries)]
    manifest = replace(manifest, checksum=checksum(cut))
    lists = Hotlists()
    lists.add_entries([replace(entry, chunk=number // 10) for number, entry in enumerate(entries[:200])])
    lists.add_manifest(manifest)
    assert listed(lists) == {}
    lists.add_entries(cut)
    assert listed(lists) == {entry.entry_id: entry.plate for entry in entries}


FOR_SOME = {"audiences": ("gang", "homicide")}


def test_what_a_delta_adds_is_for_whom_its_list_is_for(tmp_path: Path) -> None:
    base = whole_list(tmp_path, audience="gang,homicide", **FOR_SOME)
    assert base.audience == "gang,homicide"
    read = delta(tmp_path, base, "plate,entry_id,action,audience\nNEW123,S-7,add,\nNEW124,S-8,add,gang\n", **FOR_SOME)
    assert [entry.audience for chunk in read.chunks() for entry in chunk] == ["gang,homicide", "gang"]
    assert read.manifest().audience == "gang,homicide"


def test_a_list_for_some_is_not_made_one_for_everybody_by_leaving_that_out(tmp_path: Path) -> None:
    chain = [whole_list(tmp_path, audience="gang", **FOR_SOME)]
    later = {"as_of": AS_OF + timedelta(hours=1), **FOR_SOME}
    text = "plate,entry_id\nABC123,S-1\n"
    refused = why_not(chain, hotlist(tmp_path, text, **later), may_shrink=True)
    assert "is for gang only" in refused
    for said in ("gang", "homicide", "all"):
        assert why_not(chain, hotlist(tmp_path, text, audience=said, **later), may_shrink=True) == ""
