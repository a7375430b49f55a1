"""Readings of one vehicle that come in one post after another are in the log together."""

from __future__ import annotations

import msgspec
from msgspec.structs import replace

from schemas.events.plate_read import EXAMPLE, PlateRead
from schemas.identity import identity
from tests.component.edge_door import Log, edge


def test_a_read_has_what_was_read_of_its_vehicle_in_the_posts_before_it() -> None:
    log = Log()
    reads = [
        replace(EXAMPLE, event_id=identity("read", plate), plate=plate, plate_raw=plate, track_id="car-7")
        for plate in ("WBC789", "AWC789", "ABW789")
    ]
    with edge(log) as client:
        for some in (reads[:1], reads[1:]):  # the last two in one post
            answer = client.post(
                "/ingest/events/plate_read",
                content=msgspec.json.encode(some),
                headers={"Content-Type": "application/json"},
            )
            assert answer.json()["accepted"] == len(some)
    told = [[one.plate for one in event.earlier] for event in log.events if isinstance(event, PlateRead)]
    assert told == [[], ["WBC789"], ["WBC789", "AWC789"]]
