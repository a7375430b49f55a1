"""What each stage of the sightings processor takes of the CPU, each done alone over the same frames."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence

from pipeline.processors.sightings import Sightings
from pipeline.rules.hotlist_match import match_frame
from pipeline.rules.plate_vote import Looks
from pipeline.state.clocks import Clocks
from pipeline.state.reference import Reference
from schemas.events.plate_read import PLATE_READ, PlateRead
from schemas.events.sighting import Sighting
from schemas.wire.frame import FrameDecoder, encode_event, join_frame

#: Each stage is measured so often, and its quickest time counts: the others were disturbed.
TIMES = 3

Frames = Sequence[tuple[int, bytes, bytes]]


def stages(facts: Reference, frames: Frames, reads: int) -> dict[str, float]:
    """Return microseconds of CPU a read by stage. ``judge`` is the processor's work between the bytes: ``match`` (the
    hotlist), ``clocks``, ``votes`` and ``incidents`` are parts of it, told apart as well."""
    decoder = FrameDecoder(PLATE_READ)
    decoded = [list(decoder.decode(value).events) for _, _, value in frames]
    judged = list(_judged(facts, decoded))
    cameras, incidents = facts.cameras.by_id, facts.incidents

    def near() -> None:
        for events in decoded:
            for read in events:
                camera = cameras.get(read.camera_id)
                lat, lon = (camera.lat, camera.lon) if camera is not None else (read.lat, read.lon)
                if lat is not None and lon is not None:
                    incidents.near(lat, lon, read.occurred_at)

    def each(work: Callable[[list[PlateRead]], object]) -> Callable[[], object]:
        def run() -> None:
            for events in decoded:
                work(events)

        return run

    clocks, looks = Clocks(), Looks()
    measured: dict[str, Callable[[], object]] = {
        "decode": lambda: [decoder.decode(value) for _, _, value in frames],
        "judge": lambda: [None for _ in _judged(facts, decoded)],
        "match": each(lambda events: match_frame(events, facts.hotlists.index, facts.in_force)),
        "clocks": each(clocks.skews),
        "votes": each(looks.votes),
        "incidents": near,
        "encode": lambda: [join_frame([encode_event(one) for one in made]) for made in judged],
    }
    return {name: _micros(work, reads) for name, work in measured.items()}


def _judged(facts: Reference, decoded: Sequence[list[PlateRead]]) -> Iterator[list[Sighting]]:
    sightings = Sightings(facts)
    for events in decoded:
        outcomes = sightings.process(PLATE_READ, events, 0)
        yield [event for one in outcomes for event in getattr(one, "events", ()) if isinstance(event, Sighting)]


def _micros(work: Callable[[], object], reads: int) -> float:
    took = []
    for _ in range(TIMES):
        began = time.process_time()
        work()
        took.append(time.process_time() - began)
    return round(min(took) / reads * 1e6, 2)
