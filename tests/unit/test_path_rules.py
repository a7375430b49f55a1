"""Rules on a plate's path speak when they should, explain themselves, and are silent otherwise."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from pipeline.processors.paths import PlatePaths
from pipeline.state.reference import Reference
from schemas.events.alert import Alert
from schemas.events.zone import Zone
from tests.unit.facts import NOW, camera, reference, square
from tests.unit.path_facts import HIT, PLACES, alerts_of, sighting, taught

CAMERAS = tuple(camera(name, *place) for name, place in PLACES.items())
EVERYWHERE = frozenset({"impossible_travel", "did_not_arrive"})


def paths_of(*facts: Any, everywhere: frozenset[str] = EVERYWHERE, **more: Any) -> PlatePaths:
    return PlatePaths(reference(*CAMERAS, *facts), everywhere=everywhere, clock=lambda: NOW, **more)


def whole(paths: PlatePaths) -> PlatePaths:
    paths.known_since(0, NOW.timestamp() - 3_600)
    return paths


def texts(alert: Alert) -> str:
    return " ".join(reason.text for reason in alert.why)


def test_one_plate_at_two_places_no_car_could_drive_between_raises_an_alert_that_explains_itself() -> None:
    (alert,) = alerts_of(whole(paths_of()), sighting("ZTTXY7", "A", 0), sighting("ZTTXY7", "B", 60))
    assert (alert.rule, alert.severity, alert.subject) == ("impossible_travel", "P3", "ZTTXY7")
    assert alert.title == "ZTTXY7 in two places at once: Camera A and Camera B"
    assert "11.1 km in 60 s: at least 625 km/h in a straight line." in texts(alert)
    assert "Read at Camera A at 18:00:00 UTC, the reader 97% sure." in texts(alert)
    assert "incomplete" not in texts(alert)
    assert alert.triggers == (sighting("ZTTXY7", "A", 0).event_id, sighting("ZTTXY7", "B", 60).event_id)
    assert alert.why[0].facts["clock_slack_s"] == "4.0"


@pytest.mark.parametrize(
    ("second", "why"),
    [
        (sighting("KTTXY7", "B", 180), "222 km/h is fast, but cars do it"),
        (sighting("KTTXY7", "A2", 1), "the cameras stand side by side"),
        (sighting("KTTXY7", "B", 60, confidence=0.8), "the reader was not sure"),
        (sighting("KTTXY7", "B", 60, lat=None, lon=None), "nobody knows where"),
        (sighting("KTTXY7", "B", 60, clock_skew_s=120.0), "the clock is quarantined"),
        (sighting("KTTXY7", "B", 60, is_preview=True), "the reader was still looking"),
        (sighting("KTTXY7", "B", 60, is_parked=True), "a parked car says nothing of ways"),
        (sighting("KTTXY7", "B", 60, plate_region="us-tx"), "another state's plate of the same characters"),
        (sighting("OTHER7", "B", 60), "another plate"),
    ],
)
def test_no_clone_is_told_of_when(second: Any, why: str) -> None:
    assert alerts_of(paths_of(), sighting("KTTXY7", "A", 0, plate_region="us-la"), second) == [], why


def test_a_clock_that_is_off_gives_the_driver_that_much_and_lowers_the_alert() -> None:
    sure = {"confidence": 0.99}
    plain = alerts_of(paths_of(), sighting("HTTXY7", "A", 0, **sure), sighting("HTTXY7", "B", 130, **sure))
    assert [alert.severity for alert in plain] == ["P3"]
    off = sighting("HTTXY7", "B", 130, clock_skew_s=10.0, **sure)
    (lowered,) = alerts_of(paths_of(), sighting("HTTXY7", "A", 0, **sure), off)
    assert lowered.severity == "P4"
    assert int(lowered.why[0].facts["least_kmh"]) < int(plain[0].why[0].facts["least_kmh"])
    far_off = replace(off, clock_skew_s=29.0, occurred_at=NOW + timedelta(seconds=140))
    assert alerts_of(paths_of(), sighting("HTTXY7", "A", 0, **sure), far_off) == []


def test_characters_that_look_like_others_lower_it_unless_both_reads_are_very_sure() -> None:
    def severity(plate: str, confidence: float) -> str:
        reads = (sighting(plate, name, at, confidence=confidence) for name, at in (("A", 0), ("B", 60)))
        (alert,) = alerts_of(paths_of(), *reads)
        return alert.severity

    assert severity("ABC108", 0.9) == "P4"
    assert severity("ABC108", 0.97) == "P3"
    assert severity("HKLT77", 0.9) == "P3"


def test_a_reader_that_moves_is_given_what_it_may_have_driven() -> None:
    near = (PLACES["A"][0] + 0.02, PLACES["A"][1])  # 2.2 km
    facts = (camera("car-1", *near, kind="mobile_lpr"),)
    mobile = sighting("HTTXY7", "car-1", 5, lat=near[0], lon=near[1])
    assert alerts_of(paths_of(*facts), sighting("HTTXY7", "A", 0), mobile) == []
    fixed = (camera("car-1", *near),)
    assert len(alerts_of(paths_of(*fixed), sighting("HTTXY7", "A", 0), mobile)) == 1


def test_an_alert_is_the_same_whichever_read_comes_first_and_is_raised_once_until_it_is_quiet() -> None:
    first, second = sighting("HTTXY7", "A", 0), sighting("HTTXY7", "B", 60)
    (forward,) = alerts_of(paths_of(), first, second)
    (backward,) = alerts_of(paths_of(), second, first)
    assert forward.alert_id == backward.alert_id
    paths = paths_of()
    again = [sighting("HTTXY7", name, at) for name, at in (("A", 120), ("B", 180), ("A", 240))]
    assert len(alerts_of(paths, first, second, *again)) == 1


def test_a_frame_that_comes_again_raises_the_same_alerts_and_one_in_the_log_is_not_raised_again() -> None:
    paths = paths_of()
    frame = (sighting("HTTXY7", "A", 0), sighting("HTTXY7", "B", 60))
    once, again = alerts_of(paths, *frame), alerts_of(paths, *frame)
    assert [alert.event_id for alert in once] == [alert.event_id for alert in again] != []
    facts = reference(*CAMERAS)
    facts.apply_alert(once[0])
    anew = PlatePaths(facts, everywhere=EVERYWHERE)
    assert alerts_of(anew, *frame) == []
    assert alerts_of(anew, sighting("HTTXY7", "A", 120)) == [], "one of this plate is open"


def test_nothing_is_said_of_plates_on_no_list_unless_asked_for() -> None:
    silent = paths_of(square("z", *PLACES["A"], 0.001), everywhere=frozenset())
    frame = [sighting("HTTXY7", "AB"[number % 2], number * 60.0, zones=("z",)) for number in range(12)]
    assert alerts_of(silent, *frame) == []


def test_what_is_judged_while_history_is_incomplete_says_so() -> None:
    (cold,) = alerts_of(paths_of(), sighting("HTTXY7", "A", 0), sighting("HTTXY7", "B", 60))
    assert cold.why[-1].text == "History incomplete: sightings of before this worker began may be missing."
    paths = paths_of()
    paths.known_since(0, NOW.timestamp() + 5)
    (part,) = alerts_of(paths, sighting("HTTXY7", "A", 0), sighting("HTTXY7", "B", 60))
    assert part.why[-1].text == "History incomplete: sightings before 18:00:05 UTC may be missing."


def zone(*rules: str) -> Zone:
    return square("yard", *PLACES["A"], 0.0015, name="Evidence yard", rules=rules)


def loops(count: int, every_s: float = 300.0, zones: tuple[str, ...] = ("yard",)) -> list[Any]:
    return [sighting("HTTXY7", "A", number * every_s, zones=zones) for number in range(count)]


def test_a_plate_that_comes_by_four_times_in_half_an_hour_loiters_where_the_zone_asks() -> None:
    (alert,) = alerts_of(whole(paths_of(zone("loitering"))), *loops(6))
    assert (alert.rule, alert.severity) == ("loitering", "P3")
    assert alert.title == "HTTXY7 passed Evidence yard 4 times in 15 min"
    assert "18:00:00, 18:05:00, 18:10:00, 18:15:00 UTC" in texts(alert)
    assert len(alert.triggers) == 4
    assert alerts_of(paths_of(zone("first_in_zone")), *loops(6)) == []
    assert alerts_of(paths_of(zone("loitering")), *loops(6, zones=())) == []


def test_three_passes_a_car_that_waits_and_passes_far_apart_are_no_loitering() -> None:
    assert alerts_of(paths_of(zone("loitering")), *loops(3)) == []
    assert alerts_of(paths_of(zone("loitering")), *loops(9, every_s=100.0)) == [], "one pass: it never left"
    assert alerts_of(paths_of(zone("loitering")), *loops(6, every_s=700.0)) == []


def test_leaving_the_zone_ends_a_pass() -> None:
    frame = [
        step
        for number in range(4)
        for step in (
            sighting("HTTXY7", "A", number * 100.0, zones=("yard",)),
            sighting("HTTXY7", "C", number * 100.0 + 50, zones=()),
        )
    ]
    assert [alert.rule for alert in alerts_of(paths_of(zone("loitering"), everywhere=frozenset()), *frame)] == [
        "loitering"
    ]


def wanted(camera_id: str, at_s: float, **changes: Any) -> Any:
    return sighting("ABC123", camera_id, at_s, **{"hits": (HIT,), "plate_region": "us-la", **changes})


def test_a_wanted_plate_on_the_way_to_a_zone_that_asks_is_told_of_with_the_cameras_ahead() -> None:
    ahead = square("school", *PLACES["B"], 0.001, name="School", rules=("heading_to_zone",))
    learnt = taught((("A", "C", "B"), 140), (("A",), 60))
    paths = whole(paths_of(ahead, transitions=learnt))
    (alert,) = alerts_of(paths, wanted("A", 0))
    assert (alert.rule, alert.severity) == ("heading_to_zone", "P3")
    assert alert.title == "Stolen vehicle ABC123 may be heading to School"
    assert "Of the vehicles that passed here, 70% were in School within two cameras." in texts(alert)
    assert "Next seen probably at Camera C in 1.9 to 2.4 min (70%); learnt from 201 passes here." in texts(alert)
    assert any(reason.facts.get("entry_id") == "E1" for reason in alert.why), "so that it is recalled with its entry"
    assert alerts_of(paths, wanted("A", 30)) == [], "said already"


def test_no_heading_is_told_of_a_plate_on_no_list_one_of_another_state_or_a_way_few_take() -> None:
    ahead = square("school", *PLACES["B"], 0.001, rules=("heading_to_zone",))
    many, few = taught((("A", "B"), 100)), taught((("A", "B"), 40), (("A", "C"), 60))
    assert alerts_of(paths_of(ahead, transitions=many), sighting("ABC123", "A", 0)) == []
    other = replace(HIT, region_relation="other")
    assert alerts_of(paths_of(ahead, transitions=many), wanted("A", 0, hits=(other,))) == []
    assert alerts_of(paths_of(ahead, transitions=few), wanted("A", 0)) == []
    assert alerts_of(paths_of(ahead, transitions=many), wanted("A", 0, zones=("school",))) == [], "it is there"
    silent = square("school", *PLACES["B"], 0.001)
    assert alerts_of(paths_of(silent, transitions=many), wanted("A", 0)) == []


def test_a_wanted_plate_that_does_not_arrive_where_nearly_all_do_is_told_of_when_its_time_is_over() -> None:
    paths = whole(paths_of(transitions=taught((("A", "C"), 195), (("A",), 5))))
    assert alerts_of(paths, wanted("A", 0)) == []
    assert alerts_of(paths, sighting("OTHER1", "C", 100)) == [], "the time is not over"
    (alert,) = alerts_of(paths, sighting("OTHER2", "C", 400))
    assert (alert.rule, alert.severity, alert.subject) == ("did_not_arrive", "P4", "ABC123")
    assert alert.title == "Stolen vehicle ABC123 did not arrive at Camera C"
    assert "97% of vehicles are read next at Camera C" in texts(alert)
    assert alert.triggers == (wanted("A", 0).event_id,)
    assert alerts_of(paths, sighting("OTHER3", "C", 500)) == [], "once"


def test_who_may_not_see_the_entry_does_not_see_that_its_plate_did_not_arrive() -> None:
    paths = whole(paths_of(transitions=taught((("A", "C"), 195), (("A",), 5))))
    secret = replace(wanted("A", 0), audiences=("restricted",))
    (alert,) = alerts_of(paths, secret, sighting("OTHER1", "C", 100), sighting("OTHER2", "C", 400))
    assert (alert.rule, alert.audience) == ("did_not_arrive", "restricted")


@pytest.mark.parametrize(
    ("between", "why"),
    [
        ([sighting("ABC123", "C", 110), sighting("OTHER2", "C", 400)], "it arrived"),
        ([sighting("ABC123", "B", 200), sighting("OTHER2", "C", 400)], "it went another way"),
        ([sighting("OTHER2", "A", 400)], "the camera ahead has seen nobody since: it may be broken"),
    ],
)
def test_nobody_fails_to_arrive_when(between: list[Any], why: str) -> None:
    paths = paths_of(transitions=taught((("A", "C"), 95), (("A",), 5)), everywhere=frozenset({"did_not_arrive"}))
    assert alerts_of(paths, wanted("A", 0), *between) == [], why


def test_an_arrival_is_awaited_only_where_most_arrive_and_where_it_was_asked_for() -> None:
    half = taught((("A", "C"), 50), (("A",), 50))
    assert alerts_of(paths_of(transitions=half), wanted("A", 0), sighting("OTHER2", "C", 900)) == []
    most = taught((("A", "C"), 95), (("A",), 5))
    off = paths_of(transitions=most, everywhere=frozenset())
    assert alerts_of(off, wanted("A", 0), sighting("OTHER2", "C", 900)) == []


def test_a_worker_that_takes_over_knows_the_paths_of_before_and_whom_it_awaits() -> None:
    paths = paths_of(transitions=taught((("A", "C"), 95), (("A",), 5)))
    paths.begin(0)
    assert paths.judge_again(0, [sighting("HTTXY7", "A", 0), wanted("A", 1)], NOW.timestamp()) == []
    whole(paths)
    found = alerts_of(paths, sighting("HTTXY7", "B", 60), sighting("OTHER", "C", 400))
    assert [alert.rule for alert in found] == ["impossible_travel", "did_not_arrive"]
    assert alerts_of(paths, sighting("HTTXY7", "A", 0), partition=1) == [], "partitions know nothing of one another"
    paths.forget_all_but(frozenset({1}))
    assert alerts_of(paths, sighting("HTTXY7", "A", 120)) == []


def test_sightings_with_a_hit_are_passed_on_live_and_read_back() -> None:
    noted: list[Any] = []
    paths = PlatePaths(Reference(), noted=noted.append)
    past, live = wanted("A", 0), wanted("B", 60)
    paths.judge_again(0, [past, sighting("OTHER", "A", 1)], NOW.timestamp())
    assert noted == [past]
    alerts_of(paths, live, sighting("OTHER", "A", 62))
    assert noted[-1] == live


def test_reads_that_say_nothing_of_now_are_left_out_for_a_named_reason() -> None:
    paths = PlatePaths(Reference())
    late = replace(sighting("P", "A", 0), observed_at=NOW + timedelta(hours=6))
    ahead = replace(sighting("P", "A", 0), observed_at=NOW - timedelta(minutes=2))
    given = (
        sighting("P", "A", 0, is_preview=True),
        sighting("P", "A", 0, is_parked=True),
        sighting("P", "A", 0, is_noise=True),
        sighting("P", "A", 0, clock_skew_s=-31.0),
        ahead,
        late,
        sighting("P", "A", 0),
    )
    outcomes: list[Any] = list(paths.process(paths.consumes[0], given, 0))
    reasons = [outcome.reason for outcome in outcomes]
    assert reasons == ["preview", "parked", "noise", "clock_off", "clock_off", "older_than_paths", "nothing_to_say"]


def test_a_worker_keeps_no_more_plates_however_many_partitions_it_has() -> None:
    paths = PlatePaths(Reference(), most_plates=80)
    for number in range(400):
        alerts_of(paths, sighting(f"P{number}", "A", number / 10), partition=number % 4)
    kept = sum(len(one.paths) for one in paths._partitions.values())
    assert 40 <= kept <= 80


def test_a_read_older_than_all_that_is_kept_of_a_plate_says_nothing() -> None:
    paths = paths_of()
    alerts_of(paths, *(sighting("HTTXY7", "A", 600.0 + number) for number in range(16)))
    assert alerts_of(paths, sighting("HTTXY7", "B", 0)) == []
