"""Spans by OpenTelemetry, sent to a collector. The only file that knows that library; an extra, `traces`."""

from __future__ import annotations

import contextlib
import random
from collections.abc import Iterator, Sequence
from importlib.metadata import version
from typing import TYPE_CHECKING

import structlog

from schemas import tracing
from schemas.tracing import HEADER, Attributes

if TYPE_CHECKING:
    from opentelemetry.context import Context
    from opentelemetry.sdk.trace.export import SpanExporter
    from opentelemetry.trace import Span as OtelSpan
    from opentelemetry.trace import SpanContext

log = structlog.get_logger(__name__)

#: Spans that wait to be sent; further ones are dropped. A collector that is away costs no more than this.
MAX_WAITING = 2048
#: How long a collector may take to answer, seconds.
ANSWER_WITHIN_S = 5


class TracesMissingError(Exception):
    """Traces are asked for and the extra that makes them is not installed."""


class _Span:
    def __init__(self, span: OtelSpan) -> None:
        self._span = span
        context = span.get_span_context()
        self.traceparent = f"00-{context.trace_id:032x}-{context.span_id:016x}-01"

    def end(self, failure: str = "") -> None:
        if failure:
            from opentelemetry.trace import StatusCode

            self._span.set_status(StatusCode.ERROR, failure)
        self._span.end()


class OpenTelemetryTracing:
    """Implements ``schemas.tracing.Tracing``. ``share``: of what is taken in, 0..1, is traced."""

    def __init__(self, role: str, share: float, exporter: SpanExporter) -> None:
        from opentelemetry.sdk.resources import Resource
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor
        from opentelemetry.sdk.trace.sampling import ALWAYS_ON

        about = {"service.namespace": "watchfloor", "service.name": role, "service.version": version("watchfloor")}
        # What is traced is decided where an event is taken in; everybody after goes on with what is marked.
        self._provider = TracerProvider(sampler=ALWAYS_ON, resource=Resource(about), shutdown_on_exit=False)
        self._provider.add_span_processor(
            BatchSpanProcessor(exporter, max_queue_size=MAX_WAITING, schedule_delay_millis=1000)
        )
        self._tracer = self._provider.get_tracer("watchfloor")
        self._share = share

    def sampled(self) -> bool:
        """See ``Tracing.sampled``."""
        return random.random() < self._share  # noqa: S311 - no secret

    def begin(self, name: str, parent: str | None, attributes: Attributes, links: Sequence[str] = ()) -> tracing.Span:
        """See ``Tracing.begin``. A traceparent that is none is left out."""
        from opentelemetry.context import Context
        from opentelemetry.trace import Link

        above = Context() if parent is None else _context(parent)
        linked = [Link(found) for link in links if (found := _span_context(link)) is not None]
        return _Span(self._tracer.start_span(name, context=above, attributes=dict(attributes), links=linked))

    def close(self) -> None:
        """Send what waits, if the collector takes it soon."""
        self._provider.shutdown()


def _context(traceparent: str) -> Context:
    from opentelemetry.context import Context
    from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

    return TraceContextTextMapPropagator().extract({HEADER: traceparent}, Context())


def _span_context(traceparent: str) -> SpanContext | None:
    from opentelemetry.trace import get_current_span

    found = get_current_span(_context(traceparent)).get_span_context()
    return found if found.is_valid else None


@contextlib.contextmanager
def tracing_to(endpoint: str, role: str, share: float) -> Iterator[None]:
    """Trace in the block, sending to an OTLP collector's address; with a share of 0 nothing is made or imported.

    Raises TracesMissingError.
    """
    if not share:
        yield
        return
    try:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    except ImportError as error:
        raise TracesMissingError("trace_share is set: pip install 'watchfloor[traces]', or leave it 0") from error
    tracer = OpenTelemetryTracing(role, share, OTLPSpanExporter(endpoint, timeout=ANSWER_WITHIN_S))
    tracing.use(tracer)
    log.info("tracing", share=share)
    try:
        yield
    finally:
        tracing.use(None)
        tracer.close()
