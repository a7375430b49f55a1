"""`bench hub`: one hub, and clients of which some are slow and some hang up."""

from __future__ import annotations

import asyncio

from compose.bench import hub


def test_check_11_every_client_gets_every_alert_once_though_some_are_slow_and_some_leave() -> None:
    result = asyncio.run(hub.run(clients=20, rate=200, seconds=12, slow=0.1, leaving=0.1, say=print))
    print(result)
    assert (result.missing, result.doubled) == (0, 0)
    assert (result.events, result.alerts) == (2400, 24)
    assert (result.clients, result.slow, result.leaving) == (20, 2, 2)
    assert result.cut_off >= 2  # those that leave
    assert result.delay_ms is not None
    assert result.delay_ms.samples == 24 * 16
    assert result.ok
