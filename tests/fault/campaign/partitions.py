"""Packets between roles and brokers are dropped, by routing rules in a network namespace of our own (`unshare -n`).

A rule that drops what goes to a port cuts one direction; TCP then carries nothing in either. Where only one role is cut
off, it runs as a user of its own that the rule names.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
from collections.abc import Iterable

import psutil
from msgspec.structs import replace

from compose.kafka import cluster_file
from compose.kafka.node import nodes
from tests.fault.campaign.fault import Scene
from tests.fault.campaign.kills import kill_role

#: A user for each role that is cut off alone. Nobody has these numbers.
USERS = {"connect": 64_201, "process": 64_202, "serve": 64_203}
PRIORITY = "10"
BEGINS_S = 8.0


def _ip(*words: str) -> None:
    subprocess.run(["ip", *words], check=True, capture_output=True)


def _rules() -> str:
    return subprocess.run(["ip", "rule"], check=True, capture_output=True, text=True).stdout


class _Cut:
    """Some ports are cut off, from everybody or from one user."""

    family = "partition"
    role = ""

    @classmethod
    def possible(cls, scene: Scene) -> str:
        """It needs Kafka, `ip`, and a network namespace of our own, where the rules harm nobody else."""
        if not scene.brokers:
            return "needs Apache Kafka"
        if os.geteuid() != 0 or shutil.which("ip") is None or shutil.which("setpriv") is None:
            return "needs root, ip and setpriv"
        if psutil.net_if_addrs().keys() != {"lo"}:
            return "needs a network namespace of its own: begin with `unshare -n`"
        return ""

    def ports(self, scene: Scene) -> Iterable[int]:
        """Return the ports that packets no longer reach: those of all brokers that clients use."""
        about = cluster_file.read(scene.cluster.folder)
        assert about is not None
        return [int(node.client.rpartition(":")[2]) for node in nodes(scene.cluster.folder, about.brokers, about.port)]

    async def inject(self, scene: Scene) -> None:
        """Cut."""
        if self.role:
            await _as_own_user(scene, self.role)
        # Packets to this machine's own addresses are decided by the rule of priority 0: it must come after ours.
        if _rules().startswith("0:"):
            _ip("rule", "add", "pref", "100", "lookup", "local")
            _ip("rule", "del", "pref", "0")
        user = ["uidrange", f"{USERS[self.role]}-{USERS[self.role]}"] if self.role else []
        for port in self.ports(scene):
            _ip("rule", "add", "pref", PRIORITY, *user, "ipproto", "tcp", "dport", str(port), "blackhole")
        scene.notes.append(f"cut {self.role or 'everybody'} off")

    def hold_s(self, scene: Scene) -> float:
        """Up to half a minute, up to a whole one in the long form."""
        return scene.dice.uniform(3.0, 60.0 if scene.long else 30.0)

    async def heal(self, scene: Scene) -> None:
        """Mend."""
        while f"{PRIORITY}:" in _rules():
            _ip("rule", "del", "pref", PRIORITY)


async def _as_own_user(scene: Scene, role: str) -> None:
    """Have a role run as its own user from now on; once that is so, it stays so."""
    running = scene.local.supervisor.running[role]
    if running.role.command[0] == "setpriv":
        return
    user = str(USERS[role])
    rights = ["--inh-caps=+dac_override,+dac_read_search", "--ambient-caps=+dac_override,+dac_read_search"]
    command = ["setpriv", f"--reuid={user}", "--clear-groups", *rights, *running.role.command]
    running.role = replace(running.role, command=command)
    while not kill_role(scene, role):
        await asyncio.sleep(0.05)
    await asyncio.sleep(BEGINS_S)


class EdgeCut(_Cut):
    """The edge does not reach Kafka; all others do."""

    name = "edge and Kafka partitioned"
    role = "connect"


class WorkerCut(_Cut):
    """The processors do not reach Kafka."""

    name = "worker and Kafka partitioned"
    role = "process"


class ServerCut(_Cut):
    """Server and store do not reach Kafka."""

    name = "server and Kafka partitioned"
    role = "serve"


class KafkaCut(_Cut):
    """Nobody reaches Kafka, which runs on."""

    name = "Kafka partitioned from all roles"


class BrokerCut(_Cut):
    """Neither clients nor the other brokers reach one broker."""

    name = "one broker of three partitioned from everybody"

    @classmethod
    def possible(cls, scene: Scene) -> str:
        """There must be others."""
        return super().possible(scene) or ("" if scene.brokers > 1 else "needs three brokers")

    def ports(self, scene: Scene) -> Iterable[int]:
        """All three ports of one."""
        about = cluster_file.read(scene.cluster.folder)
        assert about is not None
        node = scene.dice.choice(nodes(scene.cluster.folder, about.brokers, about.port))
        return [int(one.rpartition(":")[2]) for one in (node.client, node.internal, node.controller)]


FAULTS = (EdgeCut, WorkerCut, ServerCut, KafkaCut, BrokerCut)
