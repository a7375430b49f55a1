"""The comparison itself, small, with the engines that need nothing but this checkout and an Apache Kafka."""

from __future__ import annotations

from compose.bench.peers import run
from compose.bench.workload import Size


def test_the_engines_of_this_checkout_raise_the_same_alerts_on_apache_kafka() -> None:
    size = Size(reads=2_000, hotlist=1_000, zones=200)
    engines = ["watchfloor", "watchfloor-sightings", "faust"]
    result = run.run(size, per_frame=128, engines=engines, say=lambda _text: None)
    assert [(one.engine, one.why_not) for one in result.engines] == [(name, None) for name in engines]
    assert result.ok
    assert result.alerts_due > 5
    assert {one.alerts - one.alerts_doubled for one in result.engines} == {result.alerts_due}
    assert all(one.whole is not None and one.whole.events == size.reads for one in result.engines)
