"""Apache Kafka on one machine: what its nodes are told, who may do what, and where that is kept."""

from __future__ import annotations

import stat
from pathlib import Path
from uuid import UUID

import pytest

from compose.kafka import access, cluster, cluster_file
from compose.kafka.cluster import Cluster, new_cluster_id
from compose.kafka.cluster_file import ADMIN, ClusterFile
from compose.kafka.node import nodes, properties
from compose.local import Local
from compose.settings import ConfigError, load, on_cluster
from pipeline.processors.alerts import Alerts
from pipeline.processors.calls import Calls
from pipeline.processors.cameras import Cameras
from pipeline.processors.incidents import Incidents
from pipeline.processors.paths import PlatePaths
from pipeline.processors.sightings import Sightings
from pipeline.state.reference import KINDS
from schemas.registry import EVENT_TYPES


def told(brokers: int) -> list[dict[str, str]]:
    every = nodes(Path("/k"), brokers, 9200)
    texts = [properties(node, every, Path("/k/broker.p12"), "secret") for node in every]
    return [dict(line.split("=", 1) for line in text.splitlines()) for text in texts]


def a_cluster(folder: Path, *, ready: bool = True) -> ClusterFile:
    about = ClusterFile(
        version="4.3.1",
        brokers=3,
        port=9200,
        partitions=6,
        ca_file=str(folder / "ca.pem"),
        passwords={user: f"password of {user}" for user in (ADMIN, *(grant.user for grant in access.GRANTS))},
        ready=ready,
    )
    folder.mkdir(parents=True)
    cluster_file.write(folder, about)
    return about


@pytest.mark.parametrize("brokers", [1, 3])
def test_a_node_lets_nobody_in_unknown_and_allows_nothing_unlisted(brokers: int) -> None:
    for node in told(brokers):
        listeners = dict(part.split(":") for part in node["listener.security.protocol.map"].split(","))
        assert "PLAINTEXT" not in listeners.values()
        assert listeners["CLIENT"] == "SASL_SSL"
        assert node["listener.name.internal.ssl.client.auth"] == node["listener.name.controller.ssl.client.auth"]
        assert node["listener.name.internal.ssl.client.auth"] == "required"
        assert node["allow.everyone.if.no.acl.found"] == "false"
        assert node["auto.create.topics.enable"] == "false"
        assert {address.partition("://")[2].rpartition(":")[0] for address in node["listeners"].split(",")} == {
            "127.0.0.1"
        }


def test_of_three_nodes_two_must_have_an_event_and_none_that_lacks_some_may_lead() -> None:
    for node in told(3):
        assert (node["default.replication.factor"], node["min.insync.replicas"]) == ("3", "2")
        assert node["offsets.topic.replication.factor"] == "3"
        assert node["unclean.leader.election.enable"] == "false"


def test_no_two_nodes_share_a_port() -> None:
    ports = [address for node in told(3) for address in node["listeners"].split(",")]
    assert len({port.rpartition(":")[2] for port in ports}) == 9


#: Every processor that a worker runs.
PROCESSORS = (Alerts, Calls, Cameras, Incidents, PlatePaths, Sightings)


def test_the_processors_may_read_what_they_consume_and_the_facts_they_hold_it_against() -> None:
    consumed = {kind.name for one in PROCESSORS for kind in one.consumes}
    assert {kind.name for kind in access.PROCESS.reads} == consumed | {kind.name for kind in KINDS}


def test_the_processors_may_write_what_they_emit_and_dead_letters() -> None:
    emitted = {kind.name for one in PROCESSORS for kind in one.emits}
    assert {kind.name for kind in access.PROCESS.writes} == emitted | {"dead_letter"}


def test_every_topic_is_written_by_somebody_and_kept_by_the_store() -> None:
    written = {kind.name for grant in (access.CONNECT, access.PROCESS, access.SERVE) for kind in grant.writes}
    assert written == {kind.name for kind in EVENT_TYPES}
    assert {kind.name for kind in access.STORE.reads} == written


def test_passwords_are_kept_for_their_owner_only_and_never_shown(tmp_path: Path) -> None:
    about = a_cluster(tmp_path / "kafka")
    mode = stat.S_IMODE(cluster_file.path_in(tmp_path / "kafka").stat().st_mode)
    assert mode == 0o600
    assert "password of" not in repr(about.login(ADMIN))


def test_commands_find_the_cluster_of_their_folder_and_each_role_is_its_own_user(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WATCHFLOOR_DATA_DIR", str(tmp_path))
    about = a_cluster(tmp_path / "kafka")
    settings = load()
    assert (settings.kafka, settings.kafka_partitions, settings.kafka_replication) == (about.bootstrap, 6, 3)
    assert settings.kafka_user == ADMIN
    local = Local(settings)
    users = {role: local.environment(role)["WATCHFLOOR_KAFKA_USER"] for role in ("connect", "process", "serve")}
    assert users == {
        "connect": "watchfloor-connect",
        "process": "watchfloor-process",
        "serve": "watchfloor-serve-store",
    }
    assert all(f"password of {ADMIN}" not in local.environment(role).values() for role in users)


def test_a_cluster_half_made_or_another_kafka_named_is_not_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WATCHFLOOR_DATA_DIR", str(tmp_path))
    about = a_cluster(tmp_path / "kafka", ready=False)
    assert load().embedded_broker
    monkeypatch.setenv("WATCHFLOOR_KAFKA", "10.0.0.1:9092")
    assert load().kafka == "10.0.0.1:9092"
    assert on_cluster(load(), about).kafka == about.bootstrap


def test_a_user_without_a_password_or_a_broker_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WATCHFLOOR_KAFKA_USER", "somebody")
    with pytest.raises(ConfigError, match="the embedded broker knows no users"):
        load()
    monkeypatch.setenv("WATCHFLOOR_KAFKA", "10.0.0.1:9092")
    with pytest.raises(ConfigError, match="kafka_password must be set"):
        load()


def test_a_cluster_id_never_looks_like_an_option_of_kafkas_tool() -> None:
    drawn = iter([UUID(int=0xFB << 120), UUID(int=0xFA << 120), UUID(int=0)])
    assert new_cluster_id(lambda: next(drawn)) == "A" * 22


def test_a_cluster_is_not_ready_before_every_node_listens_itself(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    # The others count a node that was killed until its session ends.
    about = ClusterFile(version="4", brokers=3, port=9000, partitions=1, ca_file="", passwords={ADMIN: "secret"})
    listening = set(about.bootstrap.split(",")[:2])
    monkeypatch.setattr(cluster, "_listens", lambda address: address in listening)
    monkeypatch.setattr(cluster, "KafkaAdminClient", Told)
    asked = cluster._Admin(Cluster(tmp_path), about, 0.0, 3)
    assert asked._try() == "it does not listen yet"
    listening.update(about.bootstrap.split(","))
    assert asked._try() is None


class Told:
    """What an administrator's client is told: all three are there."""

    def __init__(self, **_config: object) -> None: ...

    def describe_cluster(self) -> dict[str, list[int]]:
        return {"brokers": [1, 2, 3]}

    def close(self) -> None: ...
