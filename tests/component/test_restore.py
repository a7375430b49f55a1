"""The embedded log is put back from the store after a restart: all of it, however large, and again if broken off."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from compose import restore
from compose.settings import Settings, load
from pipeline.state.hotlists import Hotlists
from pipeline.state.noise import Noise
from pipeline.state.withdrawals import Withdrawals
from pipeline.store.async_store import AsyncStore
from pipeline.store.chdb_store import ChdbStore
from pipeline.store.store import Placed
from schemas.envelope import Event
from schemas.event_type import EventType
from schemas.events.camera import CAMERA, Camera
from schemas.events.camera import EXAMPLE as A_CAMERA
from schemas.events.hotlist import EXAMPLE as A_LIST
from schemas.events.hotlist import HOTLIST, Hotlist
from schemas.events.hotlist_entry import EXAMPLE as AN_ENTRY
from schemas.events.hotlist_entry import HOTLIST_ENTRY, HotlistEntry
from schemas.events.hotlist_withdrawal import EXAMPLE as A_WITHDRAWAL
from schemas.events.hotlist_withdrawal import HOTLIST_WITHDRAWAL, HotlistWithdrawal
from schemas.events.map_layer import EXAMPLE as A_LAYER
from schemas.events.map_layer import MAP_LAYER
from schemas.events.plate_noise import EXAMPLE as A_NOISE
from schemas.events.plate_noise import PLATE_NOISE, PlateNoise
from schemas.hotlist_checksum import checksum
from schemas.identity import identity
from schemas.registry import EVENT_TYPES
from schemas.wire.publisher import BrokerUnavailableError


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ChdbStore]:
    store = ChdbStore(tmp_path_factory.mktemp("store"), readers=1)
    store.migrate()
    yield store
    store.close()


@pytest.fixture
def store(opened: ChdbStore) -> ChdbStore:
    for kind in EVENT_TYPES:
        if kind.table is not None:
            opened._command(f"TRUNCATE TABLE rtcc.{kind.table.name}")
    return opened


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    monkeypatch.setattr(restore, "PAGE", 7)
    return load(data_dir=tmp_path)


class Log:
    """A log that may go away after so many events."""

    def __init__(self, room: int = 1_000_000) -> None:
        self.events: list[Event] = []
        self.room = room

    async def publish(self, events: Sequence[Event]) -> None:
        if len(self.events) + len(events) > self.room:
            raise BrokerUnavailableError("gone")
        self.events += events


def keep(store: ChdbStore, kind: EventType[Any], events: Sequence[Event]) -> None:
    store.insert(kind, [Placed(event, kind.topic, 0, at) for at, event in enumerate(events)])


def wanted_list(store: ChdbStore, list_id: str, count: int) -> list[HotlistEntry]:
    entries = [
        replace(
            AN_ENTRY,
            event_id=identity("hotlist_entry", list_id, number),
            # More than milliseconds, which the store does not keep.
            observed_at=AN_ENTRY.observed_at + timedelta(microseconds=number + 1),
            list_id=list_id,
            list_version="v1",
            entry_id=f"é{number}",
            plate=f"QA{number}",
            chunk=0,
        )
        for number in range(count)
    ]
    made = replace(
        A_LIST,
        event_id=identity("hotlist", list_id),
        list_id=list_id,
        version="v1",
        entry_count=count,
        checksum=checksum(entries),
    )
    keep(store, HOTLIST_ENTRY, entries)
    keep(store, HOTLIST, [made])
    return entries


def run(settings: Settings, store: ChdbStore, log: Log, *, empty: bool, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setattr(restore, "_is_empty", lambda _settings: empty)

    async def restored() -> dict[str, int]:
        opened = AsyncStore(store)
        return await restore.restore_log(settings, opened, log)

    return asyncio.run(restored())


def in_force(log: Log) -> Hotlists:
    lists = Hotlists()
    for event in log.events:
        if isinstance(event, HotlistEntry):
            lists.add_entries([event])
        elif isinstance(event, Hotlist):
            lists.add_manifest(event)
    lists.rebuild()
    return lists


def test_lists_longer_than_an_answer_may_be_are_in_force_again(
    settings: Settings, store: ChdbStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    for list_id, count in (("bulk", 50), ("empty", 0), ("exact", 14), ("small", 1)):
        wanted_list(store, list_id, count)
    log = Log()
    assert run(settings, store, log, empty=True, monkeypatch=monkeypatch)["hotlist_entry"] == 65
    lists = in_force(log)
    assert set(lists.in_force) == {"bulk", "empty", "exact", "small"}
    assert lists.index.size == 65
    assert lists.incomplete == {}


def test_cameras_beyond_a_page_are_all_put_back_in_their_newest_state(
    settings: Settings, store: ChdbStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    def camera(number: int, name: str, hours: int) -> Camera:
        return replace(
            A_CAMERA,
            event_id=identity("camera", number, name),
            camera_id=str(number),
            name=name,
            occurred_at=A_CAMERA.occurred_at + timedelta(hours=hours),
            observed_at=A_CAMERA.observed_at + timedelta(hours=hours),
        )

    keep(
        store,
        CAMERA,
        [camera(number, name, hours) for number in range(30) for hours, name in enumerate(("old", "new"))],
    )
    log = Log()
    assert run(settings, store, log, empty=True, monkeypatch=monkeypatch)["camera"] == 30
    assert sorted((int(one.camera_id), one.name) for one in log.events if isinstance(one, Camera)) == [
        (number, "new") for number in range(30)
    ]


def test_an_entry_that_was_withdrawn_stays_so_and_one_that_was_reinstated_too(
    settings: Settings, store: ChdbStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    def said(entry_id: str, minute: int, withdrawn: bool) -> HotlistWithdrawal:
        at = A_WITHDRAWAL.changed_at + timedelta(minutes=minute)
        return replace(
            A_WITHDRAWAL,
            event_id=identity("hotlist_withdrawal", entry_id, minute),
            listing_id=f"stolen/{entry_id}",
            entry_id=entry_id,
            changed_at=at,
            occurred_at=at,
            is_withdrawn=withdrawn,
        )

    keep(store, HOTLIST_WITHDRAWAL, [said("S-1", 0, True), said("S-2", 0, True), said("S-2", 1, False)])
    log = Log()
    assert run(settings, store, log, empty=True, monkeypatch=monkeypatch)["hotlist_withdrawal"] == 2
    known = Withdrawals()
    for event in log.events:
        assert isinstance(event, HotlistWithdrawal)
        known.apply(event)
    assert (known.is_withdrawn("stolen", "S-1"), known.is_withdrawn("stolen", "S-2")) == (True, False)


def test_noise_stays_noise_and_what_a_person_took_back_stays_a_plate(
    settings: Settings, store: ChdbStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    undone = replace(
        A_NOISE,
        event_id=identity("undone", 1),
        is_noise=False,
        is_learnt=False,
        changed_at=A_NOISE.changed_at + timedelta(minutes=1),
    )
    other = replace(A_NOISE, event_id=identity("noise", 2), noise_id="C2/STOP", camera_id="C2", plate="STOP")
    keep(store, PLATE_NOISE, [A_NOISE, undone, other])
    log = Log()
    assert run(settings, store, log, empty=True, monkeypatch=monkeypatch)["plate_noise"] == 2
    known = Noise()
    for event in log.events:
        assert isinstance(event, PlateNoise)
        known.apply(event)
    assert known.texts == {("C2", "STOP")}


def test_layers_of_the_map_are_there_again_but_for_those_that_were_removed(
    settings: Settings, store: ChdbStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    later = A_LAYER.changed_at + timedelta(minutes=1)
    gone = replace(A_LAYER, event_id=identity("layer", 2), name="gone")
    removed = replace(gone, event_id=identity("layer", 3), changed_at=later, removed=True)
    keep(store, MAP_LAYER, [A_LAYER, gone, removed])
    log = Log()
    assert run(settings, store, log, empty=True, monkeypatch=monkeypatch)["map_layer"] == 1
    assert log.events == [A_LAYER]


def test_a_list_that_deltas_have_changed_is_in_force_again_as_they_left_it(
    settings: Settings, store: ChdbStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    wanted_list(store, "bulk", 20)
    for version, base, entry_id, plate, removed in (
        ("v2", "v1", "é3", "?", True),
        ("v3", "v2", "new", "NEW111", False),
    ):
        entry = replace(
            AN_ENTRY,
            event_id=identity("hotlist_entry", "bulk", version, entry_id),
            list_id="bulk",
            list_version=version,
            entry_id=entry_id,
            plate=plate,
            is_removed=removed,
        )
        keep(store, HOTLIST_ENTRY, [entry])
        keep(
            store,
            HOTLIST,
            [
                replace(
                    A_LIST,
                    event_id=identity("hotlist", "bulk", version),
                    list_id="bulk",
                    version=version,
                    base_version=base,
                    entry_count=1,
                    checksum=checksum([entry]),
                )
            ],
        )
    log = Log()
    assert run(settings, store, log, empty=True, monkeypatch=monkeypatch)["hotlist_entry"] == 22
    lists = in_force(log)
    assert lists.in_force["bulk"].version == "v3"
    assert lists.incomplete == {}
    assert [lists.index.look_alikes_of(plate) != () for plate in ("QA3", "QA4", "NEW111")] == [False, True, True]
    assert lists.index.size == 20


def test_a_list_whose_entries_are_not_all_there_is_not_put_in_force(
    settings: Settings, store: ChdbStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    wanted_list(store, "bulk", 20)
    keep(store, HOTLIST, [replace(A_LIST, event_id=identity("x"), list_id="torn", version="v1", entry_count=3)])
    log = Log()
    run(settings, store, log, empty=True, monkeypatch=monkeypatch)
    assert set(in_force(log).in_force) == {"bulk"}


def test_a_log_that_holds_something_is_left_alone(
    settings: Settings, store: ChdbStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    wanted_list(store, "bulk", 20)
    log = Log()
    assert run(settings, store, log, empty=False, monkeypatch=monkeypatch) == {}
    assert log.events == []


@pytest.mark.parametrize("room", [0, 3, 10, 21])
def test_a_restore_that_was_broken_off_is_done_again_though_the_log_is_not_empty(
    settings: Settings, store: ChdbStore, monkeypatch: pytest.MonkeyPatch, room: int
) -> None:
    for list_id in ("a", "b"):
        wanted_list(store, list_id, 20)
    log = Log(room)
    with pytest.raises(BrokerUnavailableError):
        run(settings, store, log, empty=True, monkeypatch=monkeypatch)
    log.room = 1_000_000
    run(settings, store, log, empty=False, monkeypatch=monkeypatch)
    assert set(in_force(log).in_force) == {"a", "b"}
    again = Log()
    assert run(settings, store, again, empty=False, monkeypatch=monkeypatch) == {}
