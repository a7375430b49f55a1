"""Why somebody whom the identity provider sent was not let in: what the page says of it, and whom to ask."""

from __future__ import annotations

from dashboards.server.access.provider import NotVouchedError

_AGAIN = "Go back and sign in once more."
_ADMIN = "Tell whoever runs Watchfloor."

#: By a word for logs and records: status, and what is said. Nothing of a token is ever in it.
_SAID: dict[str, tuple[int, str]] = {
    "provider_away": (
        503,
        "The identity provider cannot be reached now. Try again in a moment; accounts of this server still work.",
    ),
    "provider_strange": (
        502,
        f"The identity provider answered something that cannot be used. {_ADMIN} The server's log says what.",
    ),
    "provider_refused_us": (
        502,
        (
            f"The identity provider does not know this server, or refused its secret. {_ADMIN} See "
            "WATCHFLOOR_OIDC_CLIENT_ID and WATCHFLOOR_OIDC_CLIENT_SECRET."
        ),
    ),
    "state": (400, f"This sign-in was not begun here, was used already, or was begun over ten minutes ago. {_AGAIN}"),
    "browser": (400, f"This sign-in was begun in another browser, or this one keeps no cookies. {_AGAIN}"),
    "denied": (403, "The identity provider did not let you in, or you stopped."),
    "code": (401, f"The identity provider did not take back its own code: it was used, or is too old. {_AGAIN}"),
    "issuer": (401, f"The answer came from another identity provider than the one that was asked. {_ADMIN}"),
    "audience": (401, f"The identity provider's answer was made for another application. {_ADMIN}"),
    "nonce": (401, f"The identity provider's answer belongs to another sign-in. {_AGAIN}"),
    "signature": (401, f"The identity provider's answer is not signed by a key that it publishes. {_ADMIN}"),
    "expired": (
        401,
        (
            f"The identity provider's answer is too old. {_AGAIN} If it happens again, the clocks of this server and"
            " of the provider differ: have them set."
        ),
    ),
    "clock": (
        401,
        (
            "The identity provider's answer is from the future: the clocks of this server and of the provider differ"
            f" by more than a minute. {_ADMIN}"
        ),
    ),
    "not_asked_anew": (
        401,
        (
            "The identity provider did not ask you anew who you are, as it was told to. If it cannot, whoever runs "
            "Watchfloor may set WATCHFLOOR_OIDC_ASK_ANEW=false."
        ),
    ),
    "account_name": (
        403,
        (
            f"The identity provider gave no name that can be used for your account here. {_ADMIN} See "
            "WATCHFLOOR_OIDC_ACCOUNT_CLAIM."
        ),
    ),
    "account_taken": (403, f"There is an account of your name here, and it is somebody else's. {_ADMIN}"),
}


def refusal(kind: str) -> NotVouchedError:
    """Return the error to raise. ``kind``: a key of the table above."""
    status, text = _SAID[kind]
    return NotVouchedError(kind, status, text)


def no_right(help_text: str) -> NotVouchedError:
    """Return the error for somebody whose groups give nothing here."""
    return NotVouchedError(
        "no_right",
        403,
        f"You are known, but none of your groups may do anything here. {help_text}",
    )


def shut_out(why: str, help_text: str) -> NotVouchedError:
    """Return the error for an account that lets nobody in."""
    return NotVouchedError("account_disabled", 403, f"Your account is shut here ({why}). {help_text}")
