"""Checking an ID token: its signature, and everything that OpenID Connect Core §3.1.3.7 asks for."""

from __future__ import annotations

import hmac
from collections.abc import Collection, Mapping
from typing import Any

from joserfc import jwt
from joserfc.errors import ExpiredTokenError, InvalidClaimError, JoseError, MissingClaimError
from joserfc.jwk import KeySet
from joserfc.jws import JWSRegistry
from joserfc.jwt import JWTClaimsRegistry

from compose.accounts.oidc.refusals import refusal

#: How tokens may be signed: with a key of the provider's own. A shared secret could be made by anybody who has it, and
#: "none" by anybody at all.
ALGORITHMS = frozenset(
    {"RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA", "Ed25519"}
)
#: Seconds by which clocks may differ.
LEEWAY_S = 60
_LONGEST = 16_000
_KIND = {"iss": "issuer", "aud": "audience", "iat": "clock", "nbf": "clock"}


class UnknownKeyError(Exception):
    """No known key fits: the provider may have a new one."""


def checked(
    token: str, keys: KeySet, *, issuer: str, client_id: str, algorithms: Collection[str], now: float
) -> Mapping[str, Any]:
    """Return what a token says, if it is good.

    Raises UnknownKeyError, or NotVouchedError that says what is wrong.
    """
    allowed = ALGORITHMS & set(algorithms)
    if not allowed or len(token) > _LONGEST:
        raise refusal("provider_strange")
    try:
        # Providers put headers of their own into tokens, so unknown ones are passed over; "crit" is not.
        claims = jwt.decode(
            token, keys, registry=JWSRegistry(algorithms=sorted(allowed), strict_check_header=False)
        ).claims
    except (JoseError, ValueError, TypeError):
        raise UnknownKeyError from None
    rules = JWTClaimsRegistry(
        now=int(now),
        leeway=LEEWAY_S,
        iss={"essential": True, "value": issuer},
        aud={"essential": True, "value": client_id},
        sub={"essential": True},
        exp={"essential": True},
        iat={"essential": True},
    )
    try:
        rules.validate(claims)
    except ExpiredTokenError:
        raise refusal("expired") from None
    except MissingClaimError:
        raise refusal("provider_strange") from None
    except InvalidClaimError as error:
        raise refusal(_KIND.get(error.claim, "provider_strange")) from None
    if len(claims["sub"]) > 255:
        raise refusal("provider_strange")
    # For several at once, the one that it was made for is named (Core §3.1.3.7, 4 and 5).
    several = isinstance(claims["aud"], list) and len(claims["aud"]) > 1
    if claims.get("azp", None if several else client_id) != client_id:
        raise refusal("audience")
    return claims


def check_nonce(claims: Mapping[str, Any], nonce: str) -> None:
    """Raise NotVouchedError for a token that was made for another sign-in."""
    said = claims.get("nonce")
    if not isinstance(said, str) or not hmac.compare_digest(said.encode(), nonce.encode()):
        raise refusal("nonce")


def check_asked_since(claims: Mapping[str, Any], begun_at: float) -> None:
    """Raise NotVouchedError unless the provider asked the person who he is after a time."""
    if asked_at(claims) < begun_at - LEEWAY_S:
        raise refusal("not_asked_anew")


def asked_at(claims: Mapping[str, Any]) -> float:
    """Return when the provider last asked the person who he is, Unix time; 0 when it does not say."""
    said = claims.get("auth_time")
    return float(said) if isinstance(said, int | float) and not isinstance(said, bool) else 0.0
