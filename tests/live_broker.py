"""Real brokers for tests: the embedded one, and Apache Kafka with TLS, users and rights."""

from __future__ import annotations

import subprocess
import time
from pathlib import Path
from typing import Any

from kafka.admin import KafkaAdminClient
from kafka.errors import KafkaError
from msgspec import Struct
from pydantic import SecretStr

from compose.broker import broker_command
from compose.kafka import cluster_file
from compose.kafka.cluster import Cluster
from compose.kafka.cluster_file import ADMIN, ClusterFile
from compose.own_ports import free_ports
from compose.settings import Settings
from schemas.registry import EVENT_TYPES
from schemas.wire.publisher import BrokerUnavailableError
from schemas.wire.security import Login
from schemas.wire.topics import create_topics

PARTITIONS = 4


class LiveBroker(Struct, frozen=True):
    """A broker with every topic, empty: its address, and who to be there (None: nobody asks)."""

    address: str
    login: Login | None = None

    @property
    def config(self) -> dict[str, Any]:
        """What a kafka-python client needs besides the address."""
        return {} if self.login is None else self.login.kafka_config()

    def settings(self) -> Settings:
        """Return the settings of a role that works on it."""
        if self.login is None:
            return Settings(embedded_kafka_port=int(self.address.rpartition(":")[2]))
        assert self.login.ca_file is not None
        return Settings(
            kafka=self.address,
            kafka_user=self.login.user,
            kafka_password=SecretStr(self.login.password),
            kafka_ca_file=Path(self.login.ca_file),
        )


def start_embedded(log: Path) -> tuple[LiveBroker, subprocess.Popen[bytes]]:
    """Start an embedded broker on a free port, and make the topics."""
    (port,) = free_ports(1)
    with log.open("wb") as output:
        process = subprocess.Popen(broker_command(port), stdout=output, stderr=output)
    address = f"127.0.0.1:{port}"
    deadline = time.monotonic() + 20
    while True:
        try:
            create_topics(address, partitions=PARTITIONS)
            return LiveBroker(address), process
        except BrokerUnavailableError:
            if time.monotonic() > deadline:
                process.kill()
                raise


def about(cluster: Cluster) -> ClusterFile:
    """Return what is known of a cluster that was made."""
    found = cluster_file.read(cluster.folder)
    assert found is not None
    return found


def emptied(cluster: Cluster) -> LiveBroker:
    """Return an Apache Kafka whose topics have been made anew: what a test before put there is gone.

    So is what a group had acknowledged of it. Kafka forgets that by itself, but some time after the topics: a group
    that begins meanwhile skips what is new.
    """
    known = about(cluster)
    login = known.login(ADMIN)
    admin = KafkaAdminClient(bootstrap_servers=known.bootstrap, **login.kafka_config())
    topics = [kind.topic for kind in EVENT_TYPES]
    deadline = time.monotonic() + 60
    try:
        while groups := [one["group_id"] for one in admin.list_groups()]:
            refused = {group: why for group, why in admin.delete_groups(groups).items() if why != "OK"}
            if refused:  # a member that was killed is one for a session's time
                assert time.monotonic() < deadline, f"a test before left members in a group: {refused}"
                time.sleep(0.5)
        admin.delete_topics([topic for topic in topics if topic in admin.list_topics()])
        while set(topics) & set(admin.list_topics()):
            assert time.monotonic() < deadline, "the topics were not deleted"
            time.sleep(0.05)
    finally:
        admin.close()
    while True:
        try:
            create_topics(
                known.bootstrap, partitions=known.partitions, replication=known.replication, **login.kafka_config()
            )
            return LiveBroker(known.bootstrap, login)
        except (BrokerUnavailableError, KafkaError):
            assert time.monotonic() < deadline, "the topics were not made"
            time.sleep(0.1)
