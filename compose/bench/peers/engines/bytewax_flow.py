"""Bytewax: event by event (``bytewax``), by the batches that its source hands on (``-batches``), or by our frames."""

from __future__ import annotations

from importlib.metadata import version
from pathlib import Path
from typing import Any

import bytewax.operators as op
from bytewax.connectors.kafka import KafkaSink, KafkaSinkMessage, KafkaSource
from bytewax.dataflow import Dataflow
from bytewax.recovery import RecoveryConfig, init_db_dir
from bytewax.run import cli_main

from compose.bench.peers import task
from compose.bench.peers.meter import Meter
from compose.bench.peers.order import Order, read_order, tell


def flow_of(order: Order, work: task.Task, meter: Meter) -> Any:
    """Return the data flow of an order."""
    flow = Dataflow("peers")
    # It ends with the topic (``tail``); a thousand messages at most in a batch is its default.
    source = KafkaSource(
        [order.bootstrap], [order.input_topic], tail=False, add_config={**order.librdkafka(), "group.id": order.group}
    )
    read = op.input("reads", flow, source)

    def message(alert: task.PeerAlert) -> Any:
        return KafkaSinkMessage(alert.plate.encode(), work.encode(alert))

    def each(taken: Any) -> list[Any]:
        meter.begin()
        found = [message(alert) for alert in work.one(taken.value)]
        if meter.took():
            meter.end()
        return found

    def batch(taken: list[Any]) -> list[Any]:
        meter.begin()
        found = [message(alert) for alert in work.many([one.value for one in taken])]
        if meter.took(len(taken)):
            meter.end()
        return found

    def frame(taken: Any) -> list[Any]:
        meter.begin()
        count, alerts = work.frame(taken.value)
        found = [message(alert) for alert in alerts]
        if meter.took(count):
            meter.end()
        return found

    if order.engine == "bytewax-frames":
        alerts = op.flat_map("work", read, frame)
    elif order.engine == "bytewax-batches":
        alerts = op.flat_map_batch("work", read, batch)
    else:
        alerts = op.flat_map("work", read, each)
    op.output("alerts", alerts, KafkaSink([order.bootstrap], order.output_topic, add_config=order.librdkafka()))
    return flow


def main() -> None:
    """Do the order."""
    order = read_order()
    meter = Meter(order.reads)
    flow = flow_of(order, task.load(order), meter)
    # Without recovery it is not at least once: where it has come to is kept in a folder, every ten seconds by default.
    folder = Path(order.folder) / "recovery"
    folder.mkdir()
    init_db_dir(folder, 1)
    cli_main(flow, recovery_config=RecoveryConfig(str(folder)))
    tell(meter, version("bytewax"))


if __name__ == "__main__":
    main()
