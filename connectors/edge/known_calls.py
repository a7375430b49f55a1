"""The calls that an edge took in of sources that do not tell all of a call each time: its last state of each.

CAD snapshots say what is active, so what is missing in one must be closed, with its whole state; ALI rebids say only
what is new. SQLite keeps the states (write-ahead log, ``synchronous=FULL``): what was answered 2xx is on the disk.
"""

from __future__ import annotations

import os
import sqlite3
import threading
from collections.abc import Sequence
from contextlib import closing as closed
from datetime import timedelta
from pathlib import Path
from types import TracebackType

from msgspec import Struct
from msgspec.structs import replace

from connectors.rebid import continued
from connectors.translation import Continues, Snapshot
from schemas.envelope import Event
from schemas.events.emergency_call import EMERGENCY_CALL, EmergencyCall
from schemas.identity import identity
from schemas.wire.frame import FrameDecoder, encode_event

#: Calls kept of all sources; beyond it those not heard of for longest are forgotten, which closes nothing.
MAX_CALLS = 100_000
_OVER = ("closed", "cancelled")
_SCHEMA = """
CREATE TABLE IF NOT EXISTS known_calls (
    source TEXT NOT NULL, key TEXT NOT NULL, call_id TEXT NOT NULL, heard_ms INTEGER NOT NULL, state BLOB NOT NULL,
    PRIMARY KEY (source, key)
) WITHOUT ROWID
"""


class Closing(Struct, frozen=True):
    """What a snapshot ends: ``events``, of ``known`` open calls. ``held``: why nothing is ended, else ""."""

    events: tuple[EmergencyCall, ...]
    known: int
    held: str = ""


class KnownCalls:
    """The file. Its methods block and may be called from any thread, one at a time; all may raise sqlite3.Error."""

    def __init__(self, path: Path, max_closed_share: float = 0.5) -> None:
        """Open or begin it. ``max_closed_share``: of its open calls that a snapshot may close unasked, 0 to 1."""
        path.parent.mkdir(parents=True, exist_ok=True)
        # Numbers and addresses are in it: nobody else on the machine needs to read them.
        os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
        self._share = max_closed_share
        self._lock = threading.Lock()
        self._decoder = FrameDecoder(EMERGENCY_CALL)
        self._db = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=5)
        self._db.execute("PRAGMA journal_mode = WAL")
        self._db.execute("PRAGMA synchronous = FULL")
        self._db.execute(_SCHEMA)

    def __enter__(self) -> KnownCalls:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._db.close()

    def continue_calls(self, source: str, events: Sequence[Event], continues: Sequence[Continues]) -> list[Event]:
        """Return the events, those that are of a known call as newer states of it."""
        by_event = {one.event_id: one for one in continues}
        last: dict[str, EmergencyCall | None] = {}
        made: list[Event] = []
        with self._lock:
            for event in events:
                rebid = by_event.get(event.event_id)
                if rebid is None or not isinstance(event, EmergencyCall):
                    made.append(event)
                    continue
                if rebid.key not in last:
                    last[rebid.key] = self._state(source, rebid.key)
                call = continued(last[rebid.key], event, rebid.within_minutes)
                last[rebid.key] = call
                made.append(call)
        return made

    def closing(self, source: str, snapshot: Snapshot, events: Sequence[Event], *, confirmed: bool) -> Closing:
        """Return the closed states of the source's open calls that a snapshot lacks.

        Calls that began or changed after it are left alone. Held when more than the set share would be closed, unless
        a person ``confirmed`` it.
        """
        here = {event.call_id for event in events if isinstance(event, EmergencyCall)}
        with self._lock:
            rows = self._db.execute("SELECT call_id, state FROM known_calls WHERE source = ?", (source,)).fetchall()
        ends: list[EmergencyCall] = []
        for call_id, state in rows:
            if call_id in snapshot.call_ids or call_id in here:
                continue
            call = self._decoded(state)
            if call is not None and call.updated_at <= snapshot.at:
                ends.append(_ended(call, snapshot))
        if ends and not confirmed and len(ends) > self._share * len(rows):
            held = (
                f"it would close {len(ends)} of {len(rows)} open calls, more than the share of {self._share:g} that is "
                "allowed; no call was closed. If it is right, a person sends it again with the header "
                "X-Watchfloor-Snapshot: confirmed"
            )
            return Closing((), len(rows), held)
        return Closing(tuple(ends), len(rows))

    def remember(self, source: str, events: Sequence[Event], continues: Sequence[Continues]) -> None:
        """Keep the calls' states, after they were taken for good; calls that are over are forgotten."""
        keys = {one.event_id: one.key for one in continues}
        calls = [event for event in events if isinstance(event, EmergencyCall)]
        if not calls:
            return
        with self._lock:
            self._db.execute("BEGIN IMMEDIATE")
            try:
                for call in calls:
                    key = keys.get(call.event_id, call.call_id)
                    if call.status in _OVER:
                        self._db.execute("DELETE FROM known_calls WHERE source = ? AND key = ?", (source, key))
                        continue
                    self._db.execute(
                        "INSERT INTO known_calls VALUES (?, ?, ?, ?, ?) ON CONFLICT (source, key) DO UPDATE SET"
                        " call_id = excluded.call_id, heard_ms = excluded.heard_ms, state = excluded.state",
                        (source, key, call.call_id, int(call.updated_at.timestamp() * 1000), encode_event(call)),
                    )
                (count,) = self._db.execute("SELECT count(*) FROM known_calls").fetchone()
                if count > MAX_CALLS:
                    self._db.execute(
                        "DELETE FROM known_calls WHERE (source, key) IN"
                        " (SELECT source, key FROM known_calls ORDER BY heard_ms LIMIT ?)",
                        (count - MAX_CALLS,),
                    )
                self._db.execute("COMMIT")
            except BaseException:
                self._db.execute("ROLLBACK")
                raise

    def _state(self, source: str, key: str) -> EmergencyCall | None:
        query = "SELECT state FROM known_calls WHERE source = ? AND key = ?"
        with closed(self._db.execute(query, (source, key))) as rows:
            row = rows.fetchone()
        return None if row is None else self._decoded(row[0])

    def _decoded(self, state: bytes) -> EmergencyCall | None:
        """A state; None for one that another version wrote and this one cannot read."""
        frame = self._decoder.decode(state)
        return frame.events[0] if frame.events else None


def _ended(call: EmergencyCall, snapshot: Snapshot) -> EmergencyCall:
    """The closed state of a call: the same last state makes the same event, however often the snapshot comes."""
    return replace(
        call,
        event_id=identity("emergency_call", call.source, call.call_id, "not in the snapshot", call.event_id),
        observed_at=snapshot.at,
        updated_at=max(snapshot.at, call.updated_at + timedelta(milliseconds=1)),
        status="closed",
        closed_at=snapshot.at,
        disposition=call.disposition or "no longer active at its source",
    )
