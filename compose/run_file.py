"""What runs on this machine now: written by ``up``, read by whoever wants to know."""

from __future__ import annotations

from pathlib import Path

import msgspec
import psutil


class RunningHere(msgspec.Struct, kw_only=True):
    """Process ids and addresses of a running ``up``."""

    pid: int
    kafka: str
    web: str
    edge: str
    roles: dict[str, int | None] = {}
    #: Where each role tells its metrics and health, host:port.
    metrics: dict[str, str] = {}


def path_in(data_dir: Path) -> Path:
    """Return where it is kept."""
    return data_dir / "run.json"


def write(data_dir: Path, running: RunningHere) -> None:
    """Write it whole or not at all."""
    target = path_in(data_dir)
    draft = target.with_suffix(".new")
    draft.write_bytes(msgspec.json.encode(running))
    draft.replace(target)


def read(data_dir: Path) -> RunningHere | None:
    """Return what runs, or None when nothing does (or what did is gone)."""
    try:
        running = msgspec.json.decode(path_in(data_dir).read_bytes(), type=RunningHere)
    except (OSError, msgspec.DecodeError):
        return None
    return running if psutil.pid_exists(running.pid) else None


def remove(data_dir: Path) -> None:
    """Nothing runs any more."""
    path_in(data_dir).unlink(missing_ok=True)


def note_restored(data_dir: Path, broker: int) -> None:
    """Note that what must live on was put back into the log of the embedded broker with this process id."""
    target = data_dir / "restored.json"
    draft = target.with_suffix(".new")
    draft.write_bytes(msgspec.json.encode(broker))
    draft.replace(target)


def forget_restored(data_dir: Path) -> None:
    """No log was put back yet; process ids come again."""
    (data_dir / "restored.json").unlink(missing_ok=True)


def restored_into(data_dir: Path) -> int | None:
    """Return the process id of the embedded broker whose log was last put back; None when none was."""
    try:
        return msgspec.json.decode((data_dir / "restored.json").read_bytes(), type=int)
    except (OSError, msgspec.DecodeError):
        return None
