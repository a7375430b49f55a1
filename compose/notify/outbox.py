"""The outbox: what is to be told to whom, what became of it, and the record of it, in one SQLite file.

What the log says is acknowledged only when it lies here. Commands open the file beside the role; each change is one
transaction, with its record in the same. Records wait in the file until the log has confirmed them as actions.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

from compose.notify.messages import DELIVERED, GIVEN_UP, LEAST, Draft, Message, Record, State, message_id

FILE = "notify.sqlite"
#: So many may wait for one destination; beyond it the oldest of the least grave is given up: recorded, to be replayed.
MOST_WAITING = 10_000
#: A message is given up when it could not be delivered for so long, seconds.
GIVE_UP_S = 24 * 3600.0
#: What was delivered or given up is kept for so long, seconds: to be replayed, and not to be told twice.
KEEP_S = 30 * 86_400.0
_BUSY_S = 10.0
_SCHEMA = """
CREATE TABLE IF NOT EXISTS destinations (
    name TEXT PRIMARY KEY, since REAL NOT NULL, disabled TEXT NOT NULL DEFAULT '', paused_until REAL NOT NULL DEFAULT 0,
    failures INTEGER NOT NULL DEFAULT 0, failing_since REAL, last_error TEXT NOT NULL DEFAULT '', delivered_at REAL
) STRICT;
CREATE TABLE IF NOT EXISTS messages (
    number INTEGER PRIMARY KEY AUTOINCREMENT, destination TEXT NOT NULL, key TEXT NOT NULL, message_id TEXT NOT NULL,
    kind TEXT NOT NULL, subject_id TEXT NOT NULL, at REAL NOT NULL, state TEXT NOT NULL, queued_at REAL NOT NULL,
    due_at REAL NOT NULL, tries INTEGER NOT NULL DEFAULT 0, reason TEXT NOT NULL DEFAULT '', settled_at REAL,
    gravity INTEGER NOT NULL, synthetic INTEGER NOT NULL, content BLOB NOT NULL, UNIQUE (destination, key)
) STRICT;
CREATE INDEX IF NOT EXISTS waiting ON messages (destination, gravity, number, queued_at) WHERE state = 'waiting';
CREATE INDEX IF NOT EXISTS by_state ON messages (destination, state);
CREATE INDEX IF NOT EXISTS of_subject ON messages (subject_id, destination);
CREATE INDEX IF NOT EXISTS settled ON messages (settled_at) WHERE state != 'waiting';
CREATE TABLE IF NOT EXISTS records (
    number INTEGER PRIMARY KEY AUTOINCREMENT, at REAL NOT NULL, name TEXT NOT NULL, subject_id TEXT NOT NULL,
    actor TEXT NOT NULL, synthetic INTEGER NOT NULL, details TEXT NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS box (id TEXT NOT NULL) STRICT;
INSERT INTO box SELECT lower(hex(randomblob(16))) WHERE NOT EXISTS (SELECT 1 FROM box);
"""
_COLUMNS = "number, destination, key, message_id, kind, subject_id, at, queued_at, due_at, tries, synthetic, content"


class OutboxError(Exception):
    """The outbox cannot be read or written; the text says why."""


class Outbox:
    """The file. Every method blocks, and may be called from any thread. Raises OutboxError."""

    def __init__(self, file: Path, *, most_waiting: int = MOST_WAITING, now: Callable[[], float] = time.time) -> None:
        self._file = file
        self._most_waiting = most_waiting
        self._now = now
        self._mutex = threading.Lock()
        self._connection: sqlite3.Connection | None = None

    def close(self) -> None:
        """Close the file."""
        with self._mutex:
            if self._connection is not None:
                self._connection.close()
                self._connection = None

    @contextlib.contextmanager
    def alone(self) -> Iterator[None]:
        """Be the only one who sends what is here: two would tell everything twice. Raises OutboxError."""
        try:
            self._file.parent.mkdir(parents=True, exist_ok=True)
            with self._file.with_suffix(".lock").open("w") as lock:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                yield
        except BlockingIOError:
            raise OutboxError(f"another `watchfloor notify` sends what is in {self._file}") from None

    # What is to be told

    def know(self, names: Sequence[str]) -> None:
        """Make destinations known. What came up before one was is not told to it, unless it is replayed."""
        self.know_since(dict.fromkeys(names, self._now()))

    def know_since(self, since: Mapping[str, float]) -> None:
        """Make destinations known that there were before: by name, since when."""
        with self._change() as box:
            box.executemany(
                "INSERT INTO destinations (name, since) VALUES (?, ?) ON CONFLICT DO NOTHING", list(since.items())
            )

    def forget(self, names: Sequence[str]) -> None:
        """Forget destinations that there are no more. What they were told stays, until it is old."""
        with self._change() as box:
            box.executemany("DELETE FROM destinations WHERE name = ?", [(name,) for name in names])

    def put(self, drafts: Sequence[Draft]) -> int:
        """Put in what is not there yet; return how many that were. Durable when this returns."""
        now, added = self._now(), 0
        with self._change() as box:
            for one in drafts:
                since = box.execute("SELECT since FROM destinations WHERE name = ?", (one.destination,)).fetchone()
                if since is None or one.at < max(since[0], now - KEEP_S):
                    continue
                added += _insert(box, one, now)
            for name in {one.destination for one in drafts} if added else ():
                self._make_room(box, name, now)
        return added

    def replay(self, drafts: Sequence[Draft], destination: str, begin: float, end: float, actor: str) -> int:
        """Have a destination told again what came up in a time; return how many that are.

        ``drafts``: what the log has of that time; what lies here is told with it. Ids stay the same, so a receiver that
        had something knows it again.
        """
        now = self._now()
        with self._change() as box:
            for one in drafts:
                if one.destination == destination and begin <= one.at < end:
                    _insert(box, one, now)
            box.execute(
                "UPDATE messages SET state = 'waiting', queued_at = ?, due_at = ?, tries = 0, settled_at = NULL"
                " WHERE destination = ? AND at >= ? AND at < ?",
                (now, now, destination, begin, end),
            )
            self._make_room(box, destination, now)
            count = int(
                box.execute(
                    "SELECT count() FROM messages WHERE destination = ? AND at >= ? AND at < ?",
                    (destination, begin, end),
                ).fetchone()[0]
            )
            _record(box, now, "notify.replayed", f"destination:{destination}", actor, count=str(count))
        return count

    def _make_room(self, box: sqlite3.Connection, destination: str, now: float) -> None:
        count = "SELECT count() FROM messages WHERE destination = ? AND state = 'waiting'"
        if box.execute(count, (destination,)).fetchone()[0] <= self._most_waiting:
            return
        waiting = box.execute(
            f"SELECT {_COLUMNS} FROM messages WHERE destination = ? AND state = 'waiting'"  # noqa: S608 - constant
            " ORDER BY gravity, number DESC LIMIT -1 OFFSET ?",
            (destination, self._most_waiting),
        ).fetchall()
        for row in waiting:
            _settle(box, _message(row), now, GIVEN_UP, "outbox_full")

    # Telling

    def due(self, destination: str, limit: int, gravity: int = LEAST) -> list[Message]:
        """Return what is to be sent now, the gravest first, then in order; nothing to one paused or disabled.

        ``gravity``: of that gravity or graver.
        """
        now = self._now()
        with self._reading() as box:
            rows = box.execute(
                f"SELECT {_COLUMNS} FROM messages WHERE destination = :name AND state = 'waiting' AND due_at <= :now"  # noqa: S608
                " AND gravity <= :gravity"
                " AND EXISTS (SELECT 1 FROM destinations d WHERE d.name = :name AND d.disabled = ''"
                " AND d.paused_until <= :now) ORDER BY gravity, number LIMIT :limit",
                {"name": destination, "now": now, "limit": limit, "gravity": gravity},
            ).fetchall()
        return [_message(row) for row in rows]

    def due_below(self, prefix: str, limit: int) -> list[str]:
        """Return destinations whose names begin so and to which something is to be sent now, the gravest first."""
        now = self._now()
        with self._reading() as box:
            rows = box.execute(
                "SELECT destination FROM messages JOIN destinations ON name = destination"
                " WHERE state = 'waiting' AND destination >= :prefix AND destination < :end"
                " AND due_at <= :now AND disabled = '' AND paused_until <= :now"
                " GROUP BY destination ORDER BY min(gravity), min(number) LIMIT :limit",
                {"prefix": prefix, "end": _after(prefix), "now": now, "limit": limit},
            ).fetchall()
        return [str(row[0]) for row in rows]

    def is_overtaken(self, message: Message) -> bool:
        """Return whether the destination was told something newer of the subject already: of a withdrawal, say."""
        with self._reading() as box:
            found = box.execute(
                "SELECT 1 FROM messages WHERE subject_id = ? AND destination = ? AND number > ? AND state = 'delivered'"
                " AND kind = 'alert.withdrawn'",
                (message.subject_id, message.destination, message.number),
            ).fetchone()
        return found is not None

    def delivered(self, messages: Sequence[Message], reason: str, late_s: Sequence[int]) -> None:
        """Note that these were taken. Whatever failed before may be tried again now."""
        now = self._now()
        with self._change() as box:
            for one, late in zip(messages, late_s, strict=True):
                _settle(box, one, now, DELIVERED, reason, tries=one.tries + 1, late_s=late)
            name = messages[0].destination
            box.execute(
                "UPDATE destinations SET failures = 0, failing_since = NULL, paused_until = 0, last_error = '',"
                " delivered_at = ? WHERE name = ?",
                (now, name),
            )

    def given_up(self, message: Message, reason: str) -> None:
        """Note that this will not be sent any more, and why."""
        with self._change() as box:
            _settle(box, message, self._now(), GIVEN_UP, reason, tries=message.tries)

    def over(self, subject_id: str, prefix: str, reason: str) -> None:
        """Tell destinations whose names begin so nothing more of what waits about a subject."""
        now = self._now()
        with self._change() as box:
            rows = box.execute(
                f"SELECT {_COLUMNS} FROM messages WHERE subject_id = ? AND state = 'waiting'"  # noqa: S608 - constant
                " AND destination >= ? AND destination < ?",
                (subject_id, prefix, _after(prefix)),
            ).fetchall()
            for row in rows:
                _settle(box, _message(row), now, GIVEN_UP, reason)

    def failed(self, messages: Sequence[Message], reason: str, *, again_s: float, pause_s: float) -> None:
        """Note a try that failed: these are due again after ``again_s``, and all else after ``pause_s``."""
        now = self._now()
        with self._change() as box:
            box.executemany(
                "UPDATE messages SET tries = tries + 1, reason = ?, due_at = ? WHERE number = ?",
                [(reason, now + again_s, one.number) for one in messages],
            )
            box.execute(
                "UPDATE destinations SET failures = failures + :paused, failing_since = coalesce(failing_since, :now),"
                " paused_until = :until, last_error = :reason WHERE name = :name",
                {"now": now, "until": now + pause_s, "paused": pause_s > 0, "reason": reason,
                 "name": messages[0].destination},
            )  # fmt: skip

    def disable(self, destination: str, reason: str) -> None:
        """Send nothing more there until somebody enables it: what waits goes on waiting."""
        now = self._now()
        with self._change() as box:
            box.execute("UPDATE destinations SET disabled = ? WHERE name = ?", (reason, destination))
            _record(box, now, "notify.disabled", f"destination:{destination}", f"notify:{destination}", why=reason)

    def enable(self, destination: str, actor: str) -> bool:
        """Send there again, at once; False when there is no such destination."""
        now = self._now()
        with self._change() as box:
            done = box.execute(
                "UPDATE destinations SET disabled = '', paused_until = 0, failures = 0, failing_since = NULL"
                " WHERE name = ?",
                (destination,),
            )
            box.execute(
                "UPDATE messages SET due_at = ? WHERE destination = ? AND state = 'waiting'", (now, destination)
            )
            if done.rowcount:
                _record(box, now, "notify.enabled", f"destination:{destination}", actor)
        return done.rowcount > 0

    def give_up_old(self) -> list[str]:
        """Give up what has waited for too long, and forget what was settled long ago; return whose those were."""
        now = self._now()
        with self._change() as box:
            rows = box.execute(
                f"SELECT {_COLUMNS} FROM messages WHERE state = 'waiting' AND queued_at < ? LIMIT 1000",  # noqa: S608
                (now - GIVE_UP_S,),
            ).fetchall()
            for row in rows:
                _settle(box, _message(row), now, GIVEN_UP, "not_delivered_in_a_day")
            box.execute("DELETE FROM messages WHERE state != 'waiting' AND settled_at < ?", (now - KEEP_S,))
        return [str(row[1]) for row in rows]

    def failures(self, destination: str) -> int:
        """Return how often in a row a destination has failed."""
        with self._reading() as box:
            row = box.execute("SELECT failures FROM destinations WHERE name = ?", (destination,)).fetchone()
        return 0 if row is None else int(row[0])

    def states(self) -> list[State]:
        """Return how each destination does, by name."""
        with self._reading() as box:
            rows = box.execute(
                "SELECT name, (SELECT count() FROM messages WHERE destination = name AND state = 'waiting'),"
                " (SELECT count() FROM messages WHERE destination = name AND state = 'delivered'),"
                " (SELECT count() FROM messages WHERE destination = name AND state = 'given_up'),"
                " (SELECT min(queued_at) FROM messages WHERE destination = name AND state = 'waiting'),"
                " disabled, paused_until, failing_since, last_error, delivered_at FROM destinations ORDER BY name"
            ).fetchall()
        return [State(**dict(zip(State.__struct_fields__, row, strict=True))) for row in rows]

    # Records

    def records(self, limit: int) -> list[Record]:
        """Return the oldest records that the log has not confirmed."""
        with self._reading() as box:
            rows = box.execute(
                "SELECT (SELECT id FROM box), number, at, name, subject_id, actor, synthetic, details FROM records"
                " ORDER BY number LIMIT ?",
                (limit,),
            ).fetchall()
        return [
            Record(
                box=row[0], number=row[1], at=row[2], name=row[3], subject_id=row[4], actor=row[5],
                synthetic=bool(row[6]), details=json.loads(row[7]),
            )
            for row in rows
        ]  # fmt: skip

    def confirmed(self, number: int) -> None:
        """Forget the records up to this one."""
        with self._change() as box:
            box.execute("DELETE FROM records WHERE number <= ?", (number,))

    @contextlib.contextmanager
    def _change(self) -> Iterator[sqlite3.Connection]:
        with self._reading() as box:
            box.execute("BEGIN IMMEDIATE")
            try:
                yield box
                box.execute("COMMIT")
            except BaseException:
                box.execute("ROLLBACK")
                raise

    @contextlib.contextmanager
    def _reading(self) -> Iterator[sqlite3.Connection]:
        with self._mutex:
            try:
                if self._connection is None:
                    self._connection = self._open()
                yield self._connection
            except sqlite3.Error as error:
                raise OutboxError(f"{self._file} cannot be used: {error}") from error

    def _open(self) -> sqlite3.Connection:
        self._file.parent.mkdir(parents=True, exist_ok=True)
        self._file.touch(mode=0o600)
        box = sqlite3.connect(self._file, timeout=_BUSY_S, isolation_level=None, check_same_thread=False)
        box.execute("PRAGMA journal_mode = WAL")
        box.execute("PRAGMA synchronous = FULL")
        box.executescript(_SCHEMA)
        return box


def _after(prefix: str) -> str:
    """Return the first text that no text with this prefix comes after."""
    return prefix[:-1] + chr(ord(prefix[-1]) + 1)


def _insert(box: sqlite3.Connection, one: Draft, now: float) -> int:
    if (
        one.if_told
        and not box.execute(
            "SELECT 1 FROM messages WHERE subject_id = ? AND destination = ? AND state IN ('waiting', 'delivered')",
            (one.subject_id, one.destination),
        ).fetchone()
    ):
        return 0
    # Of the same alert nothing may lag behind: what failed is tried before what is new.
    done = box.execute(
        "INSERT INTO messages (destination, key, message_id, kind, subject_id, at, state, queued_at, due_at, gravity,"
        " synthetic, content) VALUES (?, ?, ?, ?, ?, ?, 'waiting', ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
        (one.destination, one.key, message_id(one.destination, one.key), one.kind, one.subject_id,
         one.at, now, now, one.gravity, int(one.synthetic), one.content),
    )  # fmt: skip
    if done.rowcount:
        box.execute(
            "UPDATE messages SET due_at = min(due_at, ?)"
            " WHERE subject_id = ? AND destination = ? AND state = 'waiting'",
            (now, one.subject_id, one.destination),
        )
    return done.rowcount


def _settle(
    box: sqlite3.Connection, message: Message, now: float, state: str, reason: str, *, tries: int | None = None,
    late_s: int | None = None,
) -> None:  # fmt: skip
    tries = message.tries if tries is None else tries
    box.execute(
        "UPDATE messages SET state = ?, reason = ?, tries = ?, settled_at = ? WHERE number = ?",
        (state, reason, tries, now, message.number),
    )
    details = {
        "destination": message.destination, "occasion": message.kind, "message_id": message.message_id,
        "tries": str(tries), "outcome": reason,
    }  # fmt: skip
    if late_s is not None:
        details["late_s"] = str(late_s)
    _record(
        box, now, f"notify.{state}", message.subject_id, f"notify:{message.destination}",
        synthetic=message.synthetic, **details,
    )  # fmt: skip


def _record(
    box: sqlite3.Connection, at: float, name: str, subject_id: str, actor: str, *, synthetic: bool = False,
    **details: str,
) -> None:  # fmt: skip
    box.execute(
        "INSERT INTO records (at, name, subject_id, actor, synthetic, details) VALUES (?, ?, ?, ?, ?, ?)",
        (at, name, subject_id, actor, int(synthetic), json.dumps(details)),
    )


def _message(row: tuple[object, ...]) -> Message:
    fields = dict(zip(Message.__struct_fields__, row, strict=True))
    return Message(**{**fields, "synthetic": bool(fields["synthetic"])})  # type: ignore[arg-type]
