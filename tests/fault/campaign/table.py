"""Writes docs/reference/fault-table.md, and the JSON beside it, from campaigns that were run."""

from __future__ import annotations

import os
import platform
import statistics
import subprocess
from collections import defaultdict
from pathlib import Path

import msgspec
import psutil

from compose.kafka import jars
from tests.fault.campaign.run import Campaign, Round

DOCS = Path(__file__).parents[3] / "docs/reference"
TABLE, DATA = DOCS / "fault-table.md", DOCS / "fault-table.json"
HEAD = """\
# Faults: what was done to a running system, and what came of it

Made by `make faults`; do not edit. One system with Apache Kafka {version} takes plate reads by HTTP at a steady rate,
one in 10 of a listed plate. In each round it is harmed at a random moment, by two faults at once in about every fifth,
and then left alone. It has **recovered** when every read that was accepted until the harm's end, and some that came
after it, are stored once, and every alert that is due is stored and on the screen once: compared by ids, not by counts.
Recovery is counted from the end of the harm; what all this takes without any fault{usual} is in it. A round has failed
when it has not recovered within 240 s, or when anything is there twice. After the last round the
[ledger](../explanation/ledger.md) reads log and store anew.

The same seed and families (`--only`) draw the same faults, moments and targets: `make faults ROUNDS=.. SEED=..`. What
each does: [how to](../how-to/harm-it-on-purpose.md).
"""


class Machine(msgspec.Struct, frozen=True, kw_only=True):
    """Where it was run."""

    commit: str
    cores: int
    memory_gb: int
    system: str
    python: str
    load: float


class Ran(msgspec.Struct, frozen=True, kw_only=True):
    """A campaign and its machine."""

    machine: Machine
    campaign: Campaign


def machine() -> Machine:
    """Return what there is to know of this machine."""
    git = subprocess.run(["git", "describe", "--always", "--dirty"], capture_output=True, text=True, check=False)
    return Machine(
        commit=git.stdout.strip() or "unknown",
        cores=os.cpu_count() or 0,
        memory_gb=round(psutil.virtual_memory().total / 2**30),
        system=f"{platform.system()} {platform.machine()}",
        python=platform.python_version(),
        load=round(os.getloadavg()[2], 1),
    )


def keep(done: Campaign) -> None:
    """Put a campaign beside those that are kept, in place of one of the same seed and brokers, and write the table."""
    ran = msgspec.json.decode(DATA.read_bytes(), type=list[Ran]) if DATA.exists() else []
    ran = [one for one in ran if (one.campaign.seed, one.campaign.brokers) != (done.seed, done.brokers)]
    ran.append(Ran(machine=machine(), campaign=done))
    ran.sort(key=lambda one: one.campaign.began)
    DATA.write_bytes(msgspec.json.format(msgspec.json.encode(ran), indent=1) + b"\n")
    TABLE.write_text(written(ran))


def written(ran: list[Ran]) -> str:
    """Return the page."""
    every = [one for each in ran for one in each.campaign.rounds]
    calm = [one.recovery_s for one in every if one.families == ["none"] and one.recovery_s is not None]
    lines = [HEAD.format(version=jars.version(), usual=f" ({statistics.median(calm):.1f} s)" if calm else "")]
    lines += ["## Runs", ""]
    columns = (
        "seed|only|date (UTC)|commit|brokers|reads/s|rounds|minutes|accepted|stored|alerts due|raised|lost|doubled"
    )
    lines += _heading(f"{columns}|failed rounds|ledger")
    for one in ran:
        done = one.campaign
        lost = done.accepted - done.stored
        doubled = sum(each.doubled for each in done.rounds)
        failed = sum(bool(each.failure) for each in done.rounds)
        ledger = ", ".join(f"{count} {state.replace('_', ' ')}" for state, count in sorted(done.ledger.items()))
        lines.append(
            f"| {done.seed} | {done.only or 'all'} | {done.began[:16].replace('T', ' ')} | {one.machine.commit} "
            f"| {done.brokers} | {done.rate:g} | {len(done.rounds)} | {done.minutes:g} | {done.accepted} "
            f"| {done.stored} | {done.due} | {done.raised} | {lost} | {doubled} | {failed} | {ledger} |"
        )
    first = ran[-1].machine
    lines += [
        "",
        f"Machine of the last run: {first.cores} cores, {first.memory_gb} GB, {first.system}, Python {first.python}.",
        f"Load average at its end: {first.load:g} over 15 minutes. All, Kafka and sender too, share these cores.",
        "",
        "## By fault",
        "",
        "A round with two faults counts for both. `kills`: processes that died and were started again.",
        "",
    ]
    columns = "family|fault|rounds|kills|accepted|alerts due|lost|missing alerts|doubled|not recovered"
    lines += _heading(f"{columns}|median recovery, s|worst, s")
    by_fault: dict[tuple[str, str], list[Round]] = defaultdict(list)
    for each in every:
        for family, name in zip(each.families, each.faults, strict=True):
            by_fault[family, name].append(each)
    for (family, name), rounds in sorted(by_fault.items()):
        lines.append(f"| {family} | {name} {_figures(rounds)}")
    lines.append(f"| **all** | {_figures(every)}")
    failed_rounds = [(one, each) for one in ran for each in one.campaign.rounds if each.failure]
    if failed_rounds:
        lines += ["", "## Failed rounds", ""]
        lines += [
            f"- seed {one.campaign.seed}, round {each.number}, {' and '.join(each.faults)}: {each.failure}"
            for one, each in failed_rounds
        ]
    not_possible = {name: why for one in ran for name, why in one.campaign.not_possible.items()}
    not_done = {name: why for name, why in not_possible.items() if not any(name in one.faults for one in every)}
    if not_done:
        lines += ["", "## Not done", ""]
        lines += [f"- {name}: {why}" for name, why in sorted(not_done.items())]
    return "\n".join(lines) + "\n"


def _heading(columns: str) -> list[str]:
    names = columns.split("|")
    return [f"| {' | '.join(names)} |", "|" + "---|" * len(names)]


def _figures(rounds: list[Round]) -> str:
    times = [one.recovery_s for one in rounds if one.recovery_s is not None]
    figures = (
        len(rounds),
        sum(one.kills for one in rounds),
        sum(one.accepted for one in rounds),
        sum(one.due for one in rounds),
        sum(one.lost for one in rounds),
        sum(one.alerts_missing for one in rounds),
        sum(one.doubled for one in rounds),
        sum(bool(one.failure) for one in rounds),
        f"{statistics.median(times):.1f}" if times else "-",
        f"{max(times):.1f}" if times else "-",
    )
    return "".join(f"| {one} " for one in figures) + "|"
