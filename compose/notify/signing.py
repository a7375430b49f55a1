"""Signatures of Standard Webhooks 1.0, as the edge checks them (connectors/edge/signature.py)."""

from __future__ import annotations

import base64
import hmac
from collections.abc import Sequence


def signed_headers(message_id: str, at: int, body: bytes, keys: Sequence[bytes]) -> dict[str, str]:
    """Return the three headers. ``at``: Unix seconds. One signature by each key, so that keys change without a gap."""
    signed = f"{message_id}.{at}.".encode() + body
    signatures = [base64.b64encode(hmac.digest(key, signed, "sha256")).decode() for key in keys]
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(at),
        "webhook-signature": " ".join(f"v1,{one}" for one in signatures),
    }
