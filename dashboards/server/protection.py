"""What every answer and every request goes through: headers for browsers, the origin check, bounds on bodies."""

from __future__ import annotations

import asyncio
import re

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from dashboards.server.origin import is_same_origin

#: A request's body may be this large ...
MAX_BODY_BYTES = 64 * 1024
#: ... and must arrive within this many seconds.
MAX_BODY_S = 10.0
#: Files come as bytes: their route asks for a media type that no foreign page can send unasked, and bounds them.
_FILES = re.compile(r"/api/incidents/[^/]+/attachments")
_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})

#: The page may load from here only: no script, style or worker made on the spot (CSP Level 3). Images may be made on
#: the spot, as the map's pictures are; what code sets on an element's style is not an inline style to CSP (§6.1.14).
CONTENT_SECURITY_POLICY = "; ".join(
    (
        "default-src 'self'",
        "script-src 'self'",
        "worker-src 'self'",
        "img-src 'self' data: blob:",
        "style-src 'self'",
        "connect-src 'self'",
        "object-src 'none'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
    )
)
HEADERS = {
    "content-security-policy": CONTENT_SECURITY_POLICY,
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "permissions-policy": "camera=(), microphone=(), geolocation=(), payment=(), usb=()",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
}


class ProtectiveHeaders:
    """Adds HEADERS to every answer; answers of the API are kept by no cache."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers.setdefault(name, value)
                if scope["path"].startswith("/api/"):
                    headers.setdefault("cache-control", "no-store")
            await send(message)

        await self._app(scope, receive, send_with_headers)


class OwnPagesOnly:
    """Lets requests that change things through only from our own page, as JSON, whole and of bounded size.

    Refuses with 403 (origin), 415 (not JSON), 413 (too large), 408 (too slow). JSON is asked for because a foreign
    page can send a form without asking, but not JSON (Fetch §3.2.1: the media type is not CORS-safelisted).
    """

    def __init__(self, app: ASGIApp, max_body_bytes: int = MAX_BODY_BYTES, max_body_s: float = MAX_BODY_S) -> None:
        self._app = app
        self._max_body_bytes = max_body_bytes
        self._max_body_s = max_body_s

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http" or scope["method"] in _SAFE:
            await self._app(scope, receive, send)
            return
        if scope["method"] == "POST" and _FILES.fullmatch(scope["path"]):
            await self._pass_file(scope, receive, send)
            return
        status, problem, body = await self._check(scope, receive)
        if body is None:
            refusal = JSONResponse({"error": problem}, status_code=status, headers={"connection": "close"})
            await refusal(scope, receive, send)
            return
        whole: bytes | None = body

        async def receive_whole() -> Message:
            nonlocal whole
            if whole is None:
                return await receive()
            message: Message = {"type": "http.request", "body": whole, "more_body": False}
            whole = None
            return message

        await self._app(scope, receive_whole, send)

    async def _pass_file(self, scope: Scope, receive: Receive, send: Send) -> None:
        if is_same_origin(scope):
            await self._app(scope, receive, send)
            return
        told = {"error": "This may only be asked by this server's own page or from this machine."}
        await JSONResponse(told, status_code=403, headers={"connection": "close"})(scope, receive, send)

    async def _check(self, scope: Scope, receive: Receive) -> tuple[int, str, bytes | None]:
        """Return status and reason of a refusal, or the body."""
        headers = Headers(scope=scope)
        if not is_same_origin(scope):
            return 403, "This may only be asked by this server's own page or from this machine.", None
        if headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
            return 415, "Send application/json.", None
        too_large = f"The body may be {self._max_body_bytes} bytes at most."
        try:
            if int(headers.get("content-length", "0")) > self._max_body_bytes:
                return 413, too_large, None
        except ValueError:
            return 400, "content-length is not a number.", None
        try:
            async with asyncio.timeout(self._max_body_s):
                body = await self._read(receive)
        except TimeoutError:
            return 408, "The body did not arrive in time.", None
        if body is None:
            return 413, too_large, None
        return 200, "", body

    async def _read(self, receive: Receive) -> bytes | None:
        body = bytearray()
        while True:
            message = await receive()
            if message["type"] != "http.request":
                return bytes(body)  # the client is gone; nobody reads the answer
            body += message.get("body", b"")
            if len(body) > self._max_body_bytes:
                return None
            if not message.get("more_body", False):
                return bytes(body)
