"""The Merkle tree is RFC 6962's, and any change of a chain of seals is found."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from msgspec.structs import replace

from compose.seals.chain import Chain, ChainTakenError, fault_of, folder_in, seals_in
from compose.seals.commitment import MonthKeys, canonical
from compose.seals.merkle import root_of
from compose.seals.sealer import Sealing, behind
from compose.settings import Settings
from schemas.events.action import EXAMPLE, Action
from schemas.events.seal import Seal
from schemas.identity import identity

NOON = datetime(2026, 3, 8, 12, tzinfo=UTC)
#: Leaves and roots of the known-answer tests of the reference implementation (google/certificate-transparency).
LEAVES = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"]
ROOTS = {
    0: "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    1: "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    2: "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    3: "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    4: "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    5: "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    6: "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    7: "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    8: "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
}


def deed(number: int) -> Action:
    at = NOON + timedelta(seconds=number, microseconds=1234)
    return replace(EXAMPLE, event_id=identity("seals", number), occurred_at=at, observed_at=at, actor="r.diaz")


@pytest.mark.parametrize("count", ROOTS)
def test_the_root_is_that_of_the_reference_implementation(count: int) -> None:
    assert root_of([bytes.fromhex(leaf) for leaf in LEAVES[:count]]).hex() == ROOTS[count]


@given(st.lists(st.binary(max_size=4), min_size=1, max_size=40))
def test_the_root_is_that_of_the_recursion_in_the_rfc(leaves: list[bytes]) -> None:
    def recursive(part: list[bytes]) -> bytes:
        if len(part) == 1:
            return sha256(b"\x00" + part[0]).digest()
        half = 1 << (len(part) - 1).bit_length() - 1
        return sha256(b"\x01" + recursive(part[:half]) + recursive(part[half:])).digest()

    assert root_of(leaves) == recursive(leaves)


@pytest.fixture(scope="module")
def sealed(tmp_path_factory: pytest.TempPathFactory) -> list[Seal]:
    chain = Chain(tmp_path_factory.mktemp("audit"))
    made = [
        chain.seal([deed(10 * at + one) for one in range(at)], NOON + timedelta(minutes=at)) for at in (3, 0, 1, 5, 2)
    ]
    chain.close()
    return made


def faults(seals: list[Seal]) -> list[str]:
    pairs = zip(seals, [None, *seals[:-1]], strict=True)
    return [fault for seal, before in pairs if (fault := fault_of(seal, before))]


@hypothesis_settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=200)
@given(st.data())
def test_any_change_removal_insertion_or_reordering_in_a_chain_is_found(
    sealed: list[Seal], data: st.DataObject
) -> None:
    assert faults(sealed) == []
    changed = list(sealed)
    at = data.draw(st.integers(0, len(sealed) - 2))  # what the end lacks, a copy kept elsewhere tells
    seal = sealed[at]
    how = data.draw(
        st.sampled_from(["remove", "repeat", "swap", "deed", "drop", "commitment", "time", "number", "root"])
    )
    if how == "remove":
        del changed[at]
    elif how == "repeat":
        changed.insert(at, seal)
    elif how == "swap":
        changed[at : at + 2] = changed[at + 1], changed[at]
    elif how == "deed":
        ids = (*seal.deeds, identity("seals", "more"))
        changed[at] = replace(seal, deeds=ids, commitments=(*seal.commitments, "ab" * 32), count=len(ids))
    elif how == "drop":
        changed[at] = replace(seal, deeds=seal.deeds[1:], commitments=seal.commitments[1:], count=seal.count - 1)
    elif how == "commitment":
        changed[at] = replace(seal, commitments=("ab" * 32, *seal.commitments[1:]))
    elif how == "time":
        changed[at] = replace(seal, occurred_at=seal.occurred_at + timedelta(minutes=1))
    elif how == "number":
        changed[at] = replace(seal, number=seal.number + 1)
    else:
        changed[at] = replace(seal, root="ab" * 32)
    assert faults(changed)


def test_the_order_of_deeds_is_sealed_too(sealed: list[Seal]) -> None:
    seal = sealed[0]
    turned = replace(seal, deeds=seal.deeds[::-1], commitments=seal.commitments[::-1])
    assert fault_of(turned, None) == "its deeds are not those it was made over"


def test_a_chain_goes_on_where_it_was_also_after_a_line_that_was_not_written_whole(tmp_path: Path) -> None:
    chain = Chain(tmp_path)
    first = chain.seal([deed(1)], NOON)
    chain.close()
    with chain.path.open("ab") as file:
        file.write(b'{"event_id":"torn')
    again = Chain(tmp_path)
    assert again.number_of == {deed(1).event_id: 0}
    second = again.seal([deed(2)], NOON + timedelta(minutes=1))
    again.close()
    assert list(seals_in(again.path)) == [first, second]
    assert faults([first, second]) == []


def test_two_processes_do_not_seal_in_one_directory_and_its_secrets_are_its_owners(tmp_path: Path) -> None:
    chain = Chain(tmp_path)
    chain.seal([deed(1)], NOON)
    with pytest.raises(ChainTakenError):
        Chain(tmp_path)
    secrets = [tmp_path / "signing.key", tmp_path / "months" / "2026-03.key", chain.path]
    assert [path.stat().st_mode & 0o777 for path in secrets] == [0o600] * 3
    chain.close()


def test_a_chain_does_not_go_on_with_another_key(tmp_path: Path) -> None:
    chain = Chain(tmp_path)
    chain.seal([deed(1)], NOON)
    chain.close()
    (tmp_path / "signing.key").unlink()
    with pytest.raises(ChainTakenError, match="not the one that the seals"):
        Chain(tmp_path)


def test_a_deed_that_comes_again_is_sealed_once_and_a_late_one_lies_under_the_next_seal(tmp_path: Path) -> None:
    chain = Chain(tmp_path)
    sealing = Sealing(chain)
    sealing.add([deed(1), deed(2), deed(1)])
    sealing.close(NOON)
    sealing.add([deed(2), deed(0)])
    sealing.close(NOON + timedelta(seconds=59))
    assert len(list(seals_in(chain.path))) == 1, "a minute is not over"
    sealing.close(NOON + timedelta(seconds=60))
    sealing.close(NOON + timedelta(seconds=200))
    chain.close()
    first, second = seals_in(chain.path)
    assert (first.deeds, second.deeds) == ((deed(1).event_id, deed(2).event_id), (deed(0).event_id,))


def test_a_commitment_tells_of_any_field_is_the_same_from_the_store_and_needs_its_months_key(tmp_path: Path) -> None:
    one = deed(1)
    keys = MonthKeys(tmp_path)
    assert keys.commitment(one) is None
    made = keys.commitment(one, make=True)
    millis = replace(one, observed_at=one.observed_at.replace(microsecond=1000))
    assert MonthKeys(tmp_path).commitment(millis) == made
    assert keys.commitment(replace(one, note="else")) != made
    assert b"true_plate" not in canonical(one), "a field that is as its default says changes nothing when it is added"
    (tmp_path / "2026-03.key").unlink()
    assert MonthKeys(tmp_path).commitment(one) is None


def test_a_first_start_says_nothing_of_an_hour_that_was_not(tmp_path: Path) -> None:
    chain = Chain(tmp_path)
    sealing = Sealing(chain)
    sealing.close(NOON)
    sealing.close(NOON + timedelta(minutes=59))
    assert chain.last is None
    sealing.close(NOON + timedelta(minutes=60))
    assert chain.last is not None
    assert chain.last.count == 0
    chain.close()


def test_the_doctor_is_told_since_when_nothing_was_sealed(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path)
    assert behind(settings) == "no deed was ever sealed here"
    Chain(folder_in(tmp_path)).close()
    began = (folder_in(tmp_path) / "seals.jsonl").stat().st_mtime
    assert behind(settings, began + 3600) == ""
    assert behind(settings, began + 4000) == "nothing was sealed for 67 min"
