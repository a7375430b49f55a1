"""The identity provider over HTTP: what it publishes of itself, its keys, and its three endpoints.

Only the issuer of the settings is asked, and what its own document names. No redirects are followed, answers are
bounded in size and time, and nothing of a token is in an error or a log.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import quote_plus

import httpx2
import msgspec
import structlog
from joserfc.errors import JoseError
from joserfc.jwk import Key, KeySet, import_key
from msgspec import Struct

from compose.accounts.oidc.addresses import is_trustworthy
from compose.accounts.oidc.refusals import refusal

#: The provider's document and keys are asked for anew after so many seconds ...
FRESH_S = 3600.0
#: ... and for a key that is not known, no more often than this.
KEYS_AGAIN_S = 30.0
#: Seconds that an answer may take, and bytes that it may have.
MAX_S, MAX_BYTES = 10.0, 512 * 1024

_log = structlog.get_logger(__name__)


class Metadata(Struct, frozen=True, kw_only=True):
    """What a provider publishes of itself (OpenID Connect Discovery §3), as far as it is used here."""

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    userinfo_endpoint: str = ""
    token_endpoint_auth_methods_supported: tuple[str, ...] = ("client_secret_basic",)
    id_token_signing_alg_values_supported: tuple[str, ...] = ("RS256",)
    authorization_response_iss_parameter_supported: bool = False


class Tokens(Struct, frozen=True, kw_only=True):
    """What the token endpoint gives (RFC 6749 §5.1). ``expires_in``: of the access token, seconds."""

    access_token: str = ""
    id_token: str = ""
    refresh_token: str = ""
    expires_in: float | None = None


class GrantRefusedError(Exception):
    """The provider takes this code or refresh token no more: it was used, is too old, or was taken back."""


class Issuer:
    """One identity provider. Everything may raise NotVouchedError (provider_away, provider_strange)."""

    def __init__(
        self,
        issuer: str,
        client_id: str,
        client_secret: str,
        *,
        transport: httpx2.AsyncBaseTransport | None = None,
        mono: Callable[[], float] = time.monotonic,
    ) -> None:
        """``transport``: for tests; the network unless given."""
        self._issuer = issuer
        self._client_id = client_id
        self._client_secret = client_secret
        self._mono = mono
        # No proxies, no .netrc, no cookies: nothing of this machine goes along.
        self._client = httpx2.AsyncClient(follow_redirects=False, trust_env=False, timeout=MAX_S, transport=transport)
        self._metadata: tuple[float, Metadata] | None = None
        self._keys: tuple[float, KeySet] | None = None
        self._asking = asyncio.Lock()

    async def close(self) -> None:
        """Close connections."""
        await self._client.aclose()

    async def metadata(self) -> Metadata:
        """Return what the provider publishes of itself."""
        async with self._asking:
            now = self._mono()
            if self._metadata is None or now - self._metadata[0] > FRESH_S:
                self._metadata = (now, await self._discover())
            return self._metadata[1]

    async def keys(self, *, anew: bool = False) -> KeySet:
        """Return the keys that the provider signs with. ``anew``: one that is not among them was met."""
        metadata = await self.metadata()
        async with self._asking:
            now = self._mono()
            age = None if self._keys is None else now - self._keys[0]
            if self._keys is None or age is None or age > FRESH_S or (anew and age > KEYS_AGAIN_S):
                status, told = await self._ask("GET", metadata.jwks_uri)
                self._keys = (now, self._read_keys(status, told))
            return self._keys[1]

    async def redeem(self, code: str, verifier: str, redirect_uri: str) -> Tokens:
        """Return the tokens for a code. Raises GrantRefusedError."""
        return await self._grant(
            {
                "grant_type": "authorization_code",
                "code": code,
                "code_verifier": verifier,
                "redirect_uri": redirect_uri,
            }
        )

    async def refresh(self, refresh_token: str) -> Tokens:
        """Return new tokens for a refresh token. Raises GrantRefusedError when it was taken back."""
        return await self._grant({"grant_type": "refresh_token", "refresh_token": refresh_token})

    async def userinfo(self, access_token: str) -> Mapping[str, Any] | None:
        """Return what the provider says of whom an access token is for; None: it says so nowhere.

        Raises GrantRefusedError when the token is good no more.
        """
        metadata = await self.metadata()
        if not metadata.userinfo_endpoint or not access_token:
            return None
        status, told = await self._ask(
            "GET", metadata.userinfo_endpoint, headers={"authorization": f"Bearer {access_token}"}
        )
        if status in (400, 401, 403):
            raise GrantRefusedError
        if status != 200 or not isinstance(told, dict):
            raise self._strange("userinfo", status)
        return told

    async def _discover(self) -> Metadata:
        address = f"{self._issuer.rstrip('/')}/.well-known/openid-configuration"
        status, told = await self._ask("GET", address)
        try:
            metadata = msgspec.convert(told, Metadata)
        except msgspec.ValidationError:
            raise self._strange("discovery", status) from None
        named = (
            metadata.authorization_endpoint,
            metadata.token_endpoint,
            metadata.jwks_uri,
            *filter(None, [metadata.userinfo_endpoint]),
        )
        # A document of another issuer, or one that leads out of TLS, is not this provider's (Discovery §4.3).
        if status != 200 or metadata.issuer != self._issuer or not all(map(is_trustworthy, named)):
            raise self._strange("discovery", status)
        return metadata

    async def _grant(self, form: Mapping[str, str]) -> Tokens:
        metadata = await self.metadata()
        sent, login = dict(form), None
        if not self._client_secret or "client_secret_basic" not in metadata.token_endpoint_auth_methods_supported:
            sent["client_id"] = self._client_id
            if self._client_secret:
                sent["client_secret"] = self._client_secret
        else:
            login = httpx2.BasicAuth(_form_coded(self._client_id), _form_coded(self._client_secret))
        status, told = await self._ask("POST", metadata.token_endpoint, data=sent, auth=login)
        error = told.get("error") if isinstance(told, dict) else None
        if status == 400 and error == "invalid_grant":
            raise GrantRefusedError
        if error in ("invalid_client", "unauthorized_client") or status == 401:
            _log.error("identity_provider_refused_us", error=str(error)[:50])
            raise refusal("provider_refused_us")
        try:
            tokens = msgspec.convert(told, Tokens)
        except msgspec.ValidationError:
            raise self._strange("token", status) from None
        if status != 200:
            raise self._strange("token", status)
        return tokens

    async def _ask(self, method: str, url: str, **more: Any) -> tuple[int, Any]:
        """Return status and JSON of an answer; None for what is no JSON."""
        try:
            async with asyncio.timeout(MAX_S):
                self._client.cookies.clear()
                request = self._client.build_request(
                    method,
                    url,
                    data=more.get("data"),
                    headers={"accept": "application/json", **more.get("headers", {})},
                )
                answer = await self._client.send(request, stream=True, auth=more.get("auth"))
                try:
                    content = bytearray()
                    async for piece in answer.aiter_bytes():
                        content += piece
                        if len(content) > MAX_BYTES:
                            raise self._strange("too_large", answer.status_code)
                finally:
                    await answer.aclose()
        except (TimeoutError, OSError, httpx2.HTTPError) as error:
            _log.warning("identity_provider_away", why=type(error).__name__)
            raise refusal("provider_away") from None
        if answer.status_code >= 500 or answer.status_code == 429:
            _log.warning("identity_provider_away", status=answer.status_code)
            raise refusal("provider_away")
        try:
            return answer.status_code, msgspec.json.decode(content)
        except msgspec.DecodeError:
            return answer.status_code, None

    def _read_keys(self, status: int, told: Any) -> KeySet:
        found: list[Key] = []
        for one in told.get("keys", ()) if isinstance(told, dict) and status == 200 else ():
            # A key that is not understood does not spoil the others; one that is shared is no key to sign with.
            try:
                if one["kty"] != "oct" and one.get("use", "sig") == "sig":
                    found.append(import_key(one))
            except (JoseError, ValueError, KeyError, TypeError, AttributeError):
                continue
        if not found:
            raise self._strange("keys", status)
        return KeySet(found)

    def _strange(self, where: str, status: int) -> Exception:
        _log.error("identity_provider_strange", where=where, status=status)
        return refusal("provider_strange")


def _form_coded(text: str) -> str:
    """Return a client's id or secret as RFC 6749 §2.3.1 has it go into Basic authentication."""
    return quote_plus(text)
