"""Where Prometheus finds the roles of this machine: a file in its file_sd form, kept in step by `up`."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import msgspec


def path_in(data_dir: Path) -> Path:
    """Return where it is kept."""
    return data_dir / "prometheus" / "targets.json"


def write(data_dir: Path, roles: Mapping[str, str]) -> None:
    """Write the roles that run, host:port by name, whole or not at all. None: the list is empty, not gone.

    Prometheus goes on with what it read last when the file is not there.
    """
    target = path_in(data_dir)
    target.parent.mkdir(parents=True, exist_ok=True)
    draft = target.with_suffix(".new")
    draft.write_bytes(msgspec.json.encode([{"targets": [at], "labels": {"role": name}} for name, at in roles.items()]))
    draft.replace(target)
