"""Signed webhooks (Standard Webhooks 1.0): who sent this very body, when, and that it was not taken before.

https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md: the headers webhook-id,
webhook-timestamp (Unix seconds) and webhook-signature; signed is ``id.timestamp.body`` by HMAC-SHA256.
"""

from __future__ import annotations

import base64
import binascii
import hmac
from collections import OrderedDict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

from connectors.edge.refusal import RefusalError

#: How far a timestamp may be from our clock, either way, seconds.
TOLERANCE_S = 300.0
#: Ids remembered, the newest. An id is of use for twice the tolerance; one that is forgotten earlier, sent again by
#: somebody who listened, makes no doubles either, as its events have the same ids.
REMEMBERED = 200_000
_PREFIX = "whsec_"
_MIN_KEY_BYTES, _MAX_KEY_BYTES = 24, 64


def read_secrets(text: str) -> tuple[bytes, ...]:
    """Return the keys of secrets as senders show them: ``whsec_<base64>``, several separated by spaces.

    Raises ValueError with what is wrong; it never holds a secret.
    """
    keys = []
    for one in text.split():
        try:
            key = base64.b64decode(one.removeprefix(_PREFIX), validate=True)
        except (binascii.Error, ValueError):
            key = b""
        if not one.startswith(_PREFIX) or not _MIN_KEY_BYTES <= len(key) <= _MAX_KEY_BYTES:
            raise ValueError(f"a secret is written as whsec_ and base64 of {_MIN_KEY_BYTES} to {_MAX_KEY_BYTES} bytes")
        keys.append(key)
    return tuple(keys)


class Holding:
    """A request under way. ``is_taken``: it was answered 2xx, so its id must not come again."""

    def __init__(self) -> None:
        self.is_taken = False


class Signatures:
    """Checks signatures against any of the keys, so that keys can be changed without a gap."""

    def __init__(self, keys: Sequence[bytes], remembered: int = REMEMBERED) -> None:
        self._keys = tuple(keys)
        self._remembered = remembered
        #: When each id was taken, seconds since 1970; and those that are under way.
        self._taken: OrderedDict[str, float] = OrderedDict()
        self._under_way: set[str] = set()

    def has_signature(self, headers: Mapping[str, str]) -> bool:
        """Return whether a request claims to be signed, and so is judged by that."""
        return bool(self._keys) and "webhook-signature" in headers

    def require_fresh(self, headers: Mapping[str, str], now: float) -> None:
        """Look at what can be judged before the body is read. Raises RefusalError (401)."""
        timestamp = headers.get("webhook-timestamp", "")
        if not headers.get("webhook-id") or len(headers["webhook-id"]) > 200:
            raise _refused("webhook-id is missing or too long")
        if not (timestamp.isascii() and timestamp.isdigit() and len(timestamp) <= 12):
            raise _refused("webhook-timestamp is missing or not in Unix seconds")
        if abs(now - int(timestamp)) > TOLERANCE_S:
            raise _refused("webhook-timestamp is more than five minutes from our clock", "stale_timestamp")

    @contextmanager
    def taking(self, headers: Mapping[str, str], body: bytes, now: float) -> Iterator[Holding]:
        """Check the signature of a body, and remember its id if the block says that it was taken.

        Raises RefusalError: 401 for a wrong signature, 409 for an id that was taken. One that was refused, or fell to a
        broker that was away, is not taken: senders try again with the same id.
        """
        self.require_fresh(headers, now)
        name = headers["webhook-id"]
        signed = f"{name}.{headers['webhook-timestamp']}.".encode() + body
        if not self._fits(signed, headers["webhook-signature"]):
            raise _refused("webhook-signature does not fit this body", "wrong_signature")
        self._forget(now)
        if name in self._taken or name in self._under_way:
            told = "this webhook-id was taken already; nothing is to be sent again"
            raise RefusalError(409, told, field="webhook-id", reason="replayed_id")
        self._under_way.add(name)
        holding = Holding()
        try:
            yield holding
        finally:
            self._under_way.discard(name)
            if holding.is_taken:
                self._taken[name] = now

    def _fits(self, signed: bytes, shown: str) -> bool:
        fits = False
        for key in self._keys:
            expected = base64.b64encode(hmac.digest(key, signed, "sha256"))
            for one in shown.split(" ")[:10]:
                version, _, value = one.partition(",")
                fits |= version == "v1" and hmac.compare_digest(value.encode("utf-8", "replace"), expected)
        return fits

    def _forget(self, now: float) -> None:
        while self._taken:
            name, at = next(iter(self._taken.items()))
            if now - at <= 2 * TOLERANCE_S and len(self._taken) < self._remembered:
                return
            del self._taken[name]


def _refused(error: str, reason: str = "bad_signature_headers") -> RefusalError:
    return RefusalError(401, error, reason=reason)
