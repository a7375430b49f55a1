"""How much the edge takes in at once: requests, and bytes of bodies held in memory."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from connectors.edge.refusal import busy


class Admission:
    """Counts what is in flight. Beyond the bounds a request is sent away with 503 rather than queued in memory."""

    def __init__(self, max_requests: int = 512, max_bytes: int = 256 * 1024 * 1024) -> None:
        self.max_requests = max_requests
        self.max_bytes = max_bytes
        self.requests = 0
        self.bytes = 0

    @contextmanager
    def enter(self) -> Iterator[Ticket]:
        """Admit one request until the block ends. Raises RefusalError (503) when too many are in flight."""
        if self.requests >= self.max_requests:
            raise busy("too many requests are in flight here; send again in a moment")
        ticket = Ticket(self)
        self.requests += 1
        try:
            yield ticket
        finally:
            self.requests -= 1
            self.bytes -= ticket.held


class Ticket:
    """The bytes one request holds; given back when it ends."""

    def __init__(self, admission: Admission) -> None:
        self._admission = admission
        self.held = 0

    def hold(self, count: int) -> None:
        """Take room for more bytes of this request's body. Raises RefusalError (503) when there is none."""
        if self._admission.bytes + count > self._admission.max_bytes:
            raise busy("too many large bodies are in flight here; send again in a moment")
        self._admission.bytes += count
        self.held += count
