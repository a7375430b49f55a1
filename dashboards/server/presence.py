"""Who else has an incident open now: best effort, told to those who have it open, and never stored.

Nothing is queued: each page holds the newest word only, sent when nothing else waits for it (Client.tell_last).
"""

from __future__ import annotations

from uuid import UUID

from msgspec import Struct

from dashboards.server.client import Client
from dashboards.server.messages import present

#: Who has not been heard of for so long is not shown any more, seconds; a page answers a ping every five.
SILENT_S = 20.0
#: People told of at most, those who came first.
MOST_TOLD = 50


class _Guest(Struct, eq=False):
    incident_id: UUID
    name: str
    since_ms: int
    told: tuple[tuple[str, int], ...] | None = None


class Presence:
    """Which page has which incident open. A page has one at most."""

    def __init__(self) -> None:
        self._guests: dict[Client, _Guest] = {}

    def enter(self, client: Client, incident_id: UUID, name: str) -> None:
        """Note that a page has an incident open from now on. Whether it may see it is asked when it is told."""
        known = self._guests.get(client)
        if known is None or (known.incident_id, known.name) != (incident_id, name):
            self._guests[client] = _Guest(incident_id, name, client.now_ms())

    def leave(self, client: Client) -> None:
        """Note that a page has none open, or is gone."""
        self._guests.pop(client, None)

    def tell(self) -> None:
        """Tell each page who else is there, where that is not what it was told last."""
        rooms: dict[UUID, list[tuple[Client, _Guest]]] = {}
        for client, guest in self._guests.items():
            # An agency's page knows its own incidents only: what its hub does not know it may not see.
            if client.silent_s() <= SILENT_S and client.knows("incidents", str(guest.incident_id)):
                rooms.setdefault(guest.incident_id, []).append((client, guest))
        for incident_id, there in rooms.items():
            for client, guest in there:
                others = _names(
                    [one for _, one in there if one is not guest and (not one.name or one.name != guest.name)]
                )
                if others != guest.told:
                    guest.told = others
                    client.tell_last(present(str(incident_id), others))


def _names(guests: list[_Guest]) -> tuple[tuple[str, int], ...]:
    """Return names with since when, who came first first. One name on two pages is told once; no name, each time."""
    since: dict[object, tuple[str, int]] = {}
    for guest in sorted(guests, key=lambda one: one.since_ms):
        since.setdefault(guest.name or id(guest), (guest.name, guest.since_ms))
    return tuple(since.values())[:MOST_TOLD]
