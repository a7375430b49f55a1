"""The identity provider of the settings, ready to be asked. Apart, so that commands on accounts need no HTTP client."""

from __future__ import annotations

from compose.accounts.book import AccountBook
from compose.accounts.oidc.flow import OidcSignIn, Terms
from compose.accounts.oidc.issuer import Issuer
from compose.accounts.signing_in import SigningIn
from compose.accounts.vouched import VouchedPeople
from compose.settings import Settings


def provider_for(settings: Settings, book: AccountBook) -> OidcSignIn | None:
    """Return the identity provider of these settings, if there is one."""
    if not settings.oidc_issuer:
        return None
    terms = Terms(
        issuer=settings.oidc_issuer,
        client_id=settings.oidc_client_id,
        name=settings.oidc_name,
        page_url=settings.page_url,
        scopes=settings.oidc_scopes,
        account_claim=settings.oidc_account_claim,
        groups_claim=settings.oidc_groups_claim,
        groups=settings.oidc_groups,
        ask_anew=settings.oidc_ask_anew,
        help=settings.oidc_help,
    )
    issuer = Issuer(settings.oidc_issuer, settings.oidc_client_id, settings.oidc_client_secret.get_secret_value())
    return OidcSignIn(terms, issuer, VouchedPeople(book), SigningIn(book))
