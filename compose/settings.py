"""Every setting of Watchfloor, in one place: from the environment (``WATCHFLOOR_…``) or ``watchfloor.toml``.

The environment wins over the file, the file over the defaults. Defaults run everything on this machine, bound to
loopback, with the embedded broker and store.
"""

from __future__ import annotations

import difflib
import ipaddress
import os
import re
import tomllib
from pathlib import Path
from typing import Any, Literal
from zoneinfo import ZoneInfo

from msgspec import DecodeError
from pydantic import Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    SettingsError,
    TomlConfigSettingsSource,
)

from compose.accounts.oidc.addresses import is_trustworthy
from compose.accounts.oidc.groups import GroupRights
from compose.kafka import cluster_file
from compose.kafka.cluster_file import ADMIN, ClusterFile
from compose.notify.web_push.services import KNOWN, is_host
from dashboards.server.access.machine import MACHINE_HEADER
from schemas.audience import EVERYBODY, is_name
from schemas.events.hotlist_entry import RESTRICTED
from schemas.wire.security import Login

CONFIG_FILE = Path("watchfloor.toml")
PREFIX = "WATCHFLOOR_"


class ConfigError(Exception):
    """The configuration cannot be used; the text says what to change."""


class Settings(BaseSettings):
    """What can be set. ``watchfloor config show`` prints what is in force, secrets masked."""

    # An empty variable is one that is not set: an empty token would open the door to whoever shows an empty one.
    model_config = SettingsConfigDict(env_prefix=PREFIX, env_ignore_empty=True, toml_file=CONFIG_FILE, extra="forbid")

    data_dir: Path = Field(Path(".watchfloor"), description="Where everything is kept that must outlive a restart.")
    jurisdiction: str = Field("default", description="Agency whose retention rules apply to what is taken in here.")

    kafka: str | None = Field(None, description="host:port[,host:port] of Apache Kafka; empty: the embedded broker.")
    kafka_partitions: int = Field(4, ge=1, le=256, description="Partitions of every topic; all alike.")
    kafka_replication: int = Field(1, ge=1, le=7, description="Copies of every topic.")
    kafka_user: str | None = Field(None, description="User to show to Kafka (SASL/SCRAM over TLS); empty: none asked.")
    kafka_password: SecretStr = Field(SecretStr(""), description="Its password.")
    kafka_ca_file: Path | None = Field(
        None, description="PEM file of the authority that signed Kafka's certificate; empty: the system's."
    )
    embedded_kafka_port: int = Field(8759, ge=1024, le=65535, description="Port of the embedded broker.")
    embedded_log_limit_mb: int = Field(
        1536, ge=64, description="Memory of the embedded broker at which no more events are taken."
    )

    clickhouse: str | None = Field(None, description="host:port (native protocol) of ClickHouse; empty: embedded chDB.")
    clickhouse_user: str = Field("default", description="ClickHouse user.")
    clickhouse_password: SecretStr = Field(SecretStr(""), description="ClickHouse password.")
    clickhouse_secure: bool = Field(False, description="TLS to ClickHouse.")

    web_host: str = Field("127.0.0.1", description="Address the page and API listen on.")
    web_port: int = Field(8750, ge=0, le=65535, description="Port of the page and API.")
    web_hosts: list[str] = Field([], description="Further host names the page may be asked by.")
    edge_host: str = Field("127.0.0.1", description="Address webhooks are received on.")
    edge_port: int = Field(8751, ge=0, le=65535, description="Port webhooks are received on.")
    readers_zone: str = Field("UTC", description="Time zone of readers that send local time without an offset (IANA).")
    mqtt_user: str | None = Field(None, description="User to show to the MQTT broker that Frigate publishes to.")
    mqtt_password: SecretStr = Field(SecretStr(""), description="Its password.")
    maps_dir: Path | None = Field(None, description="Folder with further maps, also of cad and ali; empty: none.")
    snapshot_close_share: float = Field(
        0.5, ge=0, le=1, description="Share of a source's open calls that a snapshot of CAD may close unasked."
    )
    look_alikes: Path | None = Field(
        None, description="File of the characters that readers take for one another; empty: the one that comes along."
    )
    phone_region: str = Field(
        "US",
        min_length=2,
        max_length=2,
        description="Country of phone numbers written without one (ISO 3166).",
    )
    shared_numbers: Path | None = Field(
        None, description="CSV file (number, what) of numbers that many people call from; empty: none."
    )
    edge_token: SecretStr | None = Field(None, description="Token that webhooks must show; needed off loopback.")
    edge_signing_secret: SecretStr | None = Field(
        None,
        description="Secrets (whsec_...) of senders that sign, separated by spaces; needs edge_token.",
    )
    spool_limit_mb: int = Field(
        1024, ge=1, le=1_048_576, description="Disk that each edge may fill with events while the broker is away."
    )

    metrics_host: str = Field("127.0.0.1", description="Address each role tells its metrics and its health on.")
    metrics_port: int = Field(
        0, ge=0, le=65535, description="Port for it; 0: none, and under `up` free ones, told in run.json."
    )
    trace_share: float = Field(
        0.0, ge=0, le=1, description="Share of what is taken in that is traced, 0 to 1; 0: nothing."
    )
    trace_endpoint: str = Field("http://127.0.0.1:4318/v1/traces", description="Where traces are sent: OTLP over HTTP.")
    stall_s: float = Field(
        90.0, ge=5, le=3600, description="A worker that has stood still for so many seconds while messages wait ends."
    )
    hang_s: float = Field(
        30.0,
        ge=3,
        le=3600,
        description="A role that `up` has not heard of for so many seconds is killed and started anew.",
    )
    express_after_s: float = Field(
        5.0, ge=1, le=3600, description="When reads wait for so many seconds, hits in the newest are announced first."
    )
    block_stale_lists: bool = Field(
        False, description="Alerts of a hotlist older than it may be are closed as they are raised, not less severe."
    )
    learn_noise: bool = Field(
        True, description="Texts that a camera reads for days, hour after hour, are learnt as noise, not as plates."
    )
    seal_audit: bool = Field(
        True, description="What people do is sealed minute by minute; of several servers one does it, the others not."
    )
    path_alerts: list[Literal["impossible_travel", "travelling_together", "did_not_arrive"]] = Field(
        [], description="Rules on plates' paths that may raise alerts without a zone's asking; empty: none."
    )
    image_hosts: list[str] = Field(
        [], description="Hosts that pictures of reads with an alert are fetched from; none: no picture is fetched."
    )
    image_networks: list[str] = Field(
        [], description="Networks inside (CIDR) that these hosts may be in; none: only addresses of the internet."
    )
    image_keep_days: float = Field(30.0, gt=0, le=3650, description="Days that fetched pictures are kept.")
    attachment_limit_mb: int = Field(
        25, ge=1, le=2_048, description="Size that a file of an incident may have, megabytes."
    )
    attachments_per_incident: int = Field(100, ge=1, le=1_000, description="Files that one incident may have.")
    clamd: str = Field(
        "",
        description="ClamAV's clamd (host:port, or its socket's path) that scans files of incidents; empty: none does.",
    )
    audience_header: str = Field(
        "",
        description="Header in which a proxy in front names the audiences of who asks; empty: all see everything.",
    )
    audiences: list[str] = Field(
        [RESTRICTED],
        min_length=1,
        max_length=16,
        description="Audiences that entries of hotlists may be kept for; who is in all of them sees everything.",
    )
    sign_in: bool = Field(
        False, description="The page asks who you are (`watchfloor account`); without, all may do all."
    )
    lock_after_min: float = Field(
        30.0, ge=1, le=30, description="Minutes without a sign of somebody after which a session locks (CJIS: 30)."
    )
    proof_lasts_min: float = Field(
        15.0, ge=1, le=720, description="Minutes after which who makes a file must show again who they are."
    )
    sign_in_notice: str = Field("", max_length=2000, description="What people must read before they sign in.")
    oidc_issuer: str = Field(
        "", description="Address of an identity provider by which people sign in (OpenID Connect); empty: none."
    )
    oidc_client_id: str = Field("", max_length=200, description="What this server is called there.")
    oidc_client_secret: SecretStr = Field(SecretStr(""), description="Its secret there; empty: a public client.")
    oidc_name: str = Field(
        "your agency's account", min_length=1, max_length=60, description="What the button calls the provider."
    )
    oidc_page_url: str = Field("", description="Address people open the page by; empty: http://127.0.0.1:web_port.")
    oidc_scopes: list[str] = Field(["profile", "email"], description="What the provider is asked for besides openid.")
    oidc_account_claim: str = Field("preferred_username", min_length=1, description="Claim that names the account.")
    oidc_groups_claim: str = Field("groups", min_length=1, description="Claim that holds a person's groups.")
    oidc_groups: dict[str, GroupRights] = Field({}, description="What people of each group may do and see.")
    oidc_ask_anew: bool = Field(True, description="Each sign-in has the provider ask who it is, signed in or not.")
    oidc_recheck_s: float = Field(
        60.0, ge=5, le=3600, description="Seconds after which the provider is asked again about each session."
    )
    oidc_help: str = Field(
        "Ask an administrator of Watchfloor.", max_length=500, description="Whom people are told to ask without rights."
    )
    call_owner_s: float = Field(
        30.0,
        ge=1,
        le=3600,
        description="A call that nobody has taken so many seconds after it was handed over is told.",
    )
    crime_record_warn_h: float = Field(
        20.0, gt=0, le=168, description="Hours after which an incident with signs of a crime and no record is told."
    )
    crime_record_h: float = Field(24.0, gt=0, le=168, description="Hours within which a crime must be recorded.")
    missing_entry_min: float = Field(
        120.0, gt=0, le=1440, description="Minutes from the call within which a missing person must be entered."
    )
    escalate_p1_s: float = Field(
        30.0, ge=5, le=3600, description="A P1 alert that nobody has taken after so many seconds is escalated."
    )
    escalate_p2_s: float = Field(
        120.0, ge=5, le=3600, description="A P2 alert that nobody has taken after so many seconds is escalated."
    )
    alert_expires_h: float = Field(
        168.0,
        ge=0,
        le=8760,
        description="An alert that nobody has done anything about for so many hours is closed; 0: never.",
    )
    notify_file: Path | None = Field(
        None,
        description="TOML file of who is told of alerts by webhook, mail or Web Push; empty: nobody outside.",
    )
    push_contact: str = Field(
        "",
        description="How push services reach whoever runs this server, mailto: or https://; empty: no Web Push.",
    )
    push_hosts: list[str] = Field(
        list(KNOWN), description="Push services whose devices are told: host, host:port or *.domain."
    )
    unit_stale_s: float = Field(
        120.0, ge=5, le=86_400, description="A unit whose last position is older than so many seconds is called stale."
    )
    replays: int = Field(4, ge=1, le=50, description="Replays of past periods that run at once.")
    road_reach_m: float = Field(
        100.0, ge=1, le=2_000, description="A place further than so many metres from every road has no time by road."
    )
    answer_standard: Literal["nena_sta_020", "nfpa_1225", "uk_999"] = Field(
        "nena_sta_020", description="Standard that the times until calls are answered are held against."
    )
    canary_every_s: float | None = Field(
        None,
        ge=0,
        le=86_400,
        description="Seconds between made-up reads through each webhook; 0: none; empty: 60 under `up`, else none.",
    )

    log_level: Literal["debug", "info", "warning", "error"] = Field("info", description="Least level that is logged.")

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Arguments, then the environment, then the file."""
        return init_settings, env_settings, TomlConfigSettingsSource(settings_cls)

    @field_validator("kafka", "clickhouse")
    @classmethod
    def _is_address(cls, value: str | None) -> str | None:
        for part in (value or "").split(",") if value else ():
            host, _, port = part.strip().rpartition(":")
            if not host or not port.isascii() or not port.isdigit() or not 0 < int(port[:6]) < 65_536:
                raise ValueError("write it as host:port, as in 127.0.0.1:9092")
        return value

    @field_validator("clamd")
    @classmethod
    def _is_scanner(cls, value: str) -> str:
        return value if value.startswith("/") else cls._is_address(value) or ""

    @field_validator("readers_zone")
    @classmethod
    def _is_zone(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (KeyError, ValueError, OSError):
            raise ValueError("it is no time zone; write it as America/Chicago or UTC") from None
        return value

    @field_validator("image_hosts")
    @classmethod
    def _are_hosts(cls, value: list[str]) -> list[str]:
        from compose.pictures.allowed import read_host  # brings the HTTP client, which few commands need

        for one in value:
            read_host(one)
        return value

    @field_validator("push_contact")
    @classmethod
    def _is_contact(cls, value: str) -> str:
        # RFC 8292 §2.1.
        if value and not re.fullmatch(r"mailto:[^@\s]+@[^@\s]+|https://\S+", value):
            raise ValueError("write it as mailto:watch@city.example or https://city.example/contact")
        return value

    @field_validator("push_hosts")
    @classmethod
    def _are_push_hosts(cls, value: list[str]) -> list[str]:
        if wrong := [one for one in value if not is_host(one)]:
            raise ValueError(f"{wrong[0]} is no push service; write it as push.example or *.push.example")
        return value

    @field_validator("audiences")
    @classmethod
    def _are_audiences(cls, value: list[str]) -> list[str]:
        for one in value:
            if not is_name(one) or one in EVERYBODY:
                raise ValueError("each is a name in lower-case letters, digits, dots and hyphens; not all or public")
        return value

    @field_validator("image_networks")
    @classmethod
    def _are_networks(cls, value: list[str]) -> list[str]:
        for one in value:
            ipaddress.ip_network(one)
        return value

    @field_validator("edge_token")
    @classmethod
    def _is_secret(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None and not value.get_secret_value().strip():
            raise ValueError("it is empty, so anybody could show it; leave it out or make one up")
        return value

    @model_validator(mode="after")
    def _logins_are_whole(self) -> Settings:
        if self.kafka_user is not None and self.kafka is None:
            raise ValueError("kafka_user is set but kafka is not: the embedded broker knows no users")
        if self.kafka_user is not None and not self.kafka_password.get_secret_value():
            raise ValueError("kafka_user is set, so kafka_password must be set too")
        return self

    @field_validator("edge_signing_secret")
    @classmethod
    def _are_keys(cls, value: SecretStr | None) -> SecretStr | None:
        from connectors.edge.signature import read_secrets  # brings the web framework, which few commands need

        if value is not None and not read_secrets(value.get_secret_value()):
            raise ValueError("it is empty; leave it out or write it as whsec_...")
        return value

    @model_validator(mode="after")
    def _who_cannot_sign_shows_a_token(self) -> Settings:
        if self.edge_signing_secret is not None and self.edge_token is None:
            raise ValueError("edge_signing_secret is set, so edge_token must be too: canaries and readers cannot sign")
        return self

    @model_validator(mode="after")
    def _one_says_who_somebody_is(self) -> Settings:
        if self.sign_in and self.audience_header:
            raise ValueError("sign_in and audience_header both say what somebody may see: leave one out")
        return self

    @model_validator(mode="after")
    def _devices_are_of_somebody(self) -> Settings:
        if self.push_contact and not self.sign_in:
            raise ValueError("push_contact is set, so sign_in must be true: a device is told what its person may see")
        return self

    @model_validator(mode="after")
    def _provider_is_whole(self) -> Settings:
        for name, url in (("oidc_issuer", self.oidc_issuer), ("oidc_page_url", self.oidc_page_url)):
            if url and not is_trustworthy(url):
                raise ValueError(f"{name} must begin with https:// (http:// on this machine only)")
        if not self.oidc_issuer:
            return self
        if not self.sign_in:
            raise ValueError("oidc_issuer is set, so sign_in must be true")
        if not self.oidc_client_id or not self.oidc_groups:
            raise ValueError("oidc_issuer is set, so oidc_client_id and oidc_groups must be: nobody could sign in")
        named = {one for group in self.oidc_groups.values() for one in group.audiences}
        if unknown := sorted(named - set(self.audiences)):
            raise ValueError(f"oidc_groups names audiences that are not in audiences: {', '.join(unknown)}")
        return self

    @model_validator(mode="after")
    def _ports_differ(self) -> Settings:
        ports = {"web_port": self.web_port, "edge_port": self.edge_port}
        if self.embedded_broker:
            ports["embedded_kafka_port"] = self.embedded_kafka_port
        taken: dict[int, str] = {}
        for name, port in ports.items():
            if port and port in taken:
                raise ValueError(f"{taken[port]} and {name} are both {port}: give each a port of its own")
            taken[port] = name
        return self

    @model_validator(mode="after")
    def _open_doors_need_keys(self) -> Settings:
        if not is_loopback(self.edge_host) and self.edge_token is None:
            raise ValueError("edge_host is reachable from other machines, so edge_token must be set")
        if not is_loopback(self.web_host):
            raise ValueError(
                "web_host must be a loopback address: this server speaks no TLS, so the page may only be reached "
                "through this machine (an SSH tunnel, or a proxy with TLS in front)"
            )
        return self

    @property
    def bootstrap(self) -> str:
        """Where Kafka is."""
        return self.kafka or f"127.0.0.1:{self.embedded_kafka_port}"

    @property
    def embedded_broker(self) -> bool:
        """True when the broker is the embedded one."""
        return self.kafka is None

    @property
    def kafka_login(self) -> Login | None:
        """How this process shows Kafka who it is; None when nobody asks."""
        if self.kafka_user is None:
            return None
        ca_file = None if self.kafka_ca_file is None else str(self.kafka_ca_file)
        return Login(user=self.kafka_user, password=self.kafka_password.get_secret_value(), ca_file=ca_file)

    @property
    def own_headers(self) -> dict[str, str]:
        """What the commands of this machine show the server. Who may read these settings may read the store as well:
        nothing is kept from them."""
        if not self.sign_in:
            return {self.audience_header: ",".join(self.audiences)} if self.audience_header else {}
        try:
            return {MACHINE_HEADER: self.machine_token_file.read_text()}
        except OSError:
            return {}

    @property
    def page_url(self) -> str:
        """Where people have the page."""
        return self.oidc_page_url or f"http://127.0.0.1:{self.web_port}"

    @property
    def machine_token_file(self) -> Path:
        """Where the server leaves what this machine's commands show it, for its owner only."""
        return self.data_dir / "machine.token"

    @property
    def edge_signing_keys(self) -> tuple[bytes, ...]:
        """The keys of senders that sign."""
        from connectors.edge.signature import read_secrets

        return () if self.edge_signing_secret is None else read_secrets(self.edge_signing_secret.get_secret_value())

    def kafka_config(self) -> dict[str, Any]:
        """Return what every kafka-python client needs besides the address."""
        login = self.kafka_login
        return {} if login is None else login.kafka_config()

    @property
    def embedded_store(self) -> bool:
        """True when the store is chDB inside the server's process."""
        return self.clickhouse is None


def is_loopback(host: str) -> bool:
    """Return whether an address is reachable from this machine only."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def load(**overrides: Any) -> Settings:
    """Return the settings in force. Raises ConfigError with one line for each thing that is wrong."""
    if misspelt := [text for name, text in unknown_variables().items() if text]:
        raise ConfigError("\n".join(misspelt))
    try:
        settings = Settings(**overrides)
    except ValidationError as error:
        raise ConfigError("\n".join(_told(problem) for problem in error.errors(include_input=False))) from error
    except SettingsError as error:
        # Only lists and oidc_groups can fail so: they are the kinds of setting that are read as JSON.
        raise ConfigError(
            'a list is written as JSON, as in ["watchfloor.example"], and groups as in {"rtcc": {"roles": ["monitor"]}}'
            f" ({error})"
        ) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{CONFIG_FILE} is not TOML: {error}") from error
    except OSError as error:
        raise ConfigError(f"{CONFIG_FILE} cannot be read: {error.strerror}") from error
    if settings.kafka is not None:
        return settings
    folder = cluster_file.folder_in(settings.data_dir)
    try:
        here = cluster_file.read(folder)
    except (OSError, DecodeError) as error:
        raise ConfigError(
            f"{cluster_file.path_in(folder)} cannot be read ({error}): is it another user's? "
            "`watchfloor kafka up` made it for this one"
        ) from error
    return settings if here is None or not here.ready else on_cluster(settings, here)


def on_cluster(settings: Settings, cluster: ClusterFile, user: str = ADMIN) -> Settings:
    """Return the settings with the Kafka cluster of this machine in place of the embedded broker."""
    login = cluster.login(user)
    return settings.model_copy(
        update={
            "kafka": cluster.bootstrap,
            "kafka_partitions": cluster.partitions,
            "kafka_replication": cluster.replication,
            "kafka_user": login.user,
            "kafka_password": SecretStr(login.password),
            "kafka_ca_file": Path(cluster.ca_file),
        }
    )


def unknown_variables() -> dict[str, str]:
    """Return the WATCHFLOOR_ variables that set nothing, and for those that look misspelt what to say, else "".

    A misspelt one is refused, as it would quietly do nothing. Others may be somebody else's: Kubernetes makes variables
    for every service, named after it.
    """
    known = [name.upper() for name in Settings.model_fields]
    found = {}
    for variable in sorted(os.environ):
        name = variable.upper().removeprefix(PREFIX)
        if variable.upper().startswith(PREFIX) and name not in known:
            near = difflib.get_close_matches(name, known, 1, cutoff=0.8)
            found[variable] = f"{variable} is no setting; is {PREFIX}{near[0]} meant?" if near else ""
    return found


def _told(problem: Any) -> str:
    name = ".".join(str(part) for part in problem["loc"])
    text = str(problem["msg"]).removeprefix("Value error, ")
    if problem["type"] == "extra_forbidden":
        near = difflib.get_close_matches(name, Settings.model_fields, 1, cutoff=0.8)
        text = "there is no setting of this name" + (f"; is {near[0]} meant?" if near else "")
    return f"{name}: {text}" if name else text
