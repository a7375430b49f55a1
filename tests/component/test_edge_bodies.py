"""Bodies at the edge: sizes, encodings, times and content types."""

from __future__ import annotations

import asyncio
import gzip
import zlib
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest

from connectors.edge.admission import Admission
from connectors.edge.app import create_edge
from connectors.registry import webhooks
from tests.component.edge_door import JSON, Log, edge, group


@pytest.mark.parametrize(
    ("encoding", "packed"),
    [
        ("gzip", gzip.compress(group())),
        ("GZIP", gzip.compress(group())),
        ("deflate", zlib.compress(group())),
        ("deflate", zlib.compress(group(), wbits=-15)),
        ("identity", group()),
    ],
)
def test_a_body_may_be_compressed_once(encoding: str, packed: bytes) -> None:
    log = Log()
    headers = {**JSON, "Content-Encoding": encoding}
    assert edge(log).post("/ingest/rekor", content=packed, headers=headers).status_code == 200
    assert len(log.events) == 1


@pytest.mark.parametrize("encoding", ["gzip, gzip", "br", "zstd", "gzip, identity"])
def test_other_and_nested_encodings_are_answered_415(encoding: str) -> None:
    headers = {**JSON, "Content-Encoding": encoding}
    answer = edge(Log()).post("/ingest/rekor", content=gzip.compress(gzip.compress(group())), headers=headers)
    assert answer.status_code == 415
    assert "gzip" in answer.json()["error"]


def test_a_body_above_the_bound_is_answered_413() -> None:
    log = Log()
    answer = edge(log).post("/ingest/rekor", content=b" " * (10 * 1024 * 1024), headers=JSON)
    assert answer.status_code == 413
    assert log.events == []


def test_a_body_that_hides_its_length_is_still_counted() -> None:
    def pieces() -> Iterator[bytes]:
        for _ in range(100):
            yield b" " * 65_536

    answer = edge(Log()).post("/ingest/rekor", content=pieces(), headers=JSON)
    assert answer.status_code == 413


@pytest.mark.parametrize(("encoding", "wbits"), [("gzip", 31), ("deflate", 15), ("deflate", -15)])
def test_a_bomb_is_stopped_one_byte_beyond_the_bound(encoding: str, wbits: int) -> None:
    packer = zlib.compressobj(wbits=wbits)
    bomb = b"".join(packer.compress(b" " * 1_000_000) for _ in range(20)) + packer.flush()
    assert len(bomb) < 30_000
    seen: list[int] = []

    class Watch(Admission):
        def __setattr__(self, name: str, value: int) -> None:
            if name == "bytes":
                seen.append(value)
            super().__setattr__(name, value)

    admission = Watch()
    headers = {**JSON, "Content-Encoding": encoding}
    answer = edge(Log(), admission=admission).post("/ingest/rekor", content=bomb, headers=headers)
    assert answer.status_code == 413
    assert max(seen) <= webhooks()["rekor"].manifest.max_body_bytes
    assert admission.bytes == 0


@pytest.mark.parametrize("packed", [gzip.compress(group())[:-9], b"no gzip", gzip.compress(group()) + b"tail", b""])
def test_a_damaged_compressed_body_is_answered_400(packed: bytes) -> None:
    answer = edge(Log()).post("/ingest/rekor", content=packed, headers={**JSON, "Content-Encoding": "gzip"})
    assert answer.status_code == 400
    assert answer.json()["field"] == "content-encoding"


def test_a_body_that_trickles_in_is_given_up_after_the_time_allowed() -> None:
    async def scenario() -> None:
        never = asyncio.Event()

        async def trickle() -> AsyncIterator[bytes]:
            yield b"{"
            await never.wait()

        app = create_edge(Log(), body_timeout_s=0.05)
        messages: list[dict[str, Any]] = []
        source = trickle()

        async def receive() -> dict[str, Any]:
            return {"type": "http.request", "body": await anext(source), "more_body": True}

        async def send(message: Any) -> None:
            messages.append(message)

        scope = {
            "type": "http",
            "method": "POST",
            "path": "/ingest/rekor",
            "headers": [(b"content-type", b"application/json")],
            "query_string": b"",
        }
        await app(scope, receive, send)
        assert messages[0]["status"] == 408

    asyncio.run(scenario())


@pytest.mark.parametrize("content_type", ["text/plain", "application/xml", "application/jsonx", ""])
def test_another_content_type_is_answered_415_with_those_that_are_taken(content_type: str) -> None:
    log = Log()
    answer = edge(log).post("/ingest/rekor", content=group(), headers={"Content-Type": content_type})
    assert answer.status_code == 415
    assert "application/json" in answer.json()["error"]
    assert log.events == []
