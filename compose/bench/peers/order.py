"""What a measured process is told, and what it tells: one JSON object each, on standard input and output."""

from __future__ import annotations

import sys
from pathlib import Path

import msgspec

from compose.bench.peers.meter import Meter
from schemas.wire.security import MECHANISM, Login


class Order(msgspec.Struct, frozen=True, kw_only=True):
    """What to do. By standard input, since it holds a password and the process table shows arguments to everybody.

    ``engine``: which, where one program has several. ``login``: None where the broker asks nobody who they are.
    ``reads``: events in ``input_topic``. ``folder``: for files of the engine's own. ``hotlist``: a file with a list id,
    an entry id and a plate in each line, split by tabs. ``zones``: a JSON array of objects with ``id`` and ``ring``, an
    array of (longitude, latitude). ``hotlist_size``, ``zone_count`` and ``seed`` make the facts of our own processor,
    which holds reads against more.
    """

    engine: str
    bootstrap: str
    login: Login | None
    group: str
    input_topic: str
    output_topic: str
    reads: int
    folder: str
    hotlist: str
    zones: str
    hotlist_size: int
    zone_count: int
    seed: int

    def librdkafka(self) -> dict[str, str]:
        """Return librdkafka's settings of how to be let in."""
        if self.login is None:
            return {}
        return {
            "security.protocol": "SASL_SSL",
            "sasl.mechanism": MECHANISM,
            "sasl.username": self.login.user,
            "sasl.password": self.login.password,
            "ssl.ca.location": self.login.ca_file or "",
        }


class Mark(msgspec.Struct, frozen=True):
    """How far a process had come. ``cpu_s``: of all its threads, user and system; ``wall_s``: by a clock that only
    goes forward."""

    events: int
    cpu_s: float
    wall_s: float


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """What a process says when it is done: its marks (before the first event, half way, after the last one) and the
    most memory it held, MB. ``version``: of the engine."""

    marks: list[Mark]
    peak_rss_mb: float
    version: str


def read_order() -> Order:
    """Return the order. Raises msgspec.DecodeError."""
    return msgspec.json.decode(sys.stdin.buffer.read(), type=Order)


def tell(meter: Meter, version: str) -> None:
    """Print what it cost, as the last line."""
    marks = [Mark(*mark) for mark in meter.marks]
    told = Told(marks=marks, peak_rss_mb=peak_rss_mb(), version=version)
    sys.stdout.write("\n" + msgspec.json.encode(told).decode() + "\n")
    sys.stdout.flush()


def peak_rss_mb(status: Path = Path("/proc/self/status")) -> float:
    """Return the most memory this process held since its program began, MB: ``ru_maxrss`` begins with its parent's."""
    lines = status.read_text().splitlines()
    return round(next(int(line.split()[1]) for line in lines if line.startswith("VmHWM:")) / 1024, 1)
