"""The comparison itself, small, with the engines that need nothing but this checkout and an Apache Kafka."""

from __future__ import annotations

from pathlib import Path

from compose.bench.peers import run
from compose.bench.peers.report import is_ok
from compose.bench.peers.work import prepare
from compose.bench.workload import Size
from compose.kafka import cluster_file
from compose.kafka.cluster import Cluster
from tests.live_broker import emptied


def test_the_engines_of_this_checkout_raise_the_same_alerts_on_apache_kafka(
    apache_kafka: Cluster, tmp_path: Path
) -> None:
    size = Size(reads=2_000, hotlist=1_000, zones=200)
    work = prepare(size, 128, tmp_path)
    emptied(apache_kafka)
    about = cluster_file.read(apache_kafka.folder)
    assert about is not None
    engines = ["watchfloor", "faust"]
    found = run.on_broker(about, work, size, engines=engines, folder=tmp_path, say=lambda _text: None)
    assert [(one.engine, one.why_not) for one in found] == [(name, None) for name in engines]
    assert is_ok(found)
    assert len(work.due) > 5
    assert {one.alerts - one.alerts_doubled for one in found} == {len(work.due)}
    assert all(one.whole is not None and one.whole.events == size.reads for one in found)
