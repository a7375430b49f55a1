"""Whether deeds and seals are as they were sealed: what `audit verify` recomputes, without the log."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from uuid import UUID

import msgspec
from msgspec import Struct

from compose.audit_check import NAMED, Ask, stored_deeds
from compose.seals.chain import digest_of, fault_of, folder_in, seals_in
from compose.seals.commitment import MonthKeys
from compose.stored import event_columns
from schemas.events.action import ACTION
from schemas.events.seal import STORE, Seal

#: Seals asked of the store at a time: one may have 110 KB.
PAGE = 200
#: A deed of the last moments before a seal may have come after it, seconds.
_SETTLES_S = 120.0
_seal = msgspec.json.Decoder(Seal, strict=False)


class Sealed(Struct, frozen=True, kw_only=True):
    """What came of it: ``broken`` says of seals, the others of deeds, what is not as it was sealed.

    ``until``: when the last seal was made. ``expired``: deeds past their stated retention that the store has no longer.
    ``erased``: deeds whose month's key is gone: that they are there is known, not what they said. At most NAMED of each
    kind are named; ``counts`` has them all.
    """

    until: datetime | None
    seals: int
    of_store: int
    deeds: int
    expired: int
    erased: int
    counts: dict[str, int]
    broken: tuple[str, ...]
    removed: tuple[str, ...]
    changed: tuple[str, ...]
    added: tuple[str, ...]

    @property
    def ok(self) -> bool:
        """Return whether all is as it was sealed, and nothing is there that was not."""
        return not any(self.counts.values())


def verify(
    data_dir: Path,
    ask: Ask,
    begin: datetime,
    end: datetime,
    now: datetime,
    *,
    copy: Path | None = None,
    said: Callable[[str], None] = lambda _: None,
) -> Sealed:
    """Compare all seals with each other, and the deeds that became known from ``begin`` until before ``end``.

    ``copy``: the file of seals as it was kept elsewhere; the chain must go on from it. Raises OSError.
    """
    folder = folder_in(data_dir)
    broken: list[str] = []
    seals = list(_held(folder / "seals.jsonl", broken, "the file"))
    said(f"{len(seals):,} seals hold; comparing them with the store")
    broken += _differing(seals, _of_store(ask), "the store")
    if copy is not None:
        broken += _differing(seals, _held(copy, broken, "the copy"), "the copy", whole=False)
    seal_of = {deed: seal for seal in reversed(seals) for deed in seal.deeds}
    committed: dict[UUID, set[str]] = {}
    for seal in seals:
        for deed, commitment in zip(seal.deeds, seal.commitments, strict=True):
            committed.setdefault(deed, set()).add(commitment)
    inside = [one for one in seals if one.first_at and one.last_at and one.first_at < end and one.last_at >= begin]
    first = min([begin, *(one.first_at for one in inside if one.first_at)])
    last = max([end, *(one.last_at + timedelta(milliseconds=1) for one in inside if one.last_at)])
    until = seals[-1].occurred_at if seals else None
    settled = min(end, (until or now) - timedelta(seconds=_SETTLES_S))
    keys = MonthKeys(folder / "months")
    seen: set[UUID] = set()
    changed, added = [], []
    erased = 0
    said(f"{sum(one.count for one in inside):,} deeds are sealed of this time; reading the store")
    for action, _ in stored_deeds(ask, first, last):
        wanted = committed.get(action.event_id)
        if wanted is None:
            if begin <= action.observed_at < settled:
                added.append(str(action.event_id))
            continue
        seen.add(action.event_id)
        is_now = keys.commitment(action)
        if is_now is None:
            erased += 1
        elif is_now not in wanted:
            changed.append(f"{action.event_id} (seal {seal_of[action.event_id].number})")
    removed = []
    expired = 0
    kept_since = now - timedelta(days=ACTION.retention_days)
    for seal in inside:
        for event_id in seal.deeds:
            if event_id in seen:
                continue
            if seal.last_at is not None and seal.last_at < kept_since:
                expired += 1
            else:
                removed.append(f"{event_id} (seal {seal.number})")
    found = {"broken": broken, "removed": removed, "changed": changed, "added": added}
    return Sealed(
        until=until,
        seals=len(seals),
        of_store=sum(one.read_from == STORE for one in seals),
        deeds=len(seen),
        expired=expired,
        erased=erased,
        counts={name: len(all_of) for name, all_of in found.items()},
        broken=tuple(broken[:NAMED]),
        removed=tuple(removed[:NAMED]),
        changed=tuple(changed[:NAMED]),
        added=tuple(added[:NAMED]),
    )


def _held(path: Path, broken: list[str], where: str) -> Iterator[Seal]:
    """Yield the seals of a file up to the first that does not hold; that one is told of."""
    before: Seal | None = None
    try:
        for seal in seals_in(path):
            if fault := fault_of(seal, before):
                broken.append(f"seal {seal.number} in {where}: {fault}; what follows it was not compared")
                return
            yield seal
            before = seal
    except FileNotFoundError:
        if where != "the file":
            raise
    except msgspec.DecodeError:
        number = 0 if before is None else before.number + 1
        broken.append(f"seal {number} in {where}: it is damaged; what follows it was not compared")


def _differing(seals: Sequence[Seal], others: Iterator[Seal], where: str, *, whole: bool = True) -> Iterator[str]:
    """Yield how the seals of somewhere else differ. ``whole``: they must be all but the last, which is on its way."""
    there = set()
    for other in others:
        if seals and other.chain != seals[0].chain:
            yield f"seal {other.number} in {where}: it is of another chain"
            continue
        there.add(other.number)
        if other.number >= len(seals):
            yield f"seal {other.number}: {where} has it, the file ends before it"
        elif digest_of(other) != digest_of(seals[other.number]) or other.commitments != seals[other.number].commitments:
            yield f"seal {other.number}: {where} has another one than the file"
    if whole:
        for seal in seals[:-1]:
            if seal.number not in there:
                yield f"seal {seal.number}: {where} has it not"


def _of_store(ask: Ask) -> Iterator[Seal]:
    after = -1
    columns = ", ".join(event_columns(Seal))
    while True:
        lines = ask(
            f"SELECT {columns} FROM seals WHERE number > {after} ORDER BY number LIMIT {PAGE} WITH TIES"  # noqa: S608 - numbers
        ).splitlines()
        for line in lines:
            seal = _seal.decode(line)
            after = seal.number
            yield seal
        if len(lines) < PAGE:
            return
