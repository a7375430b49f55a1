"""Who may do what on Apache Kafka: every user with every topic and group, tried; what is not listed is denied."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import pytest
from kafka import KafkaConsumer, KafkaProducer, TopicPartition
from kafka.admin import KafkaAdminClient
from kafka.errors import (
    ClusterAuthorizationFailedError,
    CoordinatorNotAvailableError,
    GroupAuthorizationFailedError,
    KafkaError,
    TopicAuthorizationFailedError,
)

from compose.kafka.access import CONNECT, GRANTS, Grant
from compose.kafka.cluster import Cluster
from compose.roles.broker_settings import NOTIFY_GROUP, PROCESS_GROUP, STORE_GROUP
from schemas.events.alert import ALERT
from schemas.events.plate_read import PLATE_READ
from schemas.registry import EVENT_TYPES
from tests.live_broker import LiveBroker, about, emptied

DENIED = (TopicAuthorizationFailedError, GroupAuthorizationFailedError, ClusterAuthorizationFailedError)


@pytest.fixture(scope="module", params=GRANTS, ids=lambda grant: grant.user)
def user(request: pytest.FixtureRequest, apache_kafka: Cluster) -> tuple[Grant, LiveBroker]:
    grant: Grant = request.param
    known = about(apache_kafka)
    return grant, LiveBroker(known.bootstrap, known.login(grant.user))


@pytest.fixture(scope="module", autouse=True)
def topics(apache_kafka: Cluster) -> None:
    emptied(apache_kafka)


def operations(described: dict[str, Any]) -> set[str]:
    return set(described["authorized_operations"] or ())


@pytest.fixture
def admin(user: tuple[Grant, LiveBroker]) -> Iterator[Any]:
    _, broker = user
    client = KafkaAdminClient(bootstrap_servers=broker.address, **broker.config)
    yield client
    client.close()


def test_the_broker_allows_each_user_on_each_topic_what_was_granted_and_nothing_else(
    user: tuple[Grant, LiveBroker], admin: Any
) -> None:
    """The broker itself says which of all its operations this user may do; whom nothing is said of sees no topic."""
    grant, _ = user
    told = {topic["name"]: operations(topic) for topic in admin.describe_topics()}
    wanted = {}
    for kind in EVENT_TYPES:
        rights = {right for right, kinds in (("READ", grant.reads), ("WRITE", grant.writes)) if kind in kinds}
        if rights:
            wanted[kind.topic] = {*rights, "DESCRIBE"}
    assert told == wanted


def test_the_broker_allows_no_role_anything_on_the_cluster(admin: Any) -> None:
    assert operations(admin.describe_cluster()) == set()


def test_a_user_sees_the_groups_it_works_in_or_watches_only(user: tuple[Grant, LiveBroker], admin: Any) -> None:
    grant, _ = user
    seen = set()
    for group in (PROCESS_GROUP, STORE_GROUP, NOTIFY_GROUP, "somebody-else"):
        try:
            described = asked_until_loaded(admin, group)
        except GroupAuthorizationFailedError:
            continue
        assert operations(described) <= {"READ", "DESCRIBE"}  # of a group not there yet, the broker tells none
        seen.add(group)
    assert seen == {*grant.groups, *grant.watches}


def asked_until_loaded(admin: Any, group: str) -> dict[str, Any]:
    """Return a group's description; Kafka makes its topic of positions when it is first asked."""
    deadline = time.monotonic() + 30
    while True:
        try:
            described: dict[str, Any] = admin.describe_groups([group], include_authorized_operations=True)[group]
        except CoordinatorNotAvailableError:
            described = {"error": "not there yet"}
        if not described.get("error") or "GroupIdNotFound" in described["error"]:
            return described
        if "GroupAuthorizationFailed" in described["error"]:
            raise GroupAuthorizationFailedError(described["error"])
        assert time.monotonic() < deadline, described
        time.sleep(0.2)


def test_a_denied_write_and_a_denied_read_fail(apache_kafka: Cluster) -> None:
    known = about(apache_kafka)
    edge = LiveBroker(known.bootstrap, known.login(CONNECT.user))
    producer = KafkaProducer(bootstrap_servers=edge.address, **edge.config)
    with pytest.raises(TopicAuthorizationFailedError):
        producer.send(ALERT.topic, b"[]", key=b"k").get(10)
    producer.close()
    consumer = KafkaConsumer(bootstrap_servers=edge.address, group_id=None, **edge.config)
    consumer.assign([TopicPartition(PLATE_READ.topic, 0)])
    consumer.seek(TopicPartition(PLATE_READ.topic, 0), 0)
    with pytest.raises(TopicAuthorizationFailedError):
        consumer.poll(timeout_ms=10_000)
    consumer.close()


def test_a_role_can_neither_make_nor_delete_topics_nor_give_rights(user: tuple[Grant, LiveBroker], admin: Any) -> None:
    with pytest.raises(DENIED):
        admin.create_topics({"mine": {"num_partitions": 1, "replication_factor": 1}})
    with pytest.raises(DENIED):
        admin.delete_topics([EVENT_TYPES[0].topic])
    with pytest.raises(DENIED):
        admin.describe_acls(_any_acl())


def test_who_shows_a_wrong_password_or_none_is_not_let_in(apache_kafka: Cluster) -> None:
    known = about(apache_kafka)
    right = known.login(GRANTS[0].user)
    for config in (
        {**right.kafka_config(), "sasl_plain_password": "guessed"},
        {"security_protocol": "SSL", "ssl_context": right.tls()},
        {},
    ):
        with pytest.raises(KafkaError):
            KafkaAdminClient(bootstrap_servers=known.bootstrap, bootstrap_timeout_ms=2_000, **config)


def _any_acl() -> Any:
    from kafka.admin import ACLFilter, ACLOperation, ACLPermissionType, ResourcePatternFilter, ResourceType
    from kafka.admin import ACLResourcePatternType as PatternType

    pattern = ResourcePatternFilter(ResourceType.ANY, None, PatternType.ANY)
    return ACLFilter(None, None, ACLOperation.ANY, ACLPermissionType.ANY, pattern)
