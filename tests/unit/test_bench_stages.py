"""What each stage of the bench's work takes."""

from __future__ import annotations

from compose.bench.stages import stages
from compose.bench.workload import Size, framed, reads, reference

SIZE = Size(reads=600, hotlist=100, zones=5, cameras=20, incidents=50)


def test_every_stage_of_the_bench_does_work() -> None:
    facts = reference(SIZE)
    told = stages(facts, framed(reads(SIZE, facts)), SIZE.reads)
    assert set(told) == {"decode", "judge", "match", "clocks", "votes", "incidents", "encode"}
    assert min(told.values()) > 0
