"""HTTP whose request heads are bounded in size and in time.

uvicorn's httptools protocol bounds neither: a single header that never ends costs the event loop ever more time and
memory, and connections that never finish a head hold every place there is. Bodies are bounded by the applications.
"""

from __future__ import annotations

import asyncio
from http import HTTPStatus

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

#: Request line and headers together, bytes; beyond it 431 (RFC 6585 §5).
MAX_HEAD_BYTES = 64 * 1024
#: Seconds in which the whole head must have arrived; beyond it 408 (RFC 9110 §15.5.9).
MAX_HEAD_S = 10.0


class BoundedHttp(HttpToolsProtocol):
    """uvicorn's protocol, with heads of at most MAX_HEAD_BYTES that arrive within ``max_head_s``."""

    max_head_s = MAX_HEAD_S

    _in_head = True
    _upgraded = False
    _head_bytes = 0
    _head_timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """A connection begins: its first head is waited for."""
        super().connection_made(transport)
        self._wait_for_head()

    def connection_lost(self, exc: Exception | None) -> None:
        """The connection is gone."""
        self._head_came()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Hand on what arrived, no more of a head than is allowed."""
        rest = memoryview(data)
        while rest and self._in_head and not self.transport.is_closing():
            piece = rest[: MAX_HEAD_BYTES - self._head_bytes]
            if not piece:
                self._refuse(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE)
                return
            self._head_bytes += len(piece)
            super().data_received(bytes(piece))
            rest = rest[len(piece) :]
        if rest and not self.transport.is_closing():
            super().data_received(bytes(rest))
        if self.cycle is None or self.cycle.response_complete:
            # Whatever dribbles in between requests must become a head in time, or it would hold a place for ever.
            self._wait_for_head()

    def on_message_begin(self) -> None:
        """A request begins."""
        self._in_head = True
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        """The head is whole."""
        self._in_head = False
        self._head_bytes = 0
        self._head_came()
        super().on_headers_complete()

    def handle_websocket_upgrade(self) -> None:
        """From here on the connection is the websocket's, which has limits of its own."""
        self._upgraded = True
        self._head_came()
        super().handle_websocket_upgrade()
        self._in_head = False

    def _wait_for_head(self) -> None:
        if self._head_timer is None and not self._upgraded and not self.transport.is_closing():
            self._head_timer = self.loop.call_later(self.max_head_s, self._refuse, HTTPStatus.REQUEST_TIMEOUT)

    def _head_came(self) -> None:
        if self._head_timer is not None:
            self._head_timer.cancel()
            self._head_timer = None

    def _refuse(self, status: HTTPStatus) -> None:
        self._head_came()
        if not self.transport.is_closing():
            self.transport.write(
                f"HTTP/1.1 {status.value} {status.phrase}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n".encode()
            )
            self.transport.close()
