"""What a container is told when it asks whether its role works."""

from __future__ import annotations

from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import pytest
from kafka.errors import KafkaTimeoutError

from compose import healthcheck
from compose.settings import Settings


class Role(BaseHTTPRequestHandler):
    """A role that is well at /health, ill at /ill and does not know other paths."""

    def log_message(self, *_: object) -> None:
        pass

    def do_GET(self) -> None:
        self.send_response({"/health": 200, "/ill": 503}.get(self.path, 404))
        self.end_headers()
        self.wfile.write(b"the broker did not confirm")


@pytest.fixture
def role() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Role)
    Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def test_a_role_that_answers_well_is_healthy(role: str) -> None:
    assert healthcheck.main(["url", f"{role}/health"]) == 0


def test_a_role_that_answers_ill_is_not_and_its_words_are_passed_on(
    role: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert healthcheck.main(["url", f"{role}/ill"]) == 1
    assert capsys.readouterr().err == "answered 503: the broker did not confirm\n"


def test_a_role_that_does_not_answer_is_not_healthy() -> None:
    assert healthcheck.url_fault("http://127.0.0.1:9/health") == "no answer: ConnectError"


@pytest.mark.parametrize("url", ["http://10.0.0.1/health", "https://127.0.0.1/health", "file:///etc/passwd", "health"])
def test_only_loopback_is_asked(url: str) -> None:
    with pytest.raises(ValueError, match="loopback"):
        healthcheck.url_fault(url)


class Admin:
    """Stands in for kafka-python's admin client. The embedded broker lists groups, but never tells their state."""

    groups: list[dict[str, Any]] | None = None
    closed = 0

    def __init__(self, **config: Any) -> None:
        if self.groups is None:
            raise KafkaTimeoutError

    def list_groups(self) -> list[dict[str, Any]]:
        assert self.groups is not None
        return self.groups

    def close(self) -> None:
        type(self).closed += 1


@pytest.mark.parametrize(
    ("groups", "fault"),
    [
        ([{"group_id": "a", "group_state": "Stable"}, {"group_id": "b", "group_state": "Empty"}], ""),
        ([{"group_id": "a", "group_state": "Empty"}], "the group is Empty"),
        ([{"group_id": "a", "group_state": "Dead"}], "the group is Dead"),
        ([{"group_id": "b", "group_state": "Stable"}], "the group is unknown to the broker"),
        (None, "no broker answers: KafkaTimeoutError"),
    ],
)
def test_a_group_is_healthy_when_its_members_have_partitions(
    groups: list[dict[str, Any]] | None, fault: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(healthcheck, "KafkaAdminClient", Admin)
    monkeypatch.setattr(Admin, "groups", groups)
    monkeypatch.setattr(Admin, "closed", 0)
    assert healthcheck.group_fault(Settings(kafka="127.0.0.1:9092"), "a") == fault
    assert Admin.closed == (groups is not None)
