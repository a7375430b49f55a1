"""A system of its own, in a folder and on free ports, beside whatever else runs here: for checks and benches."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import psutil

from compose.kafka import cluster_file
from compose.kafka.cluster import Cluster
from compose.kafka.cluster_file import PORTS
from compose.local import Local
from compose.own_ports import free_ports, free_row
from compose.settings import Settings, on_cluster


@contextlib.asynccontextmanager
async def own_system(
    settings: Settings, folder: Path, *, kafka: int, say: Callable[[str], None], usual_ports: bool = False
) -> AsyncIterator[Local]:
    """Give a system that runs, until the block ends; then nothing of it runs any more.

    ``kafka``: brokers of an Apache Kafka of its own (1 or 3); 0: the embedded broker. ``usual_ports``: page and edge
    are where the settings say, for people to look at. Raises what ``Local.start`` and ``Cluster.up`` raise.
    """
    web, edge, broker = free_ports(3)
    if usual_ports:
        web, edge = settings.web_port, settings.edge_port
    own = settings.model_copy(
        update={
            "data_dir": folder,
            "jurisdiction": "demo",
            "web_port": web,
            "edge_port": edge,
            "embedded_kafka_port": broker,
            "kafka": None,
            "kafka_user": None,
            "clickhouse": None,
            # Who looks at it is whoever made it.
            "audience_header": "",
            "sign_in": False,
        }
    )
    cluster = Cluster(cluster_file.folder_in(folder))
    try:
        if kafka:
            await asyncio.to_thread(cluster.up, brokers=3 if kafka == 3 else 1, port=free_row(PORTS * kafka), say=say)
            about = cluster_file.read(cluster.folder)
            assert about is not None
            own = on_cluster(own, about)
        local = Local(own)
        try:
            await local.start(say)
            yield local
        finally:
            await local.stop()
    finally:
        await asyncio.to_thread(cluster.down)


def sample_memory(local: Local, peak: dict[str, float]) -> None:
    """Raise ``peak``, MB by role, to what is taken now."""
    for name, running in local.supervisor.running.items():
        if running.pid is None:
            continue
        with contextlib.suppress(psutil.NoSuchProcess):
            size = psutil.Process(running.pid).memory_info().rss / 1024 / 1024
            peak[name] = max(peak.get(name, 0.0), size)
