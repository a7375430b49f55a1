"""Many websockets on a whole system: each is given every alert, once."""

from __future__ import annotations

import asyncio

from compose.bench.end_to_end import run
from compose.settings import load


def test_b19_every_socket_gets_every_alert_once() -> None:
    """Small, and of what comes, not how fast: ``bench end-to-end --rate 1000 --sockets 200`` measures that."""
    told = asyncio.run(run(load(), rate=200, seconds=5, per_request=10, kafka=0, seed=1, say=print, sockets=8))
    assert told.crowd is not None
    assert told.alerts_due == 5
    assert (told.alerts_missing, told.alerts_doubled) == (0, 0)
    assert len(told.crowd.clients) == 7
    assert [(one.missing, one.doubled, one.faults) for one in told.crowd.clients] == [(0, 0, 0)] * 7
    assert told.crowd.edge_to_screen is not None
    assert told.crowd.edge_to_screen.samples == 7 * 5
    assert told.ok
