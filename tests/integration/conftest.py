"""Each test that asks for a broker runs twice: on Apache Kafka, and on the embedded broker."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from compose.kafka.cluster import Cluster
from compose.kafka.cluster_file import PORTS
from compose.own_ports import free_row
from tests.live_broker import PARTITIONS, LiveBroker, emptied, start_embedded


@pytest.fixture(scope="session")
def apache_kafka(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """One Apache Kafka for all tests. Where it cannot be had they fail: it is what people will run."""
    cluster = Cluster(tmp_path_factory.mktemp("apache-kafka"))
    cluster.up(port=free_row(PORTS), partitions=PARTITIONS)
    yield cluster
    cluster.down(delete=True)


@pytest.fixture(params=["apache_kafka", "embedded"])
def broker(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[LiveBroker]:
    """A broker with every topic, empty."""
    if request.param == "apache_kafka":
        yield emptied(request.getfixturevalue("apache_kafka"))
        return
    started, process = start_embedded(tmp_path / "broker.log")
    yield started
    process.kill()
    process.wait()
