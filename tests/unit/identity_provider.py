"""An identity provider in memory: it answers over httpx2 as a real one would, and as a bad one might."""

from __future__ import annotations

import hashlib
import json
from base64 import b64decode, urlsafe_b64encode
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, parse_qsl, unquote_plus, urlsplit

import httpx2
from joserfc import jwt
from joserfc.jwk import ECKey, OctKey, RSAKey

ISSUER = "https://id.example"
CLIENT = "watchfloor"
SECRET = "s3cret&more:than that"


class FakeProvider:
    """``claims``: what tokens say of the person besides the usual. Everything may be changed by a test."""

    def __init__(self, now: Callable[[], float]) -> None:
        self.now = now
        self.key = RSAKey.generate_key(2048, {"kid": "one", "use": "sig"}, auto_kid=False)
        self.published: list[Any] = [self.key]
        self.signed_with: Any = self.key
        self.alg = "RS256"
        self.header: dict[str, Any] = {}
        self.claims: dict[str, Any] = {
            "sub": "u-17", "preferred_username": "R.Diaz@city.example", "name": "R. Diaz", "groups": ["rtcc"],
        }  # fmt: skip
        self.changes: dict[str, Any] = {}  # of the ID token; None leaves a claim out
        self.told: dict[str, Any] | None = None  # at /userinfo; None: as in the token
        self.document: dict[str, Any] = {}
        self.token_lives_s = 300.0
        self.gives_refresh = True
        self.gives_id_token_again = True
        self.away = False
        self.status: dict[str, int] = {}  # by path
        self.taken_back = False
        self.asked: list[str] = []
        self._codes: dict[str, tuple[str, str, float]] = {}  # code -> challenge, nonce, when he was asked
        self._refresh: set[str] = set()
        self._number = 0

    @property
    def transport(self) -> httpx2.MockTransport:
        return httpx2.MockTransport(self.answer)

    def let(self, address: str, *, asked_at: float | None = None) -> dict[str, str]:
        """A person is sent here, signs in, and is sent back: the parts of the query that he brings."""
        asked = {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
        assert (asked["response_type"], asked["client_id"], asked["code_challenge_method"]) == ("code", CLIENT, "S256")
        self._number += 1
        code = f"code-{self._number}"
        self._codes[code] = (asked["code_challenge"], asked["nonce"], self.now() if asked_at is None else asked_at)
        return {"code": code, "state": asked["state"], "iss": ISSUER}

    def answer(self, request: httpx2.Request) -> httpx2.Response:
        path = request.url.path
        self.asked.append(path)
        if self.away:
            raise httpx2.ConnectError("no route to host")
        if path in self.status:
            return httpx2.Response(self.status[path], json={"error": "made_up"})
        match path:
            case "/.well-known/openid-configuration":
                return httpx2.Response(200, json=self._document())
            case "/keys":
                return httpx2.Response(200, json={"keys": [self._public(key) for key in self.published]})
            case "/token":
                return self._token(request)
            case "/me":
                if self.taken_back or not request.headers.get("authorization", "").startswith("Bearer access-"):
                    return httpx2.Response(401)
                return httpx2.Response(200, json=self.claims if self.told is None else self.told)
        return httpx2.Response(404)

    def signed(self, nonce: str | None, asked_at: float | None) -> str:
        now = int(self.now())
        claims = {
            "iss": ISSUER, "aud": CLIENT, "iat": now, "exp": now + int(self.token_lives_s), "nonce": nonce,
            "auth_time": asked_at, **self.claims, **self.changes,
        }  # fmt: skip
        said = {name: value for name, value in claims.items() if value is not None}
        if self.alg == "none":
            parts = [{"alg": "none", **self.header}, said]
            return ".".join(_coded(json.dumps(part).encode()) for part in parts) + "."
        header = {"alg": self.alg, "kid": self.signed_with.kid, **self.header}
        return jwt.encode(
            {k: v for k, v in header.items() if v is not None}, said, self.signed_with, algorithms=[self.alg]
        )

    def _document(self) -> dict[str, Any]:
        return {
            "issuer": ISSUER,
            "authorization_endpoint": f"{ISSUER}/authorize?theme=dark",
            "token_endpoint": f"{ISSUER}/token",
            "jwks_uri": f"{ISSUER}/keys",
            "userinfo_endpoint": f"{ISSUER}/me",
            "token_endpoint_auth_methods_supported": ["client_secret_basic"],
            "id_token_signing_alg_values_supported": ["RS256", "ES256", "HS256", "none"],
            "authorization_response_iss_parameter_supported": True,
            **self.document,
        }

    def _token(self, request: httpx2.Request) -> httpx2.Response:
        form = dict(parse_qsl(request.content.decode()))
        login = request.headers.get("authorization", "")
        if login:
            client, _, secret = b64decode(login.removeprefix("Basic ")).decode().partition(":")
            form |= {"client_id": unquote_plus(client), "client_secret": unquote_plus(secret)}
        if (form.get("client_id"), form.get("client_secret")) != (CLIENT, SECRET):
            return httpx2.Response(401, json={"error": "invalid_client"})
        if form["grant_type"] == "refresh_token":
            if self.taken_back or form["refresh_token"] not in self._refresh:
                return httpx2.Response(400, json={"error": "invalid_grant"})
            self._refresh.remove(form["refresh_token"])
            return self._tokens(None, None, again=True)
        challenge, nonce, asked_at = self._codes.pop(form["code"], ("", "", 0.0))
        digest = _coded(hashlib.sha256(form["code_verifier"].encode()).digest())
        if digest != challenge or not form["redirect_uri"].endswith("/api/session/oidc/callback"):
            return httpx2.Response(400, json={"error": "invalid_grant"})
        return self._tokens(nonce, asked_at)

    def _tokens(self, nonce: str | None, asked_at: float | None, *, again: bool = False) -> httpx2.Response:
        self._number += 1
        told: dict[str, Any] = {"access_token": f"access-{self._number}", "token_type": "Bearer", "expires_in": 60}
        if not again or self.gives_id_token_again:
            told["id_token"] = self.signed(nonce, asked_at)
        if self.gives_refresh:
            told["refresh_token"] = f"refresh-{self._number}"
            self._refresh.add(told["refresh_token"])
        return httpx2.Response(200, json=told)

    @staticmethod
    def _public(key: Any) -> Any:
        return key if isinstance(key, dict) else key.as_dict(private=isinstance(key, OctKey))


def _coded(raw: bytes) -> str:
    return urlsafe_b64encode(raw).rstrip(b"=").decode()


def another_key(kid: str = "two") -> RSAKey:
    return RSAKey.generate_key(2048, {"kid": kid, "use": "sig"}, auto_kid=False)


def elliptic_key(kid: str = "curve") -> ECKey:
    return ECKey.generate_key("P-256", {"kid": kid, "use": "sig"}, auto_kid=False)
