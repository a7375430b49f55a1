"""Lists that come in harm's way: cut off, killed while they load, or loaded while Kafka hangs."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from pathlib import Path

from compose.bench.end_to_end import LIST_ID
from compose.local import environment, role_command
from schemas.events.hotlist import HOTLIST
from schemas.events.hotlist_entry import HOTLIST_ENTRY
from tests.fault.campaign.brokers import PauseLeader, leader
from tests.fault.campaign.fault import Momentary, Scene

#: What is newly listed holds for reads that are sent so long after the loader said that it is in force, seconds.
HOLDS_AFTER_S = 2.0


class _Cut(Momentary):
    """A file that lost its end, as a transfer that broke off leaves it, is loaded as the newest version."""

    family = "hotlist"

    def cut(self, text: bytes, at: int) -> bytes:
        """Return what is left of the file."""
        raise NotImplementedError

    async def inject(self, scene: Scene) -> None:
        """Load it; it must be refused. That the old list goes on is what the traffic shows."""
        whole = (scene.folder / f"{LIST_ID}.csv").read_bytes()
        file = scene.folder / "cut.csv"
        # Rows are not of one length: what is cut close to half of the bytes may be more than half of the entries,
        # which is taken (connectors/hotlist_csv/succession.py).
        file.write_bytes(self.cut(whole, scene.dice.randrange(len(whole) // 10, len(whole) * 2 // 5)))
        status, said = await load(scene, file, LIST_ID)
        scene.notes.append(f"the loader ended with {status}")

        async def refused() -> str:
            return "" if status != 0 else f"a list that was cut off was taken: {said[-200:]}"

        scene.promises.append(refused)


class CutInRow(_Cut):
    """Cut anywhere."""

    name = "a hotlist file cut off within a row"

    def cut(self, text: bytes, at: int) -> bytes:
        """In the middle of a row's second column or later: what is left of the row is no row."""
        row = text.index(b"\n", at) + 1
        return text[: row + 4]


class CutAtRow(_Cut):
    """Cut where a row ends: what is left looks like a list."""

    name = "a hotlist file cut off between rows"

    def cut(self, text: bytes, at: int) -> bytes:
        """After a row."""
        return text[: text.index(b"\n", at) + 1]


class KilledLoad(Momentary):
    """The loader is killed while it publishes: the version before goes on."""

    name = "kill -9 of a hotlist load half-way"
    family = "hotlist"

    async def inject(self, scene: Scene) -> None:
        """Load the same plates with other reasons, and kill the loader at a random moment."""
        file = scene.folder / "again.csv"
        file.write_text((scene.folder / f"{LIST_ID}.csv").read_text().replace("Stolen", "Taken"))
        process = await asyncio.create_subprocess_exec(
            *role_command("hotlist", "load", str(file), "--list", LIST_ID, "--trusted-extract"),
            env=environment(scene.local.settings),
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
        )
        await asyncio.sleep(scene.dice.uniform(1.5, 4.0))
        with contextlib.suppress(ProcessLookupError):
            os.kill(process.pid, signal.SIGKILL)
        scene.notes.append(f"the loader ended with {await process.wait()}")


class ListedWhileLeaderHangs(PauseLeader):
    """The leader of the lists hangs; a list is loaded meanwhile and confirmed. From then on its plates are wanted."""

    name = "a hotlist loaded while its leader hangs"
    family = "hotlist"

    async def choose(self, scene: Scene) -> list[int]:
        """Who leads a partition of the entries or of the manifests."""
        topic = scene.dice.choice([HOTLIST, HOTLIST_ENTRY]).topic
        return [await asyncio.to_thread(leader, scene, topic, scene.dice.randrange(4))]

    async def inject(self, scene: Scene) -> None:
        """Hang it, load, and have the new plates read."""
        await super().inject(scene)
        base = scene.dice.randrange(900) * 1000
        plates = [f"N{base + number:06d}" for number in range(40)]
        file = scene.folder / "new.csv"
        rows = [f"{plate},,Stolen,N{plate},P2" for plate in plates]
        file.write_text("plate,state,reason,case_number,severity\n" + "\n".join(rows) + "\n")
        status, said = await load(scene, file, f"new-{base}")
        scene.notes.append(f"the loader ended with {status}")
        if status == 0:
            await asyncio.sleep(HOLDS_AFTER_S)
            scene.traffic.newly_listed.extend(plates)
        else:
            scene.notes.append(said[-300:])

    def hold_s(self, scene: Scene) -> float:
        """Until the new plates have been read."""
        return scene.dice.uniform(5.0, 12.0)


async def load(scene: Scene, file: Path, list_id: str) -> tuple[int, str]:
    """Load a list by the command; returns its status and what it said."""
    process = await asyncio.create_subprocess_exec(
        *role_command("hotlist", "load", str(file), "--list", list_id, "--trusted-extract"),
        env=environment(scene.local.settings),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    said, _ = await process.communicate()
    return int(process.returncode or 0), said.decode()


FAULTS = (CutInRow, CutAtRow, KilledLoad, ListedWhileLeaderHangs)
