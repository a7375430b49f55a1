"""Small facts that many tests begin with."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID

from msgspec.structs import replace

from pipeline.state.hotlist_index import HotlistIndex, Wanted
from pipeline.state.reference import Reference
from schemas.envelope import Event
from schemas.events.camera import CAMERA, Camera
from schemas.events.emergency_call import EmergencyCall
from schemas.events.incident import Incident
from schemas.events.plate_read import PlateCandidate, PlateRead
from schemas.events.zone import ZONE, Zone
from schemas.identity import identity

NOW = datetime(2026, 1, 15, 18, 0, tzinfo=UTC)


def wanted(plate: str, entry_id: str = "E1", **changes: object) -> Wanted:
    entry = Wanted(
        list_id="stolen",
        entry_id=entry_id,
        plate=plate,
        region=None,
        kind="stolen_vehicle",
        severity="P2",
        reason="case 1",
        make=None,
        colour=None,
        expires_at=None,
        as_of=NOW - timedelta(hours=3),
    )
    return replace(entry, **changes)


def read(plate: str, number: int = 1, *, camera: str = "C1", at: datetime = NOW, **changes: object) -> PlateRead:
    made = PlateRead(
        event_id=identity("plate_read", "test", number),
        occurred_at=at,
        observed_at=at + timedelta(seconds=1),
        source="test/reads",
        camera_id=camera,
        plate=plate,
        plate_raw=plate,
        confidence=0.9,
    )
    return replace(made, **changes)


def candidate(plate: str, confidence: float) -> PlateCandidate:
    return PlateCandidate(plate, confidence)


def camera(camera_id: str, lat: float, lon: float, **changes: object) -> Camera:
    made = Camera(
        event_id=identity("camera", camera_id),
        occurred_at=NOW,
        observed_at=NOW,
        source="test/cameras",
        camera_id=camera_id,
        name=f"Camera {camera_id}",
        lat=lat,
        lon=lon,
        kind="lpr",
    )
    return replace(made, **changes)


def square(zone_id: str, lat: float, lon: float, half: float, **changes: object) -> Zone:
    """A square zone around a place, ``half`` degrees to each side."""
    ring = (
        (lon - half, lat - half),
        (lon + half, lat - half),
        (lon + half, lat + half),
        (lon - half, lat + half),
        (lon - half, lat - half),
    )
    made = Zone(
        event_id=identity("zone", zone_id),
        occurred_at=NOW,
        observed_at=NOW,
        source="test/zones",
        zone_id=zone_id,
        name=f"Zone {zone_id}",
        polygons=((ring,),),
    )
    return replace(made, **changes)


def incident(
    number: int, lat: float, lon: float, *, opened: datetime = NOW, rev: int = 1, **changes: object
) -> Incident:
    incident_id: UUID = identity("incident", number)
    made = Incident(
        event_id=identity("incident_state", number, rev),
        occurred_at=opened,
        observed_at=opened,
        source="test/incidents",
        incident_id=incident_id,
        rev=rev,
        status="open",
        kind="ARMED ROBBERY",
        opened_at=opened,
        lat=lat,
        lon=lon,
    )
    return replace(made, **changes)


def call(number: int, category: str, lat: float | None, lon: float | None, **changes: object) -> EmergencyCall:
    made = EmergencyCall(
        event_id=identity("emergency_call", number, "received"),
        occurred_at=NOW,
        observed_at=NOW + timedelta(seconds=1),
        source="test/calls",
        call_id=f"test:{number}",
        number=str(number),
        received_at=NOW,
        updated_at=NOW,
        kind=category.upper(),
        category=category,
        lat=lat,
        lon=lon,
    )
    return replace(made, **changes)


def reference(*events: Event, entries: tuple[Wanted, ...] = ()) -> Reference:
    """Reference facts made of cameras, zones, incidents and list entries."""
    facts = Reference()
    for event in events:
        if isinstance(event, Camera):
            facts.apply(CAMERA, [event])
        elif isinstance(event, Zone):
            facts.apply(ZONE, [event])
        elif isinstance(event, Incident):
            facts.incidents.apply(event)
    facts.rebuild()
    facts.hotlists.index = HotlistIndex(entries)
    return facts
