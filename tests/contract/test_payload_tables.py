"""Each webhook connector's README tells what becomes of the payloads, as the fixtures have it."""

from __future__ import annotations

import pytest

from connectors.registry import load, webhooks
from tests.contract.payload_tables import FIXTURES, table, with_table


@pytest.mark.parametrize("name", tuple(webhooks()))
def test_the_readmes_table_is_what_the_fixtures_say(name: str) -> None:
    text = (load(name).folder / "README.md").read_text(encoding="utf-8")
    assert text == with_table(text, name), "run: python -m tests.contract.payload_tables"


@pytest.mark.parametrize("name", tuple(webhooks()))
def test_every_fixture_is_in_the_table(name: str) -> None:
    stems = {path.name.removesuffix(".body") for path in (FIXTURES / name).glob("*.body")}
    assert stems
    assert all(f"| `{stem}` |" in table(name) for stem in stems)
