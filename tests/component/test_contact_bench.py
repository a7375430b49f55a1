"""The bench of the contact view, over a store that is as small as it may be."""

from __future__ import annotations

from pathlib import Path

from compose.bench import contact as contact_bench


def test_a_store_that_was_kept_is_asked_again(tmp_path: Path) -> None:
    told: list[str] = []
    for expected in (["1,000 calls", "1,000 people"], []):
        result = contact_bench.run(calls=1_000, people=1_000, views=2, seed=1, folder=tmp_path, say=told.append)
        assert told == expected
        assert result.warm_ms.samples == 2
        told.clear()
