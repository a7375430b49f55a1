"""Under /api/session/oidc: to the identity provider and back. Both are navigations, so what is wrong is a page.

After it the browser is sent to our own page and nowhere else: nothing in a request says where.
"""

from __future__ import annotations

from html import escape
from urllib.parse import parse_qsl

import structlog
from fastapi import APIRouter, Request
from starlette.datastructures import URL
from starlette.exceptions import HTTPException
from starlette.responses import HTMLResponse, RedirectResponse, Response

from dashboards.server.access.gate import token_in
from dashboards.server.access.provider import PATH, NotVouchedError, Provider
from dashboards.server.access.routes import set_cookie
from dashboards.server.access.session import ACCOUNTS_AWAY, AccountsUnavailableError

#: Holds who began a sign-in while he is at the provider. Lax: the way back is a navigation from another site.
BROWSER_COOKIE = "watchfloor_oidc"
_LONGEST_PART = 8_000

_PAGE = """<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>Not signed in</title></head>
<body>
<main>
<h1>You are not signed in</h1>
<p>{text}</p>
<p>What to quote when you ask: <code>{kind}</code></p>
<p><a href="/">Back to Watchfloor</a></p>
</main>
</body>
</html>
"""

_log = structlog.get_logger(__name__)


def provider_router(provider: Provider | None) -> APIRouter:
    """Return the routes. ``provider``: None where there is none; then they answer 404."""
    router = APIRouter(include_in_schema=False)

    @router.get(PATH)
    async def begin(request: Request, anew: bool = False) -> Response:
        """Send the browser to the identity provider. ``anew``: to be asked there who it is."""
        if provider is None:
            raise HTTPException(404, "This server has no identity provider.")
        try:
            departure = await provider.begin(token_in(request.headers), anew=anew)
        except (NotVouchedError, AccountsUnavailableError) as error:
            return _not_signed_in(error)
        answer = RedirectResponse(departure.address, status_code=303)
        answer.set_cookie(
            BROWSER_COOKIE, departure.browser, max_age=departure.lives_s, path=PATH, httponly=True, samesite="lax",
            secure=provider.secure,
        )  # fmt: skip
        return answer

    @router.get(f"{PATH}/callback")
    async def finish(request: Request) -> Response:
        """Take what the identity provider sent the browser back with, and sign in."""
        if provider is None:
            raise HTTPException(404, "This server has no identity provider.")
        try:
            token, _ = await provider.finish(
                _parts(request.url),
                request.cookies.get(BROWSER_COOKIE, ""),
                request.client.host if request.client else "",
            )
        except (NotVouchedError, AccountsUnavailableError) as error:
            answer = _not_signed_in(error)
        else:
            answer = RedirectResponse("/", status_code=303)
            set_cookie(answer, token, secure=provider.secure)
        answer.delete_cookie(BROWSER_COOKIE, path=PATH)
        return answer

    return router


def _parts(url: URL) -> dict[str, str]:
    """Return the parts of a query. What is said twice (RFC 6749 §3.1), or at great length, counts as not said."""
    try:
        said = parse_qsl(url.query, max_num_fields=20)
    except ValueError:
        return {}
    names = [name for name, _ in said]
    return {name: value for name, value in said if names.count(name) == 1 and len(value) <= _LONGEST_PART}


def _not_signed_in(error: NotVouchedError | AccountsUnavailableError) -> Response:
    if isinstance(error, NotVouchedError):
        kind, status, text = error.kind, error.status, str(error)
    else:
        kind, status, text = "accounts_away", 503, ACCOUNTS_AWAY
    _log.warning("not_signed_in", kind=kind)
    return HTMLResponse(_PAGE.format(text=escape(text), kind=escape(kind)), status_code=status)
