"""Digest authentication (RFC 7616) for readers that know nothing else: the token is the password, the user is free.

Nothing is kept for a nonce but how far its sender has counted: it is signed, and old ones are answered with a new one.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import secrets
from collections import OrderedDict

from connectors.edge.refusal import RefusalError

REALM = "watchfloor edge"
#: A nonce is good for so long, seconds; then a sender is given another without asking its user.
NONCE_S = 300.0
#: Nonces whose count is remembered, the newest; one that is forgotten is answered with a new one.
REMEMBERED = 10_000
#: Best first. Many readers know MD5 only. It holds as a proof that a token is known, and nothing else is done by it.
ALGORITHMS = {"SHA-256": "sha256", "MD5": "md5"}

_PAIR = re.compile(r'([a-zA-Z]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,"]+))\s*(?:,\s*|$)')


class Digests:
    """Challenges senders and checks what they answer."""

    def __init__(self, token: str) -> None:
        self._token = token
        self._key = secrets.token_bytes(32)
        self._counts: OrderedDict[str, int] = OrderedDict()

    def challenges(self, now: float, *, stale: bool = False) -> list[str]:
        """Return the values of WWW-Authenticate, one for each algorithm."""
        nonce = self._nonce(int(now))
        end = ", stale=true" if stale else ""
        return [
            f'Digest realm="{REALM}", qop="auth", algorithm={name}, nonce="{nonce}", charset=UTF-8{end}'
            for name in ALGORITHMS
        ]

    def check(self, value: str, method: str, target: str, now: float) -> None:
        """Check an Authorization header's value behind the word Digest.

        ``target``: path and query as they were sent. Raises RefusalError (401).
        """
        said = _parsed(value)
        algorithm = ALGORITHMS.get(said.get("algorithm", "MD5").upper())
        wanted = {"username", "realm", "nonce", "uri", "response", "qop", "nc", "cnonce"}
        if algorithm is None or not wanted <= said.keys() or said["qop"] != "auth" or said["realm"] != REALM:
            raise RefusalError(401, "the Digest answer is not whole", reason="wrong_digest")
        if not re.fullmatch(r"[0-9a-f]{8}", said["nc"]):
            raise RefusalError(401, "the Digest answer counts wrongly", reason="wrong_digest")
        if said["uri"] != target:
            raise RefusalError(401, "the Digest answer is for another address", reason="wrong_digest")

        def digest(text: str) -> str:
            return hashlib.new(algorithm, text.encode(), usedforsecurity=False).hexdigest()

        user = digest(f"{said['username']}:{REALM}:{self._token}")
        asked = digest(f"{method}:{said['uri']}")
        expected = digest(f"{user}:{said['nonce']}:{said['nc']}:{said['cnonce']}:auth:{asked}")
        if not hmac.compare_digest(expected, said["response"].lower()):
            raise RefusalError(401, "the Digest answer is wrong", reason="wrong_digest")
        self._count(said["nonce"], int(said["nc"], 16), now)

    def _count(self, nonce: str, count: int, now: float) -> None:
        """Let each answer count once. Raises RefusalError (401) with a new nonce for one that is old or foreign."""
        made = self._made_at(nonce)
        known = self._counts.get(nonce)
        if made is None or not 0 <= now - made <= NONCE_S:
            self._counts.pop(nonce, None)
            raise _again(self.challenges(now, stale=True), "stale_nonce")
        if known is not None and count <= known:
            raise _again(self.challenges(now, stale=True), "replayed_digest")
        self._counts[nonce] = count
        self._counts.move_to_end(nonce)
        while len(self._counts) > REMEMBERED:
            self._counts.popitem(last=False)

    def _nonce(self, at: int) -> str:
        made = at.to_bytes(8, "big") + secrets.token_bytes(8)
        return base64.urlsafe_b64encode(made + hmac.digest(self._key, made, "sha256")[:16]).decode()

    def _made_at(self, nonce: str) -> int | None:
        try:
            whole = base64.urlsafe_b64decode(nonce)
        except ValueError:
            return None
        made, sign = whole[:16], whole[16:]
        if not hmac.compare_digest(hmac.digest(self._key, made, "sha256")[:16], sign):
            return None
        return int.from_bytes(made[:8], "big")


def _again(challenges: list[str], reason: str) -> RefusalError:
    return RefusalError(401, "answer the new nonce", reason=reason, challenges=challenges)


def _parsed(value: str) -> dict[str, str]:
    if len(value) > 4096:
        return {}
    return {
        name.lower(): re.sub(r"\\(.)", r"\1", quoted) if quoted or not plain else plain
        for name, quoted, plain in _PAIR.findall(value)
    }
