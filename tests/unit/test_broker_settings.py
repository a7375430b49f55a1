"""How readers of the log ask for what they need, on each broker."""

from __future__ import annotations

from typing import Any

import pytest

from compose.roles import broker_settings
from compose.roles.broker_settings import BULK, FLOW, LIVE, REFERENCE, Pace, log_reader
from compose.settings import Settings
from schemas.events.sighting import SIGHTING


def _asked(monkeypatch: pytest.MonkeyPatch, pace: Pace, *, embedded: bool) -> tuple[int, int]:
    asked: dict[str, Any] = {}
    monkeypatch.setattr(broker_settings, "LogReader", lambda *_, **words: asked.update(words))
    settings = Settings() if embedded else Settings(kafka="127.0.0.1:9092")
    assert settings.embedded_broker is embedded
    log_reader(settings, (SIGHTING,), "reader", pace=pace)
    return asked["fetch_max_wait_ms"], asked["fetch_min_bytes"]


@pytest.mark.parametrize("pace", [LIVE, REFERENCE])
def test_who_waits_for_each_frame_has_it_at_once(pace: Pace, monkeypatch: pytest.MonkeyPatch) -> None:
    assert _asked(monkeypatch, pace, embedded=False) == (pace.kafka_ms, 1)


@pytest.mark.parametrize("pace", [FLOW, BULK])
def test_what_is_sampled_or_counted_is_fetched_in_bulk(pace: Pace, monkeypatch: pytest.MonkeyPatch) -> None:
    assert _asked(monkeypatch, pace, embedded=False) == (pace.kafka_ms, pace.kafka_bytes)
    assert pace.kafka_bytes > 1


def test_the_embedded_broker_is_asked_for_what_there_is(monkeypatch: pytest.MonkeyPatch) -> None:
    assert _asked(monkeypatch, BULK, embedded=True) == (BULK.embedded_ms, 1)
