"""Where a role answers /metrics, /health and /ready: in a thread of its own.

So it answers while the role itself cannot.
"""

from __future__ import annotations

import contextlib
import json
import socketserver
import threading
from collections.abc import Iterable, Iterator
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

import structlog
from prometheus_client import CONTENT_TYPE_LATEST

from compose.observability.signs import Signs

log = structlog.get_logger(__name__)

#: A client that says or takes nothing for so long is let go, seconds.
PATIENCE_S = 5.0
#: Questions answered at once; more wait for their turn.
AT_ONCE = 8


class _Server(socketserver.ThreadingMixIn, WSGIServer):
    daemon_threads = True
    _room = threading.BoundedSemaphore(AT_ONCE)

    def process_request(self, request: Any, client_address: Any) -> None:
        self._room.acquire()
        super().process_request(request, client_address)

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        try:
            super().process_request_thread(request, client_address)
        finally:
            self._room.release()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Who hangs up is no error."""


class _Handler(WSGIRequestHandler):
    timeout = PATIENCE_S

    def address_string(self) -> str:
        return str(self.client_address[0])

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - overrides the library's
        """Nothing: every scrape would be a line."""


def application(signs: Signs) -> Any:
    """Return the WSGI application."""

    def answer(environ: dict[str, Any], start: Any) -> Iterable[bytes]:
        path = environ.get("PATH_INFO", "")
        if environ.get("REQUEST_METHOD") not in ("GET", "HEAD"):
            status, kind, body = "405 Method Not Allowed", "text/plain", b"ask with GET\n"
        elif path == "/metrics":
            status, kind, body = "200 OK", CONTENT_TYPE_LATEST, signs.exposition()
        elif path in ("/health", "/ready"):
            state = signs.state()
            well = state["live"] if path == "/health" else state["ready"]
            status, kind = ("200 OK" if well else "503 Service Unavailable"), "application/json"
            body = json.dumps(state).encode() + b"\n"
        else:
            status, kind, body = "404 Not Found", "text/plain", b"ask for /metrics, /health or /ready\n"
        start(status, [("Content-Type", kind), ("Content-Length", str(len(body))), ("Cache-Control", "no-store")])
        return [body]

    return answer


@contextlib.contextmanager
def exposed(signs: Signs, host: str, port: int) -> Iterator[int]:
    """Answer until the block ends; gives the port (0 takes a free one).

    When the port is taken the role runs without: it must not die of being watched. Gives -1 then.
    """
    try:
        server = make_server(host, port, application(signs), _Server, _Handler)
    except OSError as error:
        log.error("metrics are not served", host=host, port=port, why=error.strerror)
        yield -1
        return
    thread = threading.Thread(target=server.serve_forever, name="metrics", daemon=True)
    thread.start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        server.server_close()
        thread.join(PATIENCE_S)
