"""`watchfloor demo --check`: the whole way, judged. A made-up city of known truth goes in at one end; at the other a
client connects as a browser would, and the store is asked what it holds."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from pathlib import Path

import httpx2
import msgspec

from compose.local import Local, addresses, role_command
from compose.own_system import own_system, sample_memory
from compose.screen import Screen, watching
from compose.settings import Settings
from compose.spread import Spread, spread
from compose.supervisor import Role
from connectors.simulator.journal import JournalLine, read_journal
from connectors.simulator.reconciliation import Reconciliation, reconcile
from schemas.registry import BY_NAME

#: After the city has ended: how long alerts and rows may take to arrive, seconds. Far more than they need.
SETTLE_S = 30.0
#: How late the made-up city may be on a slow machine before the check stops it, seconds.
LATE_S = 60.0
#: Reports of what went wrong name at most so many.
SHOWN = 10


class DemoReport(msgspec.Struct, frozen=True, kw_only=True):
    """The judgement. ``ok`` only if every due alert arrived exactly once, no other did, and every accepted event is
    in the store exactly once."""

    ok: bool
    seconds: float
    events_accepted: int
    events_stored: int
    alerts_expected: int
    alerts_received: int
    alerts_missing: int
    alerts_duplicated: int
    alerts_unexpected: int
    latency_ms: Spread | None
    rss_mb: dict[str, float]
    accepted_by_type: dict[str, int]
    stored_by_type: dict[str, int]
    restarts: dict[str, int]
    failures: list[str]


def journal_in(folder: Path) -> Path:
    """Return where the made-up city writes what was confirmed and what must come of it."""
    return folder / "ground_truth.jsonl"


Disturbance = Callable[[Local], Awaitable[None]]


async def check(
    settings: Settings,
    folder: Path,
    *,
    kafka: int = 0,
    seconds: float | None,
    rate: float,
    seed: int,
    say: Callable[[str], None],
    disturb: Disturbance | None = None,
    stop: asyncio.Event | None = None,
    usual_ports: bool = False,
    settle_s: float = SETTLE_S,
) -> DemoReport:
    """Run a system of its own in ``folder`` for ``seconds`` of made-up city, or until ``stop``, and judge it.

    ``kafka``: brokers of an Apache Kafka of its own (1 or 3); 0: the embedded broker.
    ``disturb`` runs meanwhile and may do to the system what it likes; then restarts are no failure.
    ``usual_ports``: as for ``own_system``; otherwise on free ports. ``settle_s``: how long what is under way at the end
    may take.
    """
    stop = asyncio.Event() if stop is None else stop
    async with (
        own_system(settings, folder, kafka=kafka, say=say, usual_ports=usual_ports) as local,
        watching(addresses(local.settings).web) as screen,
        contextlib.AsyncExitStack() as meanwhile,
    ):
        length = "until you stop it" if seconds is None else f"for {seconds:.0f} s"
        say(f"a made-up city {length}, {rate:g} reads a second, seed {seed}")
        journal = journal_in(folder)
        arguments = ["connect", "simulator", "--rate", str(rate), "--seed", str(seed), "--journal", str(journal)]
        arguments += [] if seconds is None else ["--duration", str(seconds)]
        await local.supervisor.start(
            Role(name="simulator", command=role_command(*arguments), env=local.environment("connect"), restart=False)
        )
        disturbing = None if disturb is None else asyncio.create_task(_disturbed(disturb, local))
        if disturbing is not None:
            meanwhile.callback(disturbing.cancel)
        peak: dict[str, float] = {}
        until = time.monotonic() + (float("inf") if seconds is None else seconds + LATE_S)
        while local.supervisor.running["simulator"].pid is not None and time.monotonic() < until and not stop.is_set():
            sample_memory(local, peak)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), 1.0)
        # Whatever it had under way is confirmed and in the journal before it ends.
        if not await local.supervisor.end("simulator") and not stop.is_set():
            screen.faults.append(f"the simulator was still busy {LATE_S:.0f} s after its time: the machine is too slow")
        if disturbing is not None:
            await disturbing
        say("waiting for what is under way")
        lines = read_journal(journal)
        if seconds is None or stop.is_set():
            seconds = time.time() - lines[0].start.timestamp() if lines else 0.0
        result, stored = await _settle(addresses(local.settings).web, lines, screen, seconds, settle_s)
        sample_memory(local, peak)
        restarts = {name: one.restarts for name, one in local.supervisor.running.items() if one.restarts}
        return _report(seconds, lines, result, stored, screen, peak, restarts, disturbed=disturb is not None)


async def _disturbed(disturb: Disturbance, local: Local) -> None:
    await disturb(local)


async def _settle(
    web: str, lines: list[JournalLine], screen: Screen, seconds: float, settle_s: float
) -> tuple[Reconciliation, dict[str, int]]:
    """Wait until everything due has arrived, or for as long as it may take."""
    # What falls due after the city has ended cannot be told from the silence of all its cameras.
    expected = [
        one if one.due_s <= seconds else msgspec.structs.replace(one, required=False)
        for line in lines
        for one in line.expected
    ]
    accepted = _accepted(lines)
    until = time.monotonic() + settle_s
    async with httpx2.AsyncClient(timeout=20.0) as client:
        while True:
            result = reconcile(expected, screen.alerts)
            try:
                stored = {name: await stored_once(client, web, name) for name in accepted}
            except httpx2.HTTPError:
                stored = {}  # the server is being restarted
            done = not result.missing and stored == accepted
            if done or time.monotonic() > until:
                return result, stored
            await asyncio.sleep(0.5)


async def stored_once(client: httpx2.AsyncClient, web: str, event_type: str) -> int:
    """Return how many made-up events of a type the store holds; negative when any is there twice."""
    table = BY_NAME[event_type].table
    assert table is not None
    sql = f"SELECT count() AS n, uniqExact(event_id) AS ids FROM {table.name} WHERE source LIKE 'simulator/%'"  # noqa: S608
    answer = await client.post(f"{web}/api/sql", json={"sql": sql, "format": "JSON"})
    answer.raise_for_status()
    row = answer.json()["data"][0]
    # Stored twice is as wrong as not stored: then the number cannot equal what was accepted.
    return int(row["n"]) if int(row["n"]) == int(row["ids"]) else -int(row["n"])


def _accepted(lines: list[JournalLine]) -> dict[str, int]:
    counts: Counter[str] = Counter()
    for line in lines:
        counts.update(line.accepted)
    return dict(counts)


def _report(
    seconds: float,
    lines: list[JournalLine],
    result: Reconciliation,
    stored: dict[str, int],
    screen: Screen,
    peak: dict[str, float],
    restarts: dict[str, int],
    *,
    disturbed: bool,
) -> DemoReport:
    accepted = _accepted(lines)
    failures = list(screen.faults)
    failures += [f"missing: {one.rule} {one.key} due at {one.due_s:.1f} s" for one in result.missing[:SHOWN]]
    failures += [f"duplicated alert {one}" for one in result.duplicated[:SHOWN]]
    failures += [f"unexpected alert {one}" for one in result.unexpected[:SHOWN]]
    failures += [f"alert of the wrong severity {one}" for one in result.wrong_severity[:SHOWN]]
    failures += [
        f"{name}: {count} accepted, {stored.get(name, 0)} stored (negative: some are stored twice)"
        for name, count in accepted.items()
        if stored.get(name, 0) != count
    ]
    if not disturbed:
        failures += [f"{name} was restarted {count} times" for name, count in restarts.items()]
        if screen.lost:
            failures.append(f"the screen lost its connection {screen.lost} times")
    if not accepted:
        failures.append("nothing was accepted")
    if not result.expected:
        failures.append("no alert was due: the run was too short to judge")
    return DemoReport(
        ok=not failures,
        seconds=round(seconds, 1),
        events_accepted=sum(accepted.values()),
        events_stored=sum(map(abs, stored.values())),
        alerts_expected=result.expected,
        alerts_received=result.received,
        alerts_missing=len(result.missing),
        alerts_duplicated=len(result.duplicated),
        alerts_unexpected=len(result.unexpected),
        latency_ms=_latency(screen),
        rss_mb={name: round(size, 1) for name, size in peak.items()},
        accepted_by_type=accepted,
        stored_by_type=stored,
        restarts=restarts,
        failures=failures,
    )


def _latency(screen: Screen) -> Spread | None:
    """From the edge's receipt of an event to its alert on the websocket, of alerts that an event caused.

    A silence is noticed by a clock, so it has no receipt to count from.
    """
    return spread(
        (at - alert.observed_at.timestamp()) * 1000
        for alert, at in screen.first_seen.values()
        if "last_report" not in alert.why[0].facts
    )
