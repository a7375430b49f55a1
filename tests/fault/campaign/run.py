"""Runs rounds: wait a moment, harm, lift the harm, wait until the system has recovered by itself, judge."""

from __future__ import annotations

import asyncio
import contextlib
import random
import shutil
import tempfile
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx2
import msgspec

from compose.bench.end_to_end import LIST_ID
from compose.kafka import cluster_file
from compose.kafka.cluster import Cluster
from compose.local import Local, addresses, environment, role_command
from compose.own_system import own_system
from compose.screen import Screen, watching
from compose.settings import load
from tests.fault.campaign.fault import Fault, Scene
from tests.fault.campaign.oracle import Judgement, NotAskableError, Oracle
from tests.fault.campaign.traffic import LISTED, Traffic, wanted_plate

#: A round in which the system has not recovered so long after the harm was lifted has failed, seconds; and how long the
#: beginning and the end of a campaign may take.
RECOVERS_WITHIN_S = 240.0
#: One round in so many has two faults at once.
PAIR_EVERY = 5
#: States of the ledger that mean that nothing is missing. Who was killed reports less than it accepted.
LEDGER_WELL = frozenset({"balanced", "resends", "not_reported"})


class Round(msgspec.Struct, kw_only=True):
    """One round. ``recovery_s``: from the harm's end until all that was accepted before was stored and raised, and
    what came after it too; None when that never came."""

    number: int
    seed: int
    faults: list[str]
    families: list[str]
    held_s: float
    recovery_s: float | None
    accepted: int
    due: int
    lost: int
    alerts_missing: int
    doubled: int
    unexpected: int
    kills: int
    notes: list[str]
    failure: str = ""


class Campaign(msgspec.Struct, kw_only=True):
    """A whole run."""

    seed: int
    brokers: int
    rate: float
    began: str
    #: What `--only` said; "": every family.
    only: str = ""
    minutes: float = 0.0
    accepted: int = 0
    stored: int = 0
    due: int = 0
    raised: int = 0
    ledger: dict[str, int] = {}
    not_possible: dict[str, str] = {}
    rounds: list[Round] = []
    failures: list[str] = []


async def campaign(
    faults: Sequence[type[Fault]],
    *,
    rounds: int,
    seed: int,
    brokers: int,
    rate: float,
    evidence: Path,
    long: bool = False,
    pairs: bool = True,
    ledger: bool = True,
    until: float | None = None,
    say: Callable[[str], None] = print,
    note: Callable[[Campaign], None] = lambda _done: None,
) -> Campaign:
    """Run rounds, each with a seed of its own that ``seed`` and its number give; ``note`` is told after each.

    Each fault has its turn once in as many rounds as there are faults. ``pairs``: now and then with another.
    ``ledger``: have it judge at the end, which takes until the minute and some more are over.

    After a round that failed its system's folder is kept in ``evidence`` and a new system goes on. ``until``: no round
    begins after this ``time.monotonic``.
    """
    began = time.monotonic()
    done = Campaign(seed=seed, brokers=brokers, rate=rate, began=datetime.now(UTC).isoformat(timespec="seconds"))
    while len(done.rounds) < rounds and (until is None or time.monotonic() < until):
        folder = Path(tempfile.mkdtemp(prefix="watchfloor-faults-"))
        try:
            await _stretch(
                faults, done, rounds, folder, long=long, pairs=pairs, ledger=ledger, until=until, say=say, note=note
            )
        finally:
            if done.rounds and done.rounds[-1].failure:
                kept = evidence / f"seed-{seed}-round-{done.rounds[-1].number}"
                kept.parent.mkdir(parents=True, exist_ok=True)
                shutil.copytree(folder / "logs", kept / "logs", dirs_exist_ok=True)
                for file in folder.glob("kafka/node-*/broker.log"):
                    shutil.copy(file, kept / f"{file.parent.name}.log")
                say(f"evidence in {kept}")
            shutil.rmtree(folder, ignore_errors=True)
        done.minutes = round((time.monotonic() - began) / 60, 1)
        note(done)
    return done


async def _stretch(
    faults: Sequence[type[Fault]],
    done: Campaign,
    rounds: int,
    folder: Path,
    *,
    long: bool,
    pairs: bool,
    ledger: bool,
    until: float | None,
    say: Callable[[str], None],
    note: Callable[[Campaign], None],
) -> None:
    """Run rounds on one system, until all are done or one fails."""
    began = datetime.now(UTC)
    async with (
        own_system(load(), folder, kafka=done.brokers, say=say) as local,
        watching(addresses(local.settings).web) as screen,
        httpx2.AsyncClient(timeout=20.0, trust_env=False) as client,
    ):
        await load_list(local, folder, LIST_ID)
        # Another seed for each system: ids of one must not be those of another.
        traffic = Traffic(addresses(local.settings).edge, rate=done.rate, seed=done.seed * 1000 + len(done.rounds))
        oracle = Oracle(addresses(local.settings).web, traffic, screen)
        async with flowing(traffic):
            await _settled(oracle, client, oracle.snapshot(), RECOVERS_WITHIN_S)
            while len(done.rounds) < rounds and (until is None or time.monotonic() < until):
                number = len(done.rounds)
                seed = done.seed * 1_000_003 + number
                scene = Scene(
                    local=local,
                    cluster=Cluster(cluster_file.folder_in(folder)),
                    brokers=done.brokers,
                    traffic=traffic,
                    dice=random.Random(seed),
                    folder=folder,
                    ask=lambda sql: oracle.ask(client, sql),
                    long=long,
                )
                chosen = _drawn(faults, scene, number, done, pairs=pairs)
                result = await _round(scene, chosen, oracle, client, screen, number, seed)
                done.rounds.append(result)
                _tell(result, say)
                note(done)
                if result.failure:
                    done.failures.append(f"round {number}: {result.failure}")
                    break
            traffic.rest()
            say("waiting for what is under way")
            last = await _settled(oracle, client, None, RECOVERS_WITHIN_S)
        stored, raised = await oracle.totals(client)
        done.accepted += traffic.accepted
        done.due += traffic.due
        done.stored += stored
        done.raised += raised
        if not last[0].well or last[1]:
            done.failures.append(f"at the end: {last}")
        done.failures += [f"refused: {one}" for one in traffic.refused[:5]]
        done.failures += [f"screen: {one}" for one in screen.faults[:5]]
        states, doubts = await _ledger(client, addresses(local.settings).web, began) if ledger else ({}, [])
        for state, count in states.items():
            done.ledger[state] = done.ledger.get(state, 0) + count
        if set(states) - LEDGER_WELL:
            done.failures.append(f"the ledger says {states}: {'; '.join(doubts)}")
        say(f"sender's answers {dict(traffic.answers)}, ledger {states}")


def _drawn(faults: Sequence[type[Fault]], scene: Scene, number: int, done: Campaign, *, pairs: bool) -> list[Fault]:
    """Return this round's faults: each in its turn, in an order drawn anew each time all had theirs; often with
    another of another family."""
    possible = []
    for one in faults:
        why = one.possible(scene)
        if why:
            done.not_possible[one.name] = why
        else:
            possible.append(one)
    order = random.Random(done.seed * 7919 + number // len(possible)).sample(possible, len(possible))
    first = order[number % len(possible)]
    chosen = [first()]
    others = [one for one in possible if one.family != first.family]
    if pairs and others and scene.dice.randrange(PAIR_EVERY) == 0:
        chosen.append(scene.dice.choice(others)())
    return chosen


async def _round(
    scene: Scene,
    faults: list[Fault],
    oracle: Oracle,
    client: httpx2.AsyncClient,
    screen: Screen,
    number: int,
    seed: int,
) -> Round:
    traffic, before = scene.traffic, (scene.traffic.accepted, scene.traffic.due)
    restarts = _restarts(scene.local)
    failure = ""
    await asyncio.sleep(scene.dice.uniform(0.5, 3.0))
    began = time.monotonic()
    try:
        for fault in faults:
            await fault.inject(scene)
            await asyncio.sleep(fault.hold_s(scene) if fault is faults[-1] else scene.dice.uniform(0.0, 2.0))
    except Exception as error:  # a fault that could not be made is a failure of the campaign, told as such
        failure = f"the fault itself failed: {type(error).__name__}: {error}"
    for fault in faults:
        try:
            await fault.heal(scene)
        except Exception as error:  # the other must be mended all the same
            failure = failure or f"the fault could not be mended: {type(error).__name__}: {error}"
    healed = time.monotonic()
    # What is accepted after the harm must arrive too: a system that stands still has not recovered.
    taken, patience = traffic.accepted, healed + RECOVERS_WITHIN_S
    while traffic.accepted == taken and time.monotonic() < patience:
        await asyncio.sleep(0.1)
    found = await _settled(oracle, client, oracle.snapshot(), patience - time.monotonic(), scene)
    wrong, promise = found
    took = time.monotonic() - healed
    if not failure and not (wrong.well and not promise):
        failure = f"not recovered within {RECOVERS_WITHIN_S:.0f} s: {wrong} {promise}"
    return Round(
        number=number,
        seed=seed,
        faults=[one.name for one in faults],
        families=[one.family for one in faults],
        held_s=round(healed - began, 1),
        recovery_s=None if failure else round(took, 2),
        accepted=traffic.accepted - before[0],
        due=traffic.due - before[1],
        lost=wrong.not_stored,
        alerts_missing=max(wrong.not_raised, wrong.not_shown),
        doubled=wrong.doubled,
        unexpected=wrong.unexpected,
        kills=_restarts(scene.local) - restarts,
        notes=scene.notes,
        failure=failure,
    )


async def _settled(
    oracle: Oracle,
    client: httpx2.AsyncClient,
    accepted: dict[int, set[Any]] | None,
    within_s: float,
    scene: Scene | None = None,
) -> tuple[Judgement, str]:
    """Wait until all of ``accepted`` (None: whatever has been by now, each time anew) is where it must be.

    Returns the last judgement and what promise is not kept, or why there was no answer.
    """
    until = time.monotonic() + within_s
    last = (Judgement(), "nothing was asked")
    while True:
        try:
            judged = await oracle.judge(client, oracle.snapshot() if accepted is None else accepted)
            broken = "" if scene is None else await _broken(scene)
            last = (judged, broken)
            if (judged.well and not broken) or judged.doubled:
                return last
        except NotAskableError as error:
            last = (last[0], f"the server does not answer: {error}")
        if time.monotonic() > until:
            return last
        await asyncio.sleep(0.25)


async def _broken(scene: Scene) -> str:
    """Return the first promise that is not kept, or ""."""
    for promise in scene.promises:
        if told := await promise():
            return told
    return ""


@contextlib.asynccontextmanager
async def flowing(traffic: Traffic) -> AsyncIterator[None]:
    """Let traffic flow until the block ends. Raises what ended it early."""
    task = asyncio.create_task(traffic.run())
    try:
        while traffic.accepted == 0 and not task.done():
            await asyncio.sleep(0.1)
        yield
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


async def load_list(local: Local, folder: Path, list_id: str, plates: int = LISTED) -> None:
    """Load the list of wanted plates by the command, and wait until reads are held against it."""
    file = folder / f"{list_id}.csv"
    lines = [f"{wanted_plate(number)},,Stolen,B{number},P2" for number in range(plates)]
    file.write_text("plate,state,reason,case_number,severity\n" + "\n".join(lines) + "\n")
    await command(local, "hotlist", "load", str(file), "--list", list_id, "--trusted-extract")
    log = folder / "logs" / "process.log"
    until = time.monotonic() + 60.0
    while f'"{list_id}"' not in _said(log) and time.monotonic() < until:
        await asyncio.sleep(0.2)
    await asyncio.sleep(1.0)  # the index is built after the list was said to be in force


async def command(local: Local, *arguments: str) -> tuple[int, str]:
    """Run a `watchfloor` command against the system; returns its status and what it said."""
    process = await asyncio.create_subprocess_exec(
        *role_command(*arguments),
        env={**environment(local.settings)},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    said, _ = await process.communicate()
    return int(process.returncode or 0), said.decode()


async def _ledger(client: httpx2.AsyncClient, web: str, began: datetime) -> tuple[dict[str, int], list[str]]:
    """Ask the ledger to read log and store anew; waits until nothing is still open.

    Returns how many minutes are in each state, and what it says of the first few that are not well.
    """
    query = {"from": began.isoformat(), "exact": "true"}
    states: dict[str, int] = {"no answer": 1}
    doubts: list[str] = []
    for _ in range(30):
        query["to"] = (datetime.now(UTC) + timedelta(minutes=1)).isoformat()
        with contextlib.suppress(httpx2.HTTPError):
            answer = await client.get(f"{web}/api/ledger", params=query, timeout=120.0)
            if answer.status_code == 200:
                page = answer.json()
                states = page["states"]
                doubts = [
                    f"{row['event_type']} {row['source']} {row['minute']} {row['state']}: {row['why']}"
                    for row in page["rows"]
                    if row["state"] not in LEDGER_WELL
                ]
                if "open" not in states:
                    break
        await asyncio.sleep(3.0)
    return states, doubts[:5]


def _said(log: Path) -> str:
    said = log.read_text().splitlines() if log.exists() else []
    return "\n".join(line for line in said if "hotlist in force" in line)


def _restarts(local: Local) -> int:
    return sum(running.restarts for running in local.supervisor.running.values())


def _tell(one: Round, say: Callable[[str], None]) -> None:
    counts = Counter({"lost": one.lost, "alerts missing": one.alerts_missing, "doubled": one.doubled})
    recovered = "NOT RECOVERED" if one.recovery_s is None else f"recovered in {one.recovery_s:.1f} s"
    say(
        f"round {one.number:4d} seed {one.seed}: {' + '.join(one.faults)} ({one.held_s:.1f} s): {recovered}; "
        f"{one.accepted} accepted, {one.due} due, {dict(counts)} {one.failure}"
    )
