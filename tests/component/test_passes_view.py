"""The view of passes, on the real engine: reads of one vehicle together, every reading kept, filters that are quick."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from compose.commands.passes import _line, passes_sql, plate_passes_sql
from pipeline.state.vehicle_pass import PARKED_PASS, SAME_PASS
from pipeline.store.chdb_store import ChdbStore
from pipeline.store.store import Placed
from schemas.events.sighting import EXAMPLE as A_SIGHTING
from schemas.events.sighting import SIGHTING, Sighting
from schemas.identity import identity
from schemas.views import VIEWS, View
from schemas.views.passes import PARKED_PASS_S, SAME_PASS_S

NOON = datetime(2026, 1, 15, 12, tzinfo=UTC)


class Passes:
    """Sightings put into a store, and the passes that it makes of them."""

    def __init__(self, store: ChdbStore) -> None:
        self._store = store
        self._count = 0

    def put(self, *sightings: Sighting) -> None:
        self._store.insert(SIGHTING, [Placed(one, SIGHTING.topic, 0, at) for at, one in enumerate(sightings)])

    def read(self, plate: str, second: float, *, camera: str = "C1", **changes: Any) -> Sighting:
        self._count += 1
        at = NOON + timedelta(seconds=second)
        made = replace(
            A_SIGHTING, event_id=identity("s", self._count), occurred_at=at, observed_at=at, plate=plate,
            camera_id=camera, confidence=0.9, hits=(),
        )  # fmt: skip
        return replace(made, **changes)

    def ask(self, sql: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = json.loads(self._store.foreign_query(sql, "JSON"))["data"]
        return found


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ChdbStore]:
    store = ChdbStore(tmp_path_factory.mktemp("store"), readers=1)
    store.migrate()
    yield store
    store.close()


@pytest.fixture
def passes(opened: ChdbStore) -> Passes:
    opened._command("TRUNCATE TABLE rtcc.sightings")
    return Passes(opened)


def test_the_view_and_the_processor_mean_the_same_times() -> None:
    assert (SAME_PASS.total_seconds(), PARKED_PASS.total_seconds()) == (SAME_PASS_S, PARKED_PASS_S)


def test_reads_within_a_minute_of_one_another_are_one_pass_and_later_ones_another(passes: Passes) -> None:
    passes.put(*(passes.read("ABC123", second) for second in (0, 50, 100, 161)))
    found = passes.ask("SELECT plate, reads, began_at, ended_at FROM passes ORDER BY began_at")
    assert [int(one["reads"]) for one in found] == [3, 1]
    assert (found[0]["began_at"], found[0]["ended_at"]) == ("2026-01-15T12:00:00.000Z", "2026-01-15T12:01:40.000Z")


def test_the_best_reading_is_the_final_one_then_the_surest_then_the_most_read(passes: Passes) -> None:
    def best(*readings: tuple[str, float, bool]) -> str:
        passes.put(
            *(
                passes.read(plate, at, camera=camera, track_id="car-7", confidence=sure, is_preview=not final)
                for at, (plate, sure, final) in enumerate(readings)
            )
        )
        (found,) = passes.ask(f"SELECT plate, variants FROM passes WHERE camera_id = '{camera}'")
        assert {one["plate"] for one in found["variants"]} == {plate for plate, _, _ in readings}
        return str(found["plate"])

    camera = "final"
    assert best(("ABC123", 0.99, False), ("ABC128", 0.5, True)) == "ABC128"
    camera = "surest"
    assert best(("ABC123", 0.7, True), ("ABC128", 0.8, True), ("ABC123", 0.7, True)) == "ABC128"
    camera = "most"
    assert best(("ABC128", 0.8, True), ("ABC123", 0.8, True), ("ABC123", 0.7, True)) == "ABC123"


def test_readings_of_one_track_are_one_pass_whatever_they_read_and_all_are_kept(passes: Passes) -> None:
    passes.put(
        passes.read("AA7690EQ", 0, track_id="C1:7", is_preview=True),
        passes.read("AA7690EO", 2, track_id="C1:7", confidence=0.95),
        passes.read("XYZ789", 3, track_id="C1:8"),
    )
    found = passes.ask("SELECT plate, track_id, variants FROM passes ORDER BY plate")
    assert [(one["plate"], one["track_id"], len(one["variants"])) for one in found] == [
        ("AA7690EO", "C1:7", 2),
        ("XYZ789", "C1:8", 1),
    ]


def test_look_alikes_at_one_camera_are_one_pass_without_a_track_and_other_plates_are_not(passes: Passes) -> None:
    passes.put(passes.read("ABC120", 0), passes.read("A8C12O", 3), passes.read("ABC129", 4), passes.read("ABC120", 5,
               camera="C2"))  # fmt: skip
    found = passes.ask("SELECT camera_id, reads FROM passes ORDER BY camera_id, reads")
    assert [(one["camera_id"], int(one["reads"])) for one in found] == [("C1", 1), ("C1", 2), ("C2", 1)]


def test_a_parked_car_that_is_read_every_five_minutes_is_one_pass(passes: Passes) -> None:
    passes.put(*(passes.read("ABC123", 300 * number, is_parked=True) for number in range(12)))
    passes.put(*(passes.read("XYZ789", 300 * number) for number in range(12)))
    found = passes.ask("SELECT plate, is_parked, count() AS passes FROM passes GROUP BY ALL ORDER BY plate")
    assert [(one["plate"], one["is_parked"], int(one["passes"])) for one in found] == [
        ("ABC123", True, 1),
        ("XYZ789", False, 12),
    ]


def test_the_passes_of_a_plate_have_those_in_which_it_was_only_one_of_the_readings(passes: Passes) -> None:
    passes.put(
        passes.read("ABC123", 0, camera="C1", confidence=0.5),
        passes.read("A8C123", 1, camera="C1", confidence=0.9),
        passes.read("ABC123", 0, camera="C2"),
        passes.read("XYZ789", 0, camera="C2"),
    )
    days = (datetime.now(UTC) - NOON).days + 2
    found = passes.ask(passes_sql("ABC123", "", days, 10))
    found.sort(key=lambda one: str(one["camera_id"]))
    assert [(one["camera_id"], one["plate"]) for one in found] == [("C1", "A8C123"), ("C2", "ABC123")]


def test_a_read_without_a_state_does_not_borrow_one_from_another_read(passes: Passes) -> None:
    passes.put(passes.read("ABC123", 0, plate_region="us-tx"), passes.read("ABC123", 1, plate_region=None,
               confidence=0.99))  # fmt: skip
    (found,) = passes.ask("SELECT plate_region FROM passes")
    assert found["plate_region"] is None


@pytest.mark.parametrize(
    "condition", ["camera_id = 'C1'", "day = '2026-01-15'", "(camera_id, day) IN (('C1', '2026-01-15'))"]
)
def test_a_filter_on_camera_and_day_reaches_the_table_before_anything_is_sorted(
    passes: Passes, opened: ChdbStore, condition: str
) -> None:
    passes.put(passes.read("ABC123", 0))
    plan = opened._writer.answer(f"EXPLAIN actions = 1 SELECT * FROM rtcc.passes WHERE {condition}", "TSV").decode()
    below = plan.rpartition("Window")[2]
    assert "Filter" in below or "Prewhere" in below
    column = "camera_id" if "camera" in condition else "occurred_at"
    assert column in below.partition("ReadFromMergeTree")[0] + below.partition("ReadFromMergeTree")[2]


def test_the_passes_of_one_plate_as_read_are_found_by_the_order_of_the_table(passes: Passes, opened: ChdbStore) -> None:
    passes.put(
        *(passes.read("ABC123", second) for second in (0, 50, 200)),
        passes.read("A8C123", 10),
        passes.read("ABC123", 0, camera="C2", track_id="car-7"),
        passes.read("ABC123", 1700, camera="C2", track_id="car-7"),
    )
    found = passes.ask("SELECT camera_id, reads FROM plate_passes WHERE plate = 'ABC123' ORDER BY camera_id, began_at")
    assert [(one["camera_id"], int(one["reads"])) for one in found] == [("C1", 2), ("C1", 1), ("C2", 2)]
    days = (datetime.now(UTC) - NOON).days + 2
    asked = passes.ask(plate_passes_sql("ABC123", "C1", days, 10))
    assert [(one["began_at"], int(one["reads"])) for one in asked] == [
        ("2026-01-15T12:03:20.000Z", 1),
        ("2026-01-15T12:00:00.000Z", 2),
    ]
    question = "EXPLAIN indexes = 1 SELECT * FROM rtcc.plate_passes WHERE plate = 'ABC123'"
    plan = opened._writer.answer(question, "TSVRaw").decode()
    assert "Condition: (plate in ['ABC123', 'ABC123'])" in plan.partition("PrimaryKey")[2]


@pytest.mark.parametrize("view", VIEWS, ids=lambda view: view.name)
def test_a_view_tells_its_columns_and_is_listed(passes: Passes, view: View) -> None:
    told = {one["name"]: one["type"] for one in passes.ask(f"DESCRIBE {view.name}")}
    assert told == {column.name: column.type for column in view.columns}
    assert view.name in {one["name"] for one in passes.ask("SHOW TABLES")}


@pytest.mark.parametrize("view", VIEWS, ids=lambda view: view.name)
def test_the_columns_that_are_told_are_those_of_the_view(opened: ChdbStore, view: View) -> None:
    made = opened._rows(f"SELECT name, type FROM system.columns WHERE database = 'rtcc' AND table = '{view.name}'")
    assert {str(name): str(kind) for name, kind in made} == {one.name: one.type for one in view.columns}


def test_a_pass_is_told_in_a_line_with_its_other_readings(passes: Passes) -> None:
    passes.put(
        passes.read("ABC123", 0, track_id="car-7", is_parked=True),
        passes.read("ABD123", 1, track_id="car-7", confidence=0.5),
    )
    days = (datetime.now(UTC) - NOON).days + 2
    (row,) = passes.ask(passes_sql("", "C1", days, 10))
    assert _line(row) == "2026-01-15 12:00:00  ABC123  C1  2 reads  also read as ABD123 x1  (parked)"
