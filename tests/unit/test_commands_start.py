"""How commands begin: without what they do not need, and with a quick word when nothing runs."""

from __future__ import annotations

import socket
import subprocess
import sys
import time

import pytest

from schemas.wire import topics
from schemas.wire.publisher import BrokerUnavailableError

#: Each takes a good part of a second or more to import, and none is needed to say what commands there are.
HEAVY = ("faust", "aiokafka", "chdb", "cv2", "fastapi", "numpy", "shapely", "clickhouse_driver")


def test_no_command_pays_for_the_engine_the_store_or_the_geometry_of_another() -> None:
    code = f"import sys, compose.cli; print([one for one in {HEAVY!r} if one in sys.modules])"
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert told.stdout.strip() == "[]"


@pytest.mark.parametrize("ask", [topics.topic_states, lambda where: topics.create_topics(where, partitions=1)])
def test_a_broker_that_is_not_there_is_told_of_within_seconds(ask: object, monkeypatch: pytest.MonkeyPatch) -> None:
    assert topics.BROKER_ANSWERS_WITHIN_MS <= 5_000
    monkeypatch.setattr(topics, "BROKER_ANSWERS_WITHIN_MS", 200)
    with socket.socket() as taken:  # bound and not listening: nobody answers, and nobody else can take the port
        taken.bind(("127.0.0.1", 0))
        began = time.monotonic()
        with pytest.raises(BrokerUnavailableError, match="no Kafka broker answers"):
            ask(f"127.0.0.1:{taken.getsockname()[1]}")  # type: ignore[operator]
    assert time.monotonic() - began < 10
