"""The bench of the contact view, over a store that is as small as it may be."""

from __future__ import annotations

from pathlib import Path

from compose.bench import contact as contact_bench


def test_a_store_that_was_kept_is_asked_again_and_one_that_was_broken_off_is_made_again(tmp_path: Path) -> None:
    told: list[str] = []

    def run() -> contact_bench.ContactResult:
        told.clear()
        return contact_bench.run(calls=1_000, people=1_000, views=2, seed=1, folder=tmp_path, say=told.append)

    first = run()
    assert told == ["1,000 calls", "1,000 people"]
    assert first.unavailable == 0
    assert set(first.by_part) == {"number", "people_by_number", "place", "people_at_address", "person", "markers"}
    run()
    assert told == []
    (made,) = tmp_path.glob("*/made")
    made.unlink()
    run()
    assert told == ["1,000 calls", "1,000 people"]
