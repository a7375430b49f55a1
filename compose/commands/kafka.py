"""kafka: a real Apache Kafka on this machine."""

from __future__ import annotations

from typing import Annotated

import typer

from compose.commands.output import AsJson, answer, fail, say
from compose.kafka import cluster_file
from compose.kafka.cluster import FIRST_PORT, Cluster, ClusterError, ClusterState
from compose.kafka.jars import KafkaMissingError
from compose.settings import load


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(help="A real Apache Kafka on this machine, without containers.", no_args_is_help=True)
    app.add_typer(group, name="kafka")

    @group.command("up")
    def up(
        brokers: Annotated[int, typer.Option(help="1, or 3 that stand in for each other.")] = 1,
        port: Annotated[int, typer.Option(min=1024, max=65000, help="First port; each broker has three.")] = FIRST_PORT,
        as_json: AsJson = False,
    ) -> None:
        """Fetch Apache Kafka if need be, make a cluster and start it; `up` then uses it."""
        if brokers not in (1, 3):
            fail("--brokers is 1 or 3: with two, the loss of either stops both.", 2, as_json=as_json)
        settings = load()
        cluster = Cluster(cluster_file.folder_in(settings.data_dir))
        try:
            cluster.up(brokers=3 if brokers == 3 else 1, port=port, partitions=settings.kafka_partitions, say=say)
            state = cluster.state()
        except (ClusterError, KafkaMissingError) as error:
            fail(str(error), as_json=as_json)
        answer(state, as_json=as_json, text=f"{_told(state)}\n`watchfloor up` uses it from now on.")

    @group.command("down")
    def down(
        delete: Annotated[bool, typer.Option("--delete", help="Remove it with everything in its log.")] = False,
        as_json: AsJson = False,
    ) -> None:
        """Stop it. What is in its log stays, unless --delete."""
        cluster = Cluster(cluster_file.folder_in(load().data_dir))
        cluster.down(delete=delete)
        words = "stopped and removed" if delete else "stopped; `watchfloor kafka up` starts it again"
        answer({"folder": str(cluster.folder), "deleted": delete}, as_json=as_json, text=words)

    @group.command("status")
    def status(as_json: AsJson = False) -> None:
        """Tell what runs; ends with status 1 unless every broker answers."""
        try:
            state = Cluster(cluster_file.folder_in(load().data_dir)).state()
        except ClusterError as error:
            fail(str(error), as_json=as_json)
        answer(state, as_json=as_json, text=_told(state))
        raise typer.Exit(0 if state.answering == len(state.nodes) else 1)


def _told(state: ClusterState) -> str:
    lines = [
        f"broker {node.node}  {node.address}  {f'process {node.pid}' if node.pid else 'NOT RUNNING'}"
        for node in state.nodes
    ]
    answering = f"{state.answering} of {len(state.nodes)} answer"
    return "\n".join([f"Apache Kafka {state.version} in {state.folder}: {state.why_not or answering}", *lines])
