"""Sign-ins that were begun and wait for the answer of the identity provider: each is taken once, within ten minutes.

They are in memory: after a restart people begin once more.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
import time
from base64 import urlsafe_b64encode
from collections.abc import Callable

from msgspec import Struct

from compose.accounts.oidc.refusals import refusal

#: Seconds that somebody may take at the identity provider.
LIVES_S = 600.0
#: Sign-ins that wait at once; the oldest gives way.
MOST = 10_000


class Begun(Struct, frozen=True, kw_only=True):
    """A sign-in on its way. ``state``, ``nonce``: come back with the answer. ``verifier``: of PKCE, never leaves us but
    to the token endpoint. ``browser``: the cookie of who began it. ``anew``: he must be asked who he is. ``before``:
    the token of the session that this browser had. ``begun_at``: Unix time."""

    state: str
    nonce: str
    verifier: str
    browser: str
    anew: bool
    before: str
    begun_at: float

    @property
    def challenge(self) -> str:
        """The verifier's digest (RFC 7636 §4.2, S256)."""
        return urlsafe_b64encode(hashlib.sha256(self.verifier.encode()).digest()).rstrip(b"=").decode()


class Waiting:
    """Those that are on their way."""

    def __init__(self, now: Callable[[], float] = time.time) -> None:
        self._now = now
        self._waiting: dict[str, Begun] = {}

    def begin(self, *, anew: bool, before: str) -> Begun:
        """Return a new one."""
        now = self._now()
        while self._waiting:
            oldest = next(iter(self._waiting))
            if self._waiting[oldest].begun_at > now - LIVES_S and len(self._waiting) < MOST:
                break
            del self._waiting[oldest]
        state, nonce, verifier, browser = (secrets.token_urlsafe(32) for _ in range(4))
        begun = Begun(
            state=state, nonce=nonce, verifier=verifier, browser=browser, anew=anew, before=before, begun_at=now
        )
        self._waiting[state] = begun
        return begun

    def take(self, state: str, browser: str) -> Begun:
        """Return the one with this state, and forget it. Raises NotVouchedError: unknown, used, old, or another's."""
        begun = self._waiting.pop(state, None)
        if begun is None or begun.begun_at <= self._now() - LIVES_S:
            raise refusal("state")
        if not hmac.compare_digest(begun.browser.encode(), browser.encode()):
            raise refusal("browser")
        return begun
