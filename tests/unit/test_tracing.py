"""Traces: begun at the edge for a share, carried by frames, told to pages; and nothing at all when off."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from typing import Any

import pytest
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from compose.observability.traces import OpenTelemetryTracing
from schemas import tracing
from schemas.events.alert import ALERT
from schemas.events.plate_read import PLATE_READ
from schemas.events.sighting import SIGHTING
from schemas.tracing import accepting, begin_after, current, trace_id
from tests.unit.hub_fixtures import Page, alert, new_hub, settle, sighting

PARENT = "00-" + "ab" * 16 + "-" + "cd" * 8 + "-01"
HEADERS = [("ce_type", b"x"), ("traceparent", PARENT.encode())]


class Traced:
    """Tracing into memory."""

    def __init__(self, share: float) -> None:
        self.exporter = InMemorySpanExporter()
        self.tracing = OpenTelemetryTracing("test", share, self.exporter)

    def spans(self) -> dict[str, Any]:
        self.tracing._provider.force_flush()
        return {span.name: span for span in self.exporter.get_finished_spans()}


@pytest.fixture(params=[1.0])
def traced(request: pytest.FixtureRequest) -> Iterator[Traced]:
    made = Traced(request.param)
    tracing.use(made.tracing)
    yield made
    tracing.use(None)
    made.tracing.close()


def test_nothing_is_traced_until_somebody_asks_for_it() -> None:
    with accepting("edge.accept", {}):
        assert current() is None
    assert begin_after("process", HEADERS, {}) is None


@pytest.mark.parametrize("traced", [0.0], indirect=True)
def test_what_is_not_chosen_has_no_trace_but_what_came_with_one_goes_on(traced: Traced) -> None:
    with accepting("edge.accept", {}):
        assert current() is None
    span = begin_after("process", HEADERS, {"topic": "t"})
    assert span is not None
    span.end()
    assert list(traced.spans()) == ["process"]


def test_a_frame_without_a_trace_begins_none(traced: Traced) -> None:
    assert begin_after("process", [("count", b"1")], {}) is None
    assert traced.spans() == {}


def test_what_goes_wrong_is_told_by_its_kind(traced: Traced) -> None:
    with pytest.raises(ValueError, match="ZEBRA77"), accepting("edge.accept", {"events": 2}):
        raise ValueError("ZEBRA77")
    assert current() is None
    (span,) = tuple(traced.spans().values())
    assert span.status.description == "ValueError"
    assert span.attributes == {"events": 2}
    assert "ZEBRA77" not in span.to_json()


def test_a_span_goes_on_with_the_trace_of_the_frame_and_links_to_it(traced: Traced) -> None:
    span = begin_after("process", HEADERS, {})
    assert span is not None
    assert trace_id(span.traceparent) == "ab" * 16
    assert span.traceparent != PARENT
    span.end()
    (made,) = tuple(traced.spans().values())
    assert f"{made.parent.span_id:016x}" == "cd" * 8
    assert [f"{link.context.span_id:016x}" for link in made.links] == ["cd" * 8]


@pytest.mark.parametrize(
    "value", [b"", b"junk", b"00-zz-cd-01", b"\xff\xfe", b"00-" + b"0" * 32 + b"-" + b"0" * 16 + b"-01"]
)
def test_a_foreign_header_that_is_no_traceparent_does_no_harm(traced: Traced, value: bytes) -> None:
    span = begin_after("process", [("traceparent", value)], {})
    assert span is not None
    span.end()
    (made,) = tuple(traced.spans().values())
    assert made.parent is None
    assert made.links == ()
    assert len(trace_id(span.traceparent)) == 32


class Kept:
    """A span that says whether it has ended."""

    def __init__(self) -> None:
        self.traceparent = PARENT
        self.ended = 0

    def end(self, failure: str = "") -> None:
        self.ended += 1


def test_a_page_is_told_the_trace_of_what_it_gets_and_only_of_that() -> None:
    async def run() -> None:
        hub = new_hub()
        hub.caught_up()
        page = Page(hub, ["alerts", "sightings"])
        page.connect()
        await settle()

        async def deltas() -> dict[str, str]:
            page.texts.clear()
            hub.flush()
            await settle()
            found = [json.loads(text) for text in page.texts]
            return {name: one.get("trace", "none") for one in found for name in one["ch"]}

        spans = [Kept(), Kept()]
        hub.offer(ALERT, [alert(1)], 1.0, logged_at=1.0, span=spans[0])
        hub.offer(SIGHTING, [sighting(1)], 1.0, logged_at=1.0, span=spans[1])
        assert [span.ended for span in spans] == [0, 0]
        assert await deltas() == {"alerts": "ab" * 16, "sightings": "ab" * 16}
        assert [span.ended for span in spans] == [1, 1]
        hub.offer(ALERT, [alert(2)], 2.0, logged_at=2.0)
        hub.offer(SIGHTING, [sighting(2)], 2.0, logged_at=2.0)
        assert await deltas() == {"alerts": "none", "sightings": "none"}
        await page.cut()

    asyncio.run(run())


def test_a_span_of_what_no_page_can_get_is_ended_all_the_same() -> None:
    hub = new_hub()
    nobody, nothing = Kept(), Kept()
    hub.offer(PLATE_READ, [PLATE_READ.examples[0]], 1.0, span=nobody)
    hub.offer(ALERT, [], 1.0, span=nothing)
    assert (nobody.ended, nothing.ended) == (1, 1)
