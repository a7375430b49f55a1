"""Which open alerts must be recalled: their list entry was withdrawn, or is no longer on its list.

A fold like the others: whatever comes first, the alert or the withdrawal, both lead to the same. So an alert that a
worker with older facts raises a moment too late is recalled as well.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from datetime import datetime
from threading import Lock
from uuid import UUID

from msgspec import Struct

from pipeline.state.withdrawals import Withdrawals
from schemas.events.alert import ACTIVE_STATUSES, Alert
from schemas.events.hotlist import Hotlist
from schemas.events.hotlist_withdrawal import HotlistWithdrawal

#: The statuses of alerts that somebody may still act on.
ACTIVE = frozenset(ACTIVE_STATUSES)


class Listing(Struct, frozen=True, gc=False):
    """What an alert says of the list entry that raised it."""

    list_id: str
    entry_id: str
    plate: str


class Recall(Struct, frozen=True, gc=False):
    """Why an alert must be recalled. ``cause`` names what made it so: the same cause, the same recall."""

    alert_id: UUID
    cause: str
    by: str
    why: str
    at: datetime


class Recalls:
    """Alerts about list entries that are open, and those of them that are due to be recalled.

    For any thread: a withdrawal does not wait for the one that builds indexes.
    """

    def __init__(
        self,
        withdrawals: Withdrawals,
        in_force: Mapping[str, Hotlist],
        listed: Callable[[Collection[Listing]], set[Listing]],
    ) -> None:
        """``listed`` returns those of some listings that are on a list in force with the plate they had."""
        self._lock = Lock()
        self._withdrawals = withdrawals
        self._in_force = in_force
        self._listed = listed
        self._open: dict[UUID, Listing] = {}
        self._of_entry: dict[tuple[str, str], set[UUID]] = {}
        self._due: dict[UUID, Recall] = {}
        #: Alerts whose entry has not been looked for on the list in force yet, by list.
        self._unchecked: dict[str, set[UUID]] = {}

    def due(self) -> list[Recall]:
        """Return the recalls that no revision of their alert shows yet."""
        with self._lock:
            return list(self._due.values())

    def note_alert(self, alert: Alert) -> None:
        """Take note of an alert's newest state."""
        with self._lock:
            self._note_alert(alert)

    def _note_alert(self, alert: Alert) -> None:
        if alert.status not in ACTIVE:
            self._forget(alert.alert_id)
            return
        if alert.alert_id in self._open:
            return
        listing = listing_of(alert)
        if listing is None:
            return
        self._open[alert.alert_id] = listing
        self._of_entry.setdefault((listing.list_id, listing.entry_id), set()).add(alert.alert_id)
        withdrawn = self._withdrawals.of(listing.list_id, listing.entry_id)
        if withdrawn is not None:
            self._due[alert.alert_id] = _withdrawn(alert.alert_id, withdrawn)
            return
        self._unchecked.setdefault(listing.list_id, set()).add(alert.alert_id)

    def note_withdrawal(self, event: HotlistWithdrawal) -> None:
        """Take note of a withdrawal or reinstatement that the withdrawals have been told of already."""
        with self._lock:
            self._note_withdrawal(event)

    def _note_withdrawal(self, event: HotlistWithdrawal) -> None:
        alerts = self._of_entry.get((event.list_id, event.entry_id), set())
        holds = self._withdrawals.of(event.list_id, event.entry_id)
        for alert_id in alerts:
            if holds is not None:
                self._due[alert_id] = _withdrawn(alert_id, holds)
            else:
                self._due.pop(alert_id, None)
                self._unchecked.setdefault(event.list_id, set()).add(alert_id)

    def note_lists(self, list_ids: Iterable[str]) -> None:
        """Take note of lists of which another version is in force: every open alert of theirs is looked at again."""
        with self._lock:
            self._note_lists(list_ids)

    def _note_lists(self, list_ids: Iterable[str]) -> None:
        changed = frozenset(list_ids)
        if not changed:
            return
        for alert_id, listing in self._open.items():
            if listing.list_id in changed:
                self._unchecked.setdefault(listing.list_id, set()).add(alert_id)

    def look(self) -> None:
        """Look for the entries of alerts on the lists in force; those that are gone make their alerts due.

        A list that is not in force (it may still be on its way) says nothing.
        """
        with self._lock:
            self._look()

    def _look(self) -> None:
        for list_id in [one for one in self._unchecked if one in self._in_force]:
            alerts = {alert_id for alert_id in self._unchecked.pop(list_id) if alert_id in self._open}
            manifest = self._in_force[list_id]
            listed = self._listed({self._open[alert_id] for alert_id in alerts})
            for alert_id in alerts:
                listing = self._open[alert_id]
                if self._withdrawals.is_withdrawn(list_id, listing.entry_id):
                    continue
                if listing in listed:
                    self._due.pop(alert_id, None)
                else:
                    self._due[alert_id] = _gone(alert_id, manifest)

    def _forget(self, alert_id: UUID) -> None:
        listing = self._open.pop(alert_id, None)
        self._due.pop(alert_id, None)
        if listing is not None:
            others = self._of_entry[listing.list_id, listing.entry_id]
            others.discard(alert_id)
            if not others:
                del self._of_entry[listing.list_id, listing.entry_id]


def listing_of(alert: Alert) -> Listing | None:
    """Return the list entry that an alert's evidence names; None for an alert about anything else."""
    facts: dict[str, str] = {}
    for evidence in alert.why:
        if evidence.kind in ("match", "list_entry"):
            facts |= evidence.facts
    if not {"list_id", "entry_id", "listed_plate"} <= facts.keys():
        return None
    return Listing(facts["list_id"], facts["entry_id"], facts["listed_plate"])


def _withdrawn(alert_id: UUID, event: HotlistWithdrawal) -> Recall:
    why = f"Entry {event.entry_id} of list {event.list_id} was withdrawn"
    return Recall(alert_id, str(event.event_id), event.changed_by, f"{why}: {event.reason}" if event.reason else
                  f"{why}.", event.changed_at)  # fmt: skip


def _gone(alert_id: UUID, manifest: Hotlist) -> Recall:
    why = f"The plate is no longer on the list {manifest.list_id}, as of {manifest.as_of:%Y-%m-%d %H:%M} UTC."
    return Recall(alert_id, str(manifest.event_id), f"hotlist:{manifest.list_id}"[:200], why, manifest.observed_at)
