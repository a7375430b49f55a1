"""The second factor: time-based codes of six digits (RFC 6238), as every authenticator application makes them."""

from __future__ import annotations

import hmac
from datetime import UTC, datetime

import pyotp

ISSUER = "Watchfloor"
#: Seconds that a code is shown, and steps before and after that are taken, as clocks differ (RFC 6238 §5.2).
STEP_S, DRIFT = 30, 1


def new_secret() -> str:
    """Return a new secret in base 32."""
    return pyotp.random_base32()


def address(secret: str, account: str) -> str:
    """Return what an authenticator application reads (otpauth://)."""
    return pyotp.TOTP(secret).provisioning_uri(name=account, issuer_name=ISSUER)


def step_of(secret: str, code: str, used: int, now: float) -> int | None:
    """Return the time step whose code this is, if it is later than ``used``; None: it is not right, or was used."""
    totp, at = pyotp.TOTP(secret), int(now // STEP_S)
    for step in range(at - DRIFT, at + DRIFT + 1):
        expected = totp.at(datetime.fromtimestamp(step * STEP_S, UTC))
        if step > used and hmac.compare_digest(expected.encode(), code.replace(" ", "").encode()):
            return step
    return None


def code_now(secret: str, now: float) -> str:
    """Return the code of this moment."""
    return pyotp.TOTP(secret).at(datetime.fromtimestamp(now, UTC))
