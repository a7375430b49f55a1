"""Reading pictures from a source in a thread of its own: opening, reading, counting, and opening again."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterator
from threading import Event as Flag
from typing import Any, Protocol

from msgspec import Struct

from connectors.camera_stream.config import Source
from connectors.camera_stream.opencv import cv2
from connectors.camera_stream.picture_meter import Gray

OPEN_TIMEOUT_MS = 5_000
READ_TIMEOUT_MS = 5_000
FIRST_DELAY_S = 1.0
LONGEST_DELAY_S = 30.0
#: The frame rate is counted over this long, seconds.
RATE_OVER_S = 5.0
#: Pictures a second of a file that does not say, or says nonsense.
_USUAL_RATE = 25.0
_GREATEST_RATE = 240.0


class Taken(Struct, frozen=True):
    """A picture to look at, when it was taken (monotonic, seconds), and how many came a second, if that is known."""

    gray: Gray
    at: float
    fps: float | None


class Lost(Struct, frozen=True):
    """The source could not be opened, or ended; it will be tried again."""

    at: float
    detail: str


class Opened(Protocol):
    """What is used of cv2.VideoCapture."""

    def grab(self) -> bool:
        """Take the next picture; false at the end, or when none came in time."""
        ...

    def retrieve(self) -> tuple[bool, Any]:
        """Return the picture just taken."""
        ...

    def get(self, what: int) -> float:
        """Return a property, 0 when it is not known."""
        ...

    def release(self) -> None:
        """Close the source."""
        ...


def open_source(source: Source) -> Opened | None:
    """Open a source with timeouts; None when that fails. RTSP goes over TCP (connectors.camera_stream.opencv)."""
    # Naming FFmpeg keeps OpenCV from trying its other readers, to which a path may mean a numbered series of images.
    timeouts = [cv2.CAP_PROP_OPEN_TIMEOUT_MSEC, OPEN_TIMEOUT_MS, cv2.CAP_PROP_READ_TIMEOUT_MSEC, READ_TIMEOUT_MS]
    opened = cv2.VideoCapture(source.location, cv2.CAP_FFMPEG, timeouts)
    if not opened.isOpened():
        opened.release()
        return None
    return opened


def look(
    source: Source,
    pictures_per_s: float,
    stop: Flag,
    *,
    clock: Callable[[], float] = time.monotonic,
    opened_by: Callable[[Source], Opened | None] = open_source,
) -> Iterator[Taken | Lost]:
    """Yield pictures at most so often, and losses, until ``stop`` is set. A file begins again when it ends.

    A lost source is opened again after 1 s, then 2, 4 ... 30 s; the delay starts anew once a picture came.
    """
    delay = FIRST_DELAY_S
    # Kept while the source is opened again: a film of one second has a rate as well.
    times: deque[float] = deque()
    while not stop.is_set():
        opened = opened_by(source)
        came = False
        if opened is not None:
            try:
                for taken in _pictures(opened, source.is_file, pictures_per_s, times, stop, clock):
                    came = True
                    yield taken
            except cv2.error:
                came = False  # broken pictures: opened again after the delay, like a stream that gives none
            finally:
                opened.release()
        if stop.is_set():
            return
        if came:
            delay = FIRST_DELAY_S
            if source.is_file:
                continue
        yield Lost(clock(), "The stream could not be opened." if opened is None else "The stream ended.")
        stop.wait(delay)
        delay = min(delay * 2, LONGEST_DELAY_S)


def _pictures(
    opened: Opened, is_file: bool, pictures_per_s: float, times: deque[float], stop: Flag, clock: Callable[[], float]
) -> Iterator[Taken]:
    rate = opened.get(cv2.CAP_PROP_FPS)
    interval = 1 / (rate if 0 < rate <= _GREATEST_RATE else _USUAL_RATE)
    due = wanted_at = clock()
    while not stop.is_set() and opened.grab():
        now = clock()
        times.append(now)
        while now - times[0] > RATE_OVER_S:
            times.popleft()
        if now >= wanted_at:
            wanted_at = max(wanted_at + 1 / pictures_per_s, now)
            gray = _gray(opened)
            if gray is not None:
                yield Taken(gray, now, _rate(times))
        if is_file:
            # A file is read as fast as the disk allows: keep it to its own pace, and do not run after lost time.
            due = max(due + interval, clock() - interval)
            stop.wait(max(0.0, due - clock()))


def _gray(opened: Opened) -> Gray | None:
    good, picture = opened.retrieve()
    if not good or picture is None or picture.size == 0:
        return None
    gray: Gray = picture if picture.ndim == 2 else cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY)
    return gray


def _rate(times: deque[float]) -> float | None:
    seconds = times[-1] - times[0]
    return (len(times) - 1) / seconds if seconds >= 1.0 else None
