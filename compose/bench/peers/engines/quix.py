"""Quix Streams: one event per message, bytes decoded and encoded as the work does it."""

from __future__ import annotations

from importlib.metadata import version

from quixstreams import Application
from quixstreams.kafka import ConnectionConfig

from compose.bench.peers import task
from compose.bench.peers.meter import Meter
from compose.bench.peers.order import read_order, tell


def main() -> None:
    """Do the order."""
    order = read_order()
    work = task.load(order)
    meter = Meter(order.reads)
    # At least once and a checkpoint every 5 s are its defaults; the producer is idempotent by default too.
    app = Application(
        broker_address=ConnectionConfig.from_librdkafka_dict(
            {"bootstrap.servers": order.bootstrap, **order.librdkafka()}, ignore_extras=True
        ),
        consumer_group=order.group,
        auto_offset_reset="earliest",
        auto_create_topics=False,
        processing_guarantee="at-least-once",
        state_dir=f"{order.folder}/state",
        loglevel="WARNING",
    )
    source = app.topic(order.input_topic, value_deserializer="bytes", key_deserializer="bytes")
    sink = app.topic(order.output_topic, value_serializer="bytes", key_serializer="bytes")

    def alerts(value: bytes) -> list[bytes]:
        meter.begin()
        found = [work.encode(alert) for alert in work.one(value)]
        if meter.took():
            meter.end()
            app.stop()
        return found

    app.dataframe(source).apply(alerts, expand=True).to_topic(sink)
    app.run()
    tell(meter, version("quixstreams"))


if __name__ == "__main__":
    main()
