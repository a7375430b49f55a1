"""`python -m tests.fault.campaign`: the command behind `make faults`."""

from __future__ import annotations

import argparse
import asyncio
import signal
import sys
import time
from pathlib import Path

import msgspec

from tests.fault.campaign import brokers, clocks, hotlists, kills, partitions, poison, senders, workers
from tests.fault.campaign.run import Campaign, campaign
from tests.fault.campaign.table import TABLE, keep

#: Every fault there is. A new family (a ClickHouse server stopped, slow, read-only, its disk full) has its line here.
EVERY = (
    *kills.FAULTS,
    *brokers.FAULTS,
    *senders.FAULTS,
    *clocks.FAULTS,
    *poison.FAULTS,
    *hotlists.FAULTS,
    *workers.FAULTS,
    *partitions.FAULTS,
)


def main() -> int:
    """Run a campaign; returns 1 when anything was lost, doubled, or did not recover."""
    words = argparse.ArgumentParser(prog="python -m tests.fault.campaign", description=__doc__)
    words.add_argument("--rounds", type=int, default=20)
    words.add_argument("--seed", type=int, default=1, help="the same seed draws the same faults and moments")
    words.add_argument("--kafka", type=int, choices=(1, 3), default=1, help="brokers of the Apache Kafka")
    words.add_argument("--rate", type=float, default=100.0, help="plate reads a second")
    words.add_argument("--only", default="", help="faults whose name or family contains this; several by commas")
    words.add_argument("--minutes", type=float, help="begin no round after so many")
    words.add_argument("--long", action="store_true", help="pauses up to 60 s, bursts of 10 minutes")
    words.add_argument("--table", action="store_true", help=f"write {TABLE.name} in docs/reference")
    words.add_argument("--out", type=Path, default=Path(".faults"), help="folder for results and evidence")
    given = words.parse_args()
    # Whatever ends it, its Kafka and roles must not be left behind.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    only = [one.strip() for one in given.only.split(",") if one.strip()]
    chosen = [one for one in EVERY if not only or any(word in one.name or word in one.family for word in only)]
    if not chosen:
        words.error("no fault has such a name")
    given.out.mkdir(parents=True, exist_ok=True)
    result = given.out / f"seed-{given.seed}-kafka-{given.kafka}.json"

    def note(done: Campaign) -> None:
        done.only = given.only
        result.write_bytes(msgspec.json.format(msgspec.json.encode(done), indent=1))

    done = asyncio.run(
        campaign(
            chosen,
            rounds=given.rounds,
            seed=given.seed,
            brokers=given.kafka,
            rate=given.rate,
            evidence=given.out,
            long=given.long,
            until=None if given.minutes is None else time.monotonic() + given.minutes * 60,
            say=lambda text: print(text, flush=True),
            note=note,
        )
    )
    note(done)
    if given.table:
        keep(done)
    for failure in done.failures:
        print("FAILED", failure)
    print(f"{len(done.rounds)} rounds, seed {done.seed}: {done.accepted} accepted, {done.stored} stored, "
          f"{done.due} alerts due, {done.raised} raised, {len(done.failures)} failures; {result}")  # fmt: skip
    return 1 if done.failures else 0


if __name__ == "__main__":
    sys.exit(main())
