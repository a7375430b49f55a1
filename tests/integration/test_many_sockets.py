"""Many websockets on a whole system: each is given every alert, once."""

from __future__ import annotations

import asyncio

import pytest

from compose.bench import soak
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


def test_a_long_run_is_sent_without_a_break_and_every_socket_gets_every_alert_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Small: two senders of three seconds, the second started before the first has ended."""
    monkeypatch.setattr(soak, "PART_S", 3)
    monkeypatch.setattr(soak, "AHEAD_S", 4.0)
    monkeypatch.setattr(soak, "LOOK_EVERY_S", 0.5)
    told = asyncio.run(soak.run(load(), rate=200, minutes=0.1, kafka=0, seed=1, say=print, sockets=3))
    assert (told.sent, told.accepted, told.stored) == (1200, 1200, 1200)
    assert (told.alerts_due, told.alerts) == (6, 6)
    assert told.crowd is not None
    assert [(one.missing, one.doubled) for one in told.crowd.clients] == [(0, 0)] * 3
    assert told.crowd.due_to_screen is not None
    assert told.crowd.due_to_screen.samples == 3 * 6
    assert {"serve", "process", "connect"} <= set(told.roles)
    assert all(role.rss_mb > 0 and role.restarts == 0 for role in told.roles.values())
    assert told.disk_mb_per_million_reads["store"] > 0
    assert told.ok
