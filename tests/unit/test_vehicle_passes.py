"""A wanted car is told once for each pass: its readings vote, it may stand there, and a sign is no car."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from pipeline.outcome import DeadLetter, Emit
from pipeline.processors.alerts import Alerts
from pipeline.processors.sightings import Sightings
from pipeline.rules.looks_like_sign import HOURS, HOURS_IF_DOUBTED, READS_AN_HOUR, WINDOW_H, doubts, evaluate
from pipeline.rules.plate_vote import MOST, Looks, consensus
from pipeline.state.noise import Noise
from pipeline.state.reference import Reference
from pipeline.state.vehicle_pass import PARKED_PASS, STEADY_GAPS, Seen, VehiclePass
from schemas.events.action import ACTION, Action
from schemas.events.alert import ALERT, Alert
from schemas.events.plate_noise import EXAMPLE as A_NOISE
from schemas.events.plate_noise import PLATE_NOISE, PlateNoise
from schemas.events.plate_read import PLATE_READ, PlateCandidate, PlateRead
from schemas.events.sighting import Sighting
from schemas.identity import identity
from tests.unit.facts import NOW, camera, incident, read, reference, wanted

CAMERA = camera("C1", 29.95, -90.07)


def made(processor: Sightings, *reads: PlateRead) -> tuple[list[Sighting], list[Alert]]:
    events = [
        event
        for outcome in processor.process(PLATE_READ, reads, 0)
        if isinstance(outcome, Emit)
        for event in outcome.events
    ]
    return [one for one in events if isinstance(one, Sighting)], [one for one in events if isinstance(one, Alert)]


def at(seconds: float, plate: str = "ABC123", **changes: object) -> PlateRead:
    return read(plate, round(seconds * 10), at=NOW + timedelta(seconds=seconds), **changes)


def alert_times(processor: Sightings, reads: Iterable[PlateRead]) -> list[float]:
    """Return when alerts were raised, in seconds from the first read; each is in the log before the next read."""
    times = []
    for one in reads:
        _, alerts = made(processor, one)
        for alert in alerts:
            times.append((one.occurred_at - NOW).total_seconds())
            processor._reference.apply(ALERT, [alert])
    return times


# A parked car.


def test_a_car_that_its_reader_calls_parked_alerts_once_however_long_it_stands() -> None:
    processor = Sightings(reference(CAMERA, entries=(wanted("ABC123"),)), lambda: NOW)
    assert alert_times(processor, (at(300 * number, is_parked=True) for number in range(100))) == [0.0]


def test_a_parked_car_that_left_for_longer_than_a_parked_pass_alerts_again() -> None:
    processor = Sightings(reference(CAMERA, entries=(wanted("ABC123"),)), lambda: NOW)
    back = PARKED_PASS.total_seconds() + 1
    assert alert_times(processor, [at(0, is_parked=True), at(back, is_parked=True)]) == [0.0, back]


def test_a_car_that_moves_alerts_again_after_a_minute() -> None:
    processor = Sightings(reference(CAMERA, entries=(wanted("ABC123"),)), lambda: NOW)
    assert alert_times(processor, [at(0), at(60), at(121)]) == [0.0, 121.0]


def test_a_car_read_evenly_by_a_fixed_camera_that_cannot_tell_alerts_four_times_and_then_no_more() -> None:
    processor = Sightings(reference(CAMERA, entries=(wanted("ABC123"),)), lambda: NOW)
    assert alert_times(processor, (at(300 * number) for number in range(60))) == [0.0, 300.0, 600.0, 900.0]
    assert alert_times(processor, [at(300 * 60 + 3600)]) == [300 * 60 + 3600.0]


def test_a_car_that_comes_round_unevenly_is_told_each_time() -> None:
    processor = Sightings(reference(CAMERA, entries=(wanted("ABC123"),)), lambda: NOW)
    times = [0.0, 300.0, 700.0, 950.0, 1500.0, 1800.0]
    assert alert_times(processor, (at(second) for second in times)) == times


def test_a_track_that_goes_on_is_one_pass_though_its_updates_are_minutes_apart() -> None:
    processor = Sightings(reference(CAMERA, entries=(wanted("ABC123"),)), lambda: NOW)
    assert alert_times(processor, (at(200 * n + n * n, track_id="frigate-1") for n in range(20))) == [0.0]


def test_b3_a_frigate_update_of_a_parked_car_does_not_alert_again_though_the_first_alert_is_long_forgotten() -> None:
    processor = Sightings(reference(CAMERA, entries=(wanted("ABC123"),)), lambda: NOW)
    updates = [at(600 * number, track_id="frigate-1") for number in range(300)]  # two days
    assert [len(made(processor, one)[1]) for one in updates] == [1] + [0] * 299


@given(st.lists(st.integers(-5_000, 5_000), min_size=1, max_size=40), st.booleans())
def test_a_read_that_began_a_pass_does_so_again_when_its_frame_comes_again(seconds: list[int], is_parked: bool) -> None:
    reads = [
        Seen(identity("seen", at, number), NOW + timedelta(seconds=at), is_parked) for number, at in enumerate(seconds)
    ]
    known = VehiclePass.of(reads[0])
    first = [True, *(known.take(one) for one in reads[1:])]
    kept = set(known.begun)
    assert [known.take(one) for one, began in zip(reads, first, strict=True) if began and one.event_id in kept] == [
        True for one, began in zip(reads, first, strict=True) if began and one.event_id in kept
    ]
    assert len(known.begun) <= STEADY_GAPS + 1


# Readings of one vehicle vote.


def readings(*told: tuple[str, float]) -> list[PlateCandidate]:
    return [PlateCandidate(plate, sure) for plate, sure in told]


def test_three_readings_that_differ_say_together_what_none_of_them_read() -> None:
    assert consensus(readings(("XBC123", 0.8), ("AXC123", 0.8), ("ABX123", 0.8))) == "ABC123"


def test_the_surer_readings_outvote_the_others() -> None:
    assert consensus(readings(("ABC128", 0.9), ("ABX123", 0.3), ("XBC123", 0.4))) is None  # is what one read
    assert consensus(readings(("AXC128", 0.9), ("ABX123", 0.3), ("XBC123", 0.7))) == "ABC123"


def test_readings_of_another_length_have_no_say() -> None:
    assert consensus(readings(("XBC123", 0.8), ("AXC123", 0.8), ("ABX123", 0.8), ("ABC12", 0.99))) == "ABC123"
    assert consensus(readings(("ABC123", 0.8), ("AB123", 0.8), ("A123", 0.8))) is None


@pytest.mark.parametrize("told", [(), (("ABC123", 0.9),), (("ABC123", 0.9), ("ABC128", 0.8))])
def test_fewer_than_three_readings_say_nothing_new(told: tuple[tuple[str, float], ...]) -> None:
    assert consensus(readings(*told)) is None


@given(st.lists(st.tuples(st.text("ABC1", min_size=1, max_size=4), st.floats(0.01, 1)), max_size=8))
def test_a_vote_is_of_characters_that_were_read_there_and_does_not_depend_on_their_order(
    told: list[tuple[str, float]],
) -> None:
    found = consensus(readings(*told))
    assert found == consensus(readings(*reversed(told)))
    if found is not None:
        assert found not in {plate for plate, _ in told}
        for place, character in enumerate(found):
            assert any(len(plate) == len(found) and plate[place] == character for plate, _ in told)


def tracked(*plates: str, final_from: int = 0) -> list[PlateRead]:
    return [
        at(number, plate, track_id="car-7", confidence=0.8, is_preview=number < final_from)
        for number, plate in enumerate(plates)
    ]


def test_b3_variants_of_one_pass_vote_and_their_hit_is_worded_possible_and_ranked_below() -> None:
    facts = reference(CAMERA, entries=(wanted("ABC789", severity="P1", region="us-la"),))
    processor = Sightings(facts, lambda: NOW)
    reads = [replace(one, plate_region="us-la") for one in tracked("WBC789", "AWC789", "ABW789", final_from=2)]
    sightings, (alert,) = made(processor, *reads)
    (hit,) = sightings[-1].hits
    assert (hit.match, hit.matched_plate, hit.listed_plate) == ("vote", "ABC789", "ABC789")
    assert [one.plate for one in sightings[-1].variants] == ["WBC789", "AWC789", "ABW789"]
    assert sightings[0].hits == sightings[0].variants == ()
    assert (alert.severity, alert.title) == ("P2", "Possible stolen vehicle ABC789 at Camera C1")
    told = next(reason for reason in alert.why if reason.kind == "match")
    assert told.facts["readings"] == "WBC789 0.80; AWC789 0.80; ABW789 0.80"
    assert told.text.startswith("Nobody read ABC789")


def test_b11_a_vote_can_be_reproduced_by_hand_from_what_its_alert_says() -> None:
    processor = Sightings(reference(CAMERA, entries=(wanted("ABC789"),)), lambda: NOW)
    _, (alert,) = made(processor, *tracked("WBC789", "AWC789", "ABW789"))
    facts = next(reason.facts for reason in alert.why if reason.kind == "match")
    told = [PlateCandidate(one.split()[0], float(one.split()[1])) for one in facts["readings"].split("; ")]
    assert consensus(told) == facts["listed_plate"]


def test_b3_a_vote_raises_no_second_alert_for_an_entry_that_a_reading_of_the_pass_matched() -> None:
    facts = reference(CAMERA, entries=(wanted("AWC789", "read"), wanted("ABC789", "voted")))
    processor = Sightings(facts, lambda: NOW)
    _, alerts = made(processor, *tracked("WBC789", "AWC789", "ABW789", "AWC789", "WBC789", "XBC789"))
    assert len({alert.alert_id for alert in alerts}) == len(alerts) == 2
    again = Sightings(reference(CAMERA, entries=(wanted("ABC789", "voted"),)), lambda: NOW)
    for one in tracked("WBC789", "AWC789", "ABW789"):
        made(again, one)
    _, later = made(again, at(200, "ABC789", track_id="car-7"))
    assert later == []  # the same vehicle, now read as listed: told already


def test_the_vote_of_one_worker_and_the_reading_of_another_are_one_alert() -> None:
    _, (voted,) = made(
        Sightings(reference(CAMERA, entries=(wanted("ABC789"),)), lambda: NOW), *tracked("WBC789", "AWC789", "ABW789")
    )
    _, (read_so,) = made(
        Sightings(reference(CAMERA, entries=(wanted("ABC789"),)), lambda: NOW), at(3, "ABC789", track_id="car-7")
    )
    assert voted.alert_id == read_so.alert_id


def test_earlier_readings_that_a_connector_kept_as_candidates_vote_too() -> None:
    processor = Sightings(reference(CAMERA, entries=(wanted("ABC789"),)), lambda: NOW)
    kept = (PlateCandidate("AWC789", 0.4), PlateCandidate("WBC789", 0.4))
    sightings, alerts = made(processor, at(0, "ABW789", track_id="car-7", confidence=0.45, candidates=kept))
    assert [hit.match for hit in sightings[0].hits] == ["vote"]
    assert len(alerts) == 1


def test_reads_without_a_track_and_reads_of_other_vehicles_never_vote_together() -> None:
    processor = Sightings(reference(CAMERA, entries=(wanted("ABC789"),)), lambda: NOW)
    for number, plate in enumerate(("WBC789", "AWC789", "ABW789")):
        sightings, _ = made(processor, at(number, plate), at(number, plate, track_id=f"car-{number}"))
        assert [one.hits for one in sightings] == [(), ()]


def test_a_list_that_wants_plates_as_they_were_read_gets_no_vote() -> None:
    processor = Sightings(reference(CAMERA, entries=(wanted("ABC789", tolerance="exact"),)), lambda: NOW)
    assert made(processor, *tracked("WBC789", "AWC789", "ABW789"))[1] == []


def test_a_read_that_is_sent_again_has_one_vote_and_a_car_in_view_for_hours_keeps_a_bounded_number() -> None:
    looks = Looks()
    reads = tracked("WBC789", "AWC789", "ABW789")
    first = looks.votes(reads)
    assert looks.votes(reads)[2] == first[2]
    for number in range(10, 10 + 3 * MOST):
        vote = looks.votes([at(number, f"W{number:05d}", track_id="car-7", confidence=0.5)])
    assert all(len(one.readings) <= MOST for one in vote.values())


# Noise.


def noise(plate: str = "ABC123", **changes: object) -> PlateNoise:
    text = replace(
        A_NOISE,
        event_id=identity("noise", plate, str(changes)),
        noise_id=f"C1/{plate}",
        camera_id="C1",
        plate=plate,
        changed_at=NOW - timedelta(days=1),
        reason="Read here in 72 of 72 hours, 864 times.",
    )
    return replace(text, **changes)


def with_noise(*facts: PlateNoise) -> Reference:
    known = reference(CAMERA, incident(1, 29.95, -90.07), entries=(wanted("ABC123", severity="P1"),))
    known.apply(PLATE_NOISE, facts)
    return known


def test_a_listed_plate_that_is_noise_is_told_once_a_day_as_to_know_and_says_so() -> None:
    processor = Sightings(with_noise(noise()), lambda: NOW)
    sightings, (alert,) = made(processor, *(at(300 * number) for number in range(20)))
    assert all(one.is_noise and one.hits for one in sightings)
    assert (alert.rule, alert.severity) == ("noise_hit", "P4")
    assert alert.title.startswith("Looks like a sign, not a car: ")
    assert alert.why[0].kind == "noise"
    assert "all day" in alert.why[0].text
    assert "72 of 72 hours" in alert.why[0].text
    assert {reason.kind for reason in alert.why} >= {"noise", "match", "list_entry", "region", "read"}
    _, (tomorrow,) = made(processor, at(86_400))
    assert tomorrow.alert_id != alert.alert_id


def test_the_alert_about_noise_is_the_same_by_whatever_worker_and_is_not_raised_over_what_a_person_did_with_it() -> (
    None
):
    one, other = (Sightings(with_noise(noise()), lambda: NOW) for _ in range(2))
    _, (first,) = made(one, at(0))
    _, (second,) = made(other, at(300))
    assert first.alert_id == second.alert_id
    third = Sightings(with_noise(noise()), lambda: NOW)
    third._reference.apply(ALERT, [replace(first, rev=2, status="closed")])
    assert made(third, at(600))[1] == []
    assert made(one, at(0))[1] == [first]  # the frame came again


def test_a_sign_at_one_camera_is_a_plate_at_another_and_another_plate_there_is_one_too() -> None:
    processor = Sightings(with_noise(noise(), noise("XYZ789")), lambda: NOW)
    sightings, alerts = made(processor, read("ABC123", 1, camera="C2"), read("ABC123", 2), read("ABD555", 3))
    assert [one.is_noise for one in sightings] == [False, True, False]
    assert [alert.rule for alert in alerts] == ["hotlist_hit", "noise_hit"]


def test_what_is_not_noise_after_all_alerts_again() -> None:
    facts = with_noise(noise())
    processor = Sightings(facts, lambda: NOW)
    made(processor, at(0))
    before = facts.generation
    facts.apply(PLATE_NOISE, [noise(is_noise=False, is_learnt=False, changed_by="r.diaz", changed_at=NOW)])
    assert facts.generation > before
    _, alerts = made(processor, at(300))
    assert {alert.rule for alert in alerts} == {"hotlist_hit", "wanted_near_incident"}


def test_of_two_words_the_latest_holds_but_what_was_learnt_never_replaces_what_a_person_said() -> None:
    person = noise(is_noise=False, is_learnt=False, changed_at=NOW)
    learnt = noise(changed_at=NOW + timedelta(hours=1))
    for order in ((person, learnt), (learnt, person)):
        known = Noise()
        for fact in order:
            known.apply(fact)
        assert known.texts == set()
    later = noise(is_learnt=False, changed_at=NOW + timedelta(minutes=1))
    for order in ((person, later), (later, person)):
        known = Noise()
        for fact in order:
            known.apply(fact)
        assert known.texts == {("C1", "ABC123")}


def action(name: str, subject: str = "C1/ABC123", key: int = 1) -> Action:
    return Action(
        event_id=identity("action", key), occurred_at=NOW, observed_at=NOW, source="server/web", name=name,
        subject_id=subject, actor="r.diaz", note="it is the bank's sign",
    )  # fmt: skip


def facts_of(processor: Alerts, *actions: Action) -> list[PlateNoise]:
    outcomes = processor.process(ACTION, actions, 0)
    return [event for one in outcomes if isinstance(one, Emit) for event in one.events if isinstance(event, PlateNoise)]


def test_a_person_declares_a_text_noise_and_takes_it_back() -> None:
    facts = Reference()
    processor = Alerts(facts)
    (declared,) = facts_of(processor, action("noise.declare"))
    assert (declared.noise_id, declared.is_noise, declared.changed_by) == ("C1/ABC123", True, "r.diaz")
    facts.apply(PLATE_NOISE, [declared])
    (undone,) = facts_of(processor, action("noise.undo", key=2))
    assert undone.changed_at > declared.changed_at
    facts.apply(PLATE_NOISE, [undone])
    assert facts.noise.texts == set()
    assert facts_of(processor, action("noise.undo", key=2)) == [undone]  # the same action, read again


def test_taking_back_what_was_learnt_keeps_its_counts_as_evidence() -> None:
    (undone,) = facts_of(Alerts(with_noise(noise(hours=72, reads=864))), action("noise.undo"))
    assert (undone.is_noise, undone.is_learnt, undone.hours, undone.reads) == (False, False, 72, 864)


@pytest.mark.parametrize("subject", ["ABC123", "/ABC123", "C1/", "C1/abc 123", f"C1/{'A' * 21}"])
def test_a_word_on_something_that_is_no_camera_and_plate_is_dead_lettered(subject: str) -> None:
    (outcome,) = Alerts(Reference()).process(ACTION, [action("noise.declare", subject)], 0)
    assert isinstance(outcome, DeadLetter)


def test_a_camera_whose_name_has_a_slash_is_kept_apart_from_the_plate() -> None:
    (declared,) = facts_of(Alerts(Reference()), action("noise.declare", "lot/3/ABC123"))
    assert (declared.camera_id, declared.plate) == ("lot/3", "ABC123")


# What looks like a sign.


def test_a_plate_is_a_sign_only_after_three_days_and_a_text_that_is_none_after_half_a_day() -> None:
    def is_sign(plate: str, hours: int, each: int = READS_AN_HOUR) -> bool:
        return evaluate([each] * hours + [0] * (WINDOW_H - hours), plate, "us-la") is not None

    assert is_sign("ABC123", HOURS)
    assert not is_sign("ABC123", HOURS - 1)
    assert not is_sign("ABC123", WINDOW_H, READS_AN_HOUR - 1)
    assert is_sign("EXIT", HOURS_IF_DOUBTED)
    assert not is_sign("EXIT", HOURS_IF_DOUBTED - 1)
    assert not is_sign("EXIT", WINDOW_H, READS_AN_HOUR - 1)


def test_b8_syntax_is_a_score_by_jurisdiction_and_never_enough_alone() -> None:
    assert doubts("ABC123", "us-la") == doubts("AB12CDE", "gb") == ()
    assert doubts("ABCD12345", "us-la") == ("more than 8 characters",)
    assert doubts("ABCD12345", None) == ()
    assert doubts("11111", None) == ("one character only",)
    assert doubts("POLICE", "us-la") == ("a word of signs",)
    assert doubts("LOVEYOU", "us-la") == ("no digit",)  # a vanity plate may be so
    assert evaluate([1000], "POLICE", "us-la") is None
    processor = Sightings(reference(CAMERA, entries=(wanted("POLICE"),)), lambda: NOW)
    assert len(made(processor, at(0, "POLICE"))[1]) == 1


def test_a_noise_alert_has_an_id_of_camera_entry_and_day() -> None:
    _, (alert,) = made(Sightings(with_noise(noise()), lambda: NOW), at(0))
    expected = identity("alert", "noise_hit", 1, "C1", "stolen", "E1", NOW.date().isoformat())
    assert isinstance(alert.alert_id, UUID)
    assert alert.alert_id == expected
