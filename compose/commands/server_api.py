"""How commands ask the running server."""

from __future__ import annotations

from typing import Any

import httpx2

from compose.commands.output import fail
from compose.local import addresses
from compose.settings import Settings


def ask(
    settings: Settings, method: str, path: str, *, as_json: bool, body: Any = None, timeout: float = 60.0
) -> httpx2.Response:
    """Return the server's answer if it is a good one; else end the command with what it says.

    Raises httpx2.ConnectError when nothing listens.
    """
    base = addresses(settings).web
    # Every POST says it is JSON, also one without a body: the server takes no other.
    headers = {"content-type": "application/json", **settings.own_headers}
    try:
        response = httpx2.request(method, f"{base}{path}", json=body, headers=headers, timeout=timeout)
    except httpx2.ConnectError:
        raise
    except httpx2.HTTPError as error:
        fail(f"The server at {base} did not answer: {error or type(error).__name__}.", as_json=as_json)
    if response.headers.get("content-type", "").startswith("text/html"):
        fail(
            f"What answers at {base} is no Watchfloor (HTTP {response.status_code}). Start `watchfloor up`, or correct "
            "WATCHFLOOR_WEB_PORT.",
            as_json=as_json,
        )
    if not response.is_success:
        try:
            text = str(response.json()["error"])
        except (ValueError, KeyError, TypeError):
            text = response.text
        fail(text, 3 if response.status_code == 403 else 1, as_json=as_json)
    return response


def not_running(settings: Settings) -> str:
    """Return what to say when nothing listens."""
    return f"Nothing answers at {addresses(settings).web}. Start `watchfloor up` first."
