"""A cluster of one or three Kafka nodes on loopback, in a folder: made, started, stopped, looked at."""

from __future__ import annotations

import base64
import os
import secrets
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal
from uuid import UUID, uuid4

import msgspec
import psutil
from kafka.admin import KafkaAdminClient, ScramMechanism, UserScramCredentialUpsertion
from kafka.errors import KafkaError

from compose.kafka import access, certificate, cluster_file, jars
from compose.kafka.cluster_file import ADMIN, ClusterFile
from compose.kafka.node import Node, nodes, properties
from compose.roles.broker_settings import PROCESS_GROUP
from schemas.wire.security import MECHANISM
from schemas.wire.topics import create_topics

FIRST_PORT = 8760
#: A node of this size serves the rates that are measured here; more helps a big city, not a demo.
HEAP = "512m"
ANSWERS_WITHIN_S = 180.0
STOPS_WITHIN_S = 30.0


class ClusterError(Exception):
    """The cluster cannot be started or reached; the text says why."""


class NodeState(msgspec.Struct, frozen=True, kw_only=True):
    """Whether a node's process runs."""

    node: int
    address: str
    pid: int | None


class ClusterState(msgspec.Struct, frozen=True, kw_only=True):
    """What `kafka status` tells. ``answering``: nodes that the cluster itself counts."""

    folder: str
    version: str
    bootstrap: str
    nodes: list[NodeState]
    answering: int
    why_not: str | None = None


class Cluster:
    """The cluster in one folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder.resolve()

    def up(
        self,
        *,
        brokers: Literal[1, 3] = 1,
        port: int = FIRST_PORT,
        partitions: int = 4,
        say: Callable[[str], None] = lambda _text: None,
    ) -> None:
        """Make the cluster if there is none, start the nodes that do not run, and wait until all answer.

        ``brokers``, ``port`` and ``partitions`` count when it is made. Raises KafkaMissingError, ClusterError.
        """
        java = jars.java()
        say(f"fetching Apache Kafka {jars.version()} if it is not here yet")
        libraries = jars.fetch()
        about = cluster_file.read(self.folder)
        if about is None:
            say("making keys, users and nodes")
            about = self._make(java, libraries, brokers, port, partitions)
        for node in self._nodes(about):
            if self._pid(about, node.number) is None:
                say(f"starting node {node.number} at {node.client}")
                about.pids[node.number] = _start(node, java, libraries)
        cluster_file.write(self.folder, about)
        say("waiting until it answers")
        with self._admin(about, ANSWERS_WITHIN_S) as admin:
            if not about.ready:
                say("giving each role its rights, and making the topics")
                _make_positions(admin.client)
            self._provide(about, admin.client)
        about.ready = True
        cluster_file.write(self.folder, about)

    def provide(self) -> None:
        """Make the users, rights and topics that this version has more than the one that made the cluster.

        None is taken away: the older version may still run, or come back. Raises ClusterError, BrokerUnavailableError.
        """
        about = cluster_file.read(self.folder)
        if about is None:
            raise ClusterError(f"There is no Apache Kafka in {self.folder}. `watchfloor kafka up` makes one.")
        with self._admin(about, 5.0, all_nodes=False) as admin:
            self._provide(about, admin.client)

    def _provide(self, about: ClusterFile, admin: Any) -> None:
        if missing := [grant.user for grant in access.GRANTS if grant.user not in about.passwords]:
            about.passwords |= {user: secrets.token_urlsafe(24) for user in missing}
            cluster_file.write(self.folder, about)
        try:
            _give_rights(admin, about.passwords)
        except KafkaError as error:
            raise ClusterError(f"rights could not be given: {type(error).__name__}") from error
        create_topics(
            about.bootstrap,
            partitions=about.partitions,
            replication=about.replication,
            **about.login(ADMIN).kafka_config(),
        )

    def down(self, *, delete: bool = False) -> None:
        """Stop every node in order; with ``delete``, remove the folder with everything in it."""
        about = cluster_file.read(self.folder)
        if about is not None:
            running = [pid for node in self._nodes(about) if (pid := self._pid(about, node.number)) is not None]
            for pid in running:
                os.kill(pid, signal.SIGTERM)
            _, alive = psutil.wait_procs([psutil.Process(pid) for pid in running if psutil.pid_exists(pid)],
                                         timeout=STOPS_WITHIN_S)  # fmt: skip
            for process in alive:
                process.kill()
            about.pids = {}
            cluster_file.write(self.folder, about)
        if delete:
            shutil.rmtree(self.folder, ignore_errors=True)

    def kill(self, number: int) -> None:
        """Kill a node's process as a power cut would, for tests of what then happens."""
        pid = self.pid(number)
        if pid is not None:
            os.kill(pid, signal.SIGKILL)
            psutil.wait_procs([psutil.Process(pid)] if psutil.pid_exists(pid) else [], timeout=10)

    def pid(self, number: int) -> int | None:
        """Return a node's process while it runs."""
        about = cluster_file.read(self.folder)
        return None if about is None else self._pid(about, number)

    def state(self) -> ClusterState:
        """Return what runs, and whether the cluster answers. Raises ClusterError when there is none."""
        about = cluster_file.read(self.folder)
        if about is None:
            raise ClusterError(f"There is no Apache Kafka in {self.folder}. `watchfloor kafka up` makes one.")
        found = [
            NodeState(node=node.number, address=node.client, pid=self._pid(about, node.number))
            for node in self._nodes(about)
        ]
        answering, why_not = 0, None
        try:
            with self._admin(about, 5.0, all_nodes=False) as admin:
                answering = len(admin.client.describe_cluster()["brokers"])
        except ClusterError as error:
            why_not = str(error)
        return ClusterState(
            folder=str(self.folder),
            version=about.version,
            bootstrap=about.bootstrap,
            nodes=found,
            answering=answering,
            why_not=why_not,
        )

    def _nodes(self, about: ClusterFile) -> list[Node]:
        return nodes(self.folder, about.brokers, about.port)

    def _pid(self, about: ClusterFile, number: int) -> int | None:
        """Its process, unless that number is another program's by now."""
        pid = about.pids.get(number)
        try:
            mine = pid is not None and str(self.folder) in " ".join(psutil.Process(pid).cmdline())
        except psutil.Error:
            return None
        return pid if mine else None

    def _make(self, java: str, libraries: Path, brokers: Literal[1, 3], port: int, partitions: int) -> ClusterFile:
        every = nodes(self.folder, brokers, port)
        _require_free(every)
        self.folder.mkdir(parents=True, exist_ok=True)
        self.folder.chmod(0o700)
        users = [ADMIN, *(grant.user for grant in access.GRANTS)]
        passwords = {user: secrets.token_urlsafe(24) for user in users}
        keystore_password = secrets.token_urlsafe(24)
        keystore, ca = certificate.make(self.folder, keystore_password, java)
        cluster_id = new_cluster_id()
        for node in every:
            node.folder.mkdir(exist_ok=True)
            node.properties.touch(mode=0o600)
            node.properties.write_text(properties(node, every, keystore, keystore_password))
            _format(node, java, libraries, cluster_id, passwords[ADMIN])
        return ClusterFile(
            version=jars.version(),
            brokers=brokers,
            port=port,
            partitions=partitions,
            ca_file=str(ca),
            passwords=passwords,
        )

    def _admin(self, about: ClusterFile, within_s: float, *, all_nodes: bool = True) -> _Admin:
        return _Admin(self, about, within_s, about.brokers if all_nodes else 1)


class _Admin:
    """An administrator's connection, once the nodes answer. Raises ClusterError."""

    def __init__(self, cluster: Cluster, about: ClusterFile, within_s: float, least: int) -> None:
        self._cluster = cluster
        self._about = about
        self._within_s = within_s
        self._least = least
        self.client: Any = None

    def __enter__(self) -> _Admin:
        until = time.monotonic() + self._within_s
        while True:
            told = self._try()
            if told is None:
                return self
            if time.monotonic() > until:
                raise ClusterError(f"Apache Kafka does not answer: {told}. Its words are in {self._cluster.folder}.")
            time.sleep(0.3)

    def _try(self) -> str | None:
        # A node that was killed is counted by the others until its session ends, 9 s later: each is asked itself.
        if sum(map(_listens, self._about.bootstrap.split(","))) < self._least:
            return self._dead() or "it does not listen yet"
        try:
            self.client = KafkaAdminClient(
                bootstrap_servers=self._about.bootstrap,
                bootstrap_timeout_ms=3_000,
                **self._about.login(ADMIN).kafka_config(),
            )
            found = len(self.client.describe_cluster()["brokers"])
        except KafkaError as error:
            self.close()
            return self._dead() or type(error).__name__
        if found < self._least:
            self.close()
            return f"{found} of {self._least} nodes are there"
        return None

    def _dead(self) -> str | None:
        dead = [number for number in self._about.pids if self._cluster.pid(number) is None]
        return f"node {dead[0]} ended" if dead else None

    def close(self) -> None:
        if self.client is not None:
            self.client.close()
            self.client = None

    def __exit__(self, *_: object) -> None:
        self.close()


def new_cluster_id(draw: Callable[[], UUID] = uuid4) -> str:
    """Return an id for a new cluster. One that began with a dash would be taken for an option by Kafka's own tool."""
    while True:
        cluster_id = base64.urlsafe_b64encode(draw().bytes).decode().rstrip("=")
        if not cluster_id.startswith("-"):
            return cluster_id


def _listens(address: str) -> bool:
    host, _, port = address.rpartition(":")
    with socket.socket() as probe:
        probe.settimeout(1.0)
        return probe.connect_ex((host, int(port))) == 0


def _require_free(every: list[Node]) -> None:
    for node in every:
        for address in (node.client, node.internal, node.controller):
            host, _, port = address.partition(":")
            with socket.socket() as probe:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                try:
                    probe.bind((host, int(port)))
                except OSError as error:
                    raise ClusterError(f"port {port} is taken ({error.strerror}); choose others with --port") from error


def _java(node: Node, java: str, libraries: Path, *, heap: str) -> list[str]:
    return [
        java,
        f"-Xms{heap}",
        f"-Xmx{heap}",
        f"-Dlog4j2.configurationFile={jars.HERE / 'log4j2.properties'}",
        "-cp",
        f"{libraries}/*",
    ]


def _format(node: Node, java: str, libraries: Path, cluster_id: str, password: str) -> None:
    """Prepare a node's folder, with the administrator as first user."""
    # In a file of our own: the process table would show the password to everybody on this machine.
    words = node.folder / "format.args"
    words.touch(mode=0o600)
    words.write_text(
        "\n".join(
            f'"{word}"'
            for word in (
                "kafka.tools.StorageTool", "format", "--cluster-id", cluster_id, "--config", str(node.properties),
                "--add-scram", f"{MECHANISM}=[name={ADMIN},password={password}]",
            )
        )
    )  # fmt: skip
    try:
        done = subprocess.run(  # noqa: S603 - Java with our own arguments
            [*_java(node, java, libraries, heap="256m"), f"@{words}"], capture_output=True, text=True, check=False
        )
    finally:
        words.unlink()
    if done.returncode != 0:
        raise ClusterError(f"node {node.number} could not be prepared: {done.stderr.strip()[-500:]}")


def _start(node: Node, java: str, libraries: Path) -> int:
    with node.log.open("ab") as output:
        process = subprocess.Popen(  # noqa: S603 - Java with our own arguments
            [*_java(node, java, libraries, heap=HEAP), "kafka.Kafka", str(node.properties)],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            # It outlives the command that started it; `kafka down` ends it.
            start_new_session=True,
        )
    return process.pid


def _make_positions(admin: Any) -> None:
    """Have Kafka make its topic of positions, which it does when it is first asked for one and refuses meanwhile."""
    until = time.monotonic() + ANSWERS_WITHIN_S
    while True:
        try:
            admin.list_group_offsets({PROCESS_GROUP: None})
            return
        except KafkaError as error:
            if not error.retriable:
                raise
            if time.monotonic() > until:
                raise ClusterError("Apache Kafka does not make its topic of positions") from error
            time.sleep(0.2)


def _give_rights(admin: Any, passwords: dict[str, str]) -> None:
    """Make the roles' users and their ACLs. Making them again changes nothing."""
    upserts = [
        UserScramCredentialUpsertion(user, ScramMechanism.SCRAM_SHA_512, password, iterations=8192)
        for user, password in passwords.items()
        if user != ADMIN
    ]
    failed = {user: error for user, error in admin.alter_user_scram_credentials(upserts).items() if error}
    if failed:
        raise ClusterError(f"users could not be made: {failed}")
    refused = admin.create_acls(list(access.acls()))["failed"]
    if refused:
        raise ClusterError(f"rights could not be given: {refused}")
