"""Which camera to watch, from the administrator's own configuration; never from anything a source sends."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import urlsplit

from msgspec import Struct

#: Schemes that may be opened. FFmpeg knows many more (concat:, pipe:, file: ...), none of which is a camera.
SCHEMES = frozenset({"rtsp", "rtsps", "http", "https"})
_MAX_LENGTH = 2000
# One letter and a colon is a drive, not a scheme.
_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]+):")


class Source:
    """The address of a stream, or the path of a file, checked. Its text form shows no user, password, path or query."""

    def __init__(self, text: str) -> None:
        """Raise ValueError, without repeating the text, when it is neither a camera's URL nor a path."""
        if not text or len(text) > _MAX_LENGTH or any(char < " " or char == "\x7f" for char in text):
            raise ValueError("a camera's source must be a URL or a path of 1 to 2000 printable characters")
        scheme = _SCHEME.match(text)
        self.is_file = scheme is None
        if scheme is None:
            # Absolute, so that nothing in a name can be taken for a protocol or an option.
            self.location = str(Path(text).absolute())
            self.shown = "file"
            return
        if scheme[1].lower() not in SCHEMES:
            raise ValueError(f"a camera's URL must start with one of {', '.join(sorted(SCHEMES))}")
        try:
            parts = urlsplit(text)
            host, port = parts.hostname, parts.port
        except ValueError:
            raise ValueError("a camera's URL has a host or port that cannot be read") from None
        if not host or " " in text:
            raise ValueError("a camera's URL must name a host and hold no spaces")
        self.location = text
        self.shown = f"{parts.scheme}://{host}" + (f":{port}" if port else "")

    def __repr__(self) -> str:
        return f"Source({self.shown})"


class CameraStream(Struct, frozen=True, kw_only=True):
    """One camera to watch.

    ``instance``: the second half of the events' ``source``; the camera's id when empty.
    ``lat``, ``lon``: degrees, WGS 84; when both are given, the camera itself is announced as a Camera event.
    ``pictures_per_s``: how many pictures a second are looked at; all are counted for the frame rate.
    ``synthetic``: marks the events as not real; by default so for a file, which is a demo camera.
    """

    camera_id: str
    source: Source
    name: str = ""
    lat: float | None = None
    lon: float | None = None
    heading_deg: float | None = None
    instance: str = ""
    jurisdiction: str = "default"
    pictures_per_s: float = 5.0
    synthetic: bool | None = None

    def __post_init__(self) -> None:
        if not 1 <= len(self.camera_id) <= 200:
            raise ValueError("camera_id must have 1 to 200 characters")
        if (self.lat is None) != (self.lon is None):
            raise ValueError("lat and lon must be given together")
        if self.lat is not None and not -90 <= self.lat <= 90:
            raise ValueError("lat must be within -90..90")
        if self.lon is not None and not -180 <= self.lon <= 180:
            raise ValueError("lon must be within -180..180")
        if self.heading_deg is not None and not 0 <= self.heading_deg < 360:
            raise ValueError("heading_deg must be within 0..360")
        if not 0.5 <= self.pictures_per_s <= 30:
            raise ValueError("pictures_per_s must be within 0.5..30")

    @property
    def source_name(self) -> str:
        """The ``source`` of the events: connector/instance."""
        return f"camera_stream/{self.instance or self.camera_id}"[:100]

    @property
    def is_synthetic(self) -> bool:
        """Whether the events are marked as not real."""
        return self.source.is_file if self.synthetic is None else self.synthetic
