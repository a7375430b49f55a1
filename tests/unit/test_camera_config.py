"""What may be watched: cameras' URLs and files, nothing else, and no secret in any text form."""

from __future__ import annotations

from typing import Any

import pytest

from connectors.camera_stream.config import CameraStream, Source

SECRET_URL = "rtsp://viewer:s3cret@10.1.2.3:8554/live/token-abc?key=xyz"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (SECRET_URL, "rtsp://10.1.2.3:8554"),
        ("rtsps://cam.example/1", "rtsps://cam.example"),
        ("HTTP://cam.example:80/x.mjpg", "http://cam.example:80"),
        ("https://[::1]/x", "https://::1"),
    ],
)
def test_a_cameras_url_is_taken_and_shown_without_its_secrets(text: str, shown: str) -> None:
    source = Source(text)
    assert (source.is_file, source.location, source.shown) == (False, text, shown)


@pytest.mark.parametrize(
    "text",
    [
        "file:///etc/passwd",
        "concat:a.avi|b.avi",
        "pipe:0",
        "ftp://host/x",
        "gopher://host/",
        "data:video/mp4;base64,AAAA",
        "rtsp:///no-host",
        "http://host:port/",
        "http://host:99999/",
        "http://ho st/",
        "http://[broken/",
        "http://host/\nHost: other",
        "",
        "x" * 3000,
    ],
)
def test_anything_else_is_refused_without_repeating_it(text: str) -> None:
    with pytest.raises(ValueError, match="camera's") as refused:
        Source(text)
    assert len(text) < 6 or text not in str(refused.value)


def test_a_path_becomes_absolute_so_that_no_name_can_be_an_option_or_a_protocol() -> None:
    source = Source("-i evil.avi")
    assert source.is_file
    assert source.location.startswith("/")


def test_neither_source_nor_configuration_show_secrets_when_printed() -> None:
    config = CameraStream(camera_id="canal", source=Source(SECRET_URL))
    for text in (repr(config), str(config), repr(config.source), f"{config.source}"):
        assert "s3cret" not in text
        assert "token-abc" not in text
        assert "viewer" not in text


def test_a_file_is_synthetic_unless_said_otherwise() -> None:
    assert CameraStream(camera_id="demo", source=Source("a.avi")).is_synthetic
    assert not CameraStream(camera_id="demo", source=Source("a.avi"), synthetic=False).is_synthetic
    assert not CameraStream(camera_id="canal", source=Source(SECRET_URL)).is_synthetic


@pytest.mark.parametrize(
    "wrong",
    [
        {"camera_id": ""},
        {"camera_id": "x" * 201},
        {"lat": 29.9},
        {"lat": 91.0, "lon": 0.0},
        {"lon": -181.0, "lat": 0.0},
        {"lat": float("nan"), "lon": 0.0},
        {"heading_deg": 360.0},
        {"pictures_per_s": 0.0},
        {"pictures_per_s": 1000.0},
    ],
)
def test_a_wrong_configuration_is_refused_naming_the_field(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=next(iter(wrong))):
        CameraStream(**{"camera_id": "canal", "source": Source("a.avi"), **wrong})
