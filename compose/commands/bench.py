"""bench: what this machine does, measured here and now."""

from __future__ import annotations

from typing import Annotated

import typer

from compose.broker import BrokerMissingError
from compose.commands.output import AsJson, answer, fail, say


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(help="Measure this machine; compare ratios within one run.", no_args_is_help=True)
    app.add_typer(group, name="bench")

    @group.command("pipeline")
    def pipeline(
        reads: Annotated[int, typer.Option(min=1000, help="Plate reads.")] = 200_000,
        hotlist: Annotated[int, typer.Option(min=0, help="Entries on the hotlist.")] = 1_000_000,
        zones: Annotated[int, typer.Option(min=0, help="Zones.")] = 500,
        seed: Annotated[int, typer.Option(help="The same seed makes the same work.")] = 1,
        as_json: AsJson = False,
    ) -> None:
        """Measure the sightings processor in events per CPU-second: in process, and through the broker."""
        # Here, because the engine takes seconds to import and other commands do without it.
        from compose.bench import pipeline as pipeline_bench
        from compose.bench.workload import Size

        try:
            result = pipeline_bench.run(Size(reads=reads, hotlist=hotlist, zones=zones, seed=seed), say)
        except BrokerMissingError as error:
            fail(str(error), as_json=as_json)
        rows = [
            ("in process, frames", result.in_process),
            ("through Faust, frames", result.through_faust_frames),
            ("through Faust, one event per message", result.through_faust_one_event_per_message),
            ("Faust as in its manual", result.plain_faust_one_event_per_message),
        ]
        lines = [
            f"{name:<38} {rate.events_per_cpu_second:>9,} events/CPU-s {rate.events_per_second:>9,} events/s"
            for name, rate in rows
        ]
        rounds = result.in_process_rounds
        lines += [
            f"in process: the median of {len(rounds)} rounds between {min(rounds):,} and {max(rounds):,}",
            f"frames against one event per message: {result.frames_against_one_event_per_message} x",
            f"frames against Faust as in its manual: {result.frames_against_plain_faust} x",
            f"through the broker against in process: {result.through_broker_against_in_process}",
        ]
        answer(result, as_json=as_json, text="\n".join(lines))
