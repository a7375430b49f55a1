"""Who may send: by token, by Digest, or by a signature; and what is told of those who may not."""

from __future__ import annotations

import base64
import binascii
import hmac
import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext

import structlog
from starlette.requests import Request

from connectors.edge.digest import REALM, Digests
from connectors.edge.metrics import REFUSED_SENDERS
from connectors.edge.refusal import RefusalError
from connectors.edge.signature import Holding, Signatures

#: Of each reason one line is logged in this time, with how many there were, seconds: a flood must not fill the disk.
LOG_EVERY_S = 10.0
_AUDITED = frozenset({401, 403, 409})
_log = structlog.get_logger(__name__)


class Senders:
    """Lets senders in by what they show. With neither token nor keys all are: the settings allow that on loopback only.

    ``token``: shown as Bearer, X-Watchfloor-Token, X-Api-Key, as the password of Basic or of Digest. ``keys``: of
    signed webhooks; a request that claims to be signed is judged by its signature alone.
    """

    def __init__(self, token: str | None, keys: Sequence[bytes] = ()) -> None:
        self._token = token
        self._digests = None if token is None else Digests(token)
        self._signatures = Signatures(keys)
        self._must_show = token is not None or bool(keys)

    def admit(self, request: Request, now: float) -> None:
        """Judge a request by its head, before its body is read. Raises RefusalError (401, 403)."""
        # Browsers send these on every cross-site post and readers never do, so no web page can feed the edge.
        if "origin" in request.headers or "sec-fetch-site" in request.headers:
            raise RefusalError(403, "web pages may not post here; send from the reader or a server", reason="web_page")
        if not self._must_show:
            return
        if self._signatures.has_signature(request.headers):
            self._signatures.require_fresh(request.headers, now)
            return
        if self._token is None or self._digests is None:
            raise RefusalError(401, "requests must be signed (Standard Webhooks)", reason="no_signature")
        scheme, _, value = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() == "digest":
            try:
                self._digests.check(value, request.method, _target(request), now)
            except RefusalError as error:
                error.challenges = error.challenges or self._challenges(now)
                raise
            return
        shown = _shown_token(request)
        if shown is None or not hmac.compare_digest(shown, self._token.encode()):
            raise RefusalError(
                401,
                "the token is missing or wrong; send it as Authorization: Bearer <token> or X-Watchfloor-Token",
                reason="no_token" if shown is None else "wrong_token",
                challenges=self._challenges(now),
            )

    def taking(self, request: Request, body: bytes, now: float) -> AbstractContextManager[Holding]:
        """Judge the body that came with an admitted request, and hold its id while the block takes it (or does not).

        Raises RefusalError (401, 409).
        """
        if self._must_show and self._signatures.has_signature(request.headers):
            return self._signatures.taking(request.headers, body, now)
        return nullcontext(Holding())

    def _challenges(self, now: float) -> list[str]:
        assert self._digests is not None
        return [f'Bearer realm="{REALM}"', *self._digests.challenges(now)]


class RefusedSenders:
    """Counts senders that were turned away, and logs them by reason: never what they showed or sent."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._logged: dict[str, float] = {}
        self._since: dict[str, int] = {}

    def note(self, request: Request, error: RefusalError) -> None:
        """Take note of a refusal; those that are not about who sends are none of ours."""
        if error.status not in _AUDITED:
            return
        reason = error.reason or str(error.status)
        REFUSED_SENDERS.labels(reason).inc()
        self._since[reason] = self._since.get(reason, 0) + 1
        last = self._logged.get(reason)
        if last is not None and self._clock() - last < LOG_EVERY_S:
            return
        self._logged[reason] = self._clock()
        client = request.client.host if request.client is not None else ""
        _log.warning(
            "sender_refused", reason=reason, status=error.status, address=client, count=self._since.pop(reason)
        )


def _target(request: Request) -> str:
    raw: bytes = request.scope.get("raw_path") or request.scope["path"].encode()
    query: bytes = request.scope.get("query_string", b"")
    return (raw.partition(b"?")[0] + (b"?" + query if query else b"")).decode("latin-1")


def _shown_token(request: Request) -> bytes | None:
    """The token a sender shows. Basic is taken because many readers can put it into their target's address only."""
    for name in ("x-watchfloor-token", "x-api-key"):
        header = request.headers.get(name)
        if header is not None:
            return header.encode("latin-1")
    scheme, _, value = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        return value.strip().encode("latin-1")
    if scheme.lower() == "basic":
        try:
            return base64.b64decode(value.encode("latin-1"), validate=True).partition(b":")[2]
        except binascii.Error:
            return None
    return None
