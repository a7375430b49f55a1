"""Everything on one machine: the roles `up` runs, in the order they need each other."""

from __future__ import annotations

import asyncio
import json
import os
import socket
import sys
import time
from collections.abc import Callable

import httpx2
from msgspec import Struct

from compose import run_file
from compose.broker import broker_command
from compose.kafka import cluster_file
from compose.kafka.cluster import Cluster, ClusterError
from compose.observability import targets
from compose.own_ports import free_row
from compose.settings import PREFIX, Settings, on_cluster
from compose.supervisor import Role, Supervisor
from schemas.wire.publisher import BrokerUnavailableError

#: Seconds the first start may take on a slow machine, with a store to open and a log to read.
READY_WITHIN_S = 90.0
#: Between two made-up reads of each connector, unless set, seconds.
CANARY_EVERY_S = 60.0


class PortTakenError(Exception):
    """Something else listens where a role should."""


class Addresses(Struct, frozen=True):
    """Where a running system is."""

    web: str
    edge: str
    kafka: str


def addresses(settings: Settings) -> Addresses:
    """Return where this configuration's system is."""
    return Addresses(
        f"http://{settings.web_host}:{settings.web_port}",
        f"http://{settings.edge_host}:{settings.edge_port}",
        settings.bootstrap,
    )


def require_free_ports(settings: Settings) -> None:
    """Raise PortTakenError, naming the port and the setting, if something else listens there."""
    wanted = [
        ("web_port", settings.web_host, settings.web_port),
        ("edge_port", settings.edge_host, settings.edge_port),
    ]
    if settings.embedded_broker:
        wanted.append(("embedded_kafka_port", "127.0.0.1", settings.embedded_kafka_port))
    for name, host, port in wanted:
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((host, port))
            except OSError as error:
                raise PortTakenError(
                    f"port {port} on {host} is taken: is another Watchfloor running? "
                    f"Stop it, or set WATCHFLOOR_{name.upper()} to a free port ({error.strerror})"
                ) from error


def role_command(*arguments: str) -> list[str]:
    """Return the command that runs a role in a process of its own."""
    return [sys.executable, "-m", "compose.cli", *arguments]


def environment(settings: Settings) -> dict[str, str]:
    """Return the settings as environment variables, so that every role has the same."""
    env = {}
    for name, value in settings.model_dump(mode="json").items():
        if value is None or value in ([], {}):
            continue
        secret = getattr(settings, name)
        if hasattr(secret, "get_secret_value"):
            value = secret.get_secret_value()
        env[f"{PREFIX}{name.upper()}"] = json.dumps(value) if isinstance(value, list | dict) else str(value)
    return env


class Local:
    """A system on this machine: start it, wait until it is ready, stop it."""

    def __init__(self, settings: Settings) -> None:
        if settings.canary_every_s is None:
            settings = settings.model_copy(update={"canary_every_s": CANARY_EVERY_S})
        self.settings = settings
        self.supervisor = Supervisor(settings.data_dir / "logs", self._changed)
        self._cluster = cluster_file.read(cluster_file.folder_in(settings.data_dir))
        self._up = False
        self._metrics: dict[str, str] = {}

    async def start(self, say: Callable[[str], None] = lambda _text: None) -> None:
        """Start broker and roles; returns when the page answers truthfully that all is well."""
        require_free_ports(self.settings)
        if self.settings.notify_file is not None:
            from compose.notify.run import destinations_in  # brings clients that few commands need

            destinations_in(self.settings)  # what cannot work is told before anything starts
        self.settings.data_dir.mkdir(parents=True, exist_ok=True)
        run_file.forget_restored(self.settings.data_dir)
        self._up = True
        if self.settings.embedded_broker:
            say("starting the embedded broker")
            await self.supervisor.start(
                Role(
                    name="broker",
                    command=broker_command(self.settings.embedded_kafka_port),
                    on_start=self._broker_answers,
                )
            )
        elif self._on_own_cluster:
            say("looking for Apache Kafka, set up here by `watchfloor kafka up`")
            await asyncio.to_thread(self._require_topics)
        say("starting the roles")
        # The server first: with the embedded store it puts back into the log what others read at their start.
        for name in self._roles():
            await self.add(name, name)
        say("waiting until the page can be trusted")
        await self._wait_ready()

    async def add(self, name: str, *arguments: str) -> None:
        """Start one more role."""
        command = role_command(*arguments)
        env = self.environment(arguments[0])
        port = self._metrics_port()
        self._metrics[name] = f"{self.settings.metrics_host}:{port}"
        env[f"{PREFIX}METRICS_PORT"] = str(port)
        await self.supervisor.start(Role(name=name, command=command, env=env, hang_s=self.settings.hang_s))

    def _metrics_port(self) -> int:
        first = self.settings.metrics_port
        return first + len(self._metrics) if first else free_row(1)

    def environment(self, role: str) -> dict[str, str]:
        """Return a role's settings; on a cluster of this machine, with a user who may do that role's work only."""
        if self._cluster is None or not self._on_own_cluster:
            return environment(self.settings)
        alone = role if role != "serve" or not self.settings.embedded_store else "serve-store"
        return environment(on_cluster(self.settings, self._cluster, f"watchfloor-{alone}"))

    @property
    def _on_own_cluster(self) -> bool:
        return self._cluster is not None and self.settings.kafka == self._cluster.bootstrap

    def _require_topics(self) -> None:
        """Make what users, rights and topics a newer version has more. Raises BrokerUnavailableError when Kafka does
        not run."""
        cluster = Cluster(cluster_file.folder_in(self.settings.data_dir))
        try:
            cluster.provide()
        except (ClusterError, BrokerUnavailableError) as error:
            raise BrokerUnavailableError(
                f"{error}. Apache Kafka was set up in {cluster.folder}: start it with `watchfloor kafka up`, or go "
                "back to the embedded broker with `watchfloor kafka down --delete`"
            ) from error
        self._cluster = cluster_file.read(cluster.folder)

    async def stop(self) -> None:
        """Stop everything; no process of ours is left."""
        self._up = False
        await self.supervisor.stop()
        run_file.remove(self.settings.data_dir)
        targets.write(self.settings.data_dir, {})

    def _roles(self) -> list[str]:
        roles = ["serve", "process", "connect"]
        if not self.settings.embedded_store:
            roles.insert(0, "store")
        if self.settings.notify_file is not None:
            roles.append("notify")
        return roles

    def _changed(self) -> None:
        if not self._up:
            return
        where = addresses(self.settings)
        run_file.write(
            self.settings.data_dir,
            run_file.RunningHere(
                pid=os.getpid(),
                kafka=where.kafka,
                web=where.web,
                edge=where.edge,
                roles={name: running.pid for name, running in self.supervisor.running.items()},
                metrics=self._metrics,
            ),
        )
        targets.write(self.settings.data_dir, self._metrics)

    async def _broker_answers(self) -> None:
        """Wait for the broker. When it was restarted its log is empty, topics and positions included: every role
        begins anew, and the server puts back from the store what must live on."""
        await self._wait_for_broker()
        self.supervisor.start_anew(but="broker")

    async def _wait_for_broker(self) -> None:
        until = time.monotonic() + 20
        while True:
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", self.settings.embedded_kafka_port)
                writer.close()
                return
            except OSError:
                if time.monotonic() > until:
                    raise
                await asyncio.sleep(0.05)

    async def _wait_ready(self) -> None:
        until = time.monotonic() + READY_WITHIN_S
        where = addresses(self.settings)
        last = ""
        async with httpx2.AsyncClient(timeout=3.0) as client:
            for url in (f"{where.web}/api/health", f"{where.edge}/health"):
                while True:
                    try:
                        answer = await client.get(url)
                        if answer.status_code == 200:
                            break
                        last = answer.text
                    except httpx2.HTTPError as error:
                        last = str(error) or type(error).__name__
                    if time.monotonic() > until:
                        raise TimeoutError(
                            f"{url} was not well within {READY_WITHIN_S:.0f} s: {last}. "
                            f"The roles' logs are in {self.settings.data_dir / 'logs'}"
                        )
                    await asyncio.sleep(0.1)
