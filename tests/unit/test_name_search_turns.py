"""While a name is looked for, the server tells of alerts: ranking hundreds of candidates takes tens of milliseconds."""

from __future__ import annotations

import asyncio
import threading
from typing import Any

import msgspec
import pytest

from pipeline.names import search
from pipeline.names.matching import Match
from pipeline.names.search import NameSearch


class Stored:
    """A store in which each key is one person's, and which has one candidate."""

    async def query(self, sql: str, params: Any = None, fmt: str = "", **_: object) -> bytes:
        if "weights" in params:
            return msgspec.json.encode({"person_id": "p", "names": ["jon smith"], "birth_date": ""})
        return b"\n".join(msgspec.json.encode({"key": key, "rows": 1}) for key in params["keys"])


def test_candidates_are_ranked_beside_the_event_loop(monkeypatch: pytest.MonkeyPatch) -> None:
    where: list[int] = []

    def match(*_: object) -> Match:
        where.append(threading.get_ident())
        return Match(1.0, (), "jon smith")

    monkeypatch.setattr(search, "match", match)
    monkeypatch.setattr(search, "read_card", lambda name: name)
    asked = search.named("jon smith", "", "", "")
    ranked = asyncio.run(NameSearch(Stored()).ranked(asked, ""))  # type: ignore[arg-type]
    assert [person for person, _ in ranked] == ["p"]
    assert where
    assert threading.get_ident() not in where
