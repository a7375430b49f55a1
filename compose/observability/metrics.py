"""What every role's process tells of itself and of its machine, for Prometheus."""

from __future__ import annotations

import shutil
from pathlib import Path

from prometheus_client import Gauge

READY = Gauge("watchfloor_ready", "1 when this role does its work, as its /ready says.")
LOOP_LATE = Gauge("watchfloor_loop_late_seconds", "How late this role's event loop came round the last time.")
DISK_FREE = Gauge("watchfloor_disk_free_bytes", "Free room on the disk of the data folder.")
DISK_SIZE = Gauge("watchfloor_disk_size_bytes", "Size of the disk of the data folder.")
EMBEDDED_LOG = Gauge("watchfloor_embedded_log_fill_ratio", "How full the embedded broker's memory is, 0 to 1.")
EMBEDDED_LOG.set(float("nan"))  # told by the server only, and only of that broker
INFO = Gauge("watchfloor_info", "1; its label says what runs.", ["version"])


def watch_disk(folder: Path) -> None:
    """Tell of the disk that this folder is on."""

    def look(what: str) -> float:
        try:
            return float(getattr(shutil.disk_usage(folder), what))
        except OSError:
            return float("nan")

    DISK_FREE.set_function(lambda: look("free"))
    DISK_SIZE.set_function(lambda: look("total"))
