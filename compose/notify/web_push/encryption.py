"""Encryption of a message for one browser (RFC 8291), in one record of the encoding aes128gcm (RFC 8188).

A push service carries the message and cannot read it. Every message has the same length, so that this tells nothing.
"""

from __future__ import annotations

import base64
import os
import struct

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

CURVE = ec.SECP256R1()
#: Lengths of a browser's public key (uncompressed point) and its secret, bytes (RFC 8291 §2).
PUBLIC_LENGTH, AUTH_LENGTH = 65, 16
#: What a message is filled up to, bytes. A push service takes 4096 with all that encryption adds (RFC 8030 §7.2).
LENGTH = 512
_RECORD_SIZE = 4096


def b64(data: bytes) -> str:
    """Return base64url without padding, as all of Web Push writes bytes."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def unb64(text: str) -> bytes:
    """Return the bytes of such a text, padded or not. Raises ValueError."""
    plain = text.rstrip("=")
    return base64.b64decode(plain + "=" * (-len(plain) % 4), altchars=b"-_", validate=True)


def public_key(raw: bytes) -> ec.EllipticCurvePublicKey:
    """Return a browser's key. Raises ValueError when it is no point of the curve."""
    if len(raw) != PUBLIC_LENGTH:
        raise ValueError("it is no uncompressed point of P-256")
    return ec.EllipticCurvePublicKey.from_encoded_point(CURVE, raw)


def raw_public(key: ec.EllipticCurvePrivateKey) -> bytes:
    """Return the public key of a private one as it is sent."""
    return key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)


def encrypted(
    message: bytes,
    p256dh: bytes,
    auth: bytes,
    *,
    length: int = LENGTH,
    own: ec.EllipticCurvePrivateKey | None = None,
    salt: bytes | None = None,
) -> bytes:
    """Return the body of a push message. ``own``, ``salt``: new for each message; given by tests."""
    if len(message) > length:
        raise ValueError(f"a message has at most {length} bytes")
    own, salt = own or ec.generate_private_key(CURVE), salt or os.urandom(16)
    sender = raw_public(own)
    shared = own.exchange(ec.ECDH(), public_key(p256dh))
    # RFC 8291 §3.4, then RFC 8188 §2.2 and §2.3.
    secret = _hkdf(auth, shared, b"WebPush: info\0" + p256dh + sender, 32)
    key = _hkdf(salt, secret, b"Content-Encoding: aes128gcm\0", 16)
    nonce = _hkdf(salt, secret, b"Content-Encoding: nonce\0", 12)
    record = AESGCM(key).encrypt(nonce, (message + b"\2").ljust(length + 1, b"\0"), None)
    return salt + struct.pack("!LB", _RECORD_SIZE, len(sender)) + sender + record


def _hkdf(salt: bytes, secret: bytes, info: bytes, length: int) -> bytes:
    return HKDF(SHA256(), length, salt, info).derive(secret)
