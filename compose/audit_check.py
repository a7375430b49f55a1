"""Whether the store has every deed as the log has it: what `audit verify` compares.

The log is what nobody can change by the page or by SQL; the store is what auditors read. Whoever may write to
ClickHouse itself could take a record out there, change it or make one up.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime

import msgspec
from msgspec import Struct

from compose.seals.commitment import kept
from compose.stored import event_columns
from schemas.events.action import ACTION, Action
from schemas.wire.frame import FrameDecoder
from schemas.wire.reader import LogReader, Record

#: The log has a record at most so long before its own time says, seconds: clocks of edges differ.
SLACK_S = 300.0
#: Rows asked for at a time, and ids that are named.
PAGE, NAMED = 2_000, 100
READ_S = 900.0

Ask = Callable[[str], bytes]
Place = tuple[int, int]


class Changed(Struct, frozen=True):
    """A deed that the store has otherwise than the log: the fields that differ, never what they say."""

    event_id: str
    fields: tuple[str, ...]


class AuditCheck(Struct, frozen=True, kw_only=True):
    """What came of it. ``made_up``: deeds that the store has and the log, as far back as it goes, has not.

    ``before_log``: rows of the period from before what the log has kept, of which nothing can be said. At most NAMED of
    each kind are named; ``counts`` has them all.
    """

    begin: datetime
    end: datetime
    logged: int
    stored: int
    before_log: int
    counts: dict[str, int]
    missing: tuple[str, ...]
    changed: tuple[Changed, ...]
    made_up: tuple[str, ...]

    @property
    def ok(self) -> bool:
        """Return whether the store has all of it, and nothing else."""
        return not any(self.counts.values())


class _Row(Struct):
    partition: int = msgspec.field(name="_partition")
    offset: int = msgspec.field(name="_offset")


_row = msgspec.json.Decoder(_Row, strict=False)
_action = msgspec.json.Decoder(Action, strict=False)


def check(
    reader: LogReader,
    ask: Ask,
    begin: datetime,
    end: datetime,
    said: Callable[[str], None] = lambda _: None,
    log_began: datetime | None = None,
) -> AuditCheck:
    """Read both and compare them: what became known from ``begin`` until before ``end``.

    ``ask``: answers a question in SQL with JSON lines. ``log_began``: when an embedded log was started.
    Raises BrokerUnavailableError.
    """
    first = {partition: offset for (_, partition), offset in reader.position.items()}
    said("reading the log")
    logged = _of_log((record for batch in reader.read_to_end(READ_S) for record in batch), begin, end)
    said(f"{len(logged):,} deeds in the log; reading the store")
    stored: dict[str, Action] = {}
    before_log = 0
    places: dict[str, Place] = {}
    for action, place in stored_deeds(ask, begin, end):
        key = str(action.event_id)
        older = place[1] < first.get(place[0], 0) or (log_began is not None and action.observed_at < log_began)
        if key not in logged and older:
            before_log += 1
            continue
        stored[key], places[key] = action, place
    # Sent again later than it was first: the store has it under the earlier time.
    earlier = _known(ask, [key for key in logged if key not in stored])
    missing = [key for key in logged if key not in stored and key not in earlier]
    made_up = [key for key in stored if key not in logged]
    changed = [
        Changed(key, fields)
        for key, action in stored.items()
        if key in logged and (fields := differing(logged[key], action))
    ]
    return AuditCheck(
        begin=begin,
        end=end,
        logged=len(logged),
        stored=len(stored),
        before_log=before_log,
        counts={"missing": len(missing), "changed": len(changed), "made_up": len(made_up)},
        missing=tuple(missing[:NAMED]),
        changed=tuple(changed[:NAMED]),
        made_up=tuple(made_up[:NAMED]),
    )


def differing(logged: Action, stored: Action) -> tuple[str, ...]:
    """Return the names of the fields in which two states of one deed differ; the store keeps milliseconds."""
    return tuple(
        name for name in Action.__struct_fields__ if kept(getattr(logged, name)) != kept(getattr(stored, name))
    )


def _of_log(records: Iterable[Record], begin: datetime, end: datetime) -> dict[str, Action]:
    decoder: FrameDecoder[Action] = FrameDecoder(ACTION)
    found: dict[str, Action] = {}
    for record in records:
        for action in decoder.decode(record.value).events:
            if begin <= action.observed_at < end:
                # Sent twice, the first is what the store keeps.
                found.setdefault(str(action.event_id), action)
    return found


def stored_deeds(ask: Ask, begin: datetime, end: datetime) -> Iterator[tuple[Action, Place]]:
    """Yield what the store has from ``begin`` until before ``end``, each with its place in the log."""
    columns = ", ".join([*event_columns(Action), "_partition", "_offset"])
    after = "toUUID('00000000-0000-0000-0000-000000000000')"
    while True:
        lines = ask(
            f"SELECT {columns} FROM actions WHERE observed_at >= '{_moment(begin)}' AND observed_at < '{_moment(end)}'"  # noqa: S608 - moments and ids
            f" AND event_id > {after} ORDER BY event_id LIMIT {PAGE}"
        ).splitlines()
        last = None
        for line in lines:
            row, last = _row.decode(line), _action.decode(line)
            yield last, (row.partition, row.offset)
        if last is None or len(lines) < PAGE:
            return
        after = f"toUUID('{last.event_id}')"


def _known(ask: Ask, keys: Sequence[str]) -> set[str]:
    found: set[str] = set()
    for start in range(0, len(keys), PAGE // 4):
        some = ", ".join(f"'{key}'" for key in keys[start : start + PAGE // 4])
        lines = ask(f"SELECT toString(event_id) AS id FROM actions WHERE event_id IN ({some})").splitlines()  # noqa: S608 - ids
        found |= {str(msgspec.json.decode(line)["id"]) for line in lines}
    return found


def _moment(at: datetime) -> str:
    return at.strftime("%Y-%m-%d %H:%M:%S.") + f"{at.microsecond // 1000:03d}"
