"""A deed that is changed, taken out or put into the store by SQL is found without the log, and so is a seal."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
from msgspec.structs import replace

from compose.seals.chain import Chain, folder_in, seals_in
from compose.seals.check import Sealed, verify
from pipeline.store.store import Placed
from schemas.events.action import Action
from schemas.events.seal import SEAL
from tests.component.test_audit_check import NOON, Store, deed

DEEDS = [deed(number, number) for number in range(5)]


class System:
    """A store and a chain over its deeds: two seals, then an empty one an hour later."""

    def __init__(self, data_dir: Path, deeds: list[Action]) -> None:
        self.data_dir = data_dir
        self.store = Store(data_dir / "store")
        self.store.put(*deeds)
        chain = Chain(folder_in(data_dir))
        self.seals = [
            chain.seal(deeds[:3], NOON + timedelta(minutes=10)),
            chain.seal(deeds[3:], NOON + timedelta(minutes=11)),
            chain.seal([], NOON + timedelta(minutes=71)),
        ]
        chain.close()
        self.file = chain.path
        self.store.chdb.insert(SEAL, [Placed(seal, SEAL.topic, 0, at) for at, seal in enumerate(self.seals)])

    def sql(self, text: str) -> None:
        self.store.chdb._command(text)

    def verified(self, **more: Any) -> Sealed:
        more.setdefault("now", NOON + timedelta(hours=2))
        return verify(self.data_dir, self.store.ask, NOON, NOON + timedelta(hours=1), **more)


@pytest.fixture
def system(tmp_path: Path) -> Any:
    made = System(tmp_path, DEEDS)
    yield made
    made.store.chdb.close()


def test_a_store_as_it_was_sealed_is_found_right(system: System) -> None:
    found = system.verified()
    assert found.ok
    assert (found.seals, found.deeds, found.of_store, found.until) == (3, 5, 0, NOON + timedelta(minutes=71))


def test_rows_changed_taken_out_and_made_up_by_sql_are_named_with_their_seal(system: System) -> None:
    system.sql(
        f"ALTER TABLE rtcc.actions UPDATE actor = 'somebody' WHERE event_id = '{DEEDS[1].event_id}'"
        " SETTINGS mutations_sync = 2"
    )
    system.sql(f"ALTER TABLE rtcc.actions DELETE WHERE event_id = '{DEEDS[3].event_id}' SETTINGS mutations_sync = 2")
    invented = deed(9, 7)
    system.store.put(invented)
    found = system.verified()
    assert not found.ok
    assert found.changed == (f"{DEEDS[1].event_id} (seal 0)",)
    assert found.removed == (f"{DEEDS[3].event_id} (seal 1)",)
    assert found.added == (str(invented.event_id),)
    assert found.broken == ()


def test_where_nothing_is_sealed_yet_a_deed_that_should_be_is_named_and_else_all_is_well(tmp_path: Path) -> None:
    store = Store(tmp_path / "store")
    noon = NOON + timedelta(hours=2)
    assert verify(tmp_path, store.ask, NOON, NOON + timedelta(hours=1), noon).ok
    store.put(DEEDS[0])
    found = verify(tmp_path, store.ask, NOON, NOON + timedelta(hours=1), noon)
    assert (found.ok, found.added) == (False, (str(DEEDS[0].event_id),))
    store.chdb.close()


def test_a_deed_past_its_retention_is_told_apart_from_one_that_was_taken_out(system: System) -> None:
    system.sql(f"ALTER TABLE rtcc.actions DELETE WHERE event_id = '{DEEDS[3].event_id}' SETTINGS mutations_sync = 2")
    later = system.verified(now=NOON + timedelta(days=400))
    assert (later.ok, later.expired, later.removed) == (True, 1, ())


def test_a_month_whose_key_was_erased_still_shows_that_the_deeds_are_there(system: System) -> None:
    (folder_in(system.data_dir) / "months" / f"{NOON:%Y-%m}.key").unlink()
    found = system.verified()
    assert (found.ok, found.erased, found.deeds) == (True, 5, 5)


def test_a_seal_that_was_changed_taken_out_or_cut_off_is_named(system: System) -> None:
    whole = system.file.read_bytes()
    copy = system.data_dir / "copy.jsonl"
    copy.write_bytes(whole)
    lines = whole.splitlines(keepends=True)
    system.file.write_bytes(lines[0] + lines[2])
    assert system.verified().broken[0].startswith("seal 2 in the file: its number does not follow")
    system.file.write_bytes(b"".join(lines[:2]))
    assert system.verified().broken == ("seal 2: the store has it, the file ends before it",)
    system.sql("ALTER TABLE rtcc.seals DELETE WHERE number = 2 SETTINGS mutations_sync = 2")
    assert system.verified().ok, "cut off in both: only a copy elsewhere can tell"
    assert system.verified(copy=copy).broken == ("seal 2: the copy has it, the file ends before it",)
    system.file.write_bytes(whole)
    assert system.verified(copy=copy).ok
    system.file.write_bytes(b"nonsense\n")
    assert not system.verified().ok


def test_a_chain_made_anew_over_a_changed_store_is_not_the_one_in_the_copy(system: System) -> None:
    copy = system.data_dir / "copy.jsonl"
    system.file.rename(copy)
    (folder_in(system.data_dir) / "signing.key").unlink()
    chain = Chain(folder_in(system.data_dir))
    chain.seal([replace(DEEDS[0], actor="somebody"), *DEEDS[1:]], NOON + timedelta(minutes=10))
    chain.close()
    found = system.verified(copy=copy)
    assert "seal 0 in the copy: it is of another chain" in found.broken


def test_a_seal_comes_back_from_the_store_as_it_was(system: System) -> None:
    ids = {str(seal.event_id) for seal in seals_in(system.file)}
    lines = system.store.ask("SELECT event_id FROM seals").splitlines()
    assert {msgspec.json.decode(line)["event_id"] for line in lines} == ids
