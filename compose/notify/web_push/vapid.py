"""VAPID: by which a push service knows who sends (RFC 8292)."""

from __future__ import annotations

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from joserfc import jwt
from joserfc.jwk import ECKey

from compose.notify.web_push.encryption import CURVE, b64, raw_public

#: How long a token is good, and how long before its end a new one is made, seconds; RFC 8292 §2 allows a day.
GOOD_S, EARLY_S = 12 * 3600, 3600


def new_key() -> str:
    """Return a new private key as PEM."""
    key = ec.generate_private_key(CURVE)
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


def _private(pem: str) -> ec.EllipticCurvePrivateKey:
    key = load_pem_private_key(pem.encode(), None)
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise TypeError("it is no key of P-256")
    return key


def public_text(pem: str) -> str:
    """Return the public key as browsers are given it (applicationServerKey)."""
    return b64(raw_public(_private(pem)))


class Vapid:
    """Signs for one key. ``contact``: how whoever runs a push service reaches us, mailto: or https:."""

    def __init__(self, pem: str, contact: str) -> None:
        self.pem = pem
        self._contact = contact
        self._public = public_text(pem)
        self._key = ECKey.import_key(pem)
        self._tokens: dict[str, tuple[int, str]] = {}

    def header(self, origin: str, now: float) -> str:
        """Return the Authorization header for a push service; one token serves for hours."""
        until, token = self._tokens.get(origin, (0, ""))
        if until < now + EARLY_S:
            until = int(now) + GOOD_S
            claims = {"aud": origin, "exp": until, "sub": self._contact}
            token = jwt.encode({"typ": "JWT", "alg": "ES256"}, claims, self._key, algorithms=["ES256"])
            self._tokens[origin] = until, token
        return f"vapid t={token}, k={self._public}"
