"""`watchfloor demo --chaos`: a busy city on the map, and its worker killed with -9 again and again."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from pathlib import Path

import httpx2
import msgspec

from compose.demo_check import DemoReport, check, journal_in
from compose.local import Local, addresses
from compose.settings import Settings
from connectors.simulator.journal import JournalReader

#: The role that is killed.
VICTIM = "process"
#: A worker that is not back after so long is told as not recovered, and killed again at its turn, seconds.
GIVEN_UP_S = 60.0
#: A busy machine may have a minute's work in its log when the city ends, seconds.
SETTLE_S = 180.0
LOOK_EVERY_S = 0.5


class Kill(msgspec.Struct, frozen=True, kw_only=True):
    """One kill. ``at_s``: seconds since the city began. ``recovered_s``: until every read that was accepted before it,
    and more, had been processed and its sighting stored; None when that took longer than a minute."""

    at_s: float
    recovered_s: float | None


class ChaosReport(msgspec.Struct, frozen=True, kw_only=True):
    """What was done and the judgement of the whole, by known truth (as for ``demo --check``).

    ``lost``: events that were accepted and are not stored, and alerts that were due and did not come. ``doubled``:
    event types with rows that are there twice, and alerts that came twice. ``ok``: nothing of either kind or otherwise
    wrong, and the worker recovered from every kill.
    """

    ok: bool
    lost: int
    doubled: int
    rate: float
    every_s: float
    kills: list[Kill]
    worst_recovery_s: float | None
    verdict: DemoReport


async def chaos(
    settings: Settings,
    folder: Path,
    *,
    kafka: int,
    rate: float,
    seed: int,
    every_s: float,
    seconds: float | None,
    stop: asyncio.Event,
    say: Callable[[str], None],
    look: Callable[[str], Awaitable[None]],
) -> ChaosReport:
    """Run a city in a system of its own, at the usual address, killing its worker every ``every_s`` seconds.

    ``look`` is called with the page's address when there is something to see. Ends after ``seconds`` or with ``stop``.
    Raises what ``own_system`` raises.
    """
    kills: list[Kill] = []

    async def kill_again_and_again(local: Local) -> None:
        where = addresses(local.settings).web
        say(f"the map is at {where}; kill -9 of the worker every {every_s:g} s; Ctrl-C ends it with a verdict")
        await look(where)
        city = _City(local, folder)
        try:
            await city.begun()
            while await city.goes_on_for(every_s):
                kills.append(await _kill(city, say))
        finally:
            await city.close()

    verdict = await check(
        settings, folder, kafka=kafka, seconds=seconds, rate=rate, seed=seed, say=say,
        disturb=kill_again_and_again, stop=stop, usual_ports=True, settle_s=SETTLE_S,
    )  # fmt: skip
    times = [one.recovered_s for one in kills if one.recovered_s is not None]
    stored = verdict.stored_by_type
    missing = sum(max(0, count - abs(stored.get(name, 0))) for name, count in verdict.accepted_by_type.items())
    return ChaosReport(
        # The city may end just after the last kill: the verdict then judges what became of it.
        ok=verdict.ok and bool(kills) and all(one.recovered_s is not None for one in kills[:-1]),
        lost=missing + verdict.alerts_missing,
        doubled=sum(count < 0 for count in stored.values()) + verdict.alerts_duplicated,
        rate=rate,
        every_s=every_s,
        kills=kills,
        worst_recovery_s=max(times, default=None),
        verdict=verdict,
    )


class _City:
    """What the city's journal and the store say while it goes on."""

    def __init__(self, local: Local, folder: Path) -> None:
        self.local = local
        self._web = addresses(local.settings).web
        self._journal = JournalReader(journal_in(folder))
        self._client = httpx2.AsyncClient(timeout=10.0, trust_env=False)
        self._start: float | None = None
        self._due: list[float] = []
        self.accepted: Counter[str] = Counter()

    async def close(self) -> None:
        """Disconnect from the page."""
        await self._client.aclose()

    @property
    def lives(self) -> bool:
        """Whether the city still goes on."""
        return self.local.supervisor.running["simulator"].pid is not None

    @property
    def now_s(self) -> float:
        """Seconds since it began."""
        return 0.0 if self._start is None else time.time() - self._start

    @property
    def alerts_due(self) -> int:
        """Alerts that must have been raised by now."""
        now = self.now_s
        return sum(one <= now for one in self._due)

    async def begun(self) -> None:
        """Wait until something has been accepted."""
        while self.lives and not self.accepted:
            self.read()
            await asyncio.sleep(LOOK_EVERY_S)

    async def goes_on_for(self, seconds: float) -> bool:
        """Wait; False as soon as the city has ended."""
        until = time.monotonic() + seconds
        while self.lives and time.monotonic() < until:
            await asyncio.sleep(min(LOOK_EVERY_S, seconds))
        return self.lives

    def read(self) -> None:
        """Take in what was confirmed since the last time."""
        for line in self._journal.news():
            self._start = line.start.timestamp() if self._start is None else self._start
            self.accepted.update(line.accepted)
            self._due += [one.deadline_s for one in line.expected if one.required]

    async def count(self, what: str) -> int | None:
        """Return a number from the store; None while the server does not answer."""
        with contextlib.suppress(httpx2.HTTPError, KeyError, ValueError):
            answer = await self._client.post(f"{self._web}/api/sql", json={"sql": f"SELECT {what}", "format": "JSON"})
            return int(next(iter(answer.json()["data"][0].values())))
        return None

    async def processed(self) -> int | None:
        """Return how many made-up reads have a sighting in the store."""
        return await self.count("uniqExact(event_id) FROM sightings WHERE source LIKE 'simulator/%'")


async def _kill(city: _City, say: Callable[[str], None]) -> Kill:
    """Kill the worker once and wait until it has caught up."""
    pid = city.local.supervisor.running[VICTIM].pid
    city.read()
    before, at_s, began = city.accepted["plate_read"], city.now_s, time.monotonic()
    if pid is not None:
        os.kill(pid, signal.SIGKILL)
    say(f"{at_s:6.1f} s  killed {VICTIM} with -9 (process {pid}), {before} reads accepted so far")
    took: float | None = None
    while took is None and time.monotonic() - began < GIVEN_UP_S and city.lives:
        await asyncio.sleep(LOOK_EVERY_S)
        done = await city.processed()
        if done is not None and done > before:
            took = round(time.monotonic() - began, 1)
    city.read()
    reads_from = "FROM plate_reads WHERE source LIKE 'simulator/%'"
    # In one question: between two, more are stored.
    twice = await city.count(f"count() - uniqExact(event_id) {reads_from}")
    stored = await city.count(f"count() {reads_from}")
    raised = await city.count("uniqExact(alert_id) FROM alert_states")
    recovered = "has not recovered yet" if took is None else f"all of it processed after {took:.1f} s"
    reads = f"{city.accepted['plate_read']} accepted, {stored} stored, {twice} doubled"
    say(f"{city.now_s:6.1f} s  {recovered}; reads: {reads}; alerts: {city.alerts_due} due by now, {raised} raised")
    return Kill(at_s=round(at_s, 1), recovered_s=took)
