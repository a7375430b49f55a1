"""An attempt to connect to Kafka that fails leaves no thread and no socket behind."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from kafka.net.compat import KafkaNetClient

from pipeline.positions import GroupPositions
from schemas.events.plate_read import PLATE_READ
from schemas.wire import connecting
from schemas.wire.group_reader import GroupReader
from schemas.wire.log_ends import LogEnds
from schemas.wire.producer import FrameProducer
from schemas.wire.publisher import BrokerUnavailableError
from schemas.wire.reader import LogReader

SOON = {"bootstrap_timeout_ms": 300}


@pytest.fixture
def silent() -> Iterator[str]:
    """A port that takes connections and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"127.0.0.1:{server.getsockname()[1]}"


def _noted(made: list[KafkaNetClient]) -> Callable[..., None]:
    begin = KafkaNetClient.__init__

    def noted(self: KafkaNetClient, *words: Any, **config: Any) -> None:
        begin(self, *words, **config)
        made.append(self)

    return noted


TLS = {"security_protocol": "SASL_SSL", "sasl_mechanism": "SCRAM-SHA-512", "sasl_plain_username": "u",
       "sasl_plain_password": "p"}  # fmt: skip


@pytest.mark.parametrize("login", [{}, TLS], ids=["plain", "TLS"])
@pytest.mark.parametrize(
    "connect",
    [
        lambda at, me, **login: LogReader(at, [PLATE_READ], client_id=me, **SOON, **login),
        lambda at, me, **login: GroupReader(
            at, [PLATE_READ], group="g", client_id=me, fetch_max_wait_ms=100, **SOON, **login
        ),
        lambda at, me, **login: LogEnds(at, [PLATE_READ], client_id=me, **SOON, **login),
        lambda at, me, **login: FrameProducer(at, client_id=me, **SOON, **login),
        lambda at, me, **login: GroupPositions(at, me, [PLATE_READ.topic], **SOON, **login),
    ],
    ids=["log reader", "group reader", "log ends", "producer", "positions"],
)
def test_a_broker_that_does_not_answer_is_told_and_nothing_goes_on_asking(
    silent: str,
    connect: Callable[..., object],
    login: dict[str, Any],
    request: pytest.FixtureRequest,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # A name of its own for each: what one leaves behind must not be taken for another's.
    me = f"left-behind-{request.node.callspec.indices['connect']}{len(login)}"
    monkeypatch.setattr(connecting, "HANDSHAKE_S", 0.3)
    made = []
    monkeypatch.setattr(KafkaNetClient, "__init__", _noted(made))
    with pytest.raises(BrokerUnavailableError):
        connect(silent, me, **login)

    assert [thread.name for thread in threading.enumerate() if me in thread.name] == []
    assert [client._net._closed for client in made] == [True]
