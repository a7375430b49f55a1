"""What verdicts teach: the probability of a hit by its camera, and a camera whose reads people find wrong (B18)."""

from __future__ import annotations

import random
from collections.abc import Iterable
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from pipeline.outcome import Emit
from pipeline.ownership import Ownership
from pipeline.processors.misreads import Misreads
from pipeline.processors.sightings import Sightings
from pipeline.rules.camera_misreads import MISREADS, RULE, WINDOW
from pipeline.state.confusions import MIN_VERDICTS, Case, Confusions, case_of, verdict_of
from pipeline.state.recent import AGAIN_AFTER_S
from pipeline.state.reference import Reference
from schemas.events.action import ACTION
from schemas.events.alert import ALERT, Alert, Evidence
from schemas.events.alert import EXAMPLE as AN_ALERT
from schemas.events.plate_read import PLATE_READ
from schemas.identity import identity
from schemas.wire.partition import partition_of
from tests.unit.facts import NOW, read
from tests.unit.test_recalls import load

PARTITIONS = 4
EVERYWHERE = {(ACTION.topic, number) for number in range(PARTITIONS)}


def judged(
    number: int,
    verdict: str,
    *,
    camera: str = "C1",
    match: str = "look_alike",
    change: str = "1:B>8",
    minutes_ago: float = 60.0,
    rev: int = 2,
    **changes: object,
) -> Alert:
    """An alert about read ``number`` that a person judged."""
    alert_id = identity("alert", "test", number)
    why = Evidence(
        kind="match",
        text="",
        facts={
            "list_id": "stolen",
            "entry_id": "S-1",
            "match": match,
            "listed_plate": "A8C123",
            "matched_plate": "ABC123",
            "substitutions": change,
        },
    )
    made = replace(
        AN_ALERT,
        event_id=identity("alert_state", alert_id, rev),
        alert_id=alert_id,
        rev=rev,
        camera_id=camera,
        why=(why,),
        triggers=(identity("plate_read", "test", number),),
        verdict=verdict,
        verdict_at=NOW - timedelta(minutes=minutes_ago),
        status="closed",
        changed_at=NOW,
        raised_at=NOW - timedelta(days=40),
    )
    return replace(made, **changes)


def fold(alerts: Iterable[Alert]) -> Confusions:
    known = Confusions()
    for alert in alerts:
        known.note(alert)
    return known


def test_a_probability_is_published_from_so_many_verdicts_of_this_camera_on_this_kind_of_match() -> None:
    fewer = fold(judged(number, "correct") for number in range(MIN_VERDICTS - 1))
    assert fewer.probability(judged(1_000, "")) is None
    enough = fold(judged(number, "correct") for number in range(MIN_VERDICTS))
    told = enough.probability(judged(1_000, ""))
    assert told is not None
    assert told.verdicts == MIN_VERDICTS
    assert 0.9 < told.value < 1.0
    assert enough.probability(judged(1_000, "", camera="C2")) is None
    assert enough.probability(judged(1_000, "", match="exact", change="")) is None
    assert enough.probability(judged(1_000, "", synthetic=True)) is None


def test_what_a_camera_takes_for_what_counts_apart() -> None:
    reads_b_for_8 = [judged(number, "correct", change="1:B>8") for number in range(40)]
    never_0_for_o = [judged(100 + number, "misread", change="1:0>O") for number in range(40)]
    known = fold([*reads_b_for_8, *never_0_for_o])
    likely, unlikely = (known.probability(judged(1_000, "", change=one)) for one in ("1:B>8", "1:0>O"))
    assert likely is not None
    assert unlikely is not None
    assert likely.value > 0.85
    assert unlikely.value < 0.15


def test_a_camera_that_is_new_begins_with_what_the_others_taught() -> None:
    case = Case("C9", "look_alike", ("B>8",), synthetic=False)
    assert Confusions().estimate(case) == 0.5
    others = fold(judged(number, "correct", camera=f"C{number % 5}") for number in range(200))
    assert others.estimate(case) > 0.9


def test_wrong_state_and_wrong_list_say_that_the_characters_are_right_and_other_says_nothing() -> None:
    for verdict, right in (("correct", True), ("wrong_state", True), ("list_wrong", True), ("misread", False)):
        said = verdict_of(judged(1, verdict))
        assert said is not None
        assert said.right is right
    assert verdict_of(judged(1, "other")) is None
    assert case_of(replace(AN_ALERT, subject_kind="camera")) is None


def test_a_verdict_that_is_changed_or_taken_back_counts_as_it_stands_now() -> None:
    case = case_of(judged(1, ""))
    assert case is not None
    known = fold([judged(1, "correct"), judged(1, "misread", rev=3)])
    assert known.estimate(case) == fold([judged(1, "misread")]).estimate(case)
    known.note(judged(1, "", rev=4))
    assert known.estimate(case) == Confusions().estimate(case)


def test_two_alerts_about_one_hit_are_one_verdict() -> None:
    again = judged(1, "misread", alert_id=identity("alert", "near", 1), minutes_ago=30)
    assert [len(ones) for _, _, ones, _ in fold([judged(1, "misread"), again]).misread_cameras(1)] == [1]


def test_what_was_learnt_is_bounded_and_the_oldest_goes_first() -> None:
    known = Confusions(limit=10)
    for number in range(25):
        known.note(judged(number, "misread" if number < 20 else "correct"))
    ((_, _, misreads, _),) = known.misread_cameras(1)
    assert len(misreads) == 5
    assert known.judged("C1", False, NOW - WINDOW) == 10


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 10_000), share=st.floats(0.1, 0.9))
def test_the_probability_of_a_camera_that_is_right_so_often_comes_close_to_that(seed: int, share: float) -> None:
    chance = random.Random(seed)
    known = fold(judged(number, "correct" if chance.random() < share else "misread") for number in range(600))
    told = known.probability(judged(1_000, ""))
    assert told is not None
    assert told.value == pytest.approx(share, abs=0.12)


def test_an_alert_of_a_camera_that_is_known_says_its_probability_behind_the_match() -> None:
    facts = Reference()
    load(facts, 1, {"S-1": "ABC123"})
    facts.apply(ALERT, [judged(number, "correct", match="exact", change="") for number in range(MIN_VERDICTS)])
    (outcome,) = Sightings(facts, lambda: NOW).process(PLATE_READ, [read("ABC123", 1)], 0)
    assert isinstance(outcome, Emit)
    (alert,) = (event for event in outcome.events if isinstance(event, Alert))
    kinds = [one.kind for one in alert.why]
    assert kinds[kinds.index("match") + 1] == "calibration"
    told = alert.why[kinds.index("calibration")]
    assert told.facts["verdicts"] == str(MIN_VERDICTS)
    assert 0.9 < float(told.facts["probability"]) < 1
    assert f"by {MIN_VERDICTS} verdicts" in told.text


# B18.


def misreads_of(facts: Reference, now: list[float] | None = None, ours: set[tuple[str, int]] | None = None) -> Misreads:
    clock = now if now is not None else [0.0]
    places = EVERYWHERE if ours is None else ours
    return Misreads(facts, Ownership(lambda: places, PARTITIONS), clock=lambda: clock[0])


def many(count: int, first: int = 0, **changes: object) -> list[Alert]:
    return [judged(first + number, "misread", minutes_ago=60 + number, **changes) for number in range(count)]  # type: ignore[arg-type]


def test_b18_twenty_misreads_of_a_camera_raise_one_alert_about_it() -> None:
    facts = Reference()
    facts.apply(ALERT, many(MISREADS - 1))
    watching = misreads_of(facts)
    assert watching.tick(NOW) == []
    facts.apply(ALERT, many(1, first=500))
    (alert,) = watching.tick(NOW)
    assert (MISREADS, alert.rule, alert.subject_kind, alert.subject, alert.severity) == (20, RULE, "camera", "C1", "P3")
    assert alert.why[0].facts["misreads"] == "20"
    assert len(alert.triggers) == MISREADS
    assert watching.tick(NOW) == []


def test_b18_the_same_misreads_in_another_order_and_in_another_worker_are_the_same_alert() -> None:
    made = set()
    for seed in range(5):
        facts = Reference()
        verdicts = many(MISREADS + 3)
        random.Random(seed).shuffle(verdicts)
        facts.apply(ALERT, verdicts)
        (alert,) = misreads_of(facts).tick(NOW)
        made.add((alert.alert_id, alert.event_id))
    assert len(made) == 1


def test_b18_only_the_worker_that_owns_the_alert_says_it() -> None:
    facts = Reference()
    facts.apply(ALERT, many(MISREADS))
    (alert,) = misreads_of(facts).tick(NOW)
    mine = (ACTION.topic, partition_of(str(alert.alert_id), PARTITIONS))
    assert misreads_of(facts, ours=EVERYWHERE - {mine}).tick(NOW) == []
    assert misreads_of(facts, ours={mine}).tick(NOW) == [alert]


def test_b18_it_is_said_again_when_the_log_does_not_show_it_and_once_when_it_does() -> None:
    facts, now = Reference(), [0.0]
    facts.apply(ALERT, many(MISREADS))
    watching = misreads_of(facts, now)
    (alert,) = watching.tick(NOW)
    now[0] = AGAIN_AFTER_S
    assert watching.tick(NOW) == [alert]
    facts.apply(ALERT, [alert])
    now[0] = 2 * AGAIN_AFTER_S
    assert watching.tick(NOW) == []
    assert misreads_of(facts).tick(NOW) == []


def test_b18_closing_it_is_the_reset_and_only_what_is_found_after_it_counts() -> None:
    facts = Reference()
    facts.apply(ALERT, many(MISREADS))
    watching = misreads_of(facts)
    (first,) = watching.tick(NOW)
    facts.apply(ALERT, [first, replace(first, rev=2, status="closed", changed_at=NOW)])
    assert watching.tick(NOW) == []
    later = [
        replace(one, verdict_at=NOW + timedelta(minutes=number))
        for number, one in enumerate(many(MISREADS, first=100), start=1)
    ]
    facts.apply(ALERT, later[:-1])
    assert watching.tick(NOW + timedelta(hours=1)) == []
    facts.apply(ALERT, later[-1:])
    (second,) = watching.tick(NOW + timedelta(hours=1))
    assert second.alert_id != first.alert_id
    assert second.why[0].facts["misreads"] == "20"


def test_b18_old_misreads_other_verdicts_and_reads_that_were_right_do_not_count() -> None:
    facts = Reference()
    facts.apply(ALERT, many(MISREADS - 1))
    facts.apply(ALERT, [judged(200, "misread", minutes_ago=60 * 24 * 31)])
    facts.apply(ALERT, [judged(201, "wrong_state"), judged(202, "list_wrong"), judged(203, "other")])
    # The picture shows what the camera read: the match erred, not the camera.
    facts.apply(ALERT, [judged(204, "misread", subject="ABC123", true_plate="ABC123")])
    facts.apply(ALERT, [judged(205, "misread", camera="C2")])
    assert misreads_of(facts).tick(NOW) == []


def test_b18_made_up_misreads_are_told_of_as_made_up_and_apart() -> None:
    facts = Reference()
    facts.apply(ALERT, [*many(MISREADS - 1), *many(MISREADS, first=100, synthetic=True)])
    (alert,) = misreads_of(facts).tick(NOW)
    assert alert.synthetic
