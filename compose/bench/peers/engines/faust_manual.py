"""Faust as its manual shows it: one event per message, its JSON serializer, outputs sent with ``topic.send``."""

from __future__ import annotations

import asyncio
from importlib.metadata import version
from typing import Any

import faust
import msgspec

from compose.bench.peers import task
from compose.bench.peers.meter import Meter
from compose.bench.peers.order import Order, read_order, tell
from schemas.events.plate_read import PlateRead
from schemas.wire.security import MECHANISM


def _credentials(order: Order) -> faust.SASLCredentials | None:
    if order.login is None:
        return None
    return faust.SASLCredentials(
        username=order.login.user,
        password=order.login.password,
        ssl_context=order.login.tls(),
        mechanism=MECHANISM,
    )


async def main() -> None:
    """Do the order."""
    order = read_order()
    work = task.load(order)
    meter = Meter(order.reads)
    app: Any = faust.App(
        order.group,
        broker=f"kafka://{order.bootstrap}",
        broker_credentials=_credentials(order),
        datadir=f"{order.folder}/faust",
        web_enabled=False,
        topic_disable_leader=True,
        topic_allow_declare=False,
    )
    source = app.topic(order.input_topic, value_serializer="json")
    sink = app.topic(order.output_topic, value_serializer="raw", key_serializer="raw")
    done = asyncio.Event()

    @app.agent(source)  # type: ignore[untyped-decorator]
    async def agent(stream: Any) -> None:
        async for value in stream:
            meter.begin()
            for alert in work.of(msgspec.convert(value, PlateRead)):
                await sink.send(key=alert.plate.encode(), value=work.encode(alert))
            if meter.took():
                meter.end()
                done.set()

    await app.start()
    await done.wait()
    await app.stop()  # sends what waits
    tell(meter, version("faust-streaming"))


if __name__ == "__main__":
    asyncio.run(main())
