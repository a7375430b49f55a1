"""Finding connectors by their folders."""

from __future__ import annotations

from pathlib import Path

import pytest

import connectors
from connectors.registry import connector_names, load, webhooks


def test_every_folder_with_a_manifest_is_a_connector_and_no_other() -> None:
    home = Path(connectors.__file__).parent
    with_manifest = {folder.name for folder in home.iterdir() if (folder / "manifest.py").exists()}
    assert set(connector_names()) == with_manifest
    assert {"rekor", "platerecognizer"} <= with_manifest
    assert "edge" not in connector_names()


def test_a_webhook_comes_with_its_translator_and_others_without() -> None:
    for name in connector_names():
        assert (load(name).translate is not None) == (name in webhooks())


@pytest.mark.parametrize("name", ["edge", "unknown", "..", ""])
def test_what_is_no_connector_is_not_loaded(name: str) -> None:
    with pytest.raises(KeyError):
        load(name)
