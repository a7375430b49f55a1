"""Traces: how one in so many of the events taken in went, from the edge to the pages, as W3C Trace Context has it.

Off unless somebody calls ``use``. Off costs a look at one name. A span says counts, types and places in the log, never
what events say. The library that makes spans is known to who calls ``use`` only.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from contextvars import ContextVar
from typing import Protocol

#: The header of a frame, and its form: 00-<32 hex: trace>-<16 hex: span>-01.
HEADER = "traceparent"

Attributes = Mapping[str, str | int]


class Span(Protocol):
    """A part of a trace that is going on. ``traceparent``: what names it to those who go on with the trace."""

    @property
    def traceparent(self) -> str:
        """The value of the header."""
        ...

    def end(self, failure: str = "") -> None:
        """It is over; ``failure``: the kind of what went wrong, if anything. May be called from any thread."""
        ...


class Tracing(Protocol):
    """Makes spans."""

    def sampled(self) -> bool:
        """Return whether the next thing that is taken in gets a trace."""
        ...

    def begin(self, name: str, parent: str | None, attributes: Attributes, links: Sequence[str] = ()) -> Span:
        """Begin a span. ``parent``, ``links``: traceparents; without a parent a trace begins."""
        ...


_active: Tracing | None = None
#: The traceparent that what is published now belongs to.
_current: ContextVar[str | None] = ContextVar("watchfloor_traceparent", default=None)


def use(tracing: Tracing | None) -> None:
    """Trace from now on, or no more."""
    global _active
    _active = tracing


def active() -> Tracing | None:
    """Return who makes spans; None when nothing is traced."""
    return _active


def current() -> str | None:
    """Return the traceparent of what this task is doing, if it is traced."""
    return None if _active is None else _current.get()


@contextlib.contextmanager
def accepting(name: str, attributes: Attributes) -> Iterator[None]:
    """Trace what the block does if it is chosen to be, and nothing above it is traced already."""
    tracing = _active
    if tracing is None or _current.get() is not None or not tracing.sampled():
        yield
        return
    span = tracing.begin(name, None, attributes)
    token = _current.set(span.traceparent)
    failure = ""
    try:
        yield
    except BaseException as error:
        failure = type(error).__name__
        raise
    finally:
        _current.reset(token)
        span.end(failure)


def begin_after(name: str, headers: Sequence[tuple[str, bytes]], attributes: Attributes) -> Span | None:
    """Begin the span of who received a frame; None when the frame is not traced, or nothing is."""
    tracing = _active
    if tracing is None:
        return None
    parent = traceparent_of(headers)
    return None if parent is None else tracing.begin(name, parent, attributes, (parent,))


def traceparent_of(headers: Sequence[tuple[str, bytes]]) -> str | None:
    """Return a frame's traceparent, if it has one."""
    for name, value in headers:
        if name == HEADER:
            return value.decode("ascii", errors="replace")
    return None


def trace_id(traceparent: str) -> str:
    """Return the 32 hex digits that name the trace."""
    return traceparent.split("-")[1] if traceparent.count("-") == 3 else ""
