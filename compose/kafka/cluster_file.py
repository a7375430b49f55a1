"""What is known of the Kafka cluster of a folder; cheap to read, so that every command can find it."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import msgspec

from schemas.wire.security import Login

HOST = "127.0.0.1"
#: Each node has three ports in a row: clients, other brokers, controllers.
PORTS = 3
#: Who may do everything; its password is in the cluster's file, which only its owner may read.
ADMIN = "watchfloor-admin"


class ClusterFile(msgspec.Struct, kw_only=True):
    """A cluster on this machine. ``pids``: of each node's process when it was last started. ``ready``: users, rights
    and topics have been made. ``port``: the first of the first node's ports."""

    version: str
    brokers: Literal[1, 3]
    port: int
    partitions: int
    ca_file: str
    passwords: dict[str, str]
    pids: dict[int, int] = {}
    ready: bool = False

    @property
    def bootstrap(self) -> str:
        """Where clients find it."""
        return ",".join(f"{HOST}:{self.port + PORTS * place}" for place in range(self.brokers))

    @property
    def replication(self) -> int:
        """Copies of every topic."""
        return self.brokers

    def login(self, user: str) -> Login:
        """Return how a user shows who it is. Raises KeyError for one it does not know."""
        return Login(user=user, password=self.passwords[user], ca_file=self.ca_file)


def folder_in(data_dir: Path) -> Path:
    """Return where the cluster of a data directory is, or would be."""
    return data_dir / "kafka"


def path_in(folder: Path) -> Path:
    """Return where a cluster's file is."""
    return folder / "cluster.json"


def read(folder: Path) -> ClusterFile | None:
    """Return what is known, or None when no cluster was made in this folder. Raises OSError, msgspec.DecodeError."""
    try:
        return msgspec.json.decode(path_in(folder).read_bytes(), type=ClusterFile)
    except (FileNotFoundError, NotADirectoryError):
        return None


def write(folder: Path, about: ClusterFile) -> None:
    """Write it whole or not at all, for its owner only."""
    target = path_in(folder)
    draft = target.with_suffix(".new")
    draft.touch(mode=0o600)
    draft.write_bytes(msgspec.json.encode(about))
    draft.replace(target)
