"""Judging a camera from measures alone: what begins a state, what ends it, and what must not."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import msgspec
import pytest

from connectors.camera_stream.watch import Judgement, Picture, Watch

GOOD = Picture(mean=110.0, deviation=40.0, sharpness=200.0, changed=True, moving=0.0)
BLACK = Picture(mean=2.0, deviation=1.0, sharpness=0.1, changed=True, moving=0.0)
BLURRED = Picture(mean=110.0, deviation=30.0, sharpness=10.0, changed=True, moving=0.0)
STILL = msgspec.structs.replace(GOOD, changed=False)
MOVING = msgspec.structs.replace(GOOD, moving=0.05)


class Film:
    """Feeds a watch five pictures a second and remembers when each status was first given."""

    def __init__(self) -> None:
        self.at = 100.0
        self.watch = Watch(self.at)
        self.history: list[tuple[float, Judgement]] = []

    def show(self, picture: Picture, seconds: float) -> Film:
        for _ in range(round(seconds * 5)):
            self.at = round(self.at + 0.2, 3)
            self._note(self.watch.see(picture, self.at))
        return self

    def nothing(self, seconds: float) -> Film:
        for _ in range(round(seconds * 2)):
            self.at = round(self.at + 0.5, 3)
            self._note(self.watch.wait(self.at))
        return self

    def lost(self) -> Film:
        self._note(self.watch.lose(self.at, "The stream ended."))
        return self

    def _note(self, judgement: Judgement) -> None:
        if not self.history or (judgement.status, judgement.motion) != self._last():
            self.history.append((round(self.at - 100.0, 3), judgement))

    def _last(self) -> tuple[str, bool]:
        return (self.history[-1][1].status, self.history[-1][1].motion)

    @property
    def statuses(self) -> list[str]:
        seen = [judgement.status for _, judgement in self.history]
        return [status for i, status in enumerate(seen) if i == 0 or seen[i - 1] != status]

    @property
    def motions(self) -> list[bool]:
        seen = [judgement.motion for _, judgement in self.history]
        return [motion for i, motion in enumerate(seen) if i == 0 or seen[i - 1] != motion]


@pytest.fixture
def film() -> Film:
    return Film()


def test_nothing_is_claimed_before_pictures_came_for_a_while(film: Film) -> None:
    film.show(GOOD, 1)
    assert film.statuses == ["unknown"]
    film.show(GOOD, 1)
    assert film.statuses == ["unknown", "ok"]


def test_a_frozen_picture_is_noticed_after_ten_seconds_and_dated_to_its_beginning(film: Film) -> None:
    film.show(GOOD, 4).show(STILL, 9.8)
    assert film.statuses[-1] == "ok"
    film.show(STILL, 0.4)
    assert film.statuses[-1] == "frozen"
    assert film.watch.judgement.since == 104.0
    assert "10 s" in film.watch.judgement.detail
    film.show(GOOD, 0.2)
    assert film.statuses[-1] == "ok"


def test_one_changed_picture_in_ten_seconds_keeps_a_camera_from_being_frozen(film: Film) -> None:
    film.show(GOOD, 4)
    for _ in range(5):
        film.show(STILL, 9).show(GOOD, 0.2)
    assert film.statuses == ["unknown", "ok"]


def test_black_takes_a_second_and_a_flash_does_not_end_it(film: Film) -> None:
    film.show(GOOD, 4).show(BLACK, 0.8)
    assert film.statuses[-1] == "ok"
    film.show(BLACK, 0.6)
    assert film.statuses[-1] == "black"
    assert film.watch.judgement.since == 104.2
    film.show(GOOD, 0.4).show(BLACK, 1)
    assert film.statuses[-1] == "black"
    film.show(GOOD, 2)
    assert film.statuses == ["unknown", "ok", "black", "ok"]


def test_a_camera_that_starts_black_is_never_called_ok(film: Film) -> None:
    assert film.show(BLACK, 20).statuses == ["unknown", "black"]


def test_a_black_picture_is_black_before_it_is_frozen(film: Film) -> None:
    film.show(GOOD, 4).show(msgspec.structs.replace(BLACK, changed=False), 30)
    assert film.statuses[-1] == "black"


def test_a_dark_street_with_lamps_is_not_black(film: Film) -> None:
    street = Picture(mean=12.0, deviation=14.0, sharpness=90.0, changed=True, moving=0.0)
    assert film.show(street, 30).statuses == ["unknown", "ok"]


def test_a_picture_between_the_bounds_neither_begins_nor_ends_black(film: Film) -> None:
    between = Picture(mean=22.0, deviation=6.0, sharpness=50.0, changed=True, moving=0.0)
    assert film.show(between, 10).statuses == ["unknown", "ok"]
    assert film.show(BLACK, 5).show(between, 10).statuses[-1] == "black"


def test_a_camera_that_loses_focus_is_blurred_by_its_own_measure(film: Film) -> None:
    film.show(GOOD, 15).show(BLURRED, 4.8)
    assert film.statuses[-1] == "ok"
    film.show(BLURRED, 0.6)
    assert film.statuses[-1] == "blurred"
    assert film.watch.judgement.since == 115.2
    film.show(GOOD, 4)
    assert film.statuses[-1] == "blurred"
    film.show(GOOD, 2)
    assert film.statuses[-1] == "ok"


def test_the_same_sharpness_is_usual_for_another_camera(film: Film) -> None:
    assert film.show(BLURRED, 120).statuses == ["unknown", "ok"]


def test_a_blurred_camera_does_not_become_used_to_it(film: Film) -> None:
    assert film.show(GOOD, 15).show(BLURRED, 900).statuses == ["unknown", "ok", "blurred"]


def test_a_camera_without_any_focus_is_blurred_from_the_start(film: Film) -> None:
    fog = msgspec.structs.replace(GOOD, sharpness=1.0)
    assert film.show(fog, 30).statuses == ["unknown", "ok", "blurred"]


def test_a_clearly_sharp_picture_is_never_blurred_however_sharp_others_were(film: Film) -> None:
    very_sharp = msgspec.structs.replace(GOOD, sharpness=5_000.0)
    assert film.show(very_sharp, 15).show(GOOD, 60).statuses == ["unknown", "ok"]


def test_five_seconds_without_a_picture_are_no_signal_since_the_last_one(film: Film) -> None:
    film.show(GOOD, 4).nothing(4.5)
    assert film.statuses[-1] == "ok"
    film.nothing(1)
    assert film.statuses[-1] == "no_signal"
    assert film.watch.judgement.since == 104.0


def test_a_source_that_cannot_be_opened_is_no_signal_at_once(film: Film) -> None:
    assert film.lost().statuses == ["no_signal"]
    assert film.nothing(60).watch.judgement.detail == "The stream ended."


def test_a_signal_must_settle_before_it_counts_again(film: Film) -> None:
    film.show(GOOD, 4).lost()
    for _ in range(10):
        film.show(GOOD, 1).lost()
    assert film.statuses == ["unknown", "ok", "no_signal"]
    assert film.show(GOOD, 2).statuses[-1] == "ok"


def test_motion_begins_and_ends_with_a_hold(film: Film) -> None:
    film.show(GOOD, 5).show(MOVING, 0.2)
    assert film.motions == [False]
    film.show(MOVING, 2)
    assert film.motions == [False, True]
    assert film.watch.judgement.motion_since == 105.2
    assert film.watch.judgement.share == 0.05
    film.show(GOOD, 2).show(MOVING, 1).show(GOOD, 2.8)
    assert film.motions == [False, True]
    film.show(GOOD, 0.6)
    assert film.motions == [False, True, False]
    assert film.watch.judgement.motion_since == 110.4


@pytest.mark.parametrize("share", [0.0, 0.003, 0.8, 1.0])
def test_noise_and_a_change_of_the_whole_scene_are_no_motion(film: Film, share: float) -> None:
    assert film.show(msgspec.structs.replace(GOOD, moving=share), 30).motions == [False]


def test_motion_is_not_claimed_while_the_background_is_learnt(film: Film) -> None:
    assert film.show(MOVING, 1.8).motions == [False]


@pytest.mark.parametrize("end", [lambda film: film.lost(), lambda film: film.show(BLACK, 5)], ids=["lost", "black"])
def test_motion_ends_when_there_is_nothing_to_see(film: Film, end: Callable[[Film], Film]) -> None:
    film.show(GOOD, 5).show(MOVING, 2)
    assert film.motions[-1] is True
    end(film)
    assert film.motions[-1] is False


def edges() -> Iterator[Picture]:
    yield msgspec.structs.replace(GOOD, sharpness=42.0)  # just above a fifth of the usual
    yield msgspec.structs.replace(GOOD, sharpness=38.0)  # just below


def test_a_camera_on_the_edge_of_sharpness_does_not_flap(film: Film) -> None:
    above, below = edges()
    film.show(GOOD, 15)
    for _ in range(100):
        film.show(below, 0.4).show(above, 0.2)
    assert film.statuses == ["unknown", "ok"]
