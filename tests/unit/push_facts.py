"""A browser that takes push messages, and reads them by RFC 8291 §3 on its own."""

from __future__ import annotations

import hashlib
import hmac
import os
import struct

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat


class Browser:
    """A subscription's keys."""

    def __init__(self, private: ec.EllipticCurvePrivateKey | None = None, auth: bytes = b"") -> None:
        self._private = private or ec.generate_private_key(ec.SECP256R1())
        self.auth = auth or os.urandom(16)
        self.public = self._private.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)

    def read(self, body: bytes) -> bytes:
        """What a body says. Raises InvalidTag when it is for another."""
        salt, (size, length) = body[:16], struct.unpack("!LB", body[16:21])
        sender, record = body[21 : 21 + length], body[21 + length :]
        assert len(record) <= size
        shared = self._private.exchange(ec.ECDH(), ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), sender))
        # HKDF of one block, written out (RFC 5869), so that it is not the code that is tested.
        secret = _expanded(_hmac(self.auth, shared), b"WebPush: info\0" + self.public + sender, 32)
        extracted = _hmac(salt, secret)
        key = _expanded(extracted, b"Content-Encoding: aes128gcm\0", 16)
        nonce = _expanded(extracted, b"Content-Encoding: nonce\0", 12)
        padded = AESGCM(key).decrypt(nonce, record, None).rstrip(b"\0")
        assert padded.endswith(b"\2"), "the last record"
        return padded[:-1]


def _hmac(key: bytes, data: bytes) -> bytes:
    return hmac.digest(key, data, hashlib.sha256)


def _expanded(key: bytes, info: bytes, length: int) -> bytes:
    return _hmac(key, info + b"\1")[:length]
