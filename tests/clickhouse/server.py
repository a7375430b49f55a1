"""A ClickHouse in a folder, on a loopback port of its own, with the configuration and users of compose/clickhouse."""

from __future__ import annotations

import os
import secrets
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from xml.etree import ElementTree

from clickhouse_driver import Client
from clickhouse_driver.errors import Error as DriverError

from compose.own_system import free_row
from pipeline.store.errors import Limits
from pipeline.store.server_store import ServerStore
from pipeline.store.sql_store import FOREIGN_LIMITS
from tests.clickhouse.library import fetch

ROOT = Path(__file__).parents[2]
USERS = ROOT / "compose/clickhouse/users.xml"
CONFIG = ROOT / "compose/clickhouse/config.xml"
HOST = "127.0.0.1"
ANSWERS_WITHIN_S = 60.0


class ClickHouse:
    """Started, stopped, killed and made to hang by tests. ``data`` may be a mount of its own."""

    def __init__(self, folder: Path, data: Path | None = None) -> None:
        self.folder = folder.resolve()
        self.data = (data or folder / "data").resolve()
        self.port = free_row(1)
        self.password = secrets.token_urlsafe(16)
        self.analyst_password = secrets.token_urlsafe(16)
        self.process: subprocess.Popen[bytes] | None = None
        self.folder.mkdir(parents=True, exist_ok=True)
        self.let_write(True)
        (self.folder / "config.d").mkdir(exist_ok=True)
        shutil.copy(CONFIG, self.folder / "config.d/watchfloor.xml")
        (self.folder / "config.xml").write_text(
            f"<clickhouse><path>{self.data}/</path><tcp_port>{self.port}</tcp_port><listen_host>{HOST}</listen_host>"
            f"<users_config>{self.folder}/users.xml</users_config><max_server_memory_usage>2000000000"
            "</max_server_memory_usage><logger><level>warning</level><console>1</console></logger></clickhouse>"
        )

    @property
    def address(self) -> str:
        """host:port."""
        return f"{HOST}:{self.port}"

    @property
    def log(self) -> str:
        """What it said."""
        return (self.folder / "clickhouse.log").read_text(errors="replace")

    def let_write(self, on: bool) -> None:
        """Say whether our own user may write, from its next start on."""
        (self.folder / "users.xml").write_text(_users(read_only=not on))

    def start(self, *, wait: bool = True) -> ClickHouse:
        """Start it and wait until it answers a query."""
        with (self.folder / "clickhouse.log").open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "tests.clickhouse.engine", str(fetch()), str(self.folder / "config.xml")],
                cwd=ROOT,
                env={
                    **os.environ,
                    "WATCHFLOOR_CLICKHOUSE_PASSWORD": self.password,
                    "CLICKHOUSE_ANALYST_PASSWORD": self.analyst_password,
                },
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
            )
        if wait:
            self.wait()
        return self

    def wait(self) -> None:
        """Wait until it answers a query."""
        until = time.monotonic() + ANSWERS_WITHIN_S
        while True:
            assert self.process is not None
            assert self.process.poll() is None, f"ClickHouse ended with {self.process.returncode}:\n{self.log[-3000:]}"
            client = self.client(connect_timeout=2)
            try:
                client.execute("SELECT 1")
                return
            except (DriverError, OSError, EOFError):
                assert time.monotonic() < until, f"ClickHouse does not answer:\n{self.log[-3000:]}"
                time.sleep(0.1)
            finally:
                client.disconnect()

    def client(self, *, analyst: bool = False, **options: object) -> Client:
        """Return a client of the driver, for a look past the store."""
        user, password = ("analyst", self.analyst_password) if analyst else ("watchfloor", self.password)
        return Client(HOST, self.port, user=user, password=password, **options)

    def store(
        self,
        *,
        port: int | None = None,
        user: str = "watchfloor",
        password: str | None = None,
        timeout_s: float = 30.0,
        foreign_limits: Limits = FOREIGN_LIMITS,
    ) -> ServerStore:
        """Return the product's own store on this server, or on a port before it."""
        return ServerStore(
            HOST,
            port or self.port,
            user=user,
            password=self.password if password is None else password,
            timeout_s=timeout_s,
            foreign_limits=foreign_limits,
        )

    def settings(self) -> dict[str, str]:
        """Return the environment that makes a Watchfloor use it."""
        return {
            "WATCHFLOOR_CLICKHOUSE": self.address,
            "WATCHFLOOR_CLICKHOUSE_USER": "watchfloor",
            "WATCHFLOOR_CLICKHOUSE_PASSWORD": self.password,
        }

    def kill(self) -> None:
        """kill -9."""
        self._send(signal.SIGKILL)
        assert self.process is not None
        self.process.wait()

    def hang(self) -> None:
        """Make it stand still."""
        self._send(signal.SIGSTOP)

    def go_on(self) -> None:
        """Let it go on."""
        self._send(signal.SIGCONT)

    def stop(self) -> None:
        """Leave nothing behind; harmless when it does not run."""
        if self.process is not None and self.process.poll() is None:
            self.kill()
        if self.process is not None and self.process.stdin is not None:
            self.process.stdin.close()

    def _send(self, number: signal.Signals) -> None:
        assert self.process is not None
        self.process.send_signal(number)


def _users(*, read_only: bool) -> str:
    """Return our users file made whole: what it is added to on a server is not there.

    clickhouse-local's own session needs the user that the file removes, without a password. It may do what keeps the
    session busy, and nothing else.
    """
    tree = ElementTree.parse(USERS).getroot()
    for part, name in (("profiles", "default"), ("quotas", "default")):
        section = tree.find(part)
        assert section is not None
        ElementTree.SubElement(section, name)
    if read_only:
        profile = tree.find("profiles/watchfloor")
        assert profile is not None
        # 2: our settings for each query are still taken, as on a server that somebody has put into this state.
        ElementTree.SubElement(profile, "readonly").text = "2"
    users = tree.find("users")
    assert users is not None
    removed = users.find("default")
    assert removed is not None
    assert removed.attrib.pop("remove") == "1"
    ElementTree.SubElement(removed, "no_password")
    ElementTree.SubElement(removed, "profile").text = "default"
    ElementTree.SubElement(removed, "quota").text = "default"
    grants = ElementTree.SubElement(removed, "grants")
    for what in ("SYSTEM LISTEN ON *.*", "SELECT ON system.numbers", "SELECT ON system.one"):
        ElementTree.SubElement(grants, "query").text = f"GRANT {what}"
    return ElementTree.tostring(tree, encoding="unicode")
