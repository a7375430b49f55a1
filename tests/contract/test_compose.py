"""compose.yaml: valid by its schema, whole in its references, closed to the outside, and in tune with the settings.

No container engine runs here, so this is what stands between the file and the first person who starts it.
"""

from __future__ import annotations

import importlib.util
import json
import re
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import jsonschema_rs
import pytest
import yaml

from compose.settings import Settings

ROOT = Path(__file__).parents[2]
FILE = ROOT / "compose/compose.yaml"
DOCUMENT: dict[str, Any] = yaml.safe_load(FILE.read_text())
SERVICES: dict[str, dict[str, Any]] = DOCUMENT["services"]
ROLES = ("connect", "process", "store", "serve")
each_service = pytest.mark.parametrize("name", SERVICES)
INTERPOLATED = re.compile(r"\$\{(\w+)(?::([-?])([^}]*))?\}")


def env_example() -> dict[str, str]:
    lines = (ROOT / "compose/env.example").read_text().splitlines()
    return dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))


def compose_schema() -> dict[str, Any]:
    """The compose specification's schema, as the package check-jsonschema carries it."""
    found = importlib.util.find_spec("check_jsonschema")
    assert found is not None
    assert found.origin is not None
    return json.loads((Path(found.origin).parent / "builtin_schemas/vendor/compose-spec.json").read_text())


def test_the_file_is_valid_by_the_compose_specification() -> None:
    jsonschema_rs.validator_for(compose_schema(), offline=True).validate(DOCUMENT)


def test_the_specification_would_refuse_a_misspelt_key() -> None:
    broken = {**DOCUMENT, "services": {"kafka": {**SERVICES["kafka"], "imagee": "x"}}}
    assert not jsonschema_rs.validator_for(compose_schema(), offline=True).is_valid(broken)


def test_every_role_is_a_service_made_from_the_one_image() -> None:
    assert {SERVICES[role]["image"] for role in ROLES} == {"watchfloor:0.1.0"}
    assert [SERVICES[role]["command"] for role in ROLES] == [[role] for role in ROLES]


@each_service
def test_everything_a_service_refers_to_exists(name: str) -> None:
    service = SERVICES[name]
    assert set(service.get("depends_on", {})) <= set(SERVICES)
    assert set(service.get("networks", [])) <= set(DOCUMENT["networks"])
    assert set(service.get("secrets", [])) <= set(DOCUMENT.get("secrets", {}))
    for volume in service.get("volumes", []):
        source = volume.split(":")[0]
        assert (FILE.parent / source).is_file() if source.startswith(".") else source in DOCUMENT["volumes"]
    if "build" in service:
        context = (FILE.parent / service["build"]["context"]).resolve()
        assert (context / service["build"]["dockerfile"]).is_file()


def test_every_volume_and_network_is_used() -> None:
    volumes = {volume.split(":")[0] for service in SERVICES.values() for volume in service.get("volumes", [])}
    networks = {network for service in SERVICES.values() for network in service.get("networks", [])}
    assert set(DOCUMENT["volumes"]) <= volumes
    assert set(DOCUMENT["networks"]) == networks


@each_service
def test_published_ports_are_bound_to_loopback(name: str) -> None:
    for port in SERVICES[name].get("ports", []):
        assert re.fullmatch(r"127\.0\.0\.1:\d+:\d+", port)


def test_what_shares_the_hosts_network_listens_on_loopback() -> None:
    sharing = [name for name, service in SERVICES.items() if service.get("network_mode") == "host"]
    assert sharing == ["serve", "prometheus", "grafana"]
    assert SERVICES["serve"]["environment"]["WATCHFLOOR_METRICS_HOST"] == "127.0.0.1"
    assert "--web.listen-address=127.0.0.1:9090" in SERVICES["prometheus"]["command"]
    assert SERVICES["grafana"]["environment"]["GF_SERVER_HTTP_ADDR"] == "127.0.0.1"
    assert SERVICES["serve"]["environment"]["WATCHFLOOR_WEB_HOST"] == "127.0.0.1"
    assert not any("ports" in SERVICES[name] for name in sharing)


@each_service
def test_images_are_pinned_to_a_version(name: str) -> None:
    tag = SERVICES[name]["image"].partition(":")[2]
    assert re.match(r"v?\d+\.\d+", tag)


@each_service
def test_a_service_can_do_no_more_than_it_needs(name: str) -> None:
    service = SERVICES[name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert "cap_add" not in service
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert "privileged" not in service
    limits = service["deploy"]["resources"]["limits"]
    assert set(limits) == {"cpus", "memory", "pids"}
    assert service["logging"]["options"]["max-size"]
    assert "docker.sock" not in json.dumps(service)


@each_service
def test_a_service_is_asked_how_it_is(name: str) -> None:
    assert SERVICES[name]["healthcheck"]["test"]


def test_health_is_asked_where_the_roles_answer() -> None:
    for role in ("process", "store"):
        listening = SERVICES[role]["environment"]["WATCHFLOOR_METRICS_PORT"]
        assert SERVICES[role]["healthcheck"]["test"][-1] == f"http://127.0.0.1:{listening}/ready"
    for role, port, path in (("connect", "EDGE_PORT", "/health"), ("serve", "WEB_PORT", "/api/health")):
        listening = SERVICES[role]["environment"][f"WATCHFLOOR_{port}"]
        assert SERVICES[role]["healthcheck"]["test"][-1] == f"http://127.0.0.1:{listening}{path}"


def filled_in(environment: dict[str, str], given: dict[str, str]) -> dict[str, str]:
    """A service's environment as compose fills it in; a required value that is missing or empty is an error."""

    def value(match: re.Match[str]) -> str:
        name, sign, default = match.groups()
        if given.get(name):
            return given[name]
        assert sign == "-", f"{name} is not given and has no default"
        return str(default)

    return {name: INTERPOLATED.sub(value, text) for name, text in environment.items()}


@pytest.mark.parametrize("role", ROLES)
def test_a_roles_environment_is_settings_and_loads(role: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    secrets = {name: "x" * 20 for name, value in env_example().items() if not value}
    environment = filled_in(SERVICES[role]["environment"], env_example() | secrets)
    known = {f"WATCHFLOOR_{name.upper()}" for name in Settings.model_fields}
    assert set(environment) <= known
    monkeypatch.chdir(tmp_path)  # no watchfloor.toml of the developer's
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    settings = Settings()  # raises when a value is not one
    assert not settings.embedded_broker
    assert settings.clickhouse == {"store": "clickhouse:9000", "serve": "127.0.0.1:9000"}.get(role)


def test_secrets_have_no_value_anywhere_in_the_files() -> None:
    text = FILE.read_text()
    for name in ("WATCHFLOOR_CLICKHOUSE_PASSWORD", "CLICKHOUSE_ANALYST_PASSWORD", "WATCHFLOOR_EDGE_TOKEN"):
        assert env_example()[name] == ""
        assert f"{name}: ${{{name}:?" in text
        assert set(re.findall(rf"{name}: (\S+?):\?", text)) == {f"${{{name}"}


def test_the_example_names_everything_that_is_filled_in() -> None:
    used = {match[0] for match in INTERPOLATED.findall(FILE.read_text())}
    assert used | {"COMPOSE_PROFILES"} == set(env_example())


@pytest.mark.parametrize(
    ("profile", "brokers"), [("single", ["kafka"]), ("cluster", ["kafka-1", "kafka-2", "kafka-3"])]
)
def test_a_profile_starts_brokers_that_agree_with_each_other_and_with_the_example(
    profile: str, brokers: list[str]
) -> None:
    assert [name for name, service in SERVICES.items() if service.get("profiles") == [profile]] == brokers
    settings = [SERVICES[name]["environment"] for name in brokers]
    assert [each["KAFKA_NODE_ID"] for each in settings] == [str(i + 1) for i in range(len(brokers))]
    voters = ",".join(f"{i + 1}@{name}:9093" for i, name in enumerate(brokers))
    assert {each["KAFKA_CONTROLLER_QUORUM_VOTERS"] for each in settings} == {voters}
    assert {int(each["KAFKA_OFFSETS_TOPIC_REPLICATION_FACTOR"]) for each in settings} == {len(brokers)}
    outside = []
    for name, each in zip(brokers, settings, strict=True):
        advertised = dict(part.split("://") for part in each["KAFKA_ADVERTISED_LISTENERS"].split(","))
        assert advertised["INSIDE"] == f"{name}:9092"
        host, port = advertised["HOST"].split(":")
        assert SERVICES[name]["ports"] == [f"{host}:{port}:{port}"]
        assert f"HOST://:{port}" in each["KAFKA_LISTENERS"]
        outside.append(advertised["HOST"])
    lines = (ROOT / "compose/env.example").read_text().replace("#", "").splitlines()
    assert f"COMPOSE_PROFILES={profile}" in lines
    assert f"BROKERS={','.join(f'{name}:9092' for name in brokers)}" in lines
    assert f"BROKERS_FROM_HOST={','.join(outside)}" in lines
    assert f"COPIES={len(brokers)}" in lines


def test_brokers_keep_their_log_in_volumes_of_their_own() -> None:
    volumes = [tuple(SERVICES[name]["volumes"]) for name in SERVICES if name.startswith("kafka")]
    assert len(set(volumes)) == 4
    assert all(volume.endswith(":/var/lib/kafka/data") for [volume] in volumes)


USERS = ElementTree.parse(ROOT / "compose/clickhouse/users.xml").getroot()


def test_clickhouse_has_no_user_without_a_password() -> None:
    users = USERS.find("users")
    assert users is not None
    assert users.find("default").attrib == {"remove": "1"}
    for user in users:
        if user.tag != "default":
            assert user.find("password").attrib["from_env"] in SERVICES["clickhouse"]["environment"]


def test_the_analyst_can_read_the_events_and_nothing_else_within_limits_that_hold() -> None:
    profile = USERS.find("profiles/analyst")
    assert profile.findtext("readonly") == "2"
    constrained = {each.tag for each in profile.find("constraints")}
    for limit in ("max_execution_time", "max_memory_usage", "max_result_rows", "max_result_bytes", "max_threads"):
        value = profile.findtext(limit)
        assert limit in constrained
        assert profile.findtext(f"constraints/{limit}/max") == value
        # 0 means without limit to ClickHouse, so it must not be within bounds.
        assert int(profile.findtext(f"constraints/{limit}/min")) >= 1
    assert [grant.text for grant in USERS.findall("users/analyst/grants/query")] == ["GRANT SELECT ON rtcc.*"]


def test_the_server_opens_no_address_for_a_query() -> None:
    config = ElementTree.parse(ROOT / "compose/clickhouse/config.xml").getroot()
    allowed = config.find("remote_url_allow_hosts")
    assert allowed is not None
    assert list(allowed) == []


DOCKERFILE = (ROOT / "compose/images/Dockerfile").read_text()


def test_the_image_is_made_of_files_that_exist() -> None:
    for line in re.findall(r"^COPY (?!--from)(.+)$", DOCKERFILE, re.M):
        *sources, _ = line.split()
        for source in sources:
            assert (ROOT / source).exists(), source


def test_the_image_runs_as_nobody_in_particular_from_pinned_bases() -> None:
    bases = re.findall(r"^FROM (\S+)", DOCKERFILE, re.M)
    assert bases
    assert all(re.search(r":\d+\.\d+", base) for base in bases)
    users = re.findall(r"^USER (\S+)", DOCKERFILE, re.M)
    assert users == [SERVICES["serve"]["user"]] == ["10001:10001"]
    assert "HEALTHCHECK" in DOCKERFILE


def test_every_package_of_the_image_is_locked_with_a_hash() -> None:
    text = (ROOT / "compose/images/requirements.txt").read_text()
    locked = re.findall(r"^([a-z0-9-]+)==([^\s;]+)(?: ; [^\n]+)? \\\n    --hash=sha256:[0-9a-f]{64}", text, re.M)
    assert len(locked) == len(re.findall(r"^[a-z]", text, re.M))
    assert "--require-hashes" in DOCKERFILE
