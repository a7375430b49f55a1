"""How uvicorn runs the server, and the socket it listens on."""

from __future__ import annotations

import socket

import uvicorn
from fastapi import FastAPI

#: A peer that takes nothing for so long is dropped by the kernel (TCP_USER_TIMEOUT, RFC 5482), in milliseconds:
#: closing a connection waits for its buffers to drain, which a stuck client's never do.
STUCK_PEER_MS = 20_000
#: What the kernel may hold unsent per connection, bytes: the rest stays with us, where newer states replace older.
UNSENT_BYTES = 128 * 1024
#: Larger than what the protocol allows, so that an oversized message is ours to count and refuse.
_WEBSOCKET_BYTES = 256 * 1024
_MAX_CONNECTIONS = 2_048


def listening_socket(host: str = "127.0.0.1", port: int = 0, *, stuck_peer_ms: int = STUCK_PEER_MS) -> socket.socket:
    """Return a socket that listens, with bounds on stuck peers (Linux; elsewhere the system's own).

    Port 0 takes a free one. Raises OSError when the address is taken or not ours.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM)
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        # Accepted connections inherit these from the listening socket.
        if hasattr(socket, "TCP_USER_TIMEOUT"):
            listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, stuck_peer_ms)
        if hasattr(socket, "TCP_NOTSENT_LOWAT"):
            listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NOTSENT_LOWAT, UNSENT_BYTES)
        listening.bind((host, port))
        listening.listen(1024)
        listening.setblocking(False)
    except BaseException:
        listening.close()
        raise
    return listening


def uvicorn_config(app: FastAPI) -> uvicorn.Config:
    """Return uvicorn's settings: ``uvicorn.Server(uvicorn_config(app)).serve(sockets=[listening_socket(...)])``.

    Compression is off (performance reference §6: it costs three times the CPU), forwarded headers are not believed,
    and logging is left to the caller.
    """
    return uvicorn.Config(
        app,
        ws="websockets-sansio",
        ws_max_size=_WEBSOCKET_BYTES,
        ws_per_message_deflate=False,
        ws_ping_interval=20.0,
        ws_ping_timeout=20.0,
        lifespan="on",
        access_log=False,
        log_config=None,
        server_header=False,
        proxy_headers=False,
        limit_concurrency=_MAX_CONNECTIONS,
        timeout_keep_alive=20,
        timeout_graceful_shutdown=3,
    )
