"""Reading a request's body: bounded in size after inflation, and in time."""

from __future__ import annotations

import asyncio
import zlib
from typing import Protocol

from starlette.requests import ClientDisconnect, Request

from connectors.edge.admission import Ticket
from connectors.edge.refusal import RefusalError

#: A compressed body may be this much larger than its inflated bound: headers and blocks that hold nothing.
_COMPRESSED_SLACK = 64 * 1024


class Inflater(Protocol):
    """Takes a body in pieces and gives it out plain."""

    def feed(self, piece: bytes, max_length: int) -> bytes:
        """Return at most ``max_length`` bytes of what the piece inflates to. Raises zlib.error."""
        ...

    def finish(self) -> None:
        """Raise zlib.error when the body is cut off."""
        ...


class _Plain:
    def feed(self, piece: bytes, max_length: int) -> bytes:
        return piece[:max_length]

    def finish(self) -> None:
        return


class _Zlib:
    """gzip (RFC 1952), or deflate as zlib (RFC 1950) or raw (RFC 1951), which senders mix up."""

    def __init__(self, wbits: int | None) -> None:
        self._inflate = None if wbits is None else zlib.decompressobj(wbits)

    def feed(self, piece: bytes, max_length: int) -> bytes:
        if not piece:
            return b""
        if self._inflate is None:
            # RFC 1950 §2.2: the low four bits of a zlib stream's first byte are 8.
            self._inflate = zlib.decompressobj(zlib.MAX_WBITS if piece[0] & 0x0F == 8 else -zlib.MAX_WBITS)
        if self._inflate.eof:
            raise zlib.error("data after the end of the compressed body")
        plain = self._inflate.decompress(piece, max_length)
        if self._inflate.unused_data:
            raise zlib.error("data after the end of the compressed body")
        return plain

    def finish(self) -> None:
        if self._inflate is None or not self._inflate.eof:
            raise zlib.error("the compressed body is cut off")


def inflater(encoding: str) -> Inflater:
    """Return what undoes a Content-Encoding. Raises RefusalError (415) for all but one of gzip and deflate."""
    name = encoding.strip().lower()
    if name in ("", "identity"):
        return _Plain()
    if name in ("gzip", "x-gzip"):
        return _Zlib(16 + zlib.MAX_WBITS)
    if name == "deflate":
        return _Zlib(None)
    raise RefusalError(
        415,
        "send the body plain, or compressed once with gzip or deflate",
        field="content-encoding",
        headers={"Accept-Encoding": "gzip, deflate"},
    )


async def read_body(request: Request, *, max_bytes: int, max_seconds: float, ticket: Ticket) -> bytes:
    """Return the body, inflated.

    Raises RefusalError: 413 above ``max_bytes`` (counted after inflation, and before it too), 408 when it takes longer
    than ``max_seconds``, 415 for an unknown encoding, 400 for a broken one, 503 when memory is short.
    """
    plain = inflater(",".join(request.headers.getlist("content-encoding")))
    limit = max_bytes + _COMPRESSED_SLACK
    declared = request.headers.get("content-length", "")
    if declared.isascii() and declared.isdigit() and int(declared[:20]) > limit:
        raise _too_large(max_bytes)
    try:
        async with asyncio.timeout(max_seconds):
            return await _read(request, plain, max_bytes, limit, ticket)
    except TimeoutError:
        raise RefusalError(408, f"the body did not arrive within {max_seconds:g} seconds; send it faster") from None
    except zlib.error:
        raise RefusalError(
            400, "the compressed body is damaged or cut off; send it again", field="content-encoding"
        ) from None
    except ClientDisconnect:
        raise RefusalError(400, "the connection ended before the body did") from None


async def _read(request: Request, plain: Inflater, max_bytes: int, limit: int, ticket: Ticket) -> bytes:
    received = 0
    body = bytearray()
    async for piece in request.stream():
        received += len(piece)
        if received > limit:
            raise _too_large(max_bytes)
        # One byte beyond the bound is enough to know, so a bomb inflates to no more than that.
        out = plain.feed(piece, max_bytes - len(body) + 1)
        if len(body) + len(out) > max_bytes:
            raise _too_large(max_bytes)
        ticket.hold(len(out))
        body += out
    plain.finish()
    return bytes(body)


def _too_large(max_bytes: int) -> RefusalError:
    return RefusalError(
        413, f"the body is larger than {max_bytes} bytes; send fewer events at a time, or smaller pictures"
    )
