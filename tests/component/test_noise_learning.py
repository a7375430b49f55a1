"""Signs are learnt from what is stored, on the real engine; cars are not, and a person's word stands."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from compose.noise_learning import NoiseLearning
from compose.stored import StoredNoise
from pipeline.store.async_store import AsyncStore
from pipeline.store.chdb_store import ChdbStore
from pipeline.store.store import Placed
from schemas.envelope import Event
from schemas.events.plate_noise import PLATE_NOISE, PlateNoise
from schemas.events.sighting import EXAMPLE as A_SIGHTING
from schemas.events.sighting import SIGHTING, Sighting
from schemas.identity import identity

NOW = datetime(2026, 1, 20, 12, 5, tzinfo=UTC)


def read_for(plate: str, hours: float, every_s: int, *, until: datetime = NOW, **changes: Any) -> list[Sighting]:
    """Sightings of a text, evenly, over the last hours."""
    return [
        replace(
            A_SIGHTING,
            event_id=identity("noise_test", plate, str(changes), at),
            occurred_at=until - timedelta(seconds=at),
            observed_at=until - timedelta(seconds=at),
            plate=plate,
            **{"camera_id": "C1", "hits": (), "synthetic": False, **changes},
        )
        for at in range(1, int(hours * 3600), every_s)
    ]


class Learner:
    """A store, what is put into it, and what is learnt from it and put into it again, as the log does."""

    def __init__(self, store: ChdbStore) -> None:
        self._inner = store
        self.store = AsyncStore(store)
        self.told: list[PlateNoise] = []

    async def publish(self, events: Sequence[Event]) -> None:
        self.told = [event for event in events if isinstance(event, PlateNoise)]
        self.put_noise(*self.told)

    def put(self, sightings: Sequence[Sighting]) -> None:
        self._inner.insert(SIGHTING, [Placed(one, SIGHTING.topic, 0, at) for at, one in enumerate(sightings)])

    def put_noise(self, *facts: PlateNoise) -> None:
        self._inner.insert(PLATE_NOISE, [Placed(one, PLATE_NOISE.topic, 0, 0) for one in facts])

    def learn(self, now: datetime = NOW) -> list[PlateNoise]:
        return asyncio.run(NoiseLearning(self.store, self, lambda: now).learn())


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ChdbStore]:
    store = ChdbStore(tmp_path_factory.mktemp("store"), readers=1)
    store.migrate()
    yield store
    store.close()


@pytest.fixture
def learner(opened: ChdbStore) -> Learner:
    for table in ("sightings", "plate_noise_states"):
        opened._command(f"TRUNCATE TABLE rtcc.{table}")
    return Learner(opened)


def test_a_text_that_is_read_for_three_days_is_learnt_once_with_its_counts(learner: Learner) -> None:
    learner.put(read_for("2HR123", 73, 300))
    (learnt,) = learner.learn()
    assert (learnt.noise_id, learnt.is_noise, learnt.is_learnt, learnt.changed_by) == ("C1/2HR123", True, True, "")
    assert (learnt.hours, learnt.reads, learnt.fewest_in_an_hour, learnt.most_in_an_hour) == (72, 864, 12, 12)
    assert learnt.reason == "Read here in 72 of 72 hours, 864 times."
    assert learner.learn() == []


def test_a_text_that_is_no_plate_is_learnt_after_half_a_day_and_a_car_that_stands_so_long_is_not(
    learner: Learner,
) -> None:
    learner.put(read_for("EXIT", 14, 300))
    learner.put(read_for("ABC123", 14, 300, is_parked=True))
    (learnt,) = learner.learn()
    assert (learnt.plate, learnt.doubts) == ("EXIT", ("a word of signs",))


def test_a_plate_that_comes_often_in_the_day_and_not_at_night_is_a_plate(learner: Learner) -> None:
    for day in range(3):
        learner.put(read_for("BUS4711", 15, 300, until=NOW - timedelta(days=day), track_id=f"day-{day}"))
    assert learner.learn() == []


def test_what_is_read_at_another_camera_is_counted_apart(learner: Learner) -> None:
    learner.put(read_for("2HR123", 40, 300))
    learner.put(read_for("2HR123", 40, 300, camera_id="C2"))
    assert learner.learn() == []


def test_what_a_person_calls_a_plate_is_not_learnt_again(learner: Learner) -> None:
    learner.put(read_for("2HR123", 73, 300))
    (learnt,) = learner.learn()
    said = replace(
        learnt, event_id=identity("said", 1), is_noise=False, is_learnt=False, changed_by="r.diaz", changed_at=NOW
    )
    learner.put_noise(said)
    assert learner.learn(NOW + timedelta(hours=2)) == []


def test_a_sign_that_is_gone_for_a_day_is_a_plate_again_and_is_learnt_anew_when_it_comes_back(learner: Learner) -> None:
    learner.put(read_for("2HR123", 73, 300))
    learner.learn()
    assert learner.learn(NOW + timedelta(hours=23)) == []
    (released,) = learner.learn(NOW + timedelta(hours=25))
    assert (released.is_noise, released.is_learnt) == (False, True)
    (row,) = asyncio.run(StoredNoise(learner.store).list())
    assert row.is_noise is False
    learner.put(read_for("2HR123", 73, 300, until=NOW + timedelta(days=5), heading_deg=1.0))
    (again,) = learner.learn(NOW + timedelta(days=5))
    assert again.is_noise


def test_the_same_learnt_twice_within_an_hour_is_one_fact(learner: Learner) -> None:
    learner.put(read_for("2HR123", 73, 300))
    (first,) = learner.learn()
    learner._inner._command("TRUNCATE TABLE rtcc.plate_noise_states")
    (second,) = learner.learn(NOW + timedelta(minutes=10))
    assert first.event_id == second.event_id
