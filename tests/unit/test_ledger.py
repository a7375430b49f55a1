"""The pure part of the ledger: buckets, digests, comparisons and verdicts."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from pipeline.ledger.bucket import Bucket, Tally, minute_begins, minute_of
from pipeline.ledger.comparison import DeadPlaces, Place, compared
from pipeline.ledger.due_alerts import HitSeen, due_alerts, plate_chains
from pipeline.ledger.log_tally import UNREADABLE, LogTally, entries
from pipeline.ledger.sequences import Hole, Numbers, holes
from pipeline.ledger.verdict import Due, Exact, Facts, judge, wants_store_exact
from pipeline.rules import hotlist_hit
from pipeline.state.vehicle_pass import Seen, VehiclePass
from schemas.events.plate_read import EXAMPLE, PLATE_READ
from schemas.events.sighting import EXAMPLE as SIGHTING
from schemas.id_digest import id_digest
from schemas.identity import identity
from schemas.wire.frame import encode_event, encode_frame

READS = Bucket("plate_read", "rekor/east", 30_000_000)
ids = st.uuids()


def tally(*event_ids: UUID) -> Tally:
    return Tally(len(event_ids), id_digest(event_ids))


def facts(**known: object) -> Facts:
    """Facts in which all agree, but for what is told."""
    one = tally(UUID(int=1), UUID(int=2))
    whole = {"bucket": READS, "accepted": one, "logged": one, "stored": one, "quiet": True, "covered": True, **known}
    return Facts(**whole)  # type: ignore[arg-type]


@given(st.lists(ids), st.randoms())
def test_a_digest_does_not_depend_on_order_and_parts_add_up(event_ids: list[UUID], random: object) -> None:
    shuffled = sorted(event_ids, key=lambda _: random.random())  # type: ignore[attr-defined]
    assert tally(*event_ids) == tally(*shuffled)
    for cut in (0, len(event_ids) // 2, len(event_ids)):
        assert tally(*event_ids[:cut]).plus(tally(*event_ids[cut:])) == tally(*event_ids)


@given(ids.filter(lambda one: one.int & (2**64 - 1)))
def test_a_digest_shows_an_event_that_came_twice(event_id: UUID) -> None:
    assert id_digest([event_id, event_id]) != id_digest([event_id])
    assert id_digest([event_id, event_id]) != 0 or event_id.int & (2**63 - 1) == 0


@given(st.datetimes(datetime(1980, 1, 1), datetime(2100, 1, 1)))  # noqa: DTZ001 - made aware below
def test_a_moment_is_in_the_minute_that_begins_before_it(naive: datetime) -> None:
    moment = naive.replace(tzinfo=UTC)
    begins = minute_begins(minute_of(moment))
    assert begins <= moment < begins + timedelta(minutes=1)
    assert begins.second == begins.microsecond == 0


@given(st.sets(ids, max_size=8), st.sets(ids, max_size=8), st.sets(ids, max_size=8), st.sets(ids, max_size=8))
def test_every_event_upstream_is_stored_elsewhere_dead_or_missing(
    here: set[UUID], elsewhere: set[UUID], dead: set[UUID], lost: set[UUID]
) -> None:
    upstream = {one: [Place(0, 5, 1)] for one in here | elsewhere | dead | lost}
    exact = compared(upstream, here, elsewhere=elsewhere, dead=DeadPlaces(event_ids=frozenset(dead)))
    assert set(exact.missing) == lost - here - elsewhere - dead
    assert exact.letters == len(dead - here - elsewhere)
    assert exact.unique == len(upstream)
    assert (exact.extra, exact.behind) == (0, 0)


def test_a_dead_letter_accounts_for_the_event_at_its_place_and_for_a_whole_frame() -> None:
    one, two, three = UUID(int=1), UUID(int=2), UUID(int=3)
    upstream = {one: [Place(0, 7, 0)], two: [Place(0, 7, 1)], three: [Place(1, 9, 4)]}
    at_place = DeadPlaces(frozenset({Place(0, 7, 1)}))
    assert compared(upstream, set(), dead=at_place).missing == (one, three)
    whole_frame = DeadPlaces(frozenset({Place(1, 9, -1)}))
    assert compared(upstream, {one, two}, dead=whole_frame).missing == ()


def test_what_is_further_on_than_the_reader_has_come_is_behind_and_not_missing() -> None:
    one, two = UUID(int=1), UUID(int=2)
    exact = compared({one: [Place(0, 7)], two: [Place(0, 8)]}, set(), reached={0: 7})
    assert (exact.missing, exact.behind) == ((one,), 1)
    assert compared({one: [Place(3, 0)]}, set(), reached={0: 7}).behind == 1


def test_when_all_hops_agree_the_bucket_is_balanced() -> None:
    assert judge(facts()).state == "balanced"
    assert not wants_store_exact(facts())


def test_nothing_is_judged_before_it_is_quiet() -> None:
    assert judge(facts(quiet=False, stored=Tally())).state == "open"


def test_an_event_in_the_log_and_not_stored_is_a_gap_and_is_named() -> None:
    lost = UUID(int=2)
    told = judge(facts(stored=tally(UUID(int=1)), store_exact=Exact(2, (lost,))))
    assert told.state == "gap"
    assert [(gap.hop, gap.count, gap.ids) for gap in told.gaps] == [("stored", 1, (lost,))]


def test_counts_that_differ_are_not_balanced_until_ids_were_compared() -> None:
    assert judge(facts(stored=tally(UUID(int=1)))).state == "not_comparable"


def test_a_resend_in_the_log_is_no_gap() -> None:
    twice = tally(UUID(int=1), UUID(int=2), UUID(int=2))
    known = facts(accepted=twice, logged=twice)
    assert wants_store_exact(known)
    told = judge(replace(known, store_exact=Exact(2)))
    assert (told.state, told.gaps) == ("resends", ())


def test_a_resend_that_is_stored_in_its_first_minute_is_no_gap() -> None:
    told = judge(facts(stored=tally(UUID(int=1)), store_exact=Exact(2)))
    assert told.state == "resends"


def test_accepted_and_not_in_the_log_is_a_gap() -> None:
    told = judge(facts(accepted=tally(UUID(int=1), UUID(int=2), UUID(int=3))))
    assert [(gap.hop, gap.count) for gap in told.gaps] == [("logged", 1)]


def test_as_many_but_other_events_than_accepted_are_a_gap() -> None:
    assert judge(facts(accepted=tally(UUID(int=1), UUID(int=3)))).state == "gap"


def test_what_a_killed_process_had_not_reported_is_not_a_loss() -> None:
    known = facts(accepted=tally(UUID(int=1)))
    assert wants_store_exact(known)
    assert judge(replace(known, store_exact=Exact(2))).state == "not_reported"
    assert judge(facts(accepted=None, store_exact=Exact(2))).state == "not_reported"


def test_a_resend_that_was_never_confirmed_is_not_called_unreported() -> None:
    """The broker took it, nobody was told, the source sent it again: twice in the log, accepted once."""
    twice = tally(UUID(int=1), UUID(int=2), UUID(int=2))
    assert judge(facts(logged=twice, store_exact=Exact(2))).state == "resends"


def test_nobody_accepts_what_processors_make() -> None:
    made = facts(bucket=Bucket("incident", "processor/calls", 1), accepted=None)
    assert judge(made).state == "balanced"


def test_sightings_of_a_minute_that_the_log_has_in_part_are_judged_by_their_reads() -> None:
    """That none is missing shows at their reads, id by id; here it is enough that log and store agree."""
    made = facts(bucket=replace(READS, event_type="sighting"), accepted=None, covered=False)
    assert judge(made).state == "balanced"
    assert judge(replace(made, logged=Tally())).state == "not_comparable"
    assert judge(replace(made, bucket=replace(READS, event_type="alert"))).state == "not_comparable"
    assert judge(replace(made, logged=tally(UUID(int=1)), store_exact=Exact(1, extra=1))).state == "not_comparable"


def test_resends_are_balanced_where_the_log_has_just_what_was_accepted_wherever_it_begins() -> None:
    twice = tally(UUID(int=1), UUID(int=2), UUID(int=2))
    known = facts(accepted=twice, logged=twice, covered=False, store_exact=Exact(2))
    assert judge(known).state == "resends"
    assert judge(replace(known, store_exact=Exact(2, extra=1))).state == "not_comparable"
    assert judge(replace(known, accepted=tally(UUID(int=1)))).state == "not_comparable"


def test_what_the_log_no_longer_has_is_not_called_balanced() -> None:
    assert judge(facts(accepted=None, logged=Tally(), covered=False)).state == "not_comparable"
    assert judge(facts(accepted=None, logged=Tally())).state == "not_comparable"


def test_without_the_log_what_was_accepted_is_compared_with_the_store() -> None:
    assert judge(facts(logged=Tally(), covered=False)).state == "balanced"
    told = judge(facts(logged=Tally(), stored=tally(UUID(int=1)), covered=False))
    assert [(gap.hop, gap.count) for gap in told.gaps] == [("stored", 1)]


def test_a_read_without_its_sighting_is_a_gap_and_one_on_its_way_is_open() -> None:
    lost = UUID(int=2)
    short = facts(processed=tally(UUID(int=1)))
    assert judge(replace(short, processed_exact=Exact(2, (lost,)))).gaps[0].hop == "processed"
    assert judge(replace(short, processed_exact=Exact(2, behind=1))).state == "open"
    assert judge(short).state == "not_comparable"


def test_a_due_alert_that_was_not_raised_is_a_gap() -> None:
    assert judge(facts(alerts=Due(2, 1, (UUID(int=9),)))).gaps[0].hop == "alerted"
    assert judge(facts(alerts=Due(2, 2))).state == "balanced"
    assert judge(facts(alerts_checked=False)).state == "open"


@given(
    st.lists(st.integers(0, 3), max_size=4), st.lists(st.integers(0, 3), max_size=4), st.sets(st.integers(0, 3)),
    st.booleans(), st.booleans(),
)  # fmt: skip
def test_a_bucket_is_balanced_only_if_every_event_in_the_log_is_stored(
    accepted: list[int], logged: list[int], stored: set[int], covered: bool, compare: bool
) -> None:
    event_ids = {number: identity("test", number) for number in range(4)}
    upstream = {event_ids[one]: [Place(0, 0)] for one in logged}
    down = {event_ids[one] for one in stored}
    exact = compared(upstream, down) if compare and logged else None
    told = judge(
        facts(
            accepted=tally(*(event_ids[one] for one in accepted)),
            logged=tally(*(event_ids[one] for one in logged)),
            stored=tally(*down),
            covered=covered,
            store_exact=exact,
        )
    )
    if told.state in ("balanced", "resends"):
        assert set(logged) <= stored
        # With resends and losses in one minute, counts of what was accepted cannot tell them apart.
        assert set(accepted) <= stored or len(accepted) < len(logged)
        assert covered or set(accepted) == stored
    if told.state == "gap" and covered:
        assert set(logged) - stored or len(accepted) > len(logged) or sorted(accepted) != sorted(logged)


def read(number: int, at: datetime) -> bytes:
    return encode_event(replace(EXAMPLE, event_id=identity("test", number), observed_at=at))


def test_a_message_is_counted_in_the_buckets_of_its_events() -> None:
    at = minute_begins(READS.minute) + timedelta(seconds=59, milliseconds=999)
    frame = encode_frame(
        [replace(EXAMPLE, event_id=identity("test", number), observed_at=at + timedelta(milliseconds=number))
         for number in range(3)]
    )  # fmt: skip
    counted = LogTally()
    for offset in (4, 6):
        for entry in entries(PLATE_READ, 2, offset, frame, 0):
            counted.add(entry, 2, offset, 100.0)
    first, second = counted.buckets[READS], counted.buckets[replace(READS, minute=READS.minute + 1)]
    assert (first.count, second.count) == (2, 4)
    assert first.tally == tally(identity("test", 0), identity("test", 0))
    assert second.offsets == {2: (4, 6)}


def test_what_cannot_be_read_is_counted_under_the_id_of_its_dead_letter() -> None:
    (whole,) = entries(PLATE_READ, 1, 9, b'[{"event_id": ', READS.minute * 60_000 + 5)
    assert whole.bucket == Bucket("plate_read", UNREADABLE, READS.minute)
    assert (whole.event_id, whole.index) == (identity("dead_letter", PLATE_READ.topic, 1, 9, -1, "decode"), -1)
    at = minute_begins(READS.minute)
    good, bad = entries(PLATE_READ, 1, 9, b"[" + read(1, at) + b',{"event_id": 3}]', 0)
    assert (good.bucket, good.index) == (READS, 0)
    assert (bad.bucket.source, bad.index) == (UNREADABLE, 1)


def test_a_tally_that_is_full_says_that_it_covers_nothing() -> None:
    counted = LogTally(max_buckets=1)
    counted.complete_from = 0.0
    assert counted.covers(5)
    for source in ("a", "b"):
        (entry,) = entries(PLATE_READ, 0, 0, encode_event(replace(EXAMPLE, source=source)), 0)
        counted.add(entry, 0, 0, 0.0)
    assert len(counted.buckets) == 1
    assert not counted.covers(5)


def hit(number: int, second: float, entry: str = "E-1", camera: str = "7") -> HitSeen:
    at = minute_begins(READS.minute) + timedelta(seconds=second)
    return HitSeen(replace(READS, minute=minute_of(at)), UUID(int=number), at, camera, "stolen", entry)


def alert_of(one: HitSeen) -> UUID:
    return identity("alert", hotlist_hit.RULE, hotlist_hit.VERSION, one.event_id, one.list_id, one.entry_id)


def test_one_alert_is_due_for_a_pass_and_any_of_its_reads_may_have_raised_it() -> None:
    seen = [hit(1, 0), hit(2, 50), hit(3, 110), hit(4, 171)]
    chains = plate_chains(seen)
    assert [chain.first.int for chain in chains] == [1, 4]
    told = due_alerts(chains, {alert_of(seen[2])})
    assert told[seen[0].bucket] == Due(1, 1)
    assert told[seen[3].bucket] == Due(1, 0, (UUID(int=4),))


def test_a_car_that_stands_there_is_due_one_alert_and_one_that_reads_evenly_as_many_as_the_processor_raises() -> None:
    parked = [replace(hit(number, 600 * number), is_parked=True) for number in range(1, 9)]
    assert [chain.first.int for chain in plate_chains(parked)] == [1]
    even = [hit(number, 600 * number) for number in range(1, 9)]
    first, *others = (Seen(one.event_id, one.occurred_at) for one in even)
    known = VehiclePass.of(first)
    begun = [1, *(one.event_id.int for one in others if known.take(one))]
    assert [chain.first.int for chain in plate_chains(even)] == begun == [1, 2, 3, 4]


def test_a_chain_of_a_tracked_vehicle_is_raised_by_the_alert_of_its_track() -> None:
    one = replace(hit(1, 0), track_id="car-7")
    (alert,) = hotlist_hit.evaluate(
        replace(
            SIGHTING,
            event_id=one.event_id,
            source=one.bucket.source,
            camera_id=one.camera_id,
            track_id="car-7",
            hits=(replace(SIGHTING.hits[0], list_id=one.list_id, entry_id=one.entry_id),),
        ),
        "a camera",
        SIGHTING.observed_at,
    )
    assert due_alerts(plate_chains([one]), {alert.alert_id})[one.bucket] == Due(1, 1)
    assert due_alerts(plate_chains([replace(one, track_id=None)]), {alert.alert_id})[one.bucket].missing == (
        one.event_id,
    )


def test_entries_and_cameras_have_passes_of_their_own() -> None:
    chains = plate_chains([hit(1, 0), hit(1, 0, entry="E-2"), hit(2, 1, camera="8")])
    assert len(chains) == 3


@given(st.lists(st.floats(0, 600), min_size=1, max_size=12), st.randoms())
def test_whatever_the_order_of_processing_each_chain_gets_an_alert(seconds: list[float], random: object) -> None:
    """The rule of the sightings processor, run in any order, never leaves a chain without an alert."""
    seen = [hit(number, second) for number, second in enumerate(seconds)]
    last_seen: datetime | None = None
    raised = set()
    for one in sorted(seen, key=lambda _: random.random()):  # type: ignore[attr-defined]
        if last_seen is None or abs(one.occurred_at - last_seen) > timedelta(seconds=60):
            raised.add(alert_of(one))
            last_seen = one.occurred_at
        else:
            last_seen = max(last_seen, one.occurred_at)
    assert all(not due.missing for due in due_alerts(plate_chains(seen), raised).values())


def test_holes_in_a_devices_numbers_are_named() -> None:
    told = holes(
        [
            Numbers("a/1", "cam", 1, 10, 10),
            Numbers("a/1", "cam", 15, 20, 5),
            Numbers("a/1", "cam", 18, 22, 5),
            Numbers("a/1", "other", 3, 3, 1),
        ]
    )
    assert told == [Hole("a/1", "cam", 11, 14, 4), Hole("a/1", "cam", 15, 20, 1)]
