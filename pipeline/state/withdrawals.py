"""Which list entries were taken out of force by a person. Asked at every match, so it costs one look into a set."""

from __future__ import annotations

from threading import Lock

from schemas.events.hotlist_withdrawal import HotlistWithdrawal


class Withdrawals:
    """The newest word on each listing. For any thread."""

    __slots__ = ("_lock", "_newest", "_withdrawn")

    def __init__(self) -> None:
        self._lock = Lock()
        self._newest: dict[tuple[str, str], HotlistWithdrawal] = {}
        self._withdrawn: set[tuple[str, str]] = set()

    def apply(self, event: HotlistWithdrawal) -> bool:
        """Take note of an event; return whether it changed what is in force. The latest ``changed_at`` holds."""
        with self._lock:
            return self._apply((event.list_id, event.entry_id), event)

    def _apply(self, listing: tuple[str, str], event: HotlistWithdrawal) -> bool:
        known = self._newest.get(listing)
        if known is not None and known.changed_at > event.changed_at:
            return False
        self._newest[listing] = event
        was = listing in self._withdrawn
        if event.is_withdrawn:
            self._withdrawn.add(listing)
        else:
            self._withdrawn.discard(listing)
        return was != event.is_withdrawn

    def is_withdrawn(self, list_id: str, entry_id: str) -> bool:
        """Return whether an entry must raise no alert though its list has it."""
        return (list_id, entry_id) in self._withdrawn

    def of(self, list_id: str, entry_id: str) -> HotlistWithdrawal | None:
        """Return the event that holds an entry out of force; None when it is in force."""
        if not self.is_withdrawn(list_id, entry_id):
            return None
        return self._newest.get((list_id, entry_id))
