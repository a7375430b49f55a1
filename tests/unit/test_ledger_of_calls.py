"""The ledger of calls: what became incidents is compared once, and again when something may have changed."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

import msgspec

from compose.ledger.reconciling import Reached, Reconciler
from compose.settings import Settings
from pipeline.ledger.bucket import Bucket, Tally
from schemas.identity import identity
from tests.unit.facts import NOW

MINUTE = int(NOW.timestamp() // 60)
SOURCE = "cad/east"
NOBODY_BEHIND = Reached({}, {("rtcc.call.emergency-call.v1", 0): 100})


class Stored:
    """A store that has calls and, of most of them, the incident states they made."""

    def __init__(self, calls: Mapping[int, int]) -> None:
        self.calls = [(MINUTE + minute, number) for minute, count in calls.items() for number in range(count)]
        self.lost: set[int] = set()
        self.compared: list[int] = []

    async def query(self, sql: str, params: Any = None, fmt: str = "", **_: object) -> bytes:
        rows: list[list[Any]] = []
        if "call_id" in sql:
            begin, end = (int(params[name].timestamp() // 60) for name in ("begin", "end"))
            found = [one for one in self.calls if begin <= one[0] < end]
            self.compared.append(len(found))
            rows = [[SOURCE, minute, str(_state(minute, number)), _call(minute, number)] for minute, number in found]
        elif "_offset" in sql:
            begin = int(params["begin"].timestamp() // 60)
            rows = [[str(_state(*one)), 0, at] for at, one in enumerate(self.calls) if one[0] == begin]
        elif "incident_states" in sql:
            made = {
                str(identity("incident_state", identity("incident", _call(*one)), _state(*one)))
                for one in self.calls
                if one[1] not in self.lost
            }
            rows = [[one] for one in map(str, params["ids"]) if one in made]
        return msgspec.json.encode({"data": rows})

    def tallies(self) -> dict[Bucket, Tally]:
        counts = {minute: sum(one[0] == minute for one in self.calls) for minute, _ in self.calls}
        return {Bucket("emergency_call", SOURCE, minute): Tally(count, count) for minute, count in counts.items()}


def _call(minute: int, number: int) -> str:
    return f"cad:{minute}-{number}"


def _state(minute: int, number: int) -> Any:
    return identity("emergency_call", minute, number)


def test_calls_that_all_became_incidents_are_compared_again_only_when_more_are_stored_or_anew_is_asked() -> None:
    store = Stored({0: 3, 1: 2})
    judge = Reconciler(Settings(), store)

    def missing() -> dict[int, int]:
        told = asyncio.run(judge._calls(NOBODY_BEHIND, store.tallies()))
        return {bucket.minute - MINUTE: len(exact.missing) for bucket, (_, exact) in told.items()}

    assert missing() == {0: 0, 1: 0}
    assert missing() == {0: 0, 1: 0}
    assert store.compared == [5], "what was whole is not asked for again"
    store.calls.append((MINUTE + 1, 2))
    assert missing() == {0: 0, 1: 0}
    assert store.compared == [5, 3], "of a minute that grew, that minute alone"
    store.lost.add(0)
    judge.look_anew()
    assert missing() == {0: 1, 1: 1}, "an incident that was lost later is found"
    assert missing() == {0: 1, 1: 1}
    assert store.compared == [5, 3, 6, 6], "what is not whole is compared each time"
    store.lost.clear()
    assert missing() == {0: 0, 1: 0}
    judge.forget_before(MINUTE + 1)
    missing()
    assert store.compared[-1] == 3
