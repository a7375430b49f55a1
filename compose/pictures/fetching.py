"""Fetching one picture: no redirects, bounded in size and time, and taken only if it is a JPEG or a PNG."""

from __future__ import annotations

import asyncio
import ssl

import httpx2
from msgspec import Struct

from compose.pictures.allowed import AllowedAddresses, Target

#: A picture may have so many bytes; cameras send tens to hundreds of thousands.
MAX_BYTES = 8 * 1024 * 1024
#: It must have come within this time, from the first byte sent to the last received, seconds.
MAX_S = 10.0
#: Answers that may be others later. All else is final: an address that is wrong stays wrong.
_LATER = frozenset({408, 425, 429, 500, 502, 503, 504})

_KINDS = ((b"\xff\xd8\xff", "image/jpeg"), (b"\x89PNG\r\n\x1a\n", "image/png"))


class Picture(Struct, frozen=True):
    """A picture as it was sent."""

    content: bytes
    media_type: str


class NoPictureError(Exception):
    """There is no picture. ``reason``: a word for the record. ``is_final``: asking again is of no use."""

    def __init__(self, reason: str, *, is_final: bool = True) -> None:
        super().__init__(reason)
        self.reason = reason
        self.is_final = is_final


class Fetcher:
    """Fetches pictures from addresses that are allowed."""

    def __init__(
        self,
        allowed: AllowedAddresses,
        *,
        max_bytes: int = MAX_BYTES,
        max_s: float = MAX_S,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        """``tls``: whose certificates are believed; the system's authorities unless given."""
        self._allowed = allowed
        self._max_bytes = max_bytes
        self._max_s = max_s
        # No proxies, no .netrc, no cookies that last: nothing of this machine goes along.
        self._client = httpx2.AsyncClient(
            follow_redirects=False, trust_env=False, timeout=max_s, verify=tls if tls is not None else True
        )

    async def fetch(self, ref: str) -> Picture:
        """Return a picture. Raises NoPictureError, or NotAllowedError."""
        try:
            async with asyncio.timeout(self._max_s):
                return await self._ask(await self._allowed.target(ref))
        except TimeoutError:
            raise NoPictureError("too_slow", is_final=False) from None
        except (OSError, httpx2.HTTPError):
            raise NoPictureError("unreachable", is_final=False) from None

    async def _ask(self, target: Target) -> Picture:
        headers = {"accept": "image/jpeg, image/png", "accept-encoding": "identity"}
        request = target.request(self._client, "GET", headers)
        self._client.cookies.clear()
        answer = await self._client.send(request, stream=True)
        try:
            if answer.status_code != 200:
                if 300 <= answer.status_code < 400:
                    raise NoPictureError("redirected")
                raise NoPictureError(f"http_{answer.status_code}", is_final=answer.status_code not in _LATER)
            if answer.headers.get("content-encoding", "identity") != "identity":
                raise NoPictureError("compressed")
            content = bytearray()
            async for piece in answer.aiter_raw():
                content += piece
                if len(content) > self._max_bytes:
                    raise NoPictureError("too_large")
        finally:
            await answer.aclose()
        return Picture(bytes(content), kind_of(bytes(content[:16])))

    async def close(self) -> None:
        """Close connections."""
        await self._client.aclose()


def kind_of(head: bytes) -> str:
    """Return the media type by the first bytes, whatever the sender says. Raises NoPictureError for any other."""
    for magic, media_type in _KINDS:
        if head.startswith(magic):
            return media_type
    raise NoPictureError("not_a_picture")
