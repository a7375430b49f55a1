"""Settings that cannot be used are told in one line each, and none is quietly passed over."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from compose.local import environment
from compose.settings import ConfigError, load, unknown_variables


@pytest.fixture(autouse=True)
def alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in [name for name in os.environ if name.startswith("WATCHFLOOR_")]:
        monkeypatch.delenv(name)


def refused(monkeypatch: pytest.MonkeyPatch, **variables: str) -> str:
    for name, value in variables.items():
        monkeypatch.setenv(f"WATCHFLOOR_{name}", value)
    with pytest.raises(ConfigError) as caught:
        load()
    return str(caught.value)


def test_the_defaults_can_be_used() -> None:
    assert load().bootstrap == "127.0.0.1:8759"


@pytest.mark.parametrize("content", [b"web_port = = 3", b"\xff\xfe\x00", b"[[["], ids=repr)
def test_a_file_that_is_no_toml_is_refused_by_name(content: bytes) -> None:
    Path("watchfloor.toml").write_bytes(content)
    with pytest.raises(ConfigError, match=r"^watchfloor\.toml is not TOML: "):
        load()


def test_a_setting_that_there_is_not_is_refused_with_the_one_that_is_meant() -> None:
    Path("watchfloor.toml").write_text("web_prot = 8000\nnonsense = 1\n")
    with pytest.raises(ConfigError) as caught:
        load()
    assert sorted(str(caught.value).splitlines()) == [
        "nonsense: there is no setting of this name",
        "web_prot: there is no setting of this name; is web_port meant?",
    ]


def test_a_misspelt_variable_is_refused_and_a_strange_one_is_known_of(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WATCHFLOOR_SERVICE_HOST", "10.0.0.1")
    load()
    assert unknown_variables() == {"WATCHFLOOR_SERVICE_HOST": ""}
    told = refused(monkeypatch, EDGE_TOKN="x")
    assert told == "WATCHFLOOR_EDGE_TOKN is no setting; is WATCHFLOOR_EDGE_TOKEN meant?"


@pytest.mark.parametrize("token", ["", "   "])
def test_an_empty_token_does_not_open_the_door(token: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "edge_token" in refused(monkeypatch, EDGE_HOST="0.0.0.0", EDGE_TOKEN=token)


def test_an_empty_token_in_the_file_is_refused() -> None:
    Path("watchfloor.toml").write_text('edge_token = ""\n')
    with pytest.raises(ConfigError, match=r"^edge_token: it is empty"):
        load()


def test_an_empty_variable_is_one_that_is_not_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WATCHFLOOR_KAFKA", "")
    assert load().embedded_broker


@pytest.mark.parametrize("name", ["KAFKA", "CLICKHOUSE"])
@pytest.mark.parametrize("address", ["nohost", "a:b", ":9092", "a:0", "a:99999", "a:1,b", "a:1,,b:2"])
def test_an_address_that_is_none_is_refused(name: str, address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert refused(monkeypatch, **{name: address}).startswith(f"{name.lower()}: write it as host:port")


def test_addresses_are_taken_as_they_are(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WATCHFLOOR_KAFKA", "kafka-1:9092,kafka-2:9092")
    monkeypatch.setenv("WATCHFLOOR_CLICKHOUSE", "db:9000")
    assert (load().bootstrap, load().clickhouse) == ("kafka-1:9092,kafka-2:9092", "db:9000")


def test_two_roles_do_not_share_a_port(monkeypatch: pytest.MonkeyPatch) -> None:
    assert refused(monkeypatch, WEB_PORT="9000", EDGE_PORT="9000") == (
        "web_port and edge_port are both 9000: give each a port of its own"
    )


def test_a_list_that_is_no_json_is_told_with_an_example(monkeypatch: pytest.MonkeyPatch) -> None:
    assert refused(monkeypatch, WEB_HOSTS="a.example").startswith("a list is written as JSON, as in ")


def test_what_is_wrong_is_told_without_the_value(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "hunter2" not in refused(monkeypatch, CLICKHOUSE_SECURE="hunter2")


PROVIDER: dict[str, Any] = {
    "sign_in": True,
    "oidc_issuer": "https://id.example",
    "oidc_client_id": "watchfloor",
    "oidc_client_secret": SecretStr("s3cret"),
    "oidc_groups": {"rtcc": {"roles": ["monitor"], "audiences": ["restricted"], "secured_room": True}},
}


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"oidc_issuer": "http://id.example"}, "oidc_issuer must begin with https://"),
        ({"oidc_issuer": "https://user:pw@id.example"}, "oidc_issuer must begin with https://"),
        ({"oidc_issuer": "ftp://127.0.0.1"}, "oidc_issuer must begin with https://"),
        ({"oidc_page_url": "http://watch.example"}, "oidc_page_url must begin with https://"),
        ({"sign_in": False}, "sign_in must be true"),
        ({"oidc_client_id": ""}, "nobody could sign in"),
        ({"oidc_groups": {}}, "nobody could sign in"),
        ({"oidc_groups": {"rtcc": {"roles": ["king"]}}}, "there is no role king"),
        ({"oidc_groups": {"rtcc": {"rights": ["ask"]}}}, "there is no setting of this name"),
        ({"oidc_groups": {"rtcc": {"roles": ["wall"], "audiences": ["gang"]}}}, "not in audiences: gang"),
    ],
    ids=str,
)
def test_an_identity_provider_that_could_not_work_or_be_trusted_is_refused(changes: dict[str, Any], said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        load(**PROVIDER | changes)


@pytest.mark.parametrize("issuer", ["https://id.example/realms/city", "http://127.0.0.1:8080", "http://[::1]:1/x"])
def test_an_identity_provider_is_asked_over_tls_or_on_this_machine(issuer: str) -> None:
    assert load(**PROVIDER | {"oidc_issuer": issuer}).page_url == "http://127.0.0.1:8750"


def test_a_role_reads_back_the_settings_it_is_given(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = load(web_hosts=["a.example", "b.example"], edge_token=SecretStr("s3cret"), kafka="k:9092", **PROVIDER)
    for name, value in environment(settings).items():
        monkeypatch.setenv(name, value)
    assert load() == settings


def test_a_zone_that_there_is_not_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    told = refused(monkeypatch, READERS_ZONE="America/Nowhere")
    assert told == "readers_zone: it is no time zone; write it as America/Chicago or UTC"


def test_own_commands_show_the_audience_header_and_without_it_nothing() -> None:
    assert load().own_headers == {}
    assert load(audience_header="X-Audience").own_headers == {"X-Audience": "restricted"}
    several = load(audience_header="X-Audience", audiences=["gang", "homicide"])
    assert several.own_headers == {"X-Audience": "gang,homicide"}


@pytest.mark.parametrize("names", ['["Gang"]', '["a,b"]', '["all"]', "[]"])
def test_what_could_not_name_an_audience_in_a_header_is_refused(monkeypatch: pytest.MonkeyPatch, names: str) -> None:
    assert refused(monkeypatch, AUDIENCES=names).startswith("audiences: ")


@pytest.mark.parametrize(
    ("name", "value"), [("IMAGE_HOSTS", '["a.example/path"]'), ("IMAGE_NETWORKS", '["10.0.0.0/33"]')]
)
def test_a_host_or_network_of_pictures_that_is_none_is_refused(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    assert name.lower() in refused(monkeypatch, **{name: value})


def test_a_signing_secret_that_is_none_or_stands_alone_is_refused_and_not_told(monkeypatch: pytest.MonkeyPatch) -> None:
    wrong = refused(monkeypatch, EDGE_SIGNING_SECRET="whsec_secret", EDGE_TOKEN="t")
    assert "edge_signing_secret" in wrong
    assert "whsec_secret" not in wrong
    alone = refused(monkeypatch, EDGE_SIGNING_SECRET=f"whsec_{'A' * 44}", EDGE_TOKEN="")
    assert "edge_token" in alone
