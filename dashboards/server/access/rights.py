"""Rights, the roles that have them, and the right that each route and channel asks for. What is not listed is denied.

This is the whole policy: a test holds that every route of the server is here.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import NamedTuple

from starlette.routing import compile_path


class Right(StrEnum):
    """What somebody may do."""

    SEE = "see"
    CALLS = "calls"
    ACT = "act"
    SEARCH_PLATES = "search_plates"
    SEARCH_PEOPLE = "search_people"
    ASK = "ask"
    OPERATE = "operate"
    AUDIT = "audit"
    ADMINISTER = "administer"


#: In words, for people who were refused.
MEANING: Mapping[Right, str] = {
    Right.SEE: "see the live map, alerts and plate reads",
    Right.CALLS: "see calls, incidents and units",
    Right.ACT: "act on alerts and incidents",
    Right.SEARCH_PLATES: "search plates",
    Right.SEARCH_PEOPLE: "look for people and their history",
    Right.ASK: "ask the store",
    Right.OPERATE: "see how the system runs, and mend it",
    Right.AUDIT: "read who looked at what",
    Right.ADMINISTER: "manage accounts",
}

ROLES: Mapping[str, frozenset[Right]] = {
    # A screen on a wall: nobody acts or searches there.
    "wall": frozenset({Right.SEE, Right.CALLS}),
    "monitor": frozenset({Right.SEE, Right.CALLS, Right.ACT, Right.SEARCH_PLATES}),
    "commander": frozenset({Right.SEE, Right.CALLS, Right.ACT}),
    "call_handler": frozenset({Right.SEE, Right.CALLS, Right.ACT, Right.SEARCH_PEOPLE}),
    "analyst": frozenset({Right.SEE, Right.CALLS, Right.SEARCH_PLATES, Right.SEARCH_PEOPLE, Right.ASK}),
    "supervisor": frozenset(
        {Right.SEE, Right.CALLS, Right.ACT, Right.SEARCH_PLATES, Right.SEARCH_PEOPLE, Right.OPERATE}
    ),
    # Those who watch do not act, and those who run the machines see no case (reference/standards §5.1, AC-5).
    "auditor": frozenset({Right.AUDIT}),
    "administrator": frozenset({Right.OPERATE, Right.ADMINISTER}),
}

#: The role of this machine's own commands, which can read the data folder anyway.
MACHINE = frozenset(Right)


class Door(NamedTuple):
    """What a route asks for: all of ``rights``; none: a session is enough. ``open``: not even that.

    ``limits``: what it tells and does is limited to the agencies and areas of who asks, so that people of some may ask,
    too. They are refused at every other door. ``proof``: what it gives leaves the building, or may give somebody more
    rights, so whoever asks must have shown lately who he is (re-authentication, NIST SP 800-53 IA-11).
    """

    rights: frozenset[Right] = frozenset()
    open: bool = False
    limits: bool = False
    proof: bool = False


_OPEN = Door(open=True, limits=True)
_SESSION = Door(limits=True)


def _needs(*rights: Right, limits: bool = False, proof: bool = False) -> Door:
    return Door(frozenset(rights), limits=limits, proof=proof)


#: By method and path as the route has it. Page, fonts and scripts are open: they hold no data.
DOORS: Mapping[tuple[str, str], Door] = {
    ("GET", "/api/health"): _OPEN,
    ("GET", "/api/session"): _OPEN,
    ("POST", "/api/session"): _OPEN,
    ("DELETE", "/api/session"): _OPEN,
    ("GET", "/api/session/oidc"): _OPEN,
    ("GET", "/api/session/oidc/callback"): _OPEN,
    ("POST", "/api/session/active"): _SESSION,
    ("POST", "/api/session/ticket"): _SESSION,
    ("POST", "/api/session/lock"): _SESSION,
    ("POST", "/api/session/proof"): _SESSION,
    # Whoever may see nothing any more still may turn it off.
    ("GET", "/api/push"): _SESSION,
    ("POST", "/api/push"): _needs(Right.SEE, limits=True),
    ("POST", "/api/push/remove"): _SESSION,
    ("GET", "/api/openapi.json"): _SESSION,
    ("GET", "/api/status"): _SESSION,
    ("GET", "/maps"): _SESSION,
    ("WEBSOCKET", "/ws"): _SESSION,
    ("POST", "/api/actions"): _needs(Right.ACT, limits=True),
    ("GET", "/api/alerts/{alert_id}/people"): _needs(Right.SEE, Right.ACT, limits=True),
    ("GET", "/api/images/{read_id}"): _needs(Right.SEE, limits=True),
    ("GET", "/api/images/{read_id}/picture"): _needs(Right.SEE, limits=True),
    ("GET", "/api/incidents/{incident_id}/calls"): _needs(Right.CALLS, limits=True),
    ("GET", "/api/incidents/{incident_id}/units"): _needs(Right.CALLS, limits=True),
    ("GET", "/api/incidents/{incident_id}/history"): _needs(Right.CALLS, limits=True),
    ("GET", "/api/incidents/{incident_id}/assessments"): _needs(Right.CALLS, limits=True),
    ("POST", "/api/incidents/{incident_id}/assessments"): _needs(Right.CALLS, Right.ACT, limits=True),
    ("POST", "/api/incidents/{incident_id}/drawings"): _needs(Right.CALLS, Right.ACT, limits=True),
    ("GET", "/api/incidents/{incident_id}/drawings/history"): _needs(Right.CALLS, limits=True),
    ("GET", "/api/incidents/{incident_id}/drawings.geojson"): _needs(Right.CALLS, limits=True),
    ("POST", "/api/incidents/{incident_id}/attachments"): _needs(Right.CALLS, Right.ACT, limits=True),
    ("GET", "/api/incidents/{incident_id}/attachments/{attachment_id}"): _needs(Right.CALLS, limits=True),
    ("POST", "/api/incidents/{incident_id}/attachments/{attachment_id}/withdraw"): _needs(
        Right.CALLS, Right.ACT, limits=True
    ),
    ("GET", "/api/incidents/{incident_id}/eido"): _needs(Right.CALLS),
    ("GET", "/api/answer-times"): _needs(Right.CALLS),
    ("GET", "/api/measures"): _needs(Right.CALLS),
    ("GET", "/api/contact"): _needs(Right.SEARCH_PEOPLE),
    ("POST", "/api/names/search"): _needs(Right.SEARCH_PEOPLE),
    ("GET", "/api/markers"): _needs(Right.SEARCH_PEOPLE),
    ("POST", "/api/markers"): _needs(Right.SEARCH_PEOPLE),
    ("POST", "/api/markers/remove"): _needs(Right.SEARCH_PEOPLE),
    ("POST", "/api/plates/search"): _needs(Right.SEARCH_PLATES, limits=True),
    ("POST", "/api/plates/export"): _needs(Right.SEARCH_PLATES, limits=True, proof=True),
    ("GET", "/api/audit"): _needs(Right.AUDIT),
    ("POST", "/api/audit/export"): _needs(Right.AUDIT, proof=True),
    ("POST", "/api/sql"): _needs(Right.ASK),
    ("POST", "/api/counts"): _needs(Right.ASK),
    ("POST", "/api/companions"): _needs(Right.SEARCH_PLATES),
    ("GET", "/api/precision"): _needs(Right.SEE),
    ("GET", "/api/replay"): _needs(Right.SEE, limits=True),
    ("GET", "/api/noise"): _needs(Right.SEE),
    ("POST", "/api/noise"): _needs(Right.ACT),
    ("GET", "/api/ledger"): _needs(Right.OPERATE),
    ("GET", "/api/dead-letters"): _needs(Right.OPERATE),
    ("GET", "/api/dead-letters/{event_id}"): _needs(Right.OPERATE),
    ("POST", "/api/dead-letters/{event_id}/replay"): _needs(Right.OPERATE),
    ("GET", "/api/store/copies"): _needs(Right.OPERATE),
    ("POST", "/api/store/copies"): _needs(Right.OPERATE),
    ("GET", "/api/names/keys"): _needs(Right.OPERATE),
    ("POST", "/api/names/keys/rebuild"): _needs(Right.OPERATE),
    ("GET", "/api/accounts"): _needs(Right.ADMINISTER),
    ("POST", "/api/accounts"): _needs(Right.ADMINISTER, proof=True),
    ("POST", "/api/accounts/{account}/access"): _needs(Right.ADMINISTER, proof=True),
    ("POST", "/api/accounts/{account}/disable"): _needs(Right.ADMINISTER),
    ("POST", "/api/accounts/{account}/release"): _needs(Right.ADMINISTER, proof=True),
    ("POST", "/api/accounts/{account}/end-sessions"): _needs(Right.ADMINISTER),
    ("GET", "/metrics"): _needs(Right.OPERATE),
}

#: What each channel of the websocket asks for; a channel that is not here is sent to nobody.
CHANNEL_RIGHTS: Mapping[str, Right] = {
    "alerts": Right.SEE,
    "sightings": Right.SEE,
    "cameras": Right.SEE,
    "zones": Right.SEE,
    "layers": Right.SEE,
    "hotlists": Right.SEE,
    "health": Right.SEE,
    "canaries": Right.SEE,
    "incidents": Right.CALLS,
    "drawings": Right.CALLS,
    "attachments": Right.CALLS,
    "calls": Right.CALLS,
    "units": Right.CALLS,
}

#: Under these, what is not in DOORS is denied; anything else is a file of the page, which holds no data.
GUARDED = ("/api", "/maps", "/metrics", "/ws")

_PATTERNS = [(method, compile_path(path)[0], door) for (method, path), door in DOORS.items()]


def door_of(method: str, path: str) -> Door | None:
    """Return what a request asks for; None: nobody may."""
    if not any(path == guarded or path.startswith(f"{guarded}/") for guarded in GUARDED):
        return _OPEN
    if path.startswith("/maps/"):
        path = "/maps"
    wanted = "GET" if method == "HEAD" else method
    return next((door for known, pattern, door in _PATTERNS if known == wanted and pattern.match(path)), None)


def rights_of(roles: Iterable[str]) -> frozenset[Right]:
    """Return what somebody with these roles may do. An unknown role gives nothing."""
    return frozenset[Right]().union(*(ROLES.get(role, frozenset()) for role in roles))


def who_may_grant(rights: Iterable[Right]) -> str:
    """Say in words what is missing, and which roles have it."""
    wanted = frozenset(rights)
    having = [role for role, has in ROLES.items() if wanted <= has]
    words = " and ".join(MEANING[right] for right in sorted(wanted))
    return f"Your account may not {words}. An administrator can give it the role {' or '.join(having) or '(none has)'}."
