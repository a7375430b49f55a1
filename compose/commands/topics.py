"""topics: what travels where."""

from __future__ import annotations

from typing import Annotated

import typer

from compose.commands.output import AsJson, answer, fail
from compose.settings import load
from schemas.wire.publisher import BrokerUnavailableError
from schemas.wire.topics import create_topics, topic_states


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(help="Kafka topics, made from the event types.", invoke_without_command=True)
    app.add_typer(group, name="topics")

    @group.callback()
    def listed(context: typer.Context, as_json: AsJson = False) -> None:
        if context.invoked_subcommand is not None:
            return
        try:
            settings = load()
            states = topic_states(settings.bootstrap, **settings.kafka_config())
        except BrokerUnavailableError as error:
            fail(f"{error}. Start `watchfloor up` first, or set WATCHFLOOR_KAFKA.", as_json=as_json)
        width = max(len(state.topic) for state in states)
        lines = [
            f"{state.topic:<{width}}  {f'{state.partitions} partitions' if state.exists else 'MISSING':<14}  "
            f"{'compacted' if state.compacted else f'{state.retention_days} days'}"
            for state in states
        ]
        answer(states, as_json=as_json, text="\n".join(lines))

    @group.command("create")
    def create(
        partitions: Annotated[int | None, typer.Option(help="Partitions of each; the setting by default.")] = None,
        as_json: AsJson = False,
    ) -> None:
        """Make the topics that are missing."""
        settings = load()
        try:
            made = create_topics(
                settings.bootstrap,
                partitions=partitions or settings.kafka_partitions,
                replication=settings.kafka_replication,
                **settings.kafka_config(),
            )
        except BrokerUnavailableError as error:
            fail(f"{error}. Start `watchfloor up` first, or set WATCHFLOOR_KAFKA.", as_json=as_json)
        answer({"created": made}, as_json=as_json, text="\n".join(made) or "All topics are there.")
