"""Every setting of Watchfloor, in one place: from the environment (``WATCHFLOOR_…``) or ``watchfloor.toml``.

The environment wins over the file, the file over the defaults. Defaults run everything on this machine, bound to
loopback, with the embedded broker and store.
"""

from __future__ import annotations

import ipaddress
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, SecretStr, ValidationError, model_validator
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

CONFIG_FILE = Path("watchfloor.toml")


class ConfigError(Exception):
    """The configuration cannot be used; the text says what to change."""


class Settings(BaseSettings):
    """What can be set. ``watchfloor config show`` prints what is in force, secrets masked."""

    model_config = SettingsConfigDict(env_prefix="WATCHFLOOR_", toml_file=CONFIG_FILE, extra="forbid")

    data_dir: Path = Field(Path(".watchfloor"), description="Where everything is kept that must outlive a restart.")
    jurisdiction: str = Field("default", description="Agency whose retention rules apply to what is taken in here.")

    kafka: str | None = Field(None, description="host:port[,host:port] of Apache Kafka; empty: the embedded broker.")
    kafka_partitions: int = Field(4, ge=1, le=256, description="Partitions of every topic; all alike.")
    kafka_replication: int = Field(1, ge=1, le=7, description="Copies of every topic.")
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
    edge_token: SecretStr | None = Field(None, description="Token that webhooks must show; needed off loopback.")

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

    @model_validator(mode="after")
    def _open_doors_need_keys(self) -> Settings:
        if not is_loopback(self.edge_host) and self.edge_token is None:
            raise ValueError("edge_host is reachable from other machines, so edge_token must be set")
        if not is_loopback(self.web_host):
            raise ValueError(
                "web_host must be a loopback address: there are no users and rights yet, so the page may only be "
                "reached through this machine (an SSH tunnel or a proxy that asks who you are)"
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
    try:
        return Settings(**overrides)
    except ValidationError as error:
        lines = []
        for problem in error.errors():
            name = ".".join(str(part) for part in problem["loc"])
            lines.append(f"{name}: {problem['msg']}" if name else problem["msg"].removeprefix("Value error, "))
        raise ConfigError("\n".join(lines)) from error
