"""Signing in by an identity provider: to it and back (``dashboards.server.access.provider.Provider``), and asking it
again, as long as a session lasts, whether it still vouches for the person."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar
from urllib.parse import urlencode, urlsplit, urlunsplit

from msgspec import Struct

from compose.accounts.oidc.begun import LIVES_S, Waiting
from compose.accounts.oidc.groups import GroupRights, claim, granted, groups_in
from compose.accounts.oidc.id_token import UnknownKeyError, asked_at, check_asked_since, check_nonce, checked
from compose.accounts.oidc.issuer import GrantRefusedError, Issuer, Tokens
from compose.accounts.oidc.refusals import no_right, refusal, shut_out
from compose.accounts.vouched import AccountShutError, AccountTakenError, Due, Person, VouchedPeople, Voucher
from dashboards.server.access.provider import PATH, Departure, NotVouchedError
from dashboards.server.access.session import Session, SignIn

_LONGEST_NAME = 100
_IN_NAMES = frozenset("._@+-")

T = TypeVar("T")


class Terms(Struct, frozen=True, kw_only=True):
    """How people sign in with a provider: see the settings of the same names (``oidc_...``)."""

    issuer: str
    client_id: str
    name: str
    page_url: str
    scopes: Sequence[str]
    account_claim: str
    groups_claim: str
    groups: Mapping[str, GroupRights]
    ask_anew: bool
    help: str

    @property
    def redirect_uri(self) -> str:
        """Where the provider sends browsers back to."""
        return f"{self.page_url.rstrip('/')}{PATH}/callback"


class OidcSignIn:
    """One provider. Tables are read and written in a thread of its own."""

    def __init__(
        self,
        terms: Terms,
        issuer: Issuer,
        people: VouchedPeople,
        sign_in: SignIn,
        now: Callable[[], float] = time.time,
    ) -> None:
        self.name = terms.name
        self.secure = terms.page_url.startswith("https://")
        self._terms = terms
        self._issuer = issuer
        self._people = people
        self._sign_in = sign_in
        self._now = now
        self._waiting = Waiting(now)
        self._tables = ThreadPoolExecutor(1, "oidc-accounts")

    async def begin(self, before: str, *, anew: bool = False) -> Departure:
        """As in the protocol."""
        metadata = await self._issuer.metadata()
        session = await self._sign_in.session(before) if before else None
        # Whoever sits down at a locked desk must not get in by what the browser still knows of the one before.
        anew = anew or self._terms.ask_anew or (session is not None and session.locked)
        begun = self._waiting.begin(anew=anew, before=before if session is not None else "")
        asked = {
            "response_type": "code",
            "client_id": self._terms.client_id,
            "redirect_uri": self._terms.redirect_uri,
            "scope": " ".join(dict.fromkeys(["openid", *self._terms.scopes])),
            "state": begun.state,
            "nonce": begun.nonce,
            "code_challenge": begun.challenge,
            "code_challenge_method": "S256",
        }
        if anew:
            asked |= {"prompt": "login", "max_age": "0"}
        return Departure(
            address=_with_query(metadata.authorization_endpoint, asked), browser=begun.browser, lives_s=int(LIVES_S)
        )

    async def finish(self, answer: Mapping[str, str], browser: str, where: str) -> tuple[str, Session]:
        """As in the protocol."""
        begun = self._waiting.take(answer.get("state", ""), browser)
        metadata = await self._issuer.metadata()
        said = answer.get("iss")
        if (said is not None and said != self._terms.issuer) or (
            said is None and metadata.authorization_response_iss_parameter_supported
        ):
            raise refusal("issuer")  # RFC 9207 §2.4
        if "error" in answer or "code" not in answer:
            raise refusal(
                "denied" if answer.get("error") in ("access_denied", "login_required") else "provider_strange"
            )
        subject = ""
        try:
            try:
                tokens = await self._issuer.redeem(answer["code"], begun.verifier, self._terms.redirect_uri)
            except GrantRefusedError:
                raise refusal("code") from None
            claims = await self._claims(tokens)
            check_nonce(claims, begun.nonce)
            if begun.anew:
                check_asked_since(claims, begun.begun_at)
            subject = claims["sub"]
            person = await self._person(claims, tokens)
            voucher = _voucher(claims, tokens, self._now())
            token, session = await self._table(self._people.sign_in, person, voucher, where)
        except AccountTakenError:
            raise refusal("account_taken") from None
        except AccountShutError as error:
            raise shut_out(str(error), self._terms.help) from None
        except NotVouchedError as error:
            await self._table(self._people.refused, self._terms.issuer, subject, where, error.kind)
            raise
        if begun.before:
            await self._sign_in.sign_out(begun.before)
        return token, session

    async def close(self) -> None:
        """Close connections."""
        await self._issuer.close()

    async def due(self, every_s: float) -> Sequence[Due]:
        """Return the sessions that the provider is to be asked about now, if it is asked so often about each."""
        return await self._table(self._people.due, self._terms.issuer, every_s)

    async def ask_again(self, due: Due) -> None:
        """Ask the provider whether it still vouches for a session, and end it if not.

        While it does not answer, the session goes on until the end that it gave.
        """
        try:
            tokens, claims = await self._asked_again(due.voucher)
            if claims.get("sub") != due.subject:
                raise refusal("provider_strange")
            if not due.voucher.refresh_token and groups_in(claims, self._terms.groups_claim) is None:
                # Groups are told in the ID token only: what it said holds until its end.
                await self._table(self._people.asked, due)
                return
            person = await self._person(claims, tokens, account=due.account)
        except GrantRefusedError:
            await self._table(self._people.withdrawn, due, "the provider took it back")
        except NotVouchedError as error:
            if error.kind in ("no_right", "issuer", "audience", "nonce", "signature", "expired"):
                await self._table(self._people.withdrawn, due, error.kind)
            else:
                await self._table(self._people.asked, due)
        else:
            voucher = due.voucher
            if voucher.refresh_token:
                voucher = _voucher(claims, tokens, self._now(), voucher)
            await self._table(self._people.confirmed, due, person, voucher)

    async def _asked_again(self, voucher: Voucher) -> tuple[Tokens, Mapping[str, Any]]:
        """Return new tokens, if there are, and what they say, or what is said of the person at /userinfo."""
        if not voucher.refresh_token:
            tokens = Tokens(access_token=voucher.access_token)
        else:
            tokens = await self._issuer.refresh(voucher.refresh_token)
            if tokens.id_token:
                return tokens, await self._claims(tokens)
        told = await self._issuer.userinfo(tokens.access_token)
        if told is None:
            raise refusal("provider_strange")
        return tokens, told

    async def _claims(self, tokens: Tokens) -> Mapping[str, Any]:
        if not tokens.id_token:
            raise refusal("provider_strange")
        metadata = await self._issuer.metadata()
        for anew in (False, True):
            try:
                return checked(
                    tokens.id_token,
                    await self._issuer.keys(anew=anew),
                    issuer=self._terms.issuer,
                    client_id=self._terms.client_id,
                    algorithms=metadata.id_token_signing_alg_values_supported,
                    now=self._now(),
                )
            except UnknownKeyError:
                continue
        raise refusal("signature")

    async def _person(self, claims: Mapping[str, Any], tokens: Tokens, account: str = "") -> Person:
        """Return who it is and what he may do. Raises NotVouchedError."""
        groups = groups_in(claims, self._terms.groups_claim)
        if groups is None or claim(claims, self._terms.account_claim) is None:
            try:
                told = await self._issuer.userinfo(tokens.access_token) or {}
            except GrantRefusedError:
                told = {}
            # What is said there of somebody else is not of this one (Core §5.3.2).
            if told and told.get("sub") != claims["sub"]:
                raise refusal("provider_strange")
            claims = {**told, **claims}
            groups = groups_in(claims, self._terms.groups_claim)
        rights = granted(groups or (), self._terms.groups)
        if not rights.roles:
            raise no_right(self._terms.help)
        name = claims.get("name")
        account = account or _account_in(claims, self._terms.account_claim)
        return Person(
            issuer=self._terms.issuer,
            subject=claims["sub"],
            account=account,
            name=name[:200] if isinstance(name, str) and name.strip() else account,
            roles=rights.roles,
            audiences=rights.audiences,
            agencies=rights.agencies,
            areas=rights.areas,
            secured=rights.secured,
        )

    async def _table(self, do: Callable[..., T], *arguments: Any) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._tables, do, *arguments)


def _account_in(claims: Mapping[str, Any], name: str) -> str:
    """Return what an account is called. Raises NotVouchedError for what could not be told apart or read."""
    found = claim(claims, name)
    account = found.strip().casefold() if isinstance(found, str) else ""
    usable = 0 < len(account) <= _LONGEST_NAME and all(sign.isalnum() or sign in _IN_NAMES for sign in account)
    # Anybody can call himself what he likes until the address was proved to be his.
    if not usable or account == "unknown" or (name == "email" and claims.get("email_verified") is False):
        raise refusal("account_name")
    return account


def _voucher(claims: Mapping[str, Any], tokens: Tokens, now: float, before: Voucher | None = None) -> Voucher:
    """Return what is kept of tokens. A refresh token that is not replaced is still good (RFC 6749 §6)."""
    said = claims.get("exp")
    if isinstance(said, int | float) and not isinstance(said, bool):
        good_until = float(said)
    elif tokens.expires_in is not None:
        good_until = now + tokens.expires_in
    else:
        good_until = before.good_until if before is not None else now
    return Voucher(
        access_token=tokens.access_token,
        refresh_token=tokens.refresh_token or (before.refresh_token if before is not None else ""),
        good_until=good_until,
        asked_at=asked_at(claims),
    )


def _with_query(address: str, asked: Mapping[str, str]) -> str:
    parts = urlsplit(address)
    return urlunsplit(parts._replace(query="&".join(filter(None, [parts.query, urlencode(asked)]))))
