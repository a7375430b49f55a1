"""Watching real sources: files, HTTP streams, and what is not there. Nothing but metadata leaves."""

from __future__ import annotations

import asyncio
import socket
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import islice
from pathlib import Path
from threading import Event as Flag
from threading import Thread

import cv2
import numpy as np
import pytest

from connectors.camera_stream import capture
from connectors.camera_stream.capture import Lost, Taken, look
from connectors.camera_stream.config import CameraStream, Source
from connectors.camera_stream.manifest import MANIFEST
from connectors.camera_stream.picture_meter import PictureMeter
from connectors.camera_stream.report import REPORT_EVERY_S, Reporter
from connectors.camera_stream.run import run
from connectors.camera_stream.watch import Judgement, Watch
from schemas.envelope import Event
from schemas.events.camera import Camera
from schemas.events.camera_health import CameraHealth
from schemas.events.camera_observation import CameraObservation
from schemas.registry import BY_CLASS
from schemas.wire.frame import encode_event, utc_now
from schemas.wire.publisher import BrokerUnavailableError

SHARED = sorted((Path(__file__).parents[3] / "shared/data/videos").glob("*.mp4"))
SIZE = (320, 240)


def picture(number: int) -> np.ndarray:
    noise = np.random.default_rng(7).integers(30, 220, (SIZE[1] // 8, SIZE[0] // 8, 3), dtype=np.uint8)
    still = cv2.resize(noise, SIZE, interpolation=cv2.INTER_NEAREST)
    grain = np.random.default_rng(number).integers(0, 12, still.shape, dtype=np.uint8)
    return cv2.add(still, grain)


@pytest.fixture(scope="session")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two seconds of a still street, 25 pictures a second."""
    return write_film(tmp_path_factory.mktemp("film") / "street.avi", 25, (picture(number) for number in range(50)))


@pytest.fixture(scope="session")
def traffic(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Ten seconds, ten pictures a second, in which a bright square crosses the street."""
    pictures = [picture(number) for number in range(100)]
    for number in range(50, 90):
        left = (number - 50) * 7
        pictures[number][100:130, left : left + 30] = 255
    return write_film(tmp_path_factory.mktemp("film") / "traffic.avi", 10, pictures)


def write_film(path: Path, fps: int, pictures: Iterable[np.ndarray]) -> Path:
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*"MJPG"), fps, SIZE)
    for each in pictures:
        writer.write(each)
    writer.release()
    return path


class Collected:
    """A publisher that keeps what it is given; the first ``failures`` times it is a broker that is away."""

    def __init__(self, failures: int = 0) -> None:
        self.events: list[Event] = []
        self.failures = failures
        self.arrived = asyncio.Event()

    async def publish(self, events: Sequence[Event]) -> None:
        if self.failures:
            self.failures -= 1
            raise BrokerUnavailableError("away")
        self.events.extend(events)
        self.arrived.set()

    def statuses(self) -> list[str]:
        return [event.status for event in self.events if isinstance(event, CameraHealth)]


def watch_until(
    config: CameraStream, publisher: Collected, enough: Callable[[], bool], *, within_s: float = 20
) -> None:
    """Run the watcher until the condition holds; fail when it does not in time."""

    async def watching() -> None:
        stop = asyncio.Event()
        running = asyncio.create_task(run(config, publisher, stop=stop))
        try:
            async with asyncio.timeout(within_s):
                while not enough() and not running.done():
                    arriving = asyncio.create_task(publisher.arrived.wait())
                    await asyncio.wait({arriving, running}, return_when=asyncio.FIRST_COMPLETED)
                    publisher.arrived.clear()
        finally:
            stop.set()
            await running

    asyncio.run(watching())


class Camera401(BaseHTTPRequestHandler):
    """An MJPEG camera with a password, and the tricks a bad one may try."""

    def log_message(self, *_: object) -> None:
        pass

    def do_GET(self) -> None:
        self.server.asked.append(self.path)  # type: ignore[attr-defined]
        if self.path == "/elsewhere":
            self.send_response(302)
            self.send_header("Location", "/stream")
            self.end_headers()
        elif self.path == "/playlist.m3u8":
            self.send_response(200)
            self.send_header("Content-Type", "application/vnd.apple.mpegurl")
            self.end_headers()
            self.wfile.write(b"#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXTINF:2,\n/segment.ts\n#EXT-X-ENDLIST\n")
        elif self.headers.get("Authorization") is None:
            self.send_response(401)
            self.send_header("WWW-Authenticate", 'Basic realm="camera"')
            self.end_headers()
        else:
            self._stream()

    def _stream(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "multipart/x-mixed-replace; boundary=frame")
        self.end_headers()
        number = 0
        try:
            while not self.server.closing.wait(0.04):  # type: ignore[attr-defined]
                jpeg = cv2.imencode(".jpg", picture(number))[1].tobytes()
                head = f"--frame\r\nContent-Type: image/jpeg\r\nContent-Length: {len(jpeg)}\r\n\r\n"
                self.wfile.write(head.encode() + jpeg + b"\r\n")
                number += 1
        except OSError:
            pass


@pytest.fixture
def camera() -> Iterator[ThreadingHTTPServer]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Camera401)
    server.daemon_threads = True
    server.asked, server.closing = [], Flag()  # type: ignore[attr-defined]
    Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    yield server
    server.closing.set()  # type: ignore[attr-defined]
    server.shutdown()
    server.server_close()


def url(camera: ThreadingHTTPServer, path: str) -> str:
    return f"http://viewer:s3cret@127.0.0.1:{camera.server_port}{path}"


def test_a_file_is_a_demo_camera_that_is_announced_and_becomes_ok(film: Path) -> None:
    config = CameraStream(camera_id="demo", source=Source(str(film)), name="Demo street", lat=29.95, lon=-90.07)
    publisher = Collected()
    watch_until(config, publisher, lambda: bool(publisher.statuses()))
    first, health = publisher.events[:2]
    assert isinstance(first, Camera)
    assert (first.camera_id, first.name, first.lat, first.lon) == ("demo", "Demo street", 29.95, -90.07)
    assert isinstance(health, CameraHealth)
    assert (health.camera_id, health.status, health.source) == ("demo", "ok", "camera_stream/demo")
    assert health.fps == pytest.approx(25, rel=0.3)
    assert health.next_report_s == 15.0
    assert all(event.synthetic for event in publisher.events)


def test_only_what_the_manifest_names_is_sent_and_all_of_it_is_small(film: Path) -> None:
    config = CameraStream(camera_id="demo", source=Source(str(film)), lat=29.95, lon=-90.07)
    publisher = Collected()
    watch_until(config, publisher, lambda: bool(publisher.statuses()))
    assert {BY_CLASS[type(event)].name for event in publisher.events} <= set(MANIFEST.emits)
    assert max(len(encode_event(event)) for event in publisher.events) < 1_000


@pytest.mark.parametrize("source", ["missing.avi", "rtsp://viewer:s3cret@127.0.0.1:9/live", "http://127.0.0.1:9/x"])
def test_what_is_not_there_is_no_signal_at_once(source: str, tmp_path: Path) -> None:
    source = source if "://" in source else str(tmp_path / source)
    publisher = Collected()
    config = CameraStream(camera_id="gone", source=Source(source))
    watch_until(config, publisher, lambda: bool(publisher.statuses()), within_s=5)
    [health] = publisher.events
    assert isinstance(health, CameraHealth)
    assert (health.status, health.fps) == ("no_signal", 0.0)
    assert health.detail == "The stream could not be opened."


def test_a_file_that_is_no_video_is_no_signal(tmp_path: Path) -> None:
    (tmp_path / "notes.avi").write_bytes(b"not a video" * 1000)
    publisher = Collected()
    config = CameraStream(camera_id="odd", source=Source(str(tmp_path / "notes.avi")))
    watch_until(config, publisher, lambda: bool(publisher.statuses()), within_s=5)
    assert publisher.statuses() == ["no_signal"]


def test_events_wait_for_a_broker_that_is_away(film: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("connectors.camera_stream.run.RETRY_S", 0.01)
    config = CameraStream(camera_id="demo", source=Source(str(film)), lat=29.95, lon=-90.07)
    publisher = Collected(failures=3)
    watch_until(config, publisher, lambda: bool(publisher.statuses()))
    ids = [event.event_id for event in publisher.events]
    assert isinstance(publisher.events[0], Camera)
    assert len(set(ids)) == len(ids)


def test_an_http_camera_with_a_password_is_watched_and_its_password_goes_nowhere(
    camera: ThreadingHTTPServer, capfd: pytest.CaptureFixture[str]
) -> None:
    publisher = Collected()
    config = CameraStream(camera_id="canal", source=Source(url(camera, "/stream")))
    watch_until(config, publisher, lambda: "ok" in publisher.statuses())
    assert not publisher.events[-1].synthetic
    said = "".join(capfd.readouterr()) + "".join(encode_event(event).decode() for event in publisher.events)
    assert "s3cret" not in said
    assert "viewer" not in said
    assert "/stream" not in said.replace("camera_stream/", "")


@pytest.mark.parametrize("path", ["/elsewhere", "/playlist.m3u8"])
def test_a_camera_cannot_send_us_to_another_address(camera: ThreadingHTTPServer, path: str) -> None:
    publisher = Collected()
    config = CameraStream(camera_id="bad", source=Source(url(camera, path)))
    watch_until(config, publisher, lambda: bool(publisher.statuses()), within_s=8)
    assert publisher.statuses() == ["no_signal"]
    assert set(camera.asked) == {path}  # type: ignore[attr-defined]


def test_a_server_that_never_answers_is_given_up_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(capture, "OPEN_TIMEOUT_MS", 200)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        source = Source(f"rtsp://127.0.0.1:{silent.getsockname()[1]}/live")
        assert capture.open_source(source) is None


def test_a_file_begins_again_when_it_ends(film: Path) -> None:
    opened: list[Source] = []

    def opening(source: Source) -> capture.Opened | None:
        opened.append(source)
        return capture.open_source(source)

    clock = FastClock()
    found = list(islice(look(Source(str(film)), 5, clock, clock=clock.now, opened_by=opening), 25))
    assert all(isinstance(each, Taken) for each in found)
    assert len(opened) == 3  # 25 pictures at 5 a second are 5 s of a 2 s film
    assert found[-1].fps == pytest.approx(25, rel=0.05)
    gaps = np.diff([each.at for each in found])
    assert gaps.mean() == pytest.approx(0.2, rel=0.1)


def test_a_lost_source_is_tried_again_ever_more_slowly() -> None:
    clock = FastClock()
    found = list(islice(look(Source("rtsp://127.0.0.1/x"), 5, clock, clock=clock.now, opened_by=lambda _: None), 8))
    assert all(isinstance(each, Lost) for each in found)
    assert np.diff([each.at for each in found]).tolist() == [1, 2, 4, 8, 16, 30, 30]


def test_looking_ends_when_it_is_told_to(film: Path) -> None:
    clock = FastClock()
    looking = look(Source(str(film)), 5, clock, clock=clock.now)
    next(looking)
    clock.set()
    assert list(looking) == []


class FastClock(Flag):
    """A clock that a wait moves on at once, and the flag that is waited for."""

    def __init__(self) -> None:
        super().__init__()
        self._now = 0.0

    def now(self) -> float:
        return self._now

    def wait(self, timeout: float | None = None) -> bool:
        self._now += timeout or 0.0
        return self.is_set()


def test_health_is_repeated_every_ten_seconds_and_told_at_once_when_it_changes() -> None:
    reporter = Reporter(CameraStream(camera_id="c", source=Source("a.avi")))
    start = utc_now()
    times = []
    for tick in range(600):
        at = tick / 10
        reporter.take(Judgement(status="ok" if at < 33 else "black", since=0.0 if at < 33 else 32.0), 25.0, at, start)
        if events := reporter.waiting():
            [health] = events
            assert isinstance(health, CameraHealth)
            times.append((at, health.status))
            reporter.confirm(events)
    assert times == [(0, "ok"), (10, "ok"), (20, "ok"), (30, "ok"), (33, "black"), (43, "black"), (53, "black")]
    assert health.next_report_s == 15.0 > REPORT_EVERY_S
    assert health.since == start - timedelta(seconds=1)


def test_motion_is_one_event_when_it_begins_and_one_when_it_ends() -> None:
    reporter = Reporter(CameraStream(camera_id="c", source=Source("a.avi"), lat=1.0, lon=2.0))
    now = utc_now()
    ok = {"status": "ok", "since": 0.0}
    for at in range(5):
        reporter.take(Judgement(**ok, motion=True, motion_since=-1.0, share=0.1), 25.0, float(at), now)
    for at in range(5, 9):
        reporter.take(Judgement(**ok, motion=False, motion_since=4.5), 25.0, float(at), now)
    began, ended = [event for event in reporter.waiting() if isinstance(event, CameraObservation)]
    assert (began.active, began.share, began.occurred_at) == (True, 0.1, now - timedelta(seconds=1))
    assert (ended.active, ended.share, ended.occurred_at) == (False, None, now - timedelta(seconds=0.5))
    assert (began.lat, began.lon, began.kind) == (1.0, 2.0, "motion")
    assert began.event_id != ended.event_id


def test_while_the_broker_is_away_the_events_kept_are_bounded_and_the_newest_stay() -> None:
    reporter = Reporter(CameraStream(camera_id="c", source=Source("a.avi")))
    now = utc_now()
    for at in range(5_000):
        status = ("ok", "black")[at % 2]
        reporter.take(Judgement(status=status, since=float(at)), 25.0, float(at), now + timedelta(seconds=at))
    kept = reporter.waiting()
    assert len(kept) == 1_000
    assert kept[-1].occurred_at == now + timedelta(seconds=4_999)


def test_without_opencv_the_error_says_what_to_install() -> None:
    code = (
        "import sys, asyncio; sys.modules['cv2'] = None\n"
        "from connectors.camera_stream.config import CameraStream, Source\n"
        "from connectors.camera_stream.run import run\n"
        "config = CameraStream(camera_id='c', source=Source('a.avi'))\n"
        "async def main(): await run(config, None, stop=asyncio.Event())\n"
        "asyncio.run(main())\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "pip install watchfloor[cameras]" in done.stderr


@pytest.mark.needs_shared
@pytest.mark.parametrize("path", [None, *SHARED], ids=lambda path: path.name if path else "own film")
def test_traffic_is_a_camera_that_is_ok_with_something_moving(path: Path | None, traffic: Path) -> None:
    clock, meter, watch = FastClock(), PictureMeter(), Watch(0.0)
    statuses, motion = set(), False
    for found in islice(look(Source(str(path or traffic)), 5, clock, clock=clock.now), 200):
        assert isinstance(found, Taken)
        judgement = watch.see(meter.measure(found.gray), found.at)
        statuses.add(judgement.status)
        motion = motion or judgement.motion
    assert statuses == {"unknown", "ok"}
    assert motion
