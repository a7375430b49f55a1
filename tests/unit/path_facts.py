"""Small sightings that tests of paths begin with."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from msgspec.structs import replace

from pipeline.outcome import Emit
from pipeline.processors.paths import PlatePaths
from pipeline.state.paths import seen
from pipeline.state.transitions import Transitions
from schemas.events.alert import Alert
from schemas.events.sighting import SIGHTING, Hit, Sighting
from schemas.identity import identity
from tests.unit.facts import NOW

#: Two cameras 11.1 km apart, and one beside the first.
PLACES = {"A": (29.95, -90.07), "B": (30.05, -90.07), "A2": (29.951, -90.07), "C": (29.96, -90.07)}
HIT = Hit(
    list_id="stolen",
    entry_id="E1",
    listed_plate="ABC123",
    match="exact",
    matched_plate="ABC123",
    region_relation="same",
    kind="stolen_vehicle",
    severity="P2",
    list_as_of=NOW,
)


def sighting(plate: str, camera: str, at_s: float, **changes: object) -> Sighting:
    """A sighting ``at_s`` seconds after NOW, received a second later. The same arguments, the same id."""
    lat, lon = PLACES.get(camera, (29.95, -90.07))
    made = Sighting(
        event_id=identity("plate_read", "path", plate, camera, at_s),
        occurred_at=NOW + timedelta(seconds=at_s),
        observed_at=NOW + timedelta(seconds=at_s + 1),
        source="test/reads",
        camera_id=camera,
        plate=plate,
        confidence=0.97,
        lat=lat,
        lon=lon,
    )
    return replace(made, **changes)


def alerts_of(paths: PlatePaths, *sightings: Sighting, partition: int = 0) -> list[Alert]:
    """What a frame of these sightings raises."""
    outcomes = paths.process(SIGHTING, sightings, partition)
    events = [event for outcome in outcomes if isinstance(outcome, Emit) for event in outcome.events]
    return [event for event in events if isinstance(event, Alert)]


def taught(*ways: tuple[Sequence[str], int], took_s: float = 120.0) -> Transitions:
    """Transitions learnt from so many vehicles that went these ways, ``took_s`` from camera to camera."""
    learnt = Transitions()
    for number, (way, vehicles) in enumerate(ways):
        for vehicle in range(vehicles):
            path = [
                seen(sighting(f"W{number}V{vehicle}", camera, -9_000 + vehicle + place * took_s))
                for place, camera in enumerate(way)
            ]
            for end in range(1, len(path) + 1):
                learnt.note(path[:end])
    return learnt
