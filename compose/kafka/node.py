"""The configuration of one Kafka node: broker and controller in one process (KRaft, combined mode)."""

from __future__ import annotations

from pathlib import Path

from msgspec import Struct

from compose.kafka.certificate import SUBJECT
from compose.kafka.cluster_file import ADMIN, HOST, PORTS

#: Partitions of Kafka's own topic of positions; 50 by default, which is for many groups.
OFFSETS_PARTITIONS = 8


class Node(Struct, frozen=True, kw_only=True):
    """One of the nodes: its number from 1, its folder, and the first of its ports."""

    number: int
    folder: Path
    port: int

    @property
    def client(self) -> str:
        """host:port for clients."""
        return f"{HOST}:{self.port}"

    @property
    def internal(self) -> str:
        """host:port for the other brokers."""
        return f"{HOST}:{self.port + 1}"

    @property
    def controller(self) -> str:
        """host:port for the controllers."""
        return f"{HOST}:{self.port + 2}"

    @property
    def properties(self) -> Path:
        """Where its configuration is."""
        return self.folder / "server.properties"

    @property
    def log(self) -> Path:
        """Where what it says goes."""
        return self.folder / "broker.log"


def nodes(folder: Path, count: int, port: int) -> list[Node]:
    """Return the nodes of a cluster whose first port is ``port``."""
    return [
        Node(number=number, folder=folder / f"node-{number}", port=port + PORTS * (number - 1))
        for number in range(1, count + 1)
    ]


def properties(node: Node, every: list[Node], keystore: Path, keystore_password: str) -> str:
    """Return the text of its server.properties.

    Clients come over TLS and say who they are by SASL/SCRAM; brokers and controllers know each other by certificate
    (mutual TLS). A topic's copies must be confirmed by two of three nodes, and no node that lacks events may lead.
    """
    copies = min(3, len(every))
    settings = {
        "process.roles": "broker,controller",
        "node.id": node.number,
        "controller.quorum.voters": ",".join(f"{one.number}@{one.controller}" for one in every),
        "listeners": f"CLIENT://{node.client},INTERNAL://{node.internal},CONTROLLER://{node.controller}",
        "advertised.listeners": f"CLIENT://{node.client},INTERNAL://{node.internal}",
        "listener.security.protocol.map": "CLIENT:SASL_SSL,INTERNAL:SSL,CONTROLLER:SSL",
        "inter.broker.listener.name": "INTERNAL",
        "controller.listener.names": "CONTROLLER",
        "log.dirs": node.folder / "data",
        "sasl.enabled.mechanisms": "SCRAM-SHA-512",
        "listener.name.client.scram-sha-512.sasl.jaas.config": (
            "org.apache.kafka.common.security.scram.ScramLoginModule required;"
        ),
        "ssl.keystore.type": "PKCS12",
        "ssl.keystore.location": keystore,
        "ssl.keystore.password": keystore_password,
        "ssl.key.password": keystore_password,
        "ssl.truststore.type": "PKCS12",
        "ssl.truststore.location": keystore,
        "ssl.truststore.password": keystore_password,
        "listener.name.internal.ssl.client.auth": "required",
        "listener.name.controller.ssl.client.auth": "required",
        "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
        "super.users": f"User:{SUBJECT};User:{ADMIN}",
        "allow.everyone.if.no.acl.found": "false",
        "auto.create.topics.enable": "false",
        "unclean.leader.election.enable": "false",
        "default.replication.factor": copies,
        "min.insync.replicas": max(1, copies - 1),
        "offsets.topic.replication.factor": copies,
        "offsets.topic.num.partitions": OFFSETS_PARTITIONS,
        "transaction.state.log.replication.factor": copies,
        "transaction.state.log.min.isr": max(1, copies - 1),
        "share.coordinator.state.topic.replication.factor": copies,
        "share.coordinator.state.topic.min.isr": max(1, copies - 1),
        # One worker of each group is usual here: waiting three seconds for more only delays the first alert.
        "group.initial.rebalance.delay.ms": 0,
    }
    return "".join(f"{name}={value}\n" for name, value in settings.items())
