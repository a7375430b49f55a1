"""Precision and calibration are told from the store, each hit once, made-up ones and restricted ones only if asked."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

import pytest
from msgspec.structs import replace

from compose.commands.precision import lines
from compose.precision import StoredPrecision, calibration, wilson
from pipeline.rules.calibration import evidence
from pipeline.state.confusions import Probability
from pipeline.store.async_store import AsyncStore
from pipeline.store.chdb_store import ChdbStore
from pipeline.store.store import Placed
from schemas.events.alert import ALERT, Alert
from schemas.identity import identity
from tests.unit.test_confusions import judged

NOW = datetime.now(UTC)
T = TypeVar("T")


def said(number: int, verdict: str, *, days_ago: float = 1.0, **changes: Any) -> Alert:
    return replace(judged(number, verdict, **changes), verdict_at=NOW - timedelta(days=days_ago), raised_at=NOW)


def told(alert: Alert, probability: float) -> Alert:
    return replace(alert, why=(*alert.why, evidence(Probability(probability, 40))))


ALERTS = [
    *(told(said(number, "correct"), 0.9) for number in range(9)),
    told(said(9, "misread", true_plate="ABC128"), 0.9),
    # The same hit by another rule: one verdict, but one for each rule.
    replace(
        said(0, "correct", alert_id=identity("alert", "near", 0), rule="wanted_near_incident", days_ago=0.5),
        event_id=identity("alert_state", "near", 0),
    ),
    said(20, "wrong_state", camera="C2"),
    said(21, "list_wrong", camera="C2"),
    said(22, "other", camera="C2"),
    said(23, "misread", camera="C2", days_ago=200),
    said(24, "misread", camera="C3", synthetic=True),
    said(25, "misread", camera="C4", audience="restricted"),
    said(27, "misread", camera="C6", audience="gang,homicide"),
    said(26, "", camera="C5"),
]


def closed(number: int, outcome: str, *, days_ago: float = 1.0, **changes: Any) -> Alert:
    return replace(
        said(number, "", camera="C5"),
        **{
            "rule": "camera_stopped",
            "subject_kind": "camera",
            "status": "closed",
            "raised_at": NOW - timedelta(days=days_ago),
            "changed_at": NOW - timedelta(days=days_ago) + timedelta(seconds=number),
            "outcome": outcome,
            **changes,
        },
    )


ALERTS += [
    *(closed(number, "useful") for number in range(40, 43)),
    *(closed(number, "false") for number in range(43, 47)),
    closed(47, "duplicate"),
    closed(48, "test"),
    closed(49, ""),
    closed(50, "false", days_ago=200),
    closed(51, "false", synthetic=True),
    closed(52, "false", audience="restricted"),
    closed(53, "useful", rule="grave_call_near_zone", subject_kind="call"),
    closed(54, "", status="open", escalated_at=NOW),
    closed(55, "", status="recalled"),
    closed(57, "", changed_by="rule:expiry", changed_at=NOW),
    closed(56, "", rule="loitering", status="open"),
]


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ChdbStore]:
    opened = ChdbStore(tmp_path_factory.mktemp("store"), readers=1)
    opened.migrate()
    opened.insert(ALERT, [Placed(alert, ALERT.topic, 0, number) for number, alert in enumerate(ALERTS)])
    yield opened
    opened.close()


@pytest.fixture
def precision(store: ChdbStore) -> StoredPrecision:
    return StoredPrecision(AsyncStore(store))


def run(coroutine: Coroutine[Any, Any, T]) -> T:
    return asyncio.run(coroutine)


def test_a_hit_counts_once_for_its_camera_and_once_for_each_rule(precision: StoredPrecision) -> None:
    by_camera = {row.name: row for row in run(precision.by("camera", 90, simulated=False, audiences=None))}
    assert set(by_camera) == {"C1", "C2", "C4", "C5", "C6"}
    first = by_camera["C1"]
    assert (first.alerts, first.published) == (10, 9)
    assert (first.judged, first.correct, first.misread, first.precision) == (10, 9, 1, 0.9)
    assert (first.low, first.high) == pytest.approx((0.596, 0.982), abs=0.001)
    by_rule = {row.name: row.judged for row in run(precision.by("rule", 90, simulated=False, audiences=None))}
    assert by_rule["wanted_near_incident"] == 1


def test_other_is_told_but_not_judged_and_old_verdicts_are_left_out(precision: StoredPrecision) -> None:
    by_camera = {row.name: row for row in run(precision.by("camera", 90, simulated=False, audiences=None))}
    second = by_camera["C2"]
    assert (second.judged, second.wrong_state, second.list_wrong, second.other, second.misread) == (2, 1, 1, 1, 0)
    assert second.precision == 0


def test_what_nobody_judged_is_told_as_raised_and_has_no_share(precision: StoredPrecision) -> None:
    last = run(precision.by("camera", 90, simulated=False, audiences=None))[-1]
    assert (last.name, last.alerts, last.judged, last.precision) == ("C5", 1, 0, None)
    assert (last.low, last.high) == (0.0, 1.0)


def test_made_up_and_restricted_alerts_are_told_only_to_who_may_and_asks(precision: StoredPrecision) -> None:
    def cameras(**asked: Any) -> set[str]:
        return {row.name for row in run(precision.by("camera", 90, **asked))}

    assert "C3" in cameras(simulated=True, audiences=None)
    assert "C4" not in cameras(simulated=False, audiences=[""])
    assert "C4" in cameras(simulated=False, audiences=["", "restricted"])
    assert "C6" not in cameras(simulated=False, audiences=["", "restricted"])
    assert "C6" in cameras(simulated=False, audiences=["", "homicide"])


@pytest.mark.parametrize(("by", "names"), [("list", {"stolen"}), ("match", {"look_alike"})])
def test_precision_by_list_and_by_kind_of_match(precision: StoredPrecision, by: Any, names: set[str]) -> None:
    assert {row.name for row in run(precision.by(by, 90, simulated=False, audiences=None))} == names


def test_what_was_published_is_held_against_what_was_found(precision: StoredPrecision) -> None:
    found = run(precision.calibration(90, simulated=False, audiences=None))
    assert found.judged == 10
    assert found.brier == pytest.approx(0.09)
    assert found.brier_of_base_rate == pytest.approx(0.09)
    assert [(one.published, one.found, one.judged) for one in found.bins] == [(pytest.approx(0.9), 0.9, 10)]


def test_the_record_of_a_rule_says_what_it_asked_of_people_and_what_came_of_it(precision: StoredPrecision) -> None:
    told = {row.rule: row for row in run(precision.rules(90, simulated=False, audiences=[""]))}
    first = told["camera_stopped"]
    assert (first.raised, first.waiting, first.escalated, first.closed) == (13, 1, 1, 11)
    assert (first.useful, first.false, first.duplicate, first.test, first.unsaid) == (3, 4, 1, 1, 2)
    # Closed after 40 to 49 s; those that wait, were recalled, or closed for their age nobody took.
    assert (first.taken_p50_s, first.taken_p95_s) == (45, 49)
    assert first.share_useful == pytest.approx(3 / 7)
    assert (first.low, first.high) == wilson(3, 7)
    assert told["grave_call_near_zone"].share_useful == 1.0
    assert next(iter(told)) == "camera_stopped", "the one with most false alerts comes first"
    assert (told["loitering"].waiting, told["loitering"].taken_p50_s) == (1, None)
    everything = {row.rule: row for row in run(precision.rules(365, simulated=True, audiences=None))}
    assert everything["camera_stopped"].false == 7


def test_the_brier_score_tells_good_probabilities_from_bad_ones() -> None:
    good = calibration([(0.9, True)] * 9 + [(0.9, False)] + [(0.1, False)] * 9 + [(0.1, True)])
    bad = calibration([(0.1, True)] * 9 + [(0.1, False)] + [(0.9, False)] * 9 + [(0.9, True)])
    assert good.brier == pytest.approx(0.09)
    assert bad.brier == pytest.approx(0.73)
    assert good.brier_of_base_rate == pytest.approx(0.25)
    assert calibration([]).brier is None


def test_an_interval_of_nothing_is_everything_and_of_more_verdicts_it_is_narrower() -> None:
    assert wilson(0, 0) == (0.0, 1.0)
    assert wilson(0, 10)[0] == 0
    few, many = wilson(8, 10), wilson(800, 1000)
    assert few[0] < many[0] < 0.8 < many[1] < few[1]


def test_the_characters_that_a_camera_takes_for_others_are_a_view(store: ChdbStore) -> None:
    answer = store._writer.answer(
        "SELECT true_character, read_character, times FROM rtcc.plate_confusions "
        "WHERE camera_id = 'C1' AND true_character != read_character ORDER BY ALL",
        "TSV",
    )
    # Listed A8C123 and read ABC123 in the nine that were right, and once ABC128 in the picture.
    assert answer.decode().splitlines() == ["8\t3\t1", "8\tB\t9"]


def test_a_person_is_told_in_lines() -> None:
    row = {
        "name": "C1", "alerts": 15, "published": 9,
        "judged": 10, "correct": 9, "wrong_state": 0, "misread": 1, "list_wrong": 0, "other": 2,
        "precision": 0.9, "low": 0.6, "high": 0.98,
    }  # fmt: skip
    one = {"published": 0.9, "found": 0.8, "low": 0.5, "high": 0.9, "judged": 10}
    page = {"by": "camera", "days": 90, "rows": [row], "rules": []}
    whole = {"judged": 10, "brier": 0.1, "brier_of_base_rate": 0.2, "bins": [one]}
    told_lines = list(lines({**page, "calibration": whole}))
    assert "0.90" in told_lines[1]
    assert "0.100" in told_lines[2]
    assert "published 0.90: found right 0.80" in told_lines[3]
    assert list(lines({**page, "rows": []})) == ["No alert about a plate was raised or judged in 90 days."]
    unjudged = {**row, "judged": 0, "precision": None}
    assert list(lines({**page, "rows": [unjudged], "calibration": whole}))[-1] == "Nobody judged any of them."
    came = {
        "rule": "camera_stopped", "raised": 12, "waiting": 2, "escalated": 1, "taken_p50_s": 45.0, "taken_p95_s": 90.4,
        "closed": 9, "useful": 3, "false": 4, "duplicate": 1, "test": 0, "unsaid": 1,
        "share_useful": 3 / 7, "low": 0.16, "high": 0.75,
    }  # fmt: skip
    of_rules = list(lines({**page, "rows": [], "rules": [came]}))
    assert " ".join(of_rules[-1].split()) == "camera_stopped 12 2 1 45 s, 90 s 9 3 4 1 0 1 0.43"
    untaken = {**came, "taken_p50_s": None, "taken_p95_s": None, "share_useful": None}
    assert "-" in list(lines({**page, "rows": [], "rules": [untaken]}))[-1].split()
    none = {**whole, "judged": 0, "brier": None}
    assert "too few" in list(lines({**page, "calibration": none}))[-1]
