"""Two versions of the software work on one log and one store while roles are replaced one by one, forth and back."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import sys
from collections.abc import Awaitable, Callable
from importlib.metadata import version
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx2
import msgspec
import pytest

from compose.demo_check import check
from compose.local import Local, addresses
from compose.settings import load
from compose.supervisor import Role
from pipeline.store.migrations import migrations

REPOSITORY = Path(__file__).parents[2]
NEXT_VERSION = "99.0.0"
MIGRATION = f"{len(migrations()) + 1:04d}_written_by"
#: Reads posted in each stage: with the field that only the next version knows.
READS = 10
#: Seconds for a role to be replaced and the system to be well again, on a slow machine.
WITHIN_S = 180.0


def next_version(folder: Path) -> Path:
    """Make the next version of this software: reads and alerts have one more optional field, reads one more column."""
    for package in ("schemas", "connectors", "pipeline", "dashboards", "compose"):
        shutil.copytree(
            REPOSITORY / package, folder / package, ignore=shutil.ignore_patterns("node_modules", "__pycache__", "src")
        )
    _add(folder / "schemas/events/plate_read.py", "    native_id: Annotated[", "    written_by: str | None = None\n")
    _add(folder / "schemas/events/alert.py", "    alert_id: Annotated[", '    written_by: str = "next"\n')
    # A field without a default may follow: events are keyword-only.
    (folder / f"pipeline/store/migrations/{MIGRATION}.sql").write_text(
        "ALTER TABLE rtcc.plate_reads ADD COLUMN IF NOT EXISTS written_by Nullable(String) CODEC(ZSTD(1));\n"
        "ALTER TABLE rtcc.alert_states ADD COLUMN IF NOT EXISTS written_by String CODEC(ZSTD(1));\n"
    )
    about = folder / f"watchfloor-{NEXT_VERSION}.dist-info"
    about.mkdir()
    (about / "METADATA").write_text(f"Metadata-Version: 2.1\nName: watchfloor\nVersion: {NEXT_VERSION}\n")
    return folder


def _add(path: Path, before: str, line: str) -> None:
    text = path.read_text()
    assert text.count(before) == 1, f"{path} is not as this test knows it"
    path.write_text(text.replace(before, line + before))


class Upgrade:
    """Replaces the roles of a running system by those of another version."""

    def __init__(self, local: Local, folder: Path) -> None:
        self.local = local
        self.folder = folder
        self.where = addresses(local.settings)
        self.client = httpx2.AsyncClient(timeout=20.0)

    def of_next(self, role: Role) -> Role:
        """Return the same role of the next version. -P: not the working directory's packages but PYTHONPATH's."""
        command = [sys.executable, "-P", *role.command[1:]]
        return msgspec.structs.replace(role, command=command, env={**role.env, "PYTHONPATH": str(self.folder)})

    async def replace(self, name: str, role: Role) -> None:
        """End a role in order and start another in its place; return when the system is well again."""
        running = self.local.supervisor.running[name]
        old = running.pid
        assert old is not None
        running.role = role
        os.kill(old, signal.SIGTERM)
        await until(lambda: _true(running.pid not in (None, old)), f"{name} was not replaced")
        await self.well()

    async def well(self) -> None:
        """Return when edge and page say that all is well."""
        for url in (f"{self.where.web}/api/health", f"{self.where.edge}/health"):
            await until(lambda url=url: self._answers(url), f"{url} was not well")  # type: ignore[misc]

    async def _answers(self, url: str) -> bool:
        try:
            return (await self.client.get(url)).status_code == 200
        except httpx2.HTTPError:
            return False

    async def rows(self, sql: str) -> list[dict[str, Any]]:
        """Ask the store."""
        answer = await self.client.post(f"{self.where.web}/api/sql", json={"sql": sql, "format": "JSON"})
        answer.raise_for_status()
        found: list[dict[str, Any]] = answer.json()["data"]
        return found

    async def status(self) -> dict[str, Any]:
        """Return what the server says of itself."""
        found: dict[str, Any] = (await self.client.get(f"{self.where.web}/api/status")).json()
        return found

    async def post(self, stage: str) -> None:
        """Post reads as a newer source would; return when they are stored, once each."""
        for number in range(READS):
            read = {
                "event_id": str(uuid4()),
                "occurred_at": "2026-01-15T18:30:05.125Z",
                "observed_at": "2026-01-15T18:30:05.125Z",
                "source": f"upgrade/{stage}",
                "camera_id": "C1",
                "plate": f"UP{stage.upper()}{number}",
                "plate_raw": "x",
                "confidence": 0.9,
                "written_by": "next",
            }
            answer = await self.client.post(f"{self.where.edge}/ingest/events/plate_read", json=read)
            assert answer.status_code == 200, answer.text
        for table in ("plate_reads", "sightings"):
            sql = f"SELECT count() AS n, uniqExact(event_id) AS ids FROM {table} WHERE source = 'upgrade/{stage}'"
            await until(lambda sql=sql: self._all_once(sql), f"{stage}: not all are in {table}")  # type: ignore[misc]

    async def _all_once(self, sql: str) -> bool:
        (row,) = await self.rows(sql)
        return int(row["n"]) == int(row["ids"]) == READS


async def _true(value: bool) -> bool:
    return value


async def until(true: Callable[[], Awaitable[bool]], told: str) -> None:
    """Wait until something is true; fail when it does not come true."""
    try:
        async with asyncio.timeout(WITHIN_S):
            while not await true():
                await asyncio.sleep(0.1)
    except TimeoutError:
        raise AssertionError(told) from None


@pytest.mark.timeout(900)
def test_roles_are_replaced_one_by_one_by_the_next_version_and_back_and_nothing_is_lost_or_doubled(
    tmp_path: Path,
) -> None:
    """In the hardest order: writers first, so that this version reads what the next one writes."""
    folder = next_version(tmp_path / "next")
    seen: dict[str, Any] = {}

    async def disturb(local: Local) -> None:
        upgrade = Upgrade(local, folder)
        now = {name: local.supervisor.running[name].role for name in ("serve", "process", "connect")}
        coming = {name: upgrade.of_next(role) for name, role in now.items()}
        journal = local.settings.data_dir / "ground_truth.jsonl"
        await until(lambda: _true(journal.exists() and journal.stat().st_size > 0), "the city did not begin")

        await upgrade.replace("connect", coming["connect"])
        await upgrade.post("a")  # this version's processors and store read what the next one's edge wrote
        # Two versions of the processors share the partitions.
        beside = msgspec.structs.replace(coming["process"], name="process-next", restart=False)
        await local.supervisor.start(beside)
        await upgrade.well()
        await upgrade.replace("serve", coming["serve"])
        seen["version"] = (await upgrade.status())["version"]
        await upgrade.post("b")
        await upgrade.replace("process", coming["process"])
        await upgrade.post("c")  # all of it is the next version
        (row,) = await upgrade.rows("SELECT count() AS n FROM plate_reads WHERE written_by = 'next'")
        seen["marked"] = int(row["n"])

        await upgrade.replace("serve", now["serve"])
        told = await upgrade.status()
        seen["version_again"], seen["ahead"] = told["version"], told["details"]["store_ahead"]
        await upgrade.post("d")  # this version stores into the tables of the next one
        await upgrade.replace("process", now["process"])
        await local.supervisor.end("process-next")
        await upgrade.replace("connect", now["connect"])
        await upgrade.post("e")
        marked = await upgrade.rows(
            "SELECT source, count() AS n FROM plate_reads WHERE source LIKE 'upgrade/%' GROUP BY source ORDER BY source"
        )
        seen["stored"] = {row["source"]: int(row["n"]) for row in marked}
        seen["dead"] = await upgrade.rows("SELECT reason, topic FROM dead_letters")
        await upgrade.client.aclose()

    report = asyncio.run(
        check(load(), tmp_path / "data", kafka=1, seconds=90, rate=20, seed=7, say=print, disturb=disturb)
    )
    print(seen, report)
    assert report.failures == []
    assert report.events_stored == report.events_accepted > 1000
    assert report.alerts_received >= report.alerts_expected > 5
    assert report.restarts == {"process": 2, "serve": 2, "connect": 2}
    assert (seen["version"], seen["version_again"]) == (NEXT_VERSION, version("watchfloor"))
    assert seen["marked"] == 2 * READS, "stages b and c: what the next version's store stored has the new field"
    assert seen["ahead"] == [MIGRATION]
    assert seen["stored"] == {f"upgrade/{stage}": READS for stage in "abcde"}
    assert seen["dead"] == [], "an event of one version was a dead letter of the other"
