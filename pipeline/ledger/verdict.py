"""What the counts of one bucket say. Pure: facts in, verdict out."""

from __future__ import annotations

from typing import Literal
from uuid import UUID

from msgspec import Struct

from pipeline.ledger.bucket import Bucket, Tally

State = Literal["balanced", "resends", "open", "not_reported", "not_comparable", "gap"]
Hop = Literal["logged", "stored", "processed", "alerted"]

#: Types of which there is one for each of another, under an id that follows from the other's.
ONE_OF_EACH = frozenset({"sighting", "incident"})
#: Ids named with a gap; the count is always whole.
NAMED_IDS = 10


class Gap(Struct, frozen=True):
    """Events that one hop had and the next has not. ``ids``: some of them; empty where only counts are known."""

    hop: Hop
    count: int
    ids: tuple[UUID, ...]
    why: str


class Exact(Struct, frozen=True):
    """Two hops compared id by id.

    ``unique``: different events upstream; ``missing``: those that are neither downstream nor accounted for;
    ``letters``: those that are dead letters; ``extra``: events that only the downstream hop has; ``behind``: those
    that are further on in the log than the reader downstream has come.
    """

    unique: int
    missing: tuple[UUID, ...] = ()
    letters: int = 0
    extra: int = 0
    behind: int = 0


class Due(Struct, frozen=True):
    """Alerts that are due by what the store has. ``missing``: events for which none was raised."""

    due: int = 0
    raised: int = 0
    missing: tuple[UUID, ...] = ()


class Facts(Struct, frozen=True, kw_only=True):
    """All that is known of a bucket.

    ``accepted``: None when no process reported it. ``processed``: None where it cannot be checked by id.
    ``alerts_checked``: False while processors or store are behind, so that nothing can be said of alerts.
    ``quiet``: enough time has passed for everything to have arrived. ``covered``: the log was read whole for it.
    ``store_exact``, ``processed_exact``: None when counts and digests settled it, or when it was not compared.
    """

    bucket: Bucket
    accepted: Tally | None
    logged: Tally
    stored: Tally
    processed: Tally | None = None
    alerts: Due | None = None
    alerts_checked: bool = True
    quiet: bool
    covered: bool
    store_exact: Exact | None = None
    processed_exact: Exact | None = None


class Verdict(Struct, frozen=True, kw_only=True):
    """What became of a bucket. ``why`` says it in words; ``gaps`` is empty but for the state gap."""

    facts: Facts
    state: State
    why: str
    gaps: tuple[Gap, ...] = ()


def wants_store_exact(facts: Facts) -> bool:
    """Return whether counts alone do not settle log against store, so that ids must be compared."""
    if facts.logged.count == 0:
        return False
    if facts.logged != facts.stored:
        return True
    # The log has more than was reported: only its ids tell resends from reports that are missing.
    return facts.bucket.is_accepted_at_an_edge and (facts.accepted or Tally()).count < facts.logged.count


def wants_processed_exact(facts: Facts) -> bool:
    """Return whether counts alone do not settle store against processors."""
    return facts.processed is not None and facts.processed != facts.stored


def judge(facts: Facts) -> Verdict:
    """Return the verdict. Nothing is called balanced that was not compared."""
    if not facts.quiet:
        return _verdict(facts, "open", "too recent to judge")
    gaps = [*_accepted_gaps(facts), *_stored_gaps(facts), *_processed_gaps(facts), *_alert_gaps(facts)]
    if gaps:
        return _verdict(facts, "gap", "; ".join(gap.why for gap in gaps), tuple(gaps))
    if _behind(facts.store_exact):
        return _verdict(facts, "open", "the store has not come so far in the log")
    if _behind(facts.processed_exact):
        return _verdict(facts, "open", "the processors have not come so far in the log")
    if not facts.alerts_checked:
        return _verdict(facts, "open", "processors or store are behind, so alerts cannot be checked")
    if unknown := _not_compared(facts):
        return _verdict(facts, "not_comparable", unknown)
    if missing := _unreported(facts):
        return _verdict(facts, "not_reported", f"{missing} in the log that no process reported as accepted")
    return _settled(facts)


def _verdict(facts: Facts, state: State, why: str, gaps: tuple[Gap, ...] = ()) -> Verdict:
    return Verdict(facts=facts, state=state, why=why, gaps=gaps)


def _accepted_gaps(facts: Facts) -> list[Gap]:
    accepted = facts.accepted
    if accepted is None:
        return []
    if facts.covered:
        lost = accepted.count - facts.logged.count
        if lost > 0:
            return [Gap("logged", lost, (), f"{lost} accepted and not in the log")]
        if lost == 0 and accepted.digest != facts.logged.digest:
            return [Gap("logged", 1, (), "the log has other events than were accepted, as many")]
        return []
    # The log cannot be asked. Fewer stored than accepted may be resends, but nobody can show it: it is named.
    lost = accepted.count - facts.stored.count
    if lost > 0 and accepted.count > facts.logged.count:
        return [Gap("stored", lost, (), f"{lost} fewer stored than accepted, and the log no longer reaches back")]
    return []


def _stored_gaps(facts: Facts) -> list[Gap]:
    exact = facts.store_exact
    if exact is None or not exact.missing:
        return []
    lost = len(exact.missing)
    return [Gap("stored", lost, exact.missing[:NAMED_IDS], f"{lost} in the log and not stored")]


def _processed_gaps(facts: Facts) -> list[Gap]:
    exact = facts.processed_exact
    if exact is None or not exact.missing:
        return []
    lost = len(exact.missing)
    return [Gap("processed", lost, exact.missing[:NAMED_IDS], f"{lost} stored and without what must come of them")]


def _alert_gaps(facts: Facts) -> list[Gap]:
    if facts.alerts is None or not facts.alerts.missing:
        return []
    missing = facts.alerts.missing
    lost = facts.alerts.due - facts.alerts.raised
    return [Gap("alerted", lost, missing[:NAMED_IDS], f"{lost} due and not alerted")]


def _behind(exact: Exact | None) -> bool:
    return exact is not None and exact.behind > 0


def _not_compared(facts: Facts) -> str:
    """Return what could not be compared, in words; empty when everything was."""
    if wants_store_exact(facts) and facts.store_exact is None:
        return "counts differ and the ids were not compared"
    # The log need not reach back where it has just what was accepted, where the store has, or where there is one event
    # for each of another type: that none is missing is checked there, id by id.
    agrees = facts.accepted is not None and facts.accepted in (facts.logged, facts.stored)
    one_of_each = facts.bucket.event_type in ONE_OF_EACH and facts.logged.count > 0
    if facts.accepted is not None and facts.accepted == facts.stored:
        pass  # what was accepted and what is stored agree, whatever the log still has
    elif not facts.covered and not agrees and not one_of_each:
        return "the log does not reach back to the beginning of this minute"
    elif facts.logged.count == 0 and facts.stored.count > 0:
        return f"{facts.stored.count} stored that the log no longer has"
    elif facts.store_exact is not None and facts.store_exact.extra:
        return f"{facts.store_exact.extra} stored that the log no longer has"
    if wants_processed_exact(facts) and facts.processed_exact is None:
        return "processed counts differ and the ids were not compared"
    return ""


def _unreported(facts: Facts) -> int:
    """Return how many different events are in the log beyond what was reported as accepted."""
    if not facts.bucket.is_accepted_at_an_edge or facts.store_exact is None:
        return 0
    return max(0, facts.store_exact.unique - (facts.accepted or Tally()).count)


def _settled(facts: Facts) -> Verdict:
    notes = []
    exact = facts.store_exact
    if exact is not None and facts.logged.count > exact.unique:
        notes.append(f"{facts.logged.count - exact.unique} came more than once")
    elif exact is not None and exact.unique - exact.letters > facts.stored.count:
        notes.append("some were sent again and are stored in the minute they first came")
    letters = max(exact.letters if exact else 0, facts.processed_exact.letters if facts.processed_exact else 0)
    if letters:
        notes.append(f"{letters} are dead letters")
    return _verdict(facts, "resends" if exact is not None and _came_again(facts, exact) else "balanced",
                    "; ".join(notes) or "all hops agree")  # fmt: skip


def _came_again(facts: Facts, exact: Exact) -> bool:
    return facts.logged.count > exact.unique or exact.unique - exact.letters > facts.stored.count
