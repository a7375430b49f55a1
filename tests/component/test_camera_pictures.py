"""From pictures to judgements: pictures made with numpy, measured by OpenCV, judged by the watch."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

import cv2
import numpy as np
import pytest

from connectors.camera_stream.picture_meter import Gray, PictureMeter
from connectors.camera_stream.watch import Judgement, Watch

HEIGHT, WIDTH = 360, 640


def scene(seed: int = 1) -> Gray:
    """A still street: blocks and edges of many sizes, some texture."""
    noise = np.random.default_rng(seed)
    coarse = noise.integers(40, 200, (12, 20), dtype=np.uint8)
    fine = noise.integers(0, 40, (HEIGHT // 2, WIDTH // 2), dtype=np.uint8)
    blocks = cv2.resize(coarse, (WIDTH, HEIGHT), interpolation=cv2.INTER_NEAREST)
    return cv2.add(blocks, cv2.resize(fine, (WIDTH, HEIGHT), interpolation=cv2.INTER_NEAREST))


def with_noise(picture: Gray, seed: int, deviation: float = 3.0) -> Gray:
    """The picture as a sensor gives it."""
    noise = np.random.default_rng(seed).normal(0, deviation, picture.shape)
    return np.clip(picture.astype(np.float64) + noise, 0, 255).astype(np.uint8)


def with_square(picture: Gray, x: int, size: int = 40) -> Gray:
    moved = picture.copy()
    moved[160 : 160 + size, x : x + size] = 250
    return moved


def live(seconds: float) -> Iterator[Gray]:
    return (with_noise(scene(), seed) for seed in range(round(seconds * 5)))


def blurred(seconds: float) -> Iterator[Gray]:
    return (cv2.GaussianBlur(picture, (0, 0), 6) for picture in live(seconds))


def black(seconds: float) -> Iterator[Gray]:
    return (with_noise(np.full((HEIGHT, WIDTH), 6, np.uint8), seed, 1.5) for seed in range(round(seconds * 5)))


def frozen(seconds: float) -> Iterator[Gray]:
    return (with_noise(scene(), 4711) for _ in range(round(seconds * 5)))


def passing(seconds: float) -> Iterator[Gray]:
    return (with_square(with_noise(scene(), i), 20 + 12 * i) for i in range(round(seconds * 5)))


def judgements(*parts: Iterable[Gray]) -> list[Judgement]:
    meter, watch, at = PictureMeter(), Watch(0.0), 0.0
    result = []
    for part in parts:
        for picture in part:
            at += 0.2
            result.append(watch.see(meter.measure(picture), at))
    return result


def statuses(found: list[Judgement]) -> list[str]:
    return [each.status for i, each in enumerate(found) if i == 0 or found[i - 1].status != each.status]


def motions(found: list[Judgement]) -> list[bool]:
    return [each.motion for i, each in enumerate(found) if i == 0 or found[i - 1].motion != each.motion]


def test_a_still_street_with_a_noisy_sensor_is_ok_and_nothing_moves() -> None:
    found = judgements(live(30))
    assert statuses(found) == ["unknown", "ok"]
    assert motions(found) == [False]


@pytest.mark.parametrize(("fault", "status"), [(frozen, "frozen"), (black, "black"), (blurred, "blurred")])
def test_each_fault_is_told_apart_and_ends(fault: Callable[[float], Iterator[Gray]], status: str) -> None:
    found = judgements(live(12), fault(14), live(8))
    assert statuses(found) == ["unknown", "ok", status, "ok"]


def test_a_frozen_picture_coded_again_with_tiny_errors_is_still_frozen() -> None:
    first = with_noise(scene(), 1)
    coded = []
    for i in range(60):
        again = first.copy()
        again[i % HEIGHT, ::7] ^= 1
        coded.append(again)
    assert statuses(judgements(live(4), coded))[-1] == "frozen"


def test_something_small_that_moves_keeps_a_silent_picture_from_being_frozen() -> None:
    still = with_noise(scene(), 1)
    walker = [with_square(still, 20 + 2 * i, size=8) for i in range(100)]
    assert statuses(judgements(live(4), walker)) == ["unknown", "ok"]


def test_a_square_that_crosses_the_picture_is_motion_from_its_coming_to_its_going() -> None:
    found = judgements(live(8), passing(8), live(8))
    assert statuses(found) == ["unknown", "ok"]
    assert motions(found) == [False, True, False]
    share = max(each.share for each in found)
    assert 0.004 < share < 0.05


def test_light_switched_on_is_no_motion() -> None:
    bright = (cv2.add(picture, 60) for picture in live(3))
    assert motions(judgements(live(8), bright)) == [False]


@pytest.mark.parametrize("shape", [(90, 160), (432, 768), (1080, 1920), (720, 1), (1, 1)])
def test_pictures_of_any_size_are_measured(shape: tuple[int, int]) -> None:
    measured = PictureMeter().measure(np.full(shape, 100, np.uint8))
    assert (measured.mean, measured.deviation, measured.sharpness) == (100.0, 0.0, 0.0)


def test_a_camera_may_change_its_resolution_while_it_runs() -> None:
    small = (cv2.resize(picture, (320, 180), interpolation=cv2.INTER_AREA) for picture in live(4))
    assert statuses(judgements(live(6), small)) == ["unknown", "ok"]


def test_the_same_pictures_give_the_same_judgements() -> None:
    def once() -> list[Judgement]:
        return judgements(live(5), passing(4), blurred(6), black(3))

    assert once() == once()
