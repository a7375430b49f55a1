"""Passwords: Argon2id with the parameters of RFC 9106 §4, and what no password may be (NIST SP 800-63B §5.1.1)."""

from __future__ import annotations

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

#: Longer than the 8 that CJIS IA-5 asks for, in place of rules about kinds of characters.
SHORTEST, LONGEST = 12, 200
#: Beginnings that guessers try first. Not a list of stolen passwords: none can be had without the internet.
COMMON = ("password", "passwort", "watchfloor", "123456", "qwerty", "letmein", "welcome", "administrator")
_hasher = PasswordHasher()
#: Of a password that nobody has.
_NOBODY = _hasher.hash("nobody has this password")


class WeakPasswordError(Exception):
    """This may be no password; the text says why."""


def check(password: str, account: str, name: str) -> None:
    """Raise WeakPasswordError for what is too easily guessed."""
    folded = password.casefold()
    if not SHORTEST <= len(password) <= LONGEST:
        raise WeakPasswordError(f"A password has {SHORTEST} to {LONGEST} characters.")
    if any(folded.startswith(word) for word in COMMON) or len(set(folded)) < 5:
        raise WeakPasswordError("This is among the first that are guessed.")
    if account in folded or (name and name.casefold() in folded):
        raise WeakPasswordError("The name of the account must not be in it.")


def hashed(password: str) -> str:
    """Return what is kept of a password."""
    return _hasher.hash(password)


def fits(kept: str | None, password: str) -> bool:
    """Return whether this is the password. None takes as long and fits nothing."""
    if len(password) > LONGEST:
        password = ""
    try:
        return _hasher.verify(kept or _NOBODY, password) and kept is not None
    except (VerificationError, InvalidHashError):
        return False
